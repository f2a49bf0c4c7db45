/**
 * Options from the environment: `MILLRACE_` and the path in capitals, joined by two underscores
 * (`MILLRACE_SOURCES__GHARCHIVE__SINCE=3d`). A name that fits nothing is an error, so that a typing mistake in a
 * deployment does not pass in silence.
 */
import { nearest } from "../model/nearest.ts";
import { type Input, keysOf, member, nested, overlay } from "./input.ts";
import type { Option } from "./option.ts";
import { didYouMean, type Problems, quote } from "./problems.ts";
import type { Environment } from "./substitute.ts";
import { parseYaml } from "./yaml.ts";

export const variablePrefix = "MILLRACE_";

/** Variables of the program itself: no path of a project. A program part that reads another one adds it here. */
export const reservedVariables: ReadonlyMap<string, string> = new Map([
  ["MILLRACE_PROJECT", "The project file, like `-f`."],
  ["MILLRACE_TARGET", "The target, like `--target`."],
  ["MILLRACE_LOG", "The form of messages, like `--log`: `text` or `json`."],
  ["MILLRACE_DEBUG", "Any value: errors are printed with their stacks and causes."],
  ["MILLRACE_SHRED", "`typescript`: JSON lines are read without WebAssembly, slower and with the same files."],
  ["MILLRACE_REAL_HOURS", "For the test suite: a directory with real archive hours."],
  ["MILLRACE_TEST_SPARK", "For the test suite: the URL of a Spark Connect server to use."],
  ["MILLRACE_TEST_METASTORE", "For the test suite: `host:port` of a Hive Metastore to use."],
  ["MILLRACE_TEST_METASTORE_WAREHOUSE", "For the test suite: the warehouse directory of that metastore."],
]);

/** What Kubernetes sets in every pod for a service named `millrace` or `millrace-…`; no option looks like it. */
const serviceLink =
  /^MILLRACE_(?:[A-Z0-9]+_)*(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$/;

export function variableSegment(key: string): string {
  return key.toUpperCase().replaceAll(/[^A-Z0-9_]/g, "_");
}

/** The layer that the environment lays over a project; `undefined` if there is none. Empty variables count as not set. */
export function environmentLayer(
  environment: Environment,
  root: Option<unknown>,
  project: Input,
  problems: Problems,
): Input | undefined {
  let layer: Input | undefined;
  const used = variablesUsed(project);
  for (const name of Object.keys(environment).sort()) {
    const value = environment[name];
    if (!name.startsWith(variablePrefix) || value === undefined || value === "") continue;
    if (reservedVariables.has(name)) continue;
    const found = resolve(name.slice(variablePrefix.length), root, project);
    if (!("option" in found)) {
      // The project itself asks for it, by ${NAME} or env:NAME.
      if (used.has(name)) continue;
      // Checked after the paths, for `watch.port` of a project must not look like a service's port.
      if (!name.includes("__") && serviceLink.test(name)) continue;
      problems.report({ label: name }, ...unknownVariable(name, found));
      continue;
    }
    const input = valueOfVariable(name, value, found.option, problems);
    if (input === undefined) continue;
    const one = nested(found.path, input);
    layer = layer === undefined ? one : overlay(layer, one);
  }
  return layer;
}

/** The variables that the texts of a project name. */
function variablesUsed(input: Input, used: Set<string> = new Set()): ReadonlySet<string> {
  if (input.kind === "list") for (const item of input.items) variablesUsed(item, used);
  else if (input.kind === "mapping") for (const { value } of input.entries.values()) variablesUsed(value, used);
  else for (const [, name] of input.text.matchAll(/(?:\$\{|\benv: *)(\w+)/g)) if (name !== undefined) used.add(name);
  return used;
}

interface Found {
  readonly path: readonly string[];
  readonly option: Option<unknown>;
}

interface NotFound {
  /** What could not be matched, and what could have stood there. */
  readonly rest: string;
  readonly candidates: readonly string[];
}

function resolve(rest: string, option: Option<unknown>, input: Input | undefined): Found | NotFound {
  const members = membersOf(option, input);
  const offered = [...members].filter(([, inner]) => inner.shape.kind !== "unoffered");
  let failure: NotFound = { rest, candidates: offered.map(([key]) => variableSegment(key)) };
  for (const [key, inner] of members) {
    const segment = variableSegment(key);
    if (rest === segment) return { path: [key], option: inner };
    // A name may itself hold `__`, so every member that fits is tried instead of splitting the text.
    if (!rest.startsWith(`${segment}__`)) continue;
    if (inner.shape.kind === "unoffered") return { path: [key], option: inner };
    const found = resolve(rest.slice(segment.length + 2), inner, member(input, key));
    if ("option" in found) return { path: [key, ...found.path], option: found.option };
    failure = found;
  }
  return failure;
}

function membersOf(option: Option<unknown>, input: Input | undefined): ReadonlyMap<string, Option<unknown>> {
  const { shape } = option;
  if (shape.kind === "section") {
    return new Map(Object.entries(shape.fields).filter(([key]) => key !== "targets"));
  }
  if (shape.kind !== "named") return new Map();
  return new Map(keysOf(input).map((key) => [key, shape.entry]));
}

function unknownVariable(name: string, { rest, candidates }: NotFound): readonly [string, string | undefined] {
  const word = rest.split("__")[0] ?? rest;
  const head = name.slice(0, name.length - rest.length);
  const near = nearest(word, candidates) ?? nearest(rest, candidates);
  const tail = rest.slice(word.length);
  const reserved = head === variablePrefix ? nearest(name, reservedVariables.keys()) : undefined;
  if (near !== undefined) return ["no such option", didYouMean(`${head}${near}${tail}`)];
  if (reserved !== undefined) return ["no such option", didYouMean(reserved)];
  const choices = candidates.map((each) => `${head}${each}`).join(", ");
  return [
    "no such option",
    choices === "" ? `${quote(head.replace(/__$/, ""))} is a single value` : `Options here: ${choices}`,
  ];
}

/** Lists and mappings are written in YAML's flow form (JSON is one); everything else is the text itself. */
function valueOfVariable(name: string, value: string, option: Option<unknown>, problems: Problems): Input | undefined {
  const { shape } = option;
  const composite = shape.kind !== "leaf" || shape.composite;
  if (composite && /^\s*[[{]/.test(value)) {
    return parseYaml(value, { name, label: name, located: false }, problems);
  }
  return { kind: "scalar", value, text: value, template: false, origin: { label: name } };
}
