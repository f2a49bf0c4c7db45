/**
 * The collector of garbage of the model (`operations/gc-marts.ts`): it lists, judges by the chain, takes the next number away
 * from whoever could still publish, judges again, and deletes.
 */
import type { Action } from "./explore.ts";
import {
  type ChainRecord,
  type Collector,
  canCreate,
  changeDirectory,
  emptyDirectory,
  isThere,
  reachable,
  type State,
} from "./lake-state.ts";
import type { Bounds, Protocol } from "./protocol.ts";
import { outcomes } from "./requests.ts";

export function collectorActions(rules: Protocol, bounds: Bounds, state: State): readonly Action<State>[] {
  const { collector } = state;
  if (collector.at === "rest") return [];
  const actions = collectorStep(rules, bounds, state);
  if (collector.at === "begin" || state.crashesLeft === 0) return actions;
  const crashed = endRun(bounds, { ...state, crashesLeft: state.crashesLeft - 1 });
  return [...actions, { name: "gc dies", calm: false, next: crashed }];
}

export const idleCollector: Collector = { at: "begin", runs: 0, rounds: 0, parent: 0, listed: [], doomed: [] };

function endRun(bounds: Bounds, state: State): State {
  const { runs } = state.collector;
  return { ...state, collector: { ...idleCollector, runs, at: runs < bounds.collections ? "begin" : "rest" } };
}

function change(state: State, collector: Partial<Collector>): State {
  return { ...state, collector: { ...state.collector, ...collector } };
}

function collectorStep(rules: Protocol, bounds: Bounds, state: State): readonly Action<State>[] {
  const { collector } = state;
  const one = (name: string, next: State): readonly Action<State>[] => [{ name: `gc ${name}`, calm: true, next }];
  switch (collector.at) {
    case "begin": {
      const runs = collector.runs + 1;
      const parent = rules.collect === "fence first" ? state.chain.length : 0;
      return one("begins", change(state, { runs, parent, at: rules.collect === "fence first" ? "fence" : "list" }));
    }
    case "list":
      return listings(state).map((listed, at) => ({
        name: `gc lists versions ${listed.join(", ")}`,
        calm: at === 0,
        next: change(state, { at: "judge", listed }),
      }));
    case "judge":
      return one("reads the chain", judge(rules, bounds, state));
    case "fence": {
      const version = reachable(state.chain, 1)[0] ?? 0;
      const record: ChainRecord = { kind: "fence", version, by: -collector.runs, parent: collector.parent };
      const go = (base: State): State => behindFence(rules, base);
      if (!canCreate(state, record)) return one("finds the number of its fence taken", go(state));
      const look = (base: State): State => change(base, { at: "check fence" });
      const request = { kind: "record", record, overwrite: false } as const;
      return outcomes(state, `gc puts a fence (record ${record.parent + 1})`, request, {
        answered: go,
        failed: [rules.collect === "judge once" ? go : look],
      });
    }
    case "check fence": {
      const taken = state.chain.length > collector.parent;
      return taken
        ? one("finds the number taken", behindFence(rules, state))
        : one("learns nothing and stops", endRun(bounds, state));
    }
    case "delete":
      return [deleteNext(rules, bounds, state)];
    case "rest":
      return [];
  }
}

function behindFence(rules: Protocol, state: State): State {
  if (rules.collect === "judge once") return change(state, { at: "delete", parent: 0, listed: [] });
  return change(state, { at: rules.collect === "fence first" ? "list" : "judge", parent: 0, doomed: [] });
}

/** What a listing may show: everything, or everything but what came last. */
function listings(state: State): readonly (readonly number[])[] {
  const all = state.directories.flatMap((directory, version) => (isThere(directory) ? [version] : []));
  return [all, all.slice(0, -1)];
}

/**
 * Garbage is what was listed and is not kept. A directory whose number the chain has can no longer be published; one
 * with the next number can, until a fence has it.
 */
function judge(rules: Protocol, bounds: Bounds, state: State): State {
  const { collector, chain, directories } = state;
  const kept = reachable(chain, bounds.keep);
  const garbage = collector.listed.filter((version) => !kept.includes(version));
  const isOpen = (version: number): boolean => (directories[version]?.number ?? 0) > chain.length;
  const settled = garbage.filter((version) => !isOpen(version));
  const fenced = rules.collect === "list first" || rules.collect === "judge once";
  if (fenced && garbage.some(isOpen)) {
    if (collector.rounds >= bounds.rounds) return endRun(bounds, state);
    return change(state, { at: "fence", parent: chain.length, rounds: collector.rounds + 1, doomed: garbage });
  }
  const doomed = fenced ? settled : garbage;
  return doomed.length === 0 ? endRun(bounds, state) : change(state, { at: "delete", listed: [], doomed });
}

/** One object at a time: every reader between two deletions sees what is left. */
function deleteNext(rules: Protocol, bounds: Bounds, state: State): Action<State> {
  const { doomed } = state.collector;
  const version = doomed.find((candidate) => isThere(state.directories[candidate] ?? emptyDirectory(bounds.parts)));
  const directory = state.directories[version ?? 0];
  if (version === undefined || directory === undefined)
    return { name: "gc is done", calm: true, next: endRun(bounds, state) };
  const part = directory.parts.findIndex((bytes) => bytes !== 0);
  const partsFirst = rules.deletion === "parts first";
  if (directory.manifest !== 0 && (part < 0 || !partsFirst)) {
    const next = changeDirectory(state, version, { manifest: 0, condemned: true });
    return { name: `gc deletes the manifest of version ${version}`, calm: true, next };
  }
  const parts = directory.parts.map((bytes, at) => (at === part ? 0 : bytes));
  const next = changeDirectory(state, version, { parts, condemned: directory.condemned || !partsFirst });
  return { name: `gc deletes part ${part + 1} of version ${version}`, calm: true, next };
}
