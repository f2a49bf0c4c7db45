/** Raw objects that are older than their source's `keep`. The tables made from them stay. */
import { lengthMs } from "../model/calendar.ts";
import { staticPrefix } from "../model/key-pattern.ts";
import { revisionPrefix } from "../model/layout.ts";
import { bytesOf, type ExpiredRaw, rawGarbage } from "../reconcile/garbage.ts";
import type { SourceSeen } from "../reconcile/seen.ts";
import { allBelow, removeExpired } from "../step/collect-garbage.ts";
import { type Collection, isoOf } from "./gc-collection.ts";

export async function collectRaw(run: Collection): Promise<void> {
  for (const settings of run.parts.project.sources.values()) {
    if (settings.keepMs === undefined) continue;
    const source = (await run.seen()).sources.get(settings.name);
    if (source !== undefined) await run.guard("raw", settings.name, () => collectSource(run, source));
  }
}

async function collectSource(run: Collection, source: SourceSeen): Promise<void> {
  const { parts, retentionMs, call } = run;
  const { settings } = source;
  const seen = await run.seen();
  const prefix = staticPrefix(settings.object);
  const listed = {
    originals: await allBelow(parts.raw, prefix, call),
    revisions: await allBelow(parts.raw, revisionPrefix(prefix), call),
  };
  const judge = (nowMs: number) =>
    rawGarbage(source, listed, seen, { nowMs, retentionMs, converter: parts.converterVersion });
  const first = judge(run.guess([...listed.originals, ...listed.revisions]));
  for (const { id, objects, tables } of first.needed) {
    run.kept.push({
      place: "raw",
      kind: "unconverted",
      name: settings.name,
      id,
      key: objects[0]?.key ?? "",
      tables,
      objects: objects.length,
      bytes: bytesOf(objects),
    });
  }
  if (run.dryRun) for (const raw of first.expired) note(run, source, raw);
  if (run.dryRun || first.expired.length === 0) return;
  const { expired } = judge(await run.time("raw"));
  await run.each(
    "raw",
    expired,
    ({ id }) => `${settings.name}@${id}`,
    async (raw) => {
      if (await removeExpired(parts, raw, call)) note(run, source, raw);
    },
  );
}

function note(run: Collection, { settings }: SourceSeen, { id, startMs, objects }: ExpiredRaw): void {
  run.note({
    place: "raw",
    kind: "expired",
    name: settings.name,
    id,
    key: objects[0]?.key ?? "",
    since: isoOf(startMs + lengthMs(settings.every) + (settings.keepMs ?? 0)),
    objects: objects.length,
    bytes: bytesOf(objects),
  });
}
