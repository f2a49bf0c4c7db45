/**
 * A statement bound to the published schemas, before any file is opened: its result, and the columns it needs. Tables
 * without rows stand for the real ones; they hide behind views, so that a table's row ids cannot be named.
 */

import { Failure } from "../../errors.ts";
import { foldName } from "../../model/column-path.ts";
import { quoteForDuckdb } from "../../model/ddl.ts";
import { nearest } from "../../model/nearest.ts";
import type { ResultColumn, TableShape } from "../contract.ts";
import { placeInStatement, STATEMENT } from "../place.ts";
import { narrowed, type Touched } from "../touched.ts";
import { boundFields, type ValueField } from "../value-types.ts";
import { srcConditions } from "./prune.ts";
import { findReferences, type NameChain, type References, touchedColumns } from "./references.ts";
import type { BoundColumn, Session } from "./session.ts";
import { parseStatement, placeOfTree } from "./statement.ts";
import { type Tree, textOf } from "./tree.ts";
import { declaredType, type ResultType, resultType } from "./types.ts";

/** The partition's text column; a column of that name inside of the data gives way. */
export const SRC = "src";

export interface BoundStatement {
  readonly sql: string;
  readonly tables: readonly BoundTable[];
  readonly result: readonly BoundResult[];
}

/** A table that the statement reads. */
export interface BoundTable {
  /** As it was offered. */
  readonly name: string;
  readonly partitioned: boolean;
  /** All columns, `src` included, in the order of a star. */
  readonly fields: readonly ValueField[];
  readonly touched: Touched;
  /** Only partitions whose `src` passes this condition can contribute. */
  readonly condition: string | undefined;
}

export interface BoundResult extends ResultColumn {
  readonly mapped: ResultType;
}

/** `session` is a fresh one, whose lock names no file. */
export async function bindStatement(
  session: Session,
  sql: string,
  tables: ReadonlyMap<string, TableShape>,
  signal?: AbortSignal,
): Promise<BoundStatement> {
  const statement = await parseStatement(session, sql, signal);
  const shapes = new Map([...tables].map(([name, shape]) => [foldName(name), { name, fields: tableFields(shape) }]));
  const references = findReferences(statement.root, new Set(shapes.keys()));
  const used = [...references.tables].flatMap((folded) => shapes.get(folded) ?? []);
  await createShapes(session, "shapes", new Map([...shapes.values()].map(({ name, fields }) => [name, fields])));
  const columns = await bindUser(session, sql, references, shapes, signal);
  const [foreign] = references.foreign;
  if (foreign !== undefined) throw unknownTable(foreign, shapes, sql);
  const fieldsByTable = new Map([...shapes].map(([folded, { fields }]) => [folded, fields]));
  const conditions = srcConditions(statement.root, SRC);
  const touched = await settleTouched(session, sql, columns, touchedColumns(references, fieldsByTable), shapes);
  return {
    sql,
    tables: used.map(({ name, fields }) => ({
      name,
      fields,
      partitioned: tables.get(name)?.partitioned === true,
      touched: touched.get(foldName(name)) ?? "all",
      condition: conditions.get(foldName(name)),
    })),
    result: columns.map(({ name, type }) => {
      const mapped = resultType(type);
      return { name, type: mapped.type, engineType: type.toString(), mapped };
    }),
  };
}

function tableFields(shape: TableShape): ValueField[] {
  const fields = boundFields(shape.schema);
  if (!shape.partitioned) return fields;
  return [...fields.filter((field) => foldName(field.name) !== SRC), { name: SRC, type: { kind: "string" } }];
}

/** (Re)places the views that statements name by empty tables with these columns. */
async function createShapes(
  session: Session,
  schema: string,
  tables: ReadonlyMap<string, readonly ValueField[]>,
): Promise<void> {
  await session.run(`CREATE SCHEMA ${schema}`);
  for (const [name, fields] of tables) {
    const table = `${schema}.${quoteForDuckdb(name)}`;
    await session.run(`CREATE TABLE ${table} (${columnDefinitions(fields)})`);
    await session.run(`CREATE OR REPLACE VIEW main.${quoteForDuckdb(name)} AS SELECT * FROM ${table}`);
  }
}

/** DuckDB has no table without columns; the name cannot be written in a mart and is not in any schema. */
const NO_COLUMN = '"(no column)" BOOLEAN';

export function columnDefinitions(fields: readonly ValueField[]): string {
  if (fields.length === 0) return NO_COLUMN;
  return fields.map((field) => `${quoteForDuckdb(field.name)} ${declaredType(field.type)}`).join(", ");
}

/** The offered tables by folded name. */
type Shapes = ReadonlyMap<string, { readonly name: string; readonly fields: readonly ValueField[] }>;

async function bindUser(
  session: Session,
  sql: string,
  references: References,
  shapes: Shapes,
  signal?: AbortSignal,
): Promise<readonly BoundColumn[]> {
  try {
    return await session.bind(sql, { signal, context: { phase: "bind", sql } });
  } catch (error) {
    throw improved(error, sql, references, shapes);
  }
}

/** DuckDB proposes its own system tables, and gives no position for a field that a struct lacks; the tree knows better. */
function improved(error: unknown, sql: string, references: References, shapes: Shapes): unknown {
  if (!(error instanceof Failure) || error.kind !== "usage") return error;
  const { place } = error.detail;
  for (const tree of references.foreign) {
    const failure = unknownTable(tree, shapes, sql);
    if (place !== undefined && failure.detail.place?.column === place.column) return failure;
  }
  if (place !== undefined) return error;
  const used = [...references.tables].flatMap((folded) => shapes.get(folded) ?? []);
  for (const chain of references.chains) {
    for (const { fields } of used) {
      const missing = missingField(chain, fields);
      if (missing !== undefined) return missingFailure(missing, chain, sql, error);
    }
  }
  return error;
}

function unknownTable(tree: Tree, shapes: Shapes, sql: string): Failure {
  const name = textOf(tree, "table_name") ?? "";
  const names = [...shapes.values()].map((shape) => shape.name);
  const similar = nearest(name, names);
  const place = placeOfTree(tree, sql);
  const known = names.length === 0 ? "the project has no tables yet" : `tables and marts: ${names.sort().join(", ")}`;
  return new Failure("usage", `${STATEMENT}: no table or mart is named "${name}"`, {
    remedy: similar === undefined ? known : `Did you mean "${similar}"?`,
    ...(place === undefined ? {} : { place }),
  });
}

interface MissingField {
  readonly struct: string;
  readonly name: string;
  readonly known: readonly string[];
}

function missingField(chain: NameChain, fields: readonly ValueField[]): MissingField | undefined {
  const named = (among: readonly ValueField[], name: string): ValueField | undefined =>
    among.find((field) => foldName(field.name) === foldName(name));
  const start = chain.names.findIndex((name, index) => index < 2 && named(fields, name) !== undefined);
  let among = fields;
  for (const [index, name] of chain.names.entries()) {
    if (start < 0 || index < start) continue;
    const field = named(among, name);
    if (field === undefined) {
      return { struct: chain.names.slice(start, index).join("."), name, known: among.map((other) => other.name) };
    }
    if (field.type.kind !== "struct") return undefined;
    among = field.type.fields;
  }
  return undefined;
}

function missingFailure(missing: MissingField, chain: NameChain, sql: string, cause: Failure): Failure {
  const similar = nearest(missing.name, missing.known);
  const place = chain.at === undefined ? undefined : placeInStatement(sql, chain.at);
  return new Failure("usage", `${STATEMENT}: ${missing.struct} has no field "${missing.name}"`, {
    cause,
    remedy: similar === undefined ? `it has ${missing.known.slice(0, 12).join(", ")}` : `Did you mean "${similar}"?`,
    ...(place === undefined ? {} : { place }),
  });
}

/**
 * Binds the statement once more, to the touched columns alone. If that gives another result, or none, the columns were
 * read wrongly from the syntax and all of them are taken: the answer is right either way.
 */
async function settleTouched(
  session: Session,
  sql: string,
  columns: readonly BoundColumn[],
  touched: ReadonlyMap<string, Touched>,
  shapes: Shapes,
): Promise<ReadonlyMap<string, Touched>> {
  const narrow = new Map(
    [...touched].flatMap(([folded, paths]) => {
      const shape = shapes.get(folded);
      return shape === undefined ? [] : [[shape.name, narrowed(shape.fields, paths)] as const];
    }),
  );
  await createShapes(session, "narrow", narrow);
  const again = await bindOrNothing(session, sql);
  return isSameResult(columns, again) ? touched : new Map([...touched.keys()].map((name) => [name, "all"]));
}

async function bindOrNothing(session: Session, sql: string): Promise<readonly BoundColumn[]> {
  try {
    return await session.bind(sql, { context: { phase: "bind", sql } });
  } catch (error) {
    if (error instanceof Failure && error.kind === "usage") return [];
    throw error;
  }
}

function isSameResult(left: readonly BoundColumn[], right: readonly BoundColumn[]): boolean {
  const describe = (columns: readonly BoundColumn[]): string =>
    columns.map((column) => `${column.name} ${column.type.toString()}`).join("\n");
  return describe(left) === describe(right);
}
