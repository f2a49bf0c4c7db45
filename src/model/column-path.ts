/**
 * Names and paths of columns, as `designs/schema-rules.md` writes them: `payload.commits.[].sha`. A dot or a backslash
 * inside a name is escaped by a backslash, and a field whose own name is `[]` is written `\[]`.
 */
import { Failure } from "../errors.ts";
import type { ColumnType, Field, Schema } from "./schema.ts";

/** The step from a list to its elements. */
export const ELEMENT: unique symbol = Symbol("[]");

/** From the top of a row down: a field's name, or the step into a list. */
export type ColumnPath = readonly (string | typeof ELEMENT)[];

/**
 * The form in which names are compared (rule K1): the key in lower case. The key is decoded for that, because lower case
 * depends on context (a Greek sigma before `:` is not the one before `%3A`). Folding twice is folding once.
 */
export function foldName(name: string): string {
  return name.includes("%") ? encodeName(decodeName(name).toLowerCase()) : name.toLowerCase();
}

/** The JSON key behind a column's name: the inverse of rule K3. */
export function decodeName(name: string): string {
  if (name === "%") return "";
  return name.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** The folded JSON key behind a column's name: what keys of a line are looked up by. */
export function keyOfName(name: string): string {
  return decodeName(name).toLowerCase();
}

/** What a metastore's type string cannot carry (rule K3): its punctuation and the ASCII control characters. */
const encodedCharacters = new Set(["%", ",", ":", ";", "<", ">", "`", "\u007f"]);
for (let code = 0; code < 0x20; code++) encodedCharacters.add(String.fromCharCode(code));

/** The column's name of a decoded JSON key (rule K3). Lone surrogates must have become U+FFFD before. */
export function encodeName(key: string): string {
  if (key === "") return "%";
  return key.replace(/[^\w]/g, (character) => {
    if (!encodedCharacters.has(character)) return character;
    return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  });
}

/** Orders names by the code units of their folded form (rule T1). */
export function compareNames(left: string, right: string): number {
  const a = foldName(left);
  const b = foldName(right);
  return a < b ? -1 : a > b ? 1 : 0;
}

export function formatPath(path: ColumnPath): string {
  return path.map((step) => (step === ELEMENT ? "[]" : escapeName(step))).join(".");
}

function escapeName(name: string): string {
  return name === "[]" ? "\\[]" : name.replace(/[\\.]/g, "\\$&");
}

/** Reads a path back; every text that `formatPath` writes gives the same path. Throws a `usage` failure otherwise. */
export function parsePath(text: string): ColumnPath {
  const path: (string | typeof ELEMENT)[] = [];
  let name = "";
  let start = 0;
  const close = (end: number): void => {
    if (end === start) throw new Failure("usage", `column path "${text}": a name is missing`);
    path.push(text.slice(start, end) === "[]" ? ELEMENT : name);
    name = "";
    start = end + 1;
  };
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === ".") close(at);
    else if (character !== "\\") name += character;
    else if (at + 1 === text.length) throw new Failure("usage", `column path "${text}": ends with a lone backslash`);
    else name += text.charAt(++at);
  }
  close(text.length);
  return path;
}

/** The form in which paths are compared; names are folded one by one, since lower case depends on context. */
export function foldPath(text: string): string {
  return formatPath(parsePath(text).map((step) => (step === ELEMENT ? ELEMENT : foldName(step))));
}

export function fieldNamed(fields: readonly Field[], name: string): Field | undefined {
  const folded = foldName(name);
  return fields.find((field) => foldName(field.name) === folded);
}

/** The type of the column or inner node at a path (`payload.commits.[].sha`), in any spelling. */
export function columnAt(schema: Schema, path: string | ColumnPath): ColumnType | undefined {
  let type: ColumnType | undefined = { kind: "struct", fields: schema.fields };
  for (const step of typeof path === "string" ? parsePath(path) : path) {
    if (type === undefined) return undefined;
    if (step === ELEMENT) type = type.kind === "list" ? type.element : undefined;
    else type = type.kind === "struct" ? fieldNamed(type.fields, step)?.type : undefined;
  }
  return type;
}

/** A path together with what is there. */
export interface Leaf {
  readonly path: string;
  readonly type: ColumnType;
}

/**
 * The leaves of a schema in its own order: scalars, untyped paths (`null`) and structs without fields. The leaf of a
 * list of scalars is its element, `tags.[]`.
 */
export function leaves(schema: Schema): Leaf[] {
  const found: Leaf[] = [];
  for (const field of schema.fields) collectLeaves([field.name], field.type, found);
  return found;
}

export function leafPaths(schema: Schema): string[] {
  return leaves(schema).map((leaf) => leaf.path);
}

/** The leaf paths of a type that stands at `path`. */
export function leafPathsBelow(path: ColumnPath, type: ColumnType): string[] {
  const found: Leaf[] = [];
  collectLeaves(path, type, found);
  return found.map((leaf) => leaf.path);
}

function collectLeaves(path: ColumnPath, type: ColumnType, found: Leaf[]): void {
  if (type.kind === "list") collectLeaves([...path, ELEMENT], type.element, found);
  else if (type.kind === "struct" && type.fields.length > 0) {
    for (const field of type.fields) collectLeaves([...path, field.name], field.type, found);
  } else found.push({ path: formatPath(path), type });
}
