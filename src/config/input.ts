/**
 * What was written, before anybody judged it: a tree of scalars, lists and mappings in which every value knows where it
 * comes from. The layers (file, target, environment, flags) are merged in this form.
 */
import type { Origin, Problems } from "./problems.ts";

export type ScalarValue = string | number | boolean | null;

export interface ScalarInput {
  readonly kind: "scalar";
  readonly value: ScalarValue;
  /** The text of the scalar as it was written: `0.10`, not `0.1`. */
  readonly text: string;
  /** Whether `${VAR}` in it is still to be substituted; what comes from the environment or a flag is taken as it is. */
  readonly template: boolean;
  /** The line of the text's first line, where that is not the place's (a block scalar begins one line below its key). */
  readonly textLine?: number;
  readonly origin: Origin;
}

export interface ListInput {
  readonly kind: "list";
  readonly items: readonly Input[];
  readonly origin: Origin;
}

export interface MappingInput {
  readonly kind: "mapping";
  readonly entries: ReadonlyMap<string, Entry>;
  readonly origin: Origin;
}

export interface Entry {
  /** Where the key stands; unknown keys are reported there. */
  readonly keyOrigin: Origin;
  readonly value: Input;
}

export type Input = ScalarInput | ListInput | MappingInput;

/** The label of a member: `sources.gharchive`, `columns."actor.login"`. */
export function memberLabel(label: string, key: string): string {
  const shown = /^[\w-]{1,64}$/.test(key) ? key : JSON.stringify(key.slice(0, 64));
  return label === "" ? shown : `${label}.${shown}`;
}

export function emptyMapping(origin: Origin): MappingInput {
  return { kind: "mapping", entries: new Map(), origin };
}

/** `over` on top of `base`: mappings are merged key by key, everything else is replaced whole. */
export function overlay(base: Input, over: Input): Input {
  if (base.kind !== "mapping" || over.kind !== "mapping") return over;
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const below = entries.get(key);
    entries.set(key, below === undefined ? entry : { ...entry, value: overlay(below.value, entry.value) });
  }
  return { ...base, entries };
}

/** A mapping that holds nothing but `value` at `path`. */
export function nested(path: readonly string[], value: Input): Input {
  return path.reduceRight<Input>(
    (inner, key) => ({
      kind: "mapping",
      entries: new Map([[key, { keyOrigin: value.origin, value: inner }]]),
      origin: value.origin,
    }),
    value,
  );
}

/** The member of a mapping; `undefined` for anything else. */
export function member(input: Input | undefined, key: string): Input | undefined {
  return input?.kind === "mapping" ? input.entries.get(key)?.value : undefined;
}

/** The keys of a mapping; none for anything else. */
export function keysOf(input: Input | undefined): readonly string[] {
  return input?.kind === "mapping" ? [...input.entries.keys()] : [];
}

/** Deeper than any project; it stops a value that contains itself. */
const depthMax = 64;

/** A project made in memory: plain objects, arrays, texts, numbers and booleans. Reports what is none of them. */
export function inputOf(value: unknown, problems: Problems, label = "", depth = 0): Input | undefined {
  const origin: Origin = { label };
  if (depth > depthMax) {
    problems.report(origin, "nested too deep");
    return undefined;
  }
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
    return { kind: "scalar", value, text: value === null ? "" : String(value), template: true, origin };
  }
  if (Array.isArray(value)) {
    const items = value.map((item: unknown, index) => inputOf(item, problems, `${label}[${index}]`, depth + 1));
    return { kind: "list", items: items.filter((item) => item !== undefined), origin };
  }
  if (typeof value === "object") {
    const entries = new Map<string, Entry>();
    for (const [key, member] of Object.entries(value)) {
      if (member === undefined) continue;
      const name = memberLabel(label, key);
      const input = inputOf(member, problems, name, depth + 1);
      if (input !== undefined) entries.set(key, { keyOrigin: { label: name }, value: input });
    }
    return { kind: "mapping", entries, origin };
  }
  problems.report(origin, `expected a text, number, boolean, list or mapping, got a ${typeof value}`);
  return undefined;
}
