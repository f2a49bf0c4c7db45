/**
 * A table's merged schema as people ask for it: every leaf with its type, where it first and last appeared, how full it is,
 * and what conflicts it met.
 */
import type { ReadPartitions, SchemaColumn, SchemaOptions, TableSchemaAnswer } from "../answers.ts";
import { Failure } from "../errors.ts";
import { ELEMENT, foldPath, formatPath, leaves, parsePath } from "../model/column-path.ts";
import { duckdbColumns, sparkColumns } from "../model/ddl.ts";
import { nearest } from "../model/nearest.ts";
import type { ColumnType } from "../model/schema.ts";
import { boundSchema } from "../model/stand-in.ts";
import { describeType } from "../model/type-text.ts";
import type { Parts } from "../reconcile/parts.ts";
import type { Seen } from "../reconcile/seen.ts";
import { type ColumnFigures, readFigures } from "./column-figures.ts";

interface Figures {
  readonly read: ReadPartitions;
  readonly columns: ReadonlyMap<string, ColumnFigures>;
}

/** With `profile`, after reading the footers of so many of the newest partitions. */
export async function schemaOf(
  name: string,
  parts: Parts,
  seen: Seen,
  { profile, signal }: SchemaOptions,
): Promise<TableSchemaAnswer> {
  const answer = plainSchema(name, seen);
  if (profile === undefined) return answer;
  const figures = await readFigures(name, parts.tables, seen, { newest: profile, signal });
  return figures === undefined ? answer : withFigures(answer, figures);
}

/** Fields have their first partition noted, elements that of the list they are in. */
function firstOf(first: ReadonlyMap<string, string>, path: string): string | undefined {
  const steps = parsePath(foldPath(path));
  const field = steps.findLastIndex((step) => step !== ELEMENT);
  return first.get(formatPath(steps.slice(0, field + 1)));
}

function withFigures(answer: TableSchemaAnswer, { read, columns }: Figures): TableSchemaAnswer {
  const none: ColumnFigures = { last: undefined, present: 0, values: 0, distinct: { least: 0, most: 0 } };
  return {
    ...answer,
    read,
    columns: answer.columns.map((column) => ({ ...column, ...(columns.get(foldPath(column.path)) ?? none) })),
  };
}

function plainSchema(name: string, seen: Seen): TableSchemaAnswer {
  const table = seen.tables.get(name);
  if (table === undefined) {
    const near = nearest(name, seen.tables.keys());
    throw new Failure("usage", `table ${name}: is not in this project`, {
      remedy: near === undefined ? `its tables: ${[...seen.tables.keys()].join(", ")}` : `did you mean "${near}"?`,
    });
  }
  const { schema, settings } = table;
  if (schema === undefined) {
    throw new Failure("missing", `table ${name}: has no partition and no schema yet`, {
      remedy: "run `millrace run` first",
    });
  }
  const { state } = schema;
  const bound = boundSchema(state.schema);
  const declared = new Set([...settings.columns.keys()].map(foldPath));
  const held = [...seen.attempts].flatMap(([item, attempt]) =>
    attempt.kind === "held" && item.startsWith(`convert ${name}@`)
      ? [{ key: item.slice("convert ".length), reason: attempt.reason }]
      : [],
  );
  const widened = new Set(state.widenings.map(({ path }) => foldPath(path)));
  const conflictOf = (path: string, type: ColumnType): SchemaColumn["conflict"] => {
    if (type.kind === "string" && type.mixed === true) return "mixed";
    return widened.has(foldPath(path)) ? "widened" : undefined;
  };
  return {
    table: name,
    version: schema.version,
    partitions: table.partitions.size,
    read: undefined,
    columns: leaves(state.schema).map(({ path, type }) => ({
      path,
      type,
      typeText: describeType(type, 60),
      first: firstOf(state.first, path),
      last: undefined,
      declared: declared.has(foldPath(path)),
      conflict: conflictOf(path, type),
      present: undefined,
      values: undefined,
      distinct: undefined,
    })),
    widenings: state.widenings.map((widening) => ({
      ...widening,
      from: describeType(widening.from, 60),
      to: describeType(widening.to, 60),
    })),
    held,
    ddl: { duckdb: duckdbColumns(bound), spark: sparkColumns(bound) },
  };
}
