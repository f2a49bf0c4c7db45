/** What the suites of engines ask, and how they look at answers. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import type { Engine, QueryValue, SelectResult, TableInput } from "../../src/engine/contract.ts";
import { Failure, type FailureKind } from "../../src/errors.ts";

/** Fails as this kind, at this line and column of the statement, with these words in message or remedy. */
export function failsAs(kind: FailureKind, words?: RegExp, at?: readonly [line: number, column: number]) {
  return (error: unknown): true => {
    assert.ok(error instanceof Failure, `not a Failure: ${String(error)}`);
    assert.equal(error.kind, kind, error.message);
    if (words !== undefined) assert.match(`${error.message} ${error.detail.remedy ?? ""}`, words);
    if (at !== undefined) assert.deepEqual([error.detail.place?.line, error.detail.place?.column], at, error.message);
    return true;
  };
}

export async function rowsOf(
  engine: Engine,
  sql: string,
  tables: ReadonlyMap<string, TableInput>,
  scratch: string,
): Promise<(readonly QueryValue[])[]> {
  const rows: (readonly QueryValue[])[] = [];
  const answer = await engine.query({ sql, tables, scratch });
  for await (const batch of answer.rows()) rows.push(...batch);
  return rows;
}

/** What the engine says it wrote. */
export const writtenRows = ({ files }: SelectResult): number => files.reduce((sum, file) => sum + file.rows, 0);

/** The rows of a result as another reader of Parquet sees them. */
export async function readResult(result: {
  readonly files: readonly { readonly path: string }[];
}): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for (const { path } of result.files) {
    rows.push(...(await parquetReadObjects({ file: await asyncBufferFromFile(path), compressors })));
  }
  return rows;
}

/** How an engine writes what SQL leaves open. */
export interface ListWords {
  /** The first element of `l`. */
  readonly first: string;
  /** How many it has. */
  readonly length: string;
  /** The `k` of each. */
  readonly mapped: string;
}

export const duckdbLists: ListWords = { first: "l[1]", length: "len(l)", mapped: "[k.k for k in l]" };

/** Statements over `t(id, s(a, b(c)), l[](k), late, src)`; all give their rows in one order. */
export const statementsIn = ({ first, length, mapped }: ListWords): fc.Arbitrary<string> =>
  fc
    .record({
      columns: fc.subarray(
        [
          "id",
          "x.s.a",
          "s.b.c",
          "s['b']['c']",
          "(x.s).b",
          "s",
          "l",
          `${first}.k`,
          "late",
          "src",
          "x.src",
          mapped,
          length,
          "s.b is null",
          "s is null",
          "hash(x.s.b)",
        ],
        { minLength: 1, maxLength: 4 },
      ),
      where: fc.option(
        fc.constantFrom(
          "s.a > 20",
          "x.s.b.c = 'c1'",
          "late is not null",
          `${length} > 1`,
          "src <> 'p3'",
          "S.A is null",
        ),
      ),
      from: fc.constantFrom(
        "t x",
        "(select * from t) x",
        "(from t select id, s, l, late, src) x",
        "(select y.* from t y) x",
      ),
      shape: fc.constantFrom("plain", "cte", "group", "star"),
    })
    .map(({ columns, where, from, shape }) => {
      const list = columns.map((column, index) => `${column} as c${index}`).join(", ");
      const select = `select ${list} from ${from} ${where === null ? "" : `where ${where}`}`;
      switch (shape) {
        case "cte":
          return `with q as (${select}) select c0, q.c0 as again from q order by all`;
        case "group":
          return `select c0, count(*) as n from (${select}) group by all order by all`;
        case "star":
          return `select * from (${select}) q order by all`;
        default:
          return `${select} order by all`;
      }
    });

export const statements = statementsIn(duckdbLists);
