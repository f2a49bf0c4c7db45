/**
 * A statement bound to the published schemas, before any file is opened: its result, and the columns it needs. Views over no
 * file stand for the tables; what Spark plans over them says which columns it would read, and which partitions it needs.
 */
import { Failure } from "../../errors.ts";
import { foldName } from "../../model/column-path.ts";
import { quoteForSpark } from "../../model/ddl.ts";
import type { CallOptions, Session } from "../../spark-connect/contract.ts";
import { type StructType, typeText } from "../../spark-connect/types.ts";
import type { ResultColumn, TableShape } from "../contract.ts";
import { STATEMENT } from "../place.ts";
import { type Touched, withoutCovered } from "../touched.ts";
import { boundFields, type ValueField } from "../value-types.ts";
import { bindFailure, unknownTable } from "./bind-fault.ts";
import { type PlanFacts, readPlan, type ScanFacts } from "./plan-text.ts";
import { type SrcCondition, srcCondition } from "./prune.ts";
import { touchedBy } from "./read-schema.ts";
import { filesRelation, sqlRelation } from "./relation.ts";
import { guarded } from "./session.ts";
import { readStatement, type Statement } from "./statement.ts";
import { type ResultType, resultType } from "./types.ts";

/** The partition's text column; a column of that name inside of the data gives way. */
export const SRC = "src";

export interface BoundStatement {
  /** As the user wrote it, without what follows its last token. */
  readonly sql: string;
  readonly tables: readonly BoundTable[];
  readonly result: readonly BoundResult[];
  /** Its rows come in an order of its own, which the files of a result must keep. */
  readonly isOrdered: boolean;
}

/** A table that the statement reads. */
export interface BoundTable {
  /** As it was offered. */
  readonly name: string;
  readonly partitioned: boolean;
  /** All columns, `src` included, in the order of a star. */
  readonly fields: readonly ValueField[];
  readonly touched: Touched;
  /** Only partitions whose `src` passes it can contribute. */
  readonly condition: SrcCondition | undefined;
}

export interface BoundResult extends ResultColumn {
  readonly mapped: ResultType;
}

interface Shape {
  readonly name: string;
  readonly partitioned: boolean;
  readonly fields: readonly ValueField[];
}

/** A command cannot stand in brackets. */
const WRAP = { before: "SELECT * FROM (\n", after: "\n)" };

/** `session` is a fresh one. */
export async function bindStatement(
  session: Session,
  sql: string,
  tables: ReadonlyMap<string, TableShape>,
  call: CallOptions,
): Promise<BoundStatement> {
  const statement = readStatement(sql);
  const shapes = [...tables].map(
    ([name, shape]): Shape => ({ name, partitioned: shape.partitioned, fields: tableFields(shape) }),
  );
  const named = shapes.filter(({ name }) => statement.names.has(foldName(name)));
  for (const shape of named) await showEmpty(session, shape, named.length === 1 ? "parquet" : "orc", call);
  const names = shapes.map(({ name }) => name);
  const schema = await attempt(statement, names, WRAP.before, () =>
    session.schema(sqlRelation(`${WRAP.before}${statement.sql}${WRAP.after}`), call),
  );
  const explain = async (): Promise<PlanFacts> =>
    readPlan(await attempt(statement, names, "", () => session.explain(sqlRelation(statement.sql), "extended", call)));
  const facts = await explain();
  if (facts.foreign !== undefined) throw unknownTable(facts.foreign, names, undefined);
  const used = named.filter(({ name }) => !statement.isPlain || facts.views.has(foldName(name)));
  const bound: BoundTable[] = [];
  for (const shape of used) {
    const scans = named.length === 1 ? facts.scans : await scansOf(session, shape, explain, call);
    bound.push(boundTable(statement, shape, scans));
  }
  return {
    sql: statement.sql,
    tables: bound,
    result: resultOf(schema),
    isOrdered: facts.isOrdered || !statement.isPlain,
  };
}

/** Of several tables, one at a time is Parquet: its scans can then be told from the others'. */
async function scansOf(
  session: Session,
  shape: Shape,
  explain: () => Promise<PlanFacts>,
  call: CallOptions,
): Promise<readonly ScanFacts[] | undefined> {
  await showEmpty(session, shape, "parquet", call);
  const { scans } = await explain();
  await showEmpty(session, shape, "orc", call);
  return scans;
}

function tableFields(shape: TableShape): readonly ValueField[] {
  const fields = boundFields(shape.schema);
  if (!shape.partitioned) return fields;
  return [...fields.filter((field) => foldName(field.name) !== SRC), { name: SRC, type: { kind: "string" } }];
}

async function showEmpty(session: Session, shape: Shape, format: "parquet" | "orc", call: CallOptions): Promise<void> {
  const empty = filesRelation({ fields: shape.fields, paths: [], format });
  await guarded(() => session.createView(quoteForSpark(shape.name), empty, { replace: true, ...call }));
}

async function attempt<T>(
  statement: Statement,
  names: readonly string[],
  before: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw bindFailure(error, { sql: statement.sql, before, phase: "bind" }, names);
  }
}

function boundTable(statement: Statement, shape: Shape, scans: readonly ScanFacts[] | undefined): BoundTable {
  const { name, partitioned, fields } = shape;
  const known = statement.isPlain ? scans : undefined;
  const prunable = partitioned && statement.hasPlainTexts ? known : undefined;
  return {
    name,
    partitioned,
    fields,
    touched: known === undefined ? "all" : together(known.map(({ readSchema }) => touchedBy(readSchema, fields))),
    condition: prunable === undefined ? undefined : srcCondition(prunable),
  };
}

function together(parts: readonly Touched[]): Touched {
  const paths = parts.flatMap((part) => (part === "all" ? [] : part));
  return parts.includes("all") ? "all" : withoutCovered(paths);
}

function resultOf(schema: StructType): BoundResult[] {
  return schema.fields.map(({ name, type }) => {
    const mapped = resultType(type);
    return { name, type: mapped.type, engineType: typeText(type), mapped };
  });
}

/** The failure of a statement whose tables nobody but this process gets at. */
export function unreachable(table: string): Failure {
  return new Failure("usage", `${STATEMENT}: ${table} lies where no Spark server gets at it`, {
    remedy: "keep tables and marts in directories or buckets, or leave engine.spark out",
  });
}
