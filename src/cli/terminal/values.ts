/** Values of a query's rows as text: for a table, as JSON, as CSV. Integers keep all their digits everywhere. */
import type { QueryValue, ResultColumn } from "../../engine/contract.ts";
import { safeJson } from "./json-lines.ts";
import type { TableColumn } from "./table.ts";

const numeric: ReadonlySet<ResultColumn["type"]["kind"]> = new Set(["int64", "double", "decimal", "int32", "float"]);

export function tableColumn(column: ResultColumn): TableColumn {
  return { header: column.name, align: numeric.has(column.type.kind) ? "right" : "left" };
}

/**
 * Text as it is, nested values as JSON. Fields of a struct that are null are left out as long as the text is to be
 * `shortened`: a row fills a tenth of the columns of its table, and the others would hide it.
 */
export function cellText(value: QueryValue, shortened: boolean): string {
  if (value === null) return "null";
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return hexText(value);
  return typeof value === "object" ? jsonValue(shortened ? (withoutNulls(value) ?? {}) : value) : String(value);
}

/** `undefined` for a struct in which nothing is left. */
function withoutNulls(value: QueryValue): QueryValue | undefined {
  if (value === null || typeof value !== "object" || value instanceof Uint8Array) return value;
  // An element that is null or empty keeps its place in a list.
  if (isList(value)) return value.map((each) => (each === null ? null : (withoutNulls(each) ?? {})));
  const entries = Object.entries(value).flatMap(([name, each]) => {
    const kept = each === null ? undefined : withoutNulls(each);
    return kept === undefined ? [] : [[name, kept] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** JSON without whitespace; infinities and NaN, which JSON lacks, as texts; binary as hexadecimal digits. */
export function jsonValue(value: QueryValue): string {
  if (value === null) return "null";
  switch (typeof value) {
    case "string":
      return safeJson(JSON.stringify(value));
    case "bigint":
    case "boolean":
      return String(value);
    case "number":
      return Number.isFinite(value) ? JSON.stringify(value) : JSON.stringify(String(value));
    default:
      break;
  }
  if (value instanceof Uint8Array) return `"${hexText(value)}"`;
  if (isList(value)) return `[${value.map(jsonValue).join(",")}]`;
  return `{${Object.entries(value)
    .map(([name, each]) => `${safeJson(JSON.stringify(name))}:${jsonValue(each)}`)
    .join(",")}}`;
}

const hexText = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const isList = (
  value: readonly QueryValue[] | { readonly [name: string]: QueryValue },
): value is readonly QueryValue[] => Array.isArray(value);

/** Names for JSON objects: a second column of a name gets a number, as `count(*)_1`. */
export function uniqueNames(columns: readonly ResultColumn[]): readonly string[] {
  const used = new Set<string>();
  return columns.map(({ name }) => {
    let unique = name;
    for (let number = 1; used.has(unique); number++) unique = `${name}_${number}`;
    used.add(unique);
    return unique;
  });
}

/** One object on one line. `names` are JSON texts already. */
export function jsonRow(names: readonly string[], row: readonly QueryValue[]): string {
  return `{${names.map((name, index) => `${name}:${jsonValue(row[index] ?? null)}`).join(",")}}`;
}

/** A field by RFC 4180. Null is nothing at all, an empty text is `""`. */
export function csvField(value: QueryValue): string {
  if (value === null) return "";
  const text = cellText(value, false);
  return text === "" || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
