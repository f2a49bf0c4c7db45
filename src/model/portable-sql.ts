/**
 * The portable subset of SQL: statements that mean the same to DuckDB and to Spark, as measured by the parity corpus
 * (`test/parity`, `docs/portable-sql.md`). Nothing is translated: what is not known to be equal is refused, with the reason and
 * with what to write instead.
 *
 * A finding is about a statement's meaning, not about its errors: a misspelt column or table is the engine's to report.
 */
import { foldName } from "./column-path.ts";
import { type Construct, type ConstructName, constructs } from "./portable-sql-constructs.ts";
import { cursorOver, type Refusal, SyntaxStop } from "./portable-sql-cursor.ts";
import { grammar, readStatement } from "./portable-sql-parser.ts";
import { checkQuery } from "./portable-sql-queries.ts";
import type { Check, Columns } from "./portable-sql-scope.ts";
import { type Place, placeOf, tokenize } from "./portable-sql-tokens.ts";
import type { Query } from "./portable-sql-tree.ts";
import { type PortableType, typedValue } from "./portable-sql-types.ts";

export type { PortableType } from "./portable-sql-types.ts";

export interface PortableFinding extends Place {
  /** What stands there, for example "`[…]` on a list or text". */
  readonly what: string;
  readonly reason: string;
  readonly instead: string | undefined;
}

/** A table or mart that the statement may read; the engine contract's `TableShape` is one. */
export interface PortableTable {
  readonly schema: { readonly fields: readonly { readonly name: string; readonly type: PortableType }[] };
  /** Has the column `src`. */
  readonly partitioned: boolean;
}

/**
 * What in a statement is not portable, in the order of the text; nothing means that both engines give the same rows. Of a
 * table that is not among `tables` the columns' types are not known, and what depends on them is not found.
 */
export function lintPortable(
  sql: string,
  tables: ReadonlyMap<string, PortableTable> = new Map(),
): readonly PortableFinding[] {
  const findings: (PortableFinding & { readonly at: number })[] = [];
  const add = (at: number, { what, reason, instead }: Construct): void => {
    findings.push({ ...placeOf(sql, at), what, reason, instead, at });
  };
  const refuse = (at: number, name: ConstructName, word = ""): void => add(at, filled(constructs[name], word));
  const statement = parse(sql, (refusal) => refuse(refusal.at, nameOf(refusal.construct), refusal.word));
  if (statement !== undefined) checkStatement(statement, tables, { refuse, add });
  return findings
    .sort((a, b) => a.at - b.at)
    .filter(
      (finding, index, all) =>
        all.findIndex((other) => other.at === finding.at && other.what === finding.what) === index,
    )
    .map(({ at: _, ...finding }) => finding);
}

/** Whether constructs of that name exist is known where they are written; a name that is none would be a mistake of ours. */
function nameOf(construct: string): ConstructName {
  return isName(construct) ? construct : "syntax";
}

function isName(construct: string): construct is ConstructName {
  return Object.hasOwn(constructs, construct);
}

function parse(sql: string, refuse: (refusal: Refusal) => void): Query | undefined {
  const cursor = cursorOver(tokenize(sql), grammar);
  let statement: Query | undefined;
  try {
    statement = readStatement(cursor);
  } catch (error) {
    if (!(error instanceof SyntaxStop)) throw error;
    cursor.refusals.push(error.refusal);
  }
  for (const refusal of cursor.refusals) refuse(refusal);
  return statement;
}

interface Report {
  refuse(at: number, name: ConstructName, word?: string): void;
  add(at: number, construct: Construct): void;
}

function checkStatement(statement: Query, tables: ReadonlyMap<string, PortableTable>, { refuse, add }: Report): void {
  const columns = new Map<string, Columns>();
  for (const [name, table] of tables) columns.set(foldName(name), columnsOf(table));
  const check: Check = {
    refuse,
    refuseFunction: (at, name, reason, instead) =>
      add(at, { what: `the function ${name}`, reason, ...(instead === undefined ? {} : { instead }) }),
    query: (query, scope) => checkQuery(check, query, scope, scope.tables, "hidden"),
  };
  checkQuery(check, statement, undefined, columns, "outside");
}

function columnsOf({ schema, partitioned }: PortableTable): Columns {
  const own = schema.fields.map(({ name, type }) => ({ name, value: typedValue(type) }));
  return partitioned ? [...own, { name: "src", value: { kind: "string" } }] : own;
}

function filled({ what, reason, instead }: Construct, word: string): Construct {
  const fill = (text: string): string => text.replaceAll("{}", () => word);
  return { what: fill(what), reason: fill(reason), ...(instead === undefined ? {} : { instead: fill(instead) }) };
}
