/**
 * The publication of a mart as a model that can be checked exhaustively: writers, a collector of garbage and a reader,
 * one request to the store at a time, with every fault of the world between them, and the promises that must hold in
 * every state.
 */
import { collectorActions, idleCollector } from "./collector.ts";
import type { Action, Model } from "./explore.ts";
import { arrive, emptyDirectory, isThere, isWhole, type Request, reachable, type State } from "./lake-state.ts";
import type { Bounds, Protocol } from "./protocol.ts";
import { writerActions } from "./writer.ts";

export function publication(rules: Protocol, bounds: Bounds): Model<State> {
  return {
    initial: initialState(bounds),
    key: keyOf,
    actions: (state) => [
      ...state.writers.flatMap((_writer, at) => writerActions(rules, bounds, state, at)),
      ...collectorActions(rules, bounds, state),
      ...readerActions(state),
      ...worldActions(state),
    ],
    broken: (state) => brokenPromise(bounds, state),
    unfinished: (state) => unfinished(rules, bounds, state),
  };
}

/** Writers are told apart by nothing but their names, so states that differ in their order only are the same. */
function keyOf(state: State): string {
  const { collector, reader } = state;
  const writers = state.writers.map(({ at, version, parent, tries }) => `${at}.${version}.${parent}.${tries}`);
  return [
    ...state.chain.map(({ by, parent }) => `${by}.${parent}`),
    "",
    ...state.directories.map(
      ({ number, parts, manifest, condemned, told }) => `${number}.${parts}.${manifest}.${condemned}.${told}`,
    ),
    "",
    ...state.underWay.map((request) => JSON.stringify(request)).sort(),
    "",
    ...writers.sort(),
    `${collector.at}.${collector.runs}.${collector.rounds}.${collector.parent}.${collector.listed}.${collector.doomed}`,
    `${reader.at}.${reader.version}.${reader.manifest}.${reader.parts}`,
    `${state.faultsLeft}.${state.crashesLeft}`,
  ].join();
}

/** One version is published; nobody has begun anything. */
function initialState(bounds: Bounds): State {
  const empty = emptyDirectory(bounds.parts);
  const first = { ...empty, number: 1, parts: empty.parts.map(() => 1), manifest: 1, told: "published" as const };
  return {
    chain: [{ kind: "publish", version: 1, by: 1, parent: 0 }],
    directories: [empty, first],
    underWay: [],
    writers: Array.from({ length: bounds.writers }, () => ({
      at: "begin" as const,
      version: 0,
      parent: 0,
      tries: 0,
    })),
    collector: idleCollector,
    reader: { at: "begin", version: 0, manifest: 0, parts: 0 },
    faultsLeft: bounds.faults,
    crashesLeft: bounds.crashes,
  };
}

/** Pointer, manifest, parts; what is missing on the way means that the pointer has moved: the reader begins again. */
function readerActions(state: State): readonly Action<State>[] {
  const { reader } = state;
  const to = (change: Partial<State["reader"]>): State => ({ ...state, reader: { ...reader, ...change } });
  const fresh = { version: 0, manifest: 0, parts: 0 };
  const again = to({ at: "begin", ...fresh });
  const directory = state.directories[reader.version];
  switch (reader.at) {
    case "begin": {
      const [version = 0, before] = reachable(state.chain, 2);
      const name = "the reader reads the pointer";
      const now = { name: `${name}: version ${version}`, calm: true, next: to({ at: "manifest", version }) };
      if (before === undefined || state.faultsLeft === 0) return [now];
      const stale = { ...to({ at: "manifest", version: before }), faultsLeft: state.faultsLeft - 1 };
      return [now, { name: `${name} from a listing that is behind: version ${before}`, calm: false, next: stale }];
    }
    case "manifest": {
      const manifest = directory?.manifest ?? 0;
      const next = manifest === 0 ? again : to({ at: "parts", manifest });
      return [{ name: "the reader reads the manifest", calm: true, next }];
    }
    case "parts": {
      const bytes = directory?.parts[reader.parts] ?? 0;
      const parts = reader.parts + 1;
      const last = parts === directory?.parts.length;
      const read = last ? to({ at: "answered", ...fresh }) : to({ parts });
      const next = bytes === 0 ? again : bytes === reader.manifest ? read : to({ at: "mixed", parts });
      return [{ name: `the reader reads part ${parts}`, calm: true, next }];
    }
    case "mixed":
    case "answered":
      return [];
  }
}

/** A request whose sender has given up waiting arrives after all. */
function worldActions(state: State): readonly Action<State>[] {
  return state.underWay.map((request, at) => ({
    name: `the late request arrives: ${nameOf(request)}`,
    calm: false,
    next: arrive({ ...state, underWay: state.underWay.filter((_other, other) => other !== at) }, request),
  }));
}

function nameOf(request: Request): string {
  switch (request.kind) {
    case "part":
      return `part ${request.part + 1} of version ${request.version}`;
    case "manifest":
      return `the manifest of version ${request.version}`;
    case "record":
      return `record ${request.record.parent + 1}, ${request.record.kind} of version ${request.record.version}`;
  }
}

/** The promises of the lake (I3, I4, I5, I10 and two that they rest on), for one state. */
function brokenPromise(bounds: Bounds, state: State): string | undefined {
  const { chain, directories, reader } = state;
  const [current] = reachable(chain, 1);
  if (current === undefined || !isWhole(directories[current] ?? emptyDirectory(bounds.parts)))
    return `I5: the pointer names version ${current}, which is not whole`;
  const lost = reachable(chain, bounds.keep).find((version) => !isWhole(directories[version] ?? emptyDirectory(1)));
  if (lost !== undefined) return `I10: version ${lost} is kept and not whole`;
  const fork = chain.findIndex((record, at) => record.parent !== at);
  if (fork >= 0) return `I4: record ${fork + 1} names parent ${chain[fork]?.parent}`;
  for (const [version, directory] of directories.entries()) {
    const published = chain.some((record) => record.by === version);
    if (directory.told === "published" && !published)
      return `I4: version ${version} was reported as published, and no record names it`;
    if (directory.told === "not published" && published)
      return `version ${version} was reported as not published, and a record names it`;
    if (directory.manifest !== 0 && !directory.condemned && !isWhole(directory))
      return `version ${version} has a manifest and not all of its parts`;
  }
  if (reader.at === "mixed")
    return `I3: the reader has the manifest of version ${reader.manifest} and another one's part ${reader.parts}`;
  return undefined;
}

/**
 * What must hold when nothing can happen any more: the reader has answered; and a writer, a collector and a reader that
 * begin now publish, delete everything that is not kept, and answer with what was published.
 */
function unfinished(rules: Protocol, bounds: Bounds, state: State): string | undefined {
  if (state.reader.at !== "answered") return "the reader waits for ever";
  if (state.writers.some((writer) => writer.at !== "rest")) return "a writer waits for ever";
  const version = state.directories.length;
  const fresh = initialState(bounds);
  let now: State = {
    ...state,
    directories: [...state.directories, emptyDirectory(bounds.parts, state.chain.length + 1)],
    writers: [{ at: 0, version, parent: state.chain.length, tries: 0 }],
    underWay: [],
    faultsLeft: 0,
    crashesLeft: 0,
  };
  now = { ...settle(rules, bounds, now), collector: { ...idleCollector, runs: bounds.collections - 1 } };
  now = { ...settle(rules, bounds, now), reader: fresh.reader };
  now = settle(rules, bounds, now);
  if (reachable(now.chain, 1)[0] !== version) return "a new writer could not publish";
  if (now.reader.at !== "answered") return "a new reader got no answer";
  const kept = reachable(now.chain, bounds.keep);
  const left = now.directories.findIndex((directory, at) => isThere(directory) && !kept.includes(at));
  return left < 0 ? undefined : `I9: gc left version ${left} behind`;
}

function settle(rules: Protocol, bounds: Bounds, state: State): State {
  for (;;) {
    const actions = [
      ...state.writers.flatMap((_writer, at) => writerActions(rules, bounds, state, at)),
      ...collectorActions(rules, bounds, state),
      ...readerActions(state),
    ];
    const next = actions.find((action) => action.calm)?.next;
    if (next === undefined) return state;
    state = next;
  }
}
