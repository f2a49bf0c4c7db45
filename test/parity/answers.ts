/** What an engine answers to a statement, in a form that can be written down and compared to the letter. */
import type { Engine, QueryValue, ResultColumn } from "../../src/engine/contract.ts";
import { Failure } from "../../src/errors.ts";
import type { ParityTables } from "./tables.ts";

export type Answer =
  | { readonly columns: readonly string[]; readonly rows: readonly (readonly Plain[])[] }
  /** `statement`: it does not parse or bind. `data`: it fails on the rows. */
  | { readonly fails: "statement" | "data" };

export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [name: string]: Plain };

export type Verdict = "same" | "differs" | "only duckdb" | "only spark" | "neither";

export async function answerOf(engine: Engine, sql: string, { tables, directory }: ParityTables): Promise<Answer> {
  try {
    const result = await engine.query({ sql, tables, scratch: directory() });
    const rows: (readonly Plain[])[] = [];
    for await (const batch of result.rows()) rows.push(...batch.map((row) => row.map(plain)));
    if (hasHugeInteger(result.columns, rows)) return { fails: "data" };
    return { columns: result.columns.map(({ name, type }) => `${name} ${typeText(type)}`), rows };
  } catch (error) {
    if (error instanceof Failure && error.kind === "usage") return { fails: "statement" };
    if (error instanceof Failure && error.kind === "application") return { fails: "data" };
    throw error;
  }
}

/** DuckDB adds integers up in 128 bits; a mart holds 64 or fails (`designs/formats.md`, "mart types"). */
function hasHugeInteger(columns: readonly ResultColumn[], rows: readonly (readonly Plain[])[]): boolean {
  return columns.some(
    ({ type }, index) =>
      type.kind === "int64" &&
      rows.some(
        (row) => typeof row[index] === "string" && BigInt.asIntN(64, BigInt(row[index])) !== BigInt(row[index]),
      ),
  );
}

/** Integers beyond 2^53 and numbers that JSON lacks as text; the column's type tells them from texts. */
function plain(value: QueryValue): Plain {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number") return Object.is(value, -0) ? "-0.0" : Number.isFinite(value) ? value : String(value);
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, field]): [string, Plain] => [name, plain(field)]));
}

type ResultType = ResultColumn["type"];

/** A type without what only merging needs. */
function typeText(type: ResultType): string {
  switch (type.kind) {
    case "list":
      return `list<${typeText(type.element)}>`;
    case "struct":
      return `struct<${type.fields.map(({ name, type: field }) => `${name} ${typeText(field)}`).join(", ")}>`;
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    default:
      return type.kind;
  }
}

/** Rows are compared as a set; whether their order is the same as well is a finding of its own. */
export function verdictOf(duckdb: Answer, spark: Answer): Verdict {
  if ("fails" in duckdb && "fails" in spark) {
    return duckdb.fails === "data" || spark.fails === "data" ? "same" : "neither";
  }
  if ("fails" in duckdb) return "only spark";
  if ("fails" in spark) return "only duckdb";
  return asSet(duckdb) === asSet(spark) ? "same" : "differs";
}

/** The answer as text, whatever order its rows come in. */
export function asSet(answer: Answer): string {
  if ("fails" in answer) return JSON.stringify(answer);
  return JSON.stringify({ columns: answer.columns, rows: answer.rows.map((row) => JSON.stringify(row)).sort() });
}
