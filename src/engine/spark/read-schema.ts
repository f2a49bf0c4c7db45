/** Which columns of a table a scan reads, from the text of its schema (`struct<actor:struct<login:string>,n:bigint>`). */
import { foldName } from "../../model/column-path.ts";
import type { FieldPath, Touched } from "../touched.ts";
import { isEngineType, type ValueField, type ValueType } from "../value-types.ts";

/** `fields` is absent for what is no struct: its own name says nothing more. */
interface ReadField {
  readonly name: string;
  readonly fields: readonly ReadField[] | undefined;
}

/**
 * The paths through structs that lead to what is read, in the table's spelling; `all` if that is everything, or if the text
 * cannot be understood.
 */
export function touchedBy(readSchema: string, table: readonly ValueField[]): Touched {
  const read = parseStruct(readSchema);
  const paths = read === undefined ? undefined : pathsOf(read, table, []);
  return paths === undefined || paths.length === countPaths(table) ? "all" : paths;
}

function pathsOf(read: readonly ReadField[], fields: readonly ValueField[], above: FieldPath): FieldPath[] | undefined {
  const found: FieldPath[] = [];
  for (const { name, fields: inner } of read) {
    const field = fields.find((other) => foldName(other.name) === foldName(name));
    if (field === undefined) return undefined;
    const path = [...above, field.name];
    const below = structFields(field.type);
    const paths = below === undefined || inner === undefined ? [path] : pathsOf(inner, below, path);
    if (paths === undefined) return undefined;
    found.push(...paths);
  }
  return found;
}

/** How many paths there are if everything is read. */
function countPaths(fields: readonly ValueField[]): number {
  return fields.reduce((sum, { type }) => {
    const below = structFields(type);
    return sum + (below === undefined ? 1 : countPaths(below));
  }, 0);
}

function structFields(type: ValueType): readonly ValueField[] | undefined {
  return !isEngineType(type) && type.kind === "struct" && type.fields.length > 0 ? type.fields : undefined;
}

/** Names of fields hold none of `, : < >` (`designs/schema-rules.md`, K3), which makes the text unambiguous. */
function parseStruct(text: string): readonly ReadField[] | undefined {
  const cursor = { text, at: 0 };
  const fields = takeType(cursor);
  return cursor.at === text.length ? fields : undefined;
}

interface Cursor {
  readonly text: string;
  at: number;
}

/** Takes one type and answers its fields if it is a struct; `at` lies beyond the text if there is none. */
function takeType(cursor: Cursor): readonly ReadField[] | undefined {
  if (cursor.text.startsWith("struct<", cursor.at)) {
    cursor.at += "struct<".length;
    return takeFields(cursor);
  }
  let depth = 0;
  for (; cursor.at < cursor.text.length; cursor.at++) {
    const character = cursor.text.charAt(cursor.at);
    if (character === "<" || character === "(") depth += 1;
    else if (depth === 0 && (character === "," || character === ">")) break;
    else if (character === ">" || character === ")") depth -= 1;
  }
  return undefined;
}

function takeFields(cursor: Cursor): readonly ReadField[] {
  const fields: ReadField[] = [];
  while (cursor.at < cursor.text.length) {
    if (cursor.text.charAt(cursor.at) === ">") {
      cursor.at += 1;
      return fields;
    }
    const colon = cursor.text.indexOf(":", cursor.at);
    if (colon < 0) break;
    const name = cursor.text.slice(cursor.at, colon);
    cursor.at = colon + 1;
    fields.push({ name, fields: takeType(cursor) });
    if (cursor.text.charAt(cursor.at) === ",") cursor.at += 1;
  }
  // The struct was not closed: nothing that follows can be understood.
  cursor.at = cursor.text.length + 1;
  return fields;
}
