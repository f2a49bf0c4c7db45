/**
 * Which partitions a scan can take rows from, by the filters that Spark itself pushed down to it: a file is left out only if
 * one of them is certainly false for its `src`. Spark would not read it either, but it would look at it, and so would we.
 */
import type { InputFile } from "../contract.ts";
import { type ScanFacts, splitArguments } from "./plan-text.ts";

/** Whether rows with this `src` may be needed. */
export type SrcCondition = (src: string) => boolean;

/** `undefined` if nothing can be left out. A table that is read several times needs what any of its scans needs. */
export function srcCondition(scans: readonly ScanFacts[]): SrcCondition | undefined {
  const tests = scans.map((scan) => scan.filters.flatMap((filter) => parseFilter(filter) ?? []));
  if (tests.length === 0 || tests.some((all) => all.length === 0)) return undefined;
  return (src) => tests.some((all) => all.every((test) => test(src) !== false));
}

export function filesPassing(condition: SrcCondition | undefined, files: readonly InputFile[]): readonly InputFile[] {
  if (condition === undefined) return files;
  return files.filter(({ src }) => src === undefined || condition(src));
}

/** `undefined`: it depends on more than `src`. */
type Test = (src: string) => boolean | undefined;

const NAME = "src";

/** Answers nothing for a filter that says nothing about `src`, or is not understood. */
function parseFilter(text: string): Test | undefined {
  const [, kind = "", inner = ""] = /^(\w+)\((.*)\)$/.exec(text) ?? [];
  switch (kind) {
    case "And":
    case "Or": {
      const [left, right, ...more] = splitArguments(inner).map(parseFilter);
      if (more.length > 0) return undefined;
      return kind === "And" ? both(left ?? unknown, right ?? unknown) : either(left ?? unknown, right ?? unknown);
    }
    case "Not": {
      const test = parseFilter(inner);
      return test === undefined ? undefined : (src) => negated(test(src));
    }
    default:
      return parseComparison(kind, inner);
  }
}

function parseComparison(kind: string, inner: string): Test | undefined {
  const [name, value, ...more] = splitArguments(inner);
  if (name?.toLowerCase() !== NAME || value === undefined || more.length > 0) return undefined;
  if (kind === "In") {
    const list = /^\[([^[\]()]*)\]$/.exec(value)?.[1];
    const values = list === undefined ? undefined : new Set(list.split(",").map((item) => item.trim()));
    return values === undefined ? undefined : (src) => values.has(src);
  }
  if (/[[\]()]/.test(value)) return undefined;
  return comparisons[kind]?.(value);
}

const comparisons: Readonly<Record<string, (value: string) => Test>> = {
  EqualTo: (value) => (src) => src === value,
  EqualNullSafe: (value) => (src) => src === value,
  GreaterThan: (value) => (src) => compareBytes(src, value) > 0,
  GreaterThanOrEqual: (value) => (src) => compareBytes(src, value) >= 0,
  LessThan: (value) => (src) => compareBytes(src, value) < 0,
  LessThanOrEqual: (value) => (src) => compareBytes(src, value) <= 0,
  StringStartsWith: (value) => (src) => src.startsWith(value),
  StringEndsWith: (value) => (src) => src.endsWith(value),
  StringContains: (value) => (src) => src.includes(value),
};

/** Spark orders texts by their bytes in UTF-8. */
function compareBytes(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

const unknown: Test = () => undefined;

function both(left: Test, right: Test): Test {
  return (src) => {
    const [a, b] = [left(src), right(src)];
    return a === false || b === false ? false : a === true && b === true ? true : undefined;
  };
}

function either(left: Test, right: Test): Test {
  return (src) => {
    const [a, b] = [left(src), right(src)];
    return a === true || b === true ? true : a === false && b === false ? false : undefined;
  };
}

function negated(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}
