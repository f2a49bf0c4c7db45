/** Versions of marts that readers no longer get, and directories of versions that were never published. */

import type { Registered } from "../catalog/contract.ts";
import { Failure } from "../errors.ts";
import { removalKey, removalPrefix } from "../model/layout.ts";
import {
  bytesOf,
  type Dated,
  type GarbageVersion,
  isFarEnough,
  martGarbage,
  type VersionDirectory,
  versionDirectories,
} from "../reconcile/garbage.ts";
import { allBelow, announceRemoval, fence, readChain, removeVersion } from "../step/collect-garbage.ts";
import type { ObjectInfo } from "../storage/contract.ts";
import { type Collection, isoOf } from "./gc-collection.ts";

/** Other writers that may get in between before a mart is left to the next collection. */
const roundsMax = 10;

export async function collectMarts(run: Collection): Promise<void> {
  const { marts, project } = run.parts;
  const objects = await allBelow(marts, "", run.call);
  const directories = versionDirectories(objects);
  const marks = objects.filter(({ key }) => key.startsWith(removalPrefix));
  for (const [mart, versions] of directories) {
    if (project.marts.has(mart)) await run.guard("marts", mart, () => collectMart(run, mart, versions, marks));
    else keep(run, "dropped", mart, `${mart}/`, versions);
  }
  await collectMarks(run, marks, directories);
}

/** Marks whose versions are gone: their collector died before its last call. */
async function collectMarks(
  run: Collection,
  marks: readonly ObjectInfo[],
  directories: ReadonlyMap<string, readonly VersionDirectory[]>,
): Promise<void> {
  const named = new Set([...directories].flatMap(([mart, all]) => all.map(({ name }) => removalKey(mart, name))));
  const left = marks.filter(({ key }) => !named.has(key));
  if (run.dryRun || left.length === 0) return;
  await run.guard("marts", "", async () => {
    const nowMs = await run.time("marts");
    for (const { key, modifiedMs } of left)
      if (nowMs - modifiedMs >= run.retentionMs) await run.parts.marts.remove(key, run.call);
  });
}

/**
 * A directory whose number the log has already can be removed: its builder's swap is lost, or it was replaced. One with
 * the number that comes next could still be published by a builder that slept for a week, so a fence takes the number
 * away from it first; likewise one that somebody meant to go back to a week ago. Who goes back to a version says so in the
 * log before it looks for the mark that is put here before the log is read for the last time: one of the two sees the other.
 * After each of these steps the log is read anew, whoever was recorded: a publication may have been faster.
 */
async function collectMart(
  run: Collection,
  mart: string,
  directories: readonly VersionDirectory[],
  marks: readonly ObjectInfo[],
): Promise<void> {
  const { parts, call, retentionMs, versions } = run;
  const judge = async (timeOf: (head: Dated | undefined) => number) => {
    const isEnough = (chain: readonly Dated[]): boolean => isFarEnough(directories, chain, versions);
    const chain = await readChain(parts.catalog, mart, isEnough, call);
    const [head] = chain;
    return { head, found: martGarbage(directories, chain, { nowMs: timeOf(head), retentionMs, versions }) };
  };
  const objects = directories.flatMap((directory) => directory.objects);
  const { head, found: first } = await judge((head) => Math.max(run.guess(objects), head?.writtenMs ?? 0));
  for (const { directory } of first.unknown) {
    keep(run, head === undefined ? "unpublished" : "beyond", mart, `${mart}/${directory.name}/`, [directory]);
  }
  const needless = [...first.settled, ...first.open];
  const shown = needless.length === 0 ? shows(undefined) : shows(await registeredOf(run, mart));
  for (const { directory } of needless.filter(shown)) {
    keep(run, "registered", mart, `${mart}/${directory.name}/`, [directory]);
  }
  const isFree = (garbage: GarbageVersion): boolean => !shown(garbage);
  const collectable = needless.filter(isFree);
  if (collectable.length === 0) return;
  if (run.dryRun) {
    for (const garbage of collectable) note(run, garbage);
    return;
  }
  const nowMs = await run.time("marts");
  const announced = new Set(marks.map(({ key }) => key));
  for (let round = 0; round < roundsMax; round++) {
    const { head: last, found } = await judge(() => nowMs);
    const settled = found.settled.filter(isFree);
    if (last !== undefined && found.open.some(isFree)) {
      await fence(parts.catalog, mart, last, parts, call);
      continue;
    }
    const fresh = settled.filter(({ directory }) => !announced.has(removalKey(mart, directory.name)));
    if (fresh.length === 0) {
      const key = ({ directory }: GarbageVersion): string => `${mart}/${directory.name}/`;
      // What readers by name are sent to may have changed while it was looked at.
      const isShown = shows(await registeredOf(run, mart));
      const unseen = settled.filter((garbage) => !isShown(garbage));
      await run.each("marts", unseen, key, async (garbage) => {
        await removeVersion(parts.marts, garbage.directory, call);
        note(run, garbage);
      });
      return;
    }
    for (const { directory } of fresh) announced.add(await announceRemoval(parts.marts, directory, call));
  }
  throw new Failure("conflict", `mart ${mart}: other writers recorded something ${roundsMax} times in a row`, {
    remedy: "run gc again when fewer processes publish this mart; nothing of it was removed",
  });
}

async function registeredOf({ parts, call }: Collection, mart: string): Promise<Registered | undefined> {
  if (parts.catalog.registersItself) return undefined;
  return (await parts.catalog.registered([mart], call)).get(mart);
}

/** Whether readers by name are sent there. Of a name that somebody changed by hand nobody knows where it leads. */
function shows(registered: Registered | undefined): (garbage: GarbageVersion) => boolean {
  if (registered?.kind !== "ours") return () => false;
  const { version, fault } = registered;
  return ({ directory }) => fault !== undefined || directory.name === version;
}

function note(run: Collection, { directory, why, sinceMs }: GarbageVersion): void {
  run.note({
    place: "marts",
    kind: why,
    name: directory.mart,
    id: undefined,
    key: `${directory.mart}/${directory.name}/`,
    since: isoOf(sinceMs),
    objects: directory.objects.length,
    bytes: bytesOf(directory.objects),
  });
}

function keep(
  run: Collection,
  kind: "dropped" | "unpublished" | "beyond" | "registered",
  name: string,
  key: string,
  directories: readonly VersionDirectory[],
): void {
  const objects = directories.flatMap((directory) => directory.objects);
  run.kept.push({ place: "marts", kind, name, id: undefined, key, objects: objects.length, bytes: bytesOf(objects) });
}
