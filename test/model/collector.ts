/** The collector of garbage of the model: it lists, puts a fence, and deletes what was listed and is not kept. */
import type { Action } from "./explore.ts";
import {
  type ChainRecord,
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
  if (collector.at === "look" || state.crashesLeft === 0) return actions;
  const crashed = endRun(bounds, { ...state, crashesLeft: state.crashesLeft - 1 });
  return [...actions, { name: "gc dies", calm: false, next: crashed }];
}

function endRun(bounds: Bounds, state: State): State {
  const at = state.collector.runs < bounds.collections ? ("look" as const) : ("rest" as const);
  return { ...state, collector: { at, runs: state.collector.runs, parent: 0, doomed: [], kept: [] } };
}

function collectorStep(rules: Protocol, bounds: Bounds, state: State): readonly Action<State>[] {
  const { collector } = state;
  const move = (base: State, change: Partial<State["collector"]>): State => ({
    ...base,
    collector: { ...base.collector, ...change },
  });
  const fenceFirst = rules.collect === "fence, list, delete";
  const afterFence = fenceFirst ? ("list" as const) : ("delete" as const);
  const stop = (base: State): State => endRun(bounds, base);
  switch (collector.at) {
    case "look": {
      const kept = reachable(state.chain, bounds.keep);
      const looked = move(state, { runs: collector.runs + 1, parent: state.chain.length, kept });
      return [{ name: "gc reads the chain", calm: true, next: move(looked, { at: fenceFirst ? "fence" : "list" }) }];
    }
    case "list": {
      const next = rules.collect === "list, fence, delete" ? ("fence" as const) : ("delete" as const);
      return listings(state, collector.kept).map((doomed, at) => ({
        name: `gc lists ${doomed.length === 0 ? "nothing to delete" : `versions ${doomed.join(", ")}`}`,
        calm: at === 0,
        next: doomed.length === 0 ? stop(state) : move(state, { at: next, doomed }),
      }));
    }
    case "fence": {
      const [current] = collector.kept;
      const record: ChainRecord = {
        kind: "fence",
        version: current ?? 0,
        by: -collector.runs,
        parent: collector.parent,
      };
      if (!canCreate(state, record)) return [{ name: "gc's fence is too late", calm: true, next: stop(state) }];
      const unknown = rules.fenceUnknown === "go on" ? afterFence : ("check fence" as const);
      return outcomes(
        state,
        `gc puts a fence (record ${record.parent + 1})`,
        { kind: "record", record, overwrite: false },
        {
          answered: (base) => move(base, { at: afterFence }),
          failed: [(base) => move(base, { at: unknown })],
        },
      );
    }
    case "check fence": {
      const own = state.chain.some((record) => record.by === -collector.runs);
      return [
        {
          name: own ? "gc finds its fence" : "gc finds no fence of its own",
          calm: true,
          next: own ? move(state, { at: afterFence }) : stop(state),
        },
      ];
    }
    case "delete":
      return [deleteNext(rules, bounds, state)];
    case "rest":
      return [];
  }
}

/** What a listing may show: everything, or everything but what came last. */
function listings(state: State, kept: readonly number[]): readonly (readonly number[])[] {
  const all = state.directories.flatMap((directory, version) =>
    isThere(directory) && !kept.includes(version) ? [version] : [],
  );
  return all.length > 0 ? [all, all.slice(0, -1)] : [all];
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
