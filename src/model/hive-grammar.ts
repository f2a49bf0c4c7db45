/**
 * Hive's own grammar of types, by which Trino, and Hive itself, read the columns of a table. It has fewer names for the fields of a struct
 * than Spark's reading of the same text: one field that it cannot name, and they read nothing of the table.
 */
import { type ColumnPath, ELEMENT, formatPath } from "./column-path.ts";
import { asReaders, type HiveReadable } from "./hive-type.ts";
import type { RegisteredColumn } from "./registration.ts";

/** Fields inside structs that the grammar cannot name, as paths: `payload.reactions.+1`. */
export function fieldsBeyondHive(columns: readonly RegisteredColumn[]): readonly string[] {
  return columns.flatMap(({ name, type }) => [...beyond(asReaders(type), [name])]);
}

function* beyond(type: HiveReadable, path: ColumnPath): Generator<string, undefined> {
  switch (type.kind) {
    case "list":
      yield* beyond(type.element, [...path, ELEMENT]);
      return undefined;
    case "struct":
      for (const field of type.fields) {
        const inner = [...path, field.name];
        if (!isHiveName(field.name)) yield formatPath(inner);
        yield* beyond(field.type, inner);
      }
      return undefined;
    default:
      return undefined;
  }
}

/** Letters, digits and four more; what takes two units of UTF-16, as an emoji does, is no letter to it. */
const isHiveName = (name: string): boolean =>
  name !== "" && [...name].every((character) => character.length === 1 && /[\p{L}\p{Nd}_. $]/u.test(character));
