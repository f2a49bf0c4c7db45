/** A writer of the model: `step/mart.ts` and `catalog/embedded.ts`, one request to the store at a time. */
import type { Action } from "./explore.ts";
import {
  type ChainRecord,
  canCreate,
  changeDirectory,
  changeWriter,
  emptyDirectory,
  isWhole,
  type Request,
  reachable,
  type State,
} from "./lake-state.ts";
import type { Bounds, Protocol, WriterStep } from "./protocol.ts";
import { outcomes } from "./requests.ts";

export function writerActions(rules: Protocol, bounds: Bounds, state: State, at: number): readonly Action<State>[] {
  const writer = state.writers[at];
  if (writer === undefined || writer.at === "rest") return [];
  const name = `writer ${at + 1}`;
  const actions = writerStep(rules, bounds, state, at, name);
  if (writer.at === "begin" || state.crashesLeft === 0) return actions;
  const crashed = nextAttempt(bounds, { ...state, crashesLeft: state.crashesLeft - 1 }, at);
  return [...actions, { name: `${name} dies`, calm: false, next: crashed }];
}

/** The process begins anew, with everything forgotten. */
function nextAttempt(bounds: Bounds, state: State, at: number): State {
  return changeWriter(state, at, { at: canBegin(bounds, state) ? "begin" : "rest", version: 0, parent: 0, tries: 0 });
}

/** The directories are the one that was there first, those of the builds begun, and the place of number 0. */
const canBegin = (bounds: Bounds, state: State): boolean => state.directories.length - 2 < bounds.attempts;

function writerStep(rules: Protocol, bounds: Bounds, state: State, at: number, name: string): readonly Action<State>[] {
  const writer = state.writers[at];
  if (writer === undefined) return [];
  const { version, parent } = writer;
  const tell = (base: State, told: "published" | "not published" | "nothing"): State =>
    nextOrRest(bounds, changeDirectory(base, version, { told }), at, told);
  if (writer.at === "begin") return beginnings(bounds, state, at, name);
  if (writer.at === "look") return lookForOutcome(rules, bounds, state, { at, name, tell });
  const step = stepsOf(rules, bounds)[Number(writer.at)];
  if (step === undefined) return [{ name: `${name} is done`, calm: true, next: tell(state, "published") }];
  const advance = (base: State): State => changeWriter(base, at, { at: Number(writer.at) + 1 });
  const giveUp = (base: State): State => nextAttempt(bounds, base, at);
  const target = rules.place === "the current directory" ? (reachable(state.chain, 1)[0] ?? 0) : version;
  if (step.kind === "check") {
    const whole = isWhole(state.directories[target] ?? emptyDirectory(bounds.parts));
    return [{ name: `${name} looks at its files`, calm: true, next: whole ? advance(state) : giveUp(state) }];
  }
  if (step.kind !== "pointer") {
    const request: Request =
      step.kind === "part"
        ? { kind: "part", version: target, part: step.part, bytes: version }
        : { kind: "manifest", version: target, bytes: version };
    const what = step.kind === "part" ? `part ${step.part + 1}` : "the manifest";
    // A put whose outcome is unknown is tried again by a wrapper, or fails the build.
    return outcomes(state, `${name} puts ${what} of version ${version}`, request, {
      answered: advance,
      failed: [(base) => base, giveUp],
    });
  }
  const record: ChainRecord = { kind: "publish", version, by: version, parent };
  return swapPointer(rules, state, { at, name, record, advance, tell });
}

interface PlannedStep {
  readonly kind: WriterStep;
  readonly part: number;
}

/** The steps one by one: a put for each part. */
const stepsOf = ({ order }: Protocol, { parts }: Bounds): readonly PlannedStep[] =>
  order.flatMap((kind) => Array.from({ length: kind === "part" ? parts : 1 }, (_, part) => ({ kind, part })));

/** A build begins with a look at the chain, which may be a listing that does not show the newest record. */
function beginnings(bounds: Bounds, state: State, at: number, name: string): readonly Action<State>[] {
  const last = state.chain.length;
  const now = { name: `${name} reads the pointer`, calm: true, next: begin(bounds, state, at, last) };
  if (last < 2 || state.faultsLeft === 0 || !canBegin(bounds, state)) return [now];
  const stale = begin(bounds, { ...state, faultsLeft: state.faultsLeft - 1 }, at, last - 1);
  return [now, { name: `${name} reads the pointer from a listing that is behind`, calm: false, next: stale }];
}

function begin(bounds: Bounds, state: State, at: number, parent: number): State {
  if (!canBegin(bounds, state)) return changeWriter(state, at, { at: "rest" });
  const version = state.directories.length;
  const begun = { ...state, directories: [...state.directories, emptyDirectory(bounds.parts, parent + 1)] };
  return changeWriter(begun, at, { at: 0, version, parent, tries: 0 });
}

/** Who published is done; who did not build on the newest version decides anew. */
function nextOrRest(bounds: Bounds, state: State, at: number, told: string): State {
  return told === "published"
    ? changeWriter(state, at, { at: "rest", version: 0, parent: 0, tries: 0 })
    : nextAttempt(bounds, state, at);
}

interface Swap {
  readonly at: number;
  readonly name: string;
  readonly record: ChainRecord;
  readonly advance: (state: State) => State;
  readonly tell: (state: State, told: "published" | "not published" | "nothing") => State;
}

function swapPointer(rules: Protocol, state: State, swap: Swap): readonly Action<State>[] {
  const { at, record, advance, tell } = swap;
  const overwrite = rules.pointer === "overwrite";
  const name = `${swap.name} moves the pointer to version ${record.version} (record ${record.parent + 1})`;
  const erased = (base: State): State => eraseDirectory(base, record.version);
  const tries = (state.writers[at]?.tries ?? 0) + 1;
  const look = (base: State): State => changeWriter(base, at, { at: "look", tries });
  const unknown = rules.unknown === "clean up" ? (base: State) => tell(erased(base), "not published") : look;
  if (!overwrite && !canCreate(state, record)) {
    const lost = rules.lost === "delete the directory" ? tell(erased(state), "not published") : look(state);
    return [{ name: `${name} – the number is taken`, calm: true, next: lost }];
  }
  return outcomes(state, name, { kind: "record", record, overwrite }, { answered: advance, failed: [unknown] });
}

function eraseDirectory(state: State, version: number): State {
  const parts = state.directories[version]?.parts.map(() => 0) ?? [];
  return changeDirectory(state, version, { parts, manifest: 0, condemned: true });
}

/** Looks for the own publish id in the chain; the same swap is repeated with the same directory. */
function lookForOutcome(
  rules: Protocol,
  bounds: Bounds,
  state: State,
  { at, name, tell }: Pick<Swap, "at" | "name" | "tell">,
): readonly Action<State>[] {
  const writer = state.writers[at];
  if (writer === undefined) return [];
  const { version, parent, tries } = writer;
  const found = (what: string, next: State): readonly Action<State>[] => [
    { name: `${name} ${what}`, calm: true, next },
  ];
  if (state.chain.some((record) => record.by === version)) return found("finds its record", tell(state, "published"));
  if (state.chain.length > parent) return found("finds another's record", tell(state, "not published"));
  if (tries >= bounds.swapTries) return found("learns nothing and stops", tell(state, "nothing"));
  const again = stepsOf(rules, bounds).findIndex((step) => step.kind === "pointer");
  return found("finds no record", changeWriter(state, at, { at: again }));
}
