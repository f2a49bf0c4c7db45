/**
 * What a file has of the touched columns. A file that lacks a path is read as null there; a file that holds a touched
 * path in another type than the published schema is refused: reading it would round numbers or change texts.
 */
import { Failure } from "../errors.ts";
import { foldName, formatPath } from "../model/column-path.ts";
import type { Field } from "../model/schema.ts";
import type { FileField, FileType } from "./file-schema.ts";
import { isEngineType, type ValueField, type ValueType } from "./value-types.ts";

/** Where the file is, for messages. */
export interface FilePlace {
  readonly table: string;
  readonly file: string;
}

/**
 * Those of `kept` (the touched columns, as `narrowed` gives them of `full`) that the file has. A column that is touched as
 * a whole is whole in the answer as well, whatever the file lacks of it.
 */
export function fittingFields(
  found: readonly FileField[],
  full: readonly ValueField[],
  kept: readonly ValueField[],
  place: FilePlace,
): readonly ValueField[] {
  return kept.flatMap((field) => {
    const own = named(found, field.name, [field.name], place);
    const type =
      own === undefined ? undefined : fitting(own.type, typeIn(full, field), field.type, [field.name], place);
    return type === undefined ? [] : [{ name: field.name, type }];
  });
}

function typeIn(full: readonly ValueField[], field: ValueField): ValueType {
  return full.find((other) => other.name === field.name)?.type ?? field.type;
}

function fitting(
  found: FileType,
  full: ValueType,
  kept: ValueType,
  path: readonly string[],
  place: FilePlace,
): ValueType | undefined {
  if (full === kept || full.kind !== "struct" || kept.kind !== "struct") {
    check(found, kept, path, place);
    return kept;
  }
  if (found.kind !== "struct") throw differs(found, kept, path, place);
  const fields = kept.fields.flatMap((field): Field[] => {
    const below = [...path, field.name];
    const own = named(found.fields, field.name, below, place);
    const type =
      own === undefined ? undefined : fitting(own.type, typeIn(full.fields, field), field.type, below, place);
    return type === undefined || isEngineType(type) ? [] : [{ name: field.name, type }];
  });
  return fields.length === 0 ? undefined : { kind: "struct", fields };
}

/** The file's column of that name. DuckDB finds it by itself if only ASCII letters differ in case. */
function named(
  fields: readonly FileField[],
  name: string,
  path: readonly string[],
  place: FilePlace,
): FileField | undefined {
  const own = fields.find((field) => foldName(field.name) === foldName(name));
  if (own === undefined || asciiFolded(own.name) === asciiFolded(name)) return own;
  throw new Failure("refused", `${place.table}.${formatPath(path)}: is spelt "${own.name}" in ${place.file}`, {
    remedy: "convert that partition again, so that it has the table's spelling",
  });
}

function asciiFolded(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** Throws unless the whole column can be read as it is wanted. */
function check(found: FileType, wanted: ValueType, path: readonly string[], place: FilePlace): void {
  if (wanted.kind === "list" && found.kind === "list") {
    check(found.element, wanted.element, [...path, "[]"], place);
  } else if (wanted.kind === "struct" && found.kind === "struct") {
    const common = wanted.fields.flatMap((field) => {
      const below = [...path, field.name];
      const own = named(found.fields, field.name, below, place);
      if (own !== undefined) check(own.type, field.type, below, place);
      return own ?? [];
    });
    if (common.length === 0) throw differs(found, wanted, path, place);
  } else if (!holds(found, wanted)) throw differs(found, wanted, path, place);
}

function holds(found: FileType, wanted: ValueType): boolean {
  switch (wanted.kind) {
    case "int64":
      return found.kind === "int64" || found.kind === "int32";
    case "double":
      return found.kind === "double" || found.kind === "float";
    case "null":
    case "json":
    case "string":
      return found.kind === "string";
    case "decimal":
      return found.kind === "decimal" && found.precision === wanted.precision && found.scale === wanted.scale;
    default:
      return found.kind === wanted.kind && wanted.kind !== "list" && wanted.kind !== "struct";
  }
}

function differs(found: FileType, wanted: ValueType, path: readonly string[], place: FilePlace): Failure {
  const [has, wants] = [nameOf(found), nameOf(wanted)];
  return new Failure(
    "refused",
    `${place.table}.${formatPath(path)}: is ${has} in ${place.file}, ${wants} in the table's schema`,
    {
      remedy: "`millrace run` converts such partitions again; `millrace plan` shows what it waits for",
    },
  );
}

function nameOf(type: FileType | ValueType): string {
  switch (type.kind) {
    case "other":
      return type.name;
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "list":
      return `list<${nameOf(type.element)}>`;
    case "struct":
      return `struct<${type.fields
        .slice(0, 3)
        .map((field) => field.name)
        .join(", ")}${type.fields.length > 3 ? ", …" : ""}>`;
    default:
      return type.kind;
  }
}
