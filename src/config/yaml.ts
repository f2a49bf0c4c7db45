/**
 * YAML 1.2 (core schema) into an `Input` with the line and column of every value. What makes files hard to read or
 * dangerous to parse is refused: duplicate keys, anchors and aliases, tags, several documents, keys that are no text.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, Scalar } from "yaml";
import { type Entry, emptyMapping, type Input, memberLabel, type ScalarValue } from "./input.ts";
import { type Origin, type Problems, quote } from "./problems.ts";

/** A project file is written by people; the bound keeps a mistaken `-f` (an archive, a log) from being parsed. */
export const yamlBytesMax = 1024 * 1024;

export interface YamlSource {
  /** What messages call the file. */
  readonly name: string;
  /** What labels begin with: empty for a project file, the variable for a value from the environment. */
  readonly label?: string;
  /** `false` where the text is a value from the environment: no places, no substitution. */
  readonly located?: boolean;
}

interface Walk {
  readonly source: YamlSource;
  readonly lines: LineCounter;
  readonly problems: Problems;
}

/** `undefined` if the text is not YAML; what is wrong has been reported. */
export function parseYaml(text: string, source: YamlSource, problems: Problems): Input | undefined {
  const lines = new LineCounter();
  const walk: Walk = { source, lines, problems };
  const top: Origin = { label: source.label ?? "" };
  if (text.length > yamlBytesMax) {
    problems.report(top, `${source.name} is larger than 1 MiB`, "Check that -f names a project file");
    return undefined;
  }
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    lineCounter: lines,
    prettyErrors: false,
    // Reported by this module, which knows the path of the mapping.
    uniqueKeys: false,
    logLevel: "error",
  });
  const version = document.directives?.yaml;
  if (version?.explicit === true && version.version !== "1.2") {
    problems.report(
      top,
      `${source.name} asks for YAML ${version.version}`,
      "Remove the %YAML line: project files are YAML 1.2",
    );
    return undefined;
  }
  // What follows the first error is mostly its echo.
  const [error] = document.errors;
  if (error !== undefined) {
    const { fact, remedy } = describeError(error.code, error.message);
    problems.report(at(walk, top.label, error.pos[0]), fact, remedy);
    return undefined;
  }
  if (document.contents === null) return emptyMapping(top);
  return convert(document.contents, top.label, walk);
}

function at(walk: Walk, label: string, offset: number | undefined): Origin {
  if (offset === undefined || walk.source.located === false) return { label };
  const { line, col } = walk.lines.linePos(offset);
  return { label, place: { file: walk.source.name, line, column: col } };
}

function convert(node: Node, label: string, walk: Walk): Input | undefined {
  const origin = at(walk, label, node.range?.[0]);
  if (isAlias(node) || node.anchor !== undefined) {
    walk.problems.report(
      origin,
      "anchors (&) and aliases (*) are refused",
      "Write the value out, or quote a text that begins with & or *",
    );
    return undefined;
  }
  if (node.tag !== undefined) {
    walk.problems.report(origin, `the tag ${node.tag} is refused`, "Remove it, or quote a text that begins with !");
    return undefined;
  }
  if (isMap(node)) return convertMapping(node.items, label, origin, walk);
  if (isSeq(node)) {
    const items = node.items.map((item, index) => convertUnknown(item, `${label}[${index}]`, origin, walk));
    return { kind: "list", items: items.filter((item) => item !== undefined), origin };
  }
  if (isScalar(node)) return convertScalar(node, origin, walk);
  walk.problems.report(origin, "expected a text, number, boolean, list or mapping");
  return undefined;
}

function convertScalar(node: Scalar, origin: Origin, walk: Walk): Input | undefined {
  const value = scalarValue(node.value);
  if (value === undefined) {
    walk.problems.report(origin, `${quote(node.source ?? String(node.value))} is no text, number or boolean`);
    return undefined;
  }
  const plain = node.type === Scalar.PLAIN;
  const text = plain && node.source !== undefined ? node.source : value === null ? "" : String(value);
  const line = origin.place?.line;
  return {
    kind: "scalar",
    value,
    text,
    template: walk.source.located !== false,
    ...(node.type === Scalar.BLOCK_LITERAL && line !== undefined ? { textLine: line + 1 } : {}),
    origin,
  };
}

function scalarValue(value: unknown): ScalarValue | undefined {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  return undefined;
}

function convertMapping(pairs: readonly Pair[], label: string, origin: Origin, walk: Walk): Input {
  const entries = new Map<string, Entry>();
  for (const pair of pairs) {
    const key = readKey(pair.key, label, origin, walk);
    if (key === undefined) continue;
    const { name, keyOrigin } = key;
    const before = entries.get(name);
    if (before !== undefined) {
      const line = before.keyOrigin.place?.line;
      walk.problems.report(
        keyOrigin,
        `the key is there twice${line === undefined ? "" : `, first in line ${line}`}`,
        "Remove one of the two",
      );
      continue;
    }
    const value = convertUnknown(pair.value, keyOrigin.label, keyOrigin, walk);
    if (value !== undefined) entries.set(name, { keyOrigin, value });
  }
  return { kind: "mapping", entries, origin };
}

function readKey(
  key: unknown,
  label: string,
  origin: Origin,
  walk: Walk,
): { readonly name: string; readonly keyOrigin: Origin } | undefined {
  if (isScalar(key) && key.anchor === undefined && key.tag === undefined) {
    if (typeof key.value === "string") {
      return { name: key.value, keyOrigin: at(walk, memberLabel(label, key.value), key.range?.[0]) };
    }
    const text = key.source ?? "";
    walk.problems.report(
      at(walk, label, key.range?.[0]),
      `the key ${text === "" ? "is empty" : `${text} is no text`}`,
      `Write a name, or put it in quotes: "${text}"`,
    );
    return undefined;
  }
  const range = isAlias(key) || isMap(key) || isSeq(key) || isScalar(key) ? key.range : undefined;
  walk.problems.report(range ? at(walk, label, range[0]) : origin, "a key must be a plain text");
  return undefined;
}

/** The value of a pair or the item of a list: the library types it loosely and leaves out what was not written. */
function convertUnknown(node: unknown, label: string, parent: Origin, walk: Walk): Input | undefined {
  if (isAlias(node) || isMap(node) || isSeq(node) || isScalar(node)) return convert(node, label, walk);
  const origin: Origin = parent.place === undefined ? { label } : { label, place: parent.place };
  return { kind: "scalar", value: null, text: "", template: false, origin };
}

interface Description {
  readonly fact: string;
  readonly remedy?: string;
}

function describeError(code: string, message: string): Description {
  switch (code) {
    case "TAB_AS_INDENT":
      return { fact: "a tab in the indentation", remedy: "Indent with spaces" };
    case "BLOCK_AS_IMPLICIT_KEY":
      return {
        fact: 'a second ": " on one line',
        remedy: 'Put the value in quotes, or begin a new line: a text that holds ": " needs them',
      };
    case "BAD_SCALAR_START":
      return {
        fact: `the value begins with ${message.slice(-1)}, which YAML keeps for itself`,
        remedy: "Put the value in quotes",
      };
    case "MISSING_CHAR":
    case "BAD_INDENT":
      if (code === "BAD_INDENT" && !message.startsWith("Flow")) return { fact: `not valid YAML: ${sentence(message)}` };
      return {
        fact: `not valid YAML: ${sentence(message)}`,
        remedy: "Close what is open; inside [ ] and { } a text that holds one of { } [ ] , needs quotes",
      };
    case "MULTIPLE_DOCS":
      return { fact: "a second document (---)", remedy: "Write one document" };
    case "RESOURCE_EXHAUSTION":
      return { fact: "nested too deep" };
    default:
      return { fact: `not valid YAML: ${sentence(message)}` };
  }
}

/** The first line, to stand inside a sentence, without the text that it may quote: that could be a secret. */
function sentence(message: string): string {
  const line = (message.split("\n")[0] ?? message).replace(/: ".*$/, "");
  return `${line.charAt(0).toLowerCase()}${line.slice(1)}`;
}
