/**
 * The corpus decides what is portable: every statement answers as it was recorded, and the lint lets pass what is the same
 * on both engines and nothing else.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { lintPortable } from "../../src/model/portable-sql.ts";
import { constructs } from "../../src/model/portable-sql-constructs.ts";
import { foreignFunctions } from "../../src/model/portable-sql-foreign.ts";
import { portableFunctions } from "../../src/model/portable-sql-functions.ts";
import { sparkServer } from "../real/spark-server.ts";
import type { Answer } from "./answers.ts";
import { agrees, isSame, type Recorded, recorded, type Statement, statements } from "./corpus.ts";
import { answersOf, duckdbEngine, sparkEngine } from "./engines.ts";
import { portableExamples } from "./page.ts";
import { type ParityTables, parityTables } from "./tables.ts";

const all = statements();
const records = new Map<string, Recorded>();
for (const topic of new Set(all.map((statement) => statement.topic))) {
  for (const [sql, record] of recorded(topic)) records.set(sql, record);
}

/** Constructs that are the grammar's own way to say no, and no difference of engines. */
const ofTheGrammar = new Set([
  "syntax",
  "end",
  "statements",
  "parameter",
  "quote-open",
  "comment-open",
  "file-as-table",
  "function-unknown",
]);

function recordFor({ sql }: Statement): Recorded {
  const record = records.get(sql);
  assert.ok(record, `not recorded (test/parity/record.ts): ${sql}`);
  return record;
}

describe("parity", () => {
  let tables: ParityTables;
  before(async () => {
    tables = await parityTables();
  });
  after(() => tables.close());

  const lint = (sql: string) => lintPortable(sql, tables.tables);

  test("the corpus is large, and every statement in it is written once", () => {
    assert.ok(all.length >= 250, String(all.length));
    assert.equal(new Set(all.map(({ sql }) => sql)).size, all.length);
  });

  test("every statement answers on DuckDB as it was recorded", async () => {
    const engine = duckdbEngine();
    try {
      const answers = await answersOf(
        engine,
        all.map(({ sql }) => sql),
        tables,
      );
      assert.deepEqual(changed("duckdb", answers), []);
    } finally {
      await engine.close();
    }
  });

  test("every statement answers on Spark as it was recorded", async (context) => {
    const server = await sparkServer(context);
    if (server === undefined) return;
    const engine = sparkEngine(server.url);
    try {
      const answers = await answersOf(
        engine,
        all.map(({ sql }) => sql),
        tables,
      );
      assert.deepEqual(changed("spark", answers), []);
    } finally {
      await engine.close();
    }
  });

  function changed(engine: "duckdb" | "spark", answers: readonly Answer[]): unknown[] {
    return all.flatMap((statement, index) => {
      const record = recordFor(statement);
      const answer = answers[index] ?? { fails: "data" };
      return agrees(record, engine, answer)
        ? []
        : [{ sql: statement.sql, recorded: record.both ?? record[engine], answer }];
    });
  }

  test("what the lint lets pass is the same on both engines", () => {
    const wrong = all.filter((statement) => lint(statement.sql).length === 0 && !isSame(recordFor(statement)));
    assert.deepEqual(
      wrong.map(({ sql }) => sql),
      [],
    );
  });

  test("what is the same on both engines passes, unless the corpus says why not", () => {
    const wrong = all.filter(
      (statement) =>
        isSame(recordFor(statement)) && lint(statement.sql).length > 0 !== (statement.refused !== undefined),
    );
    assert.deepEqual(
      wrong.map(({ sql }) => [sql, lint(sql)[0]?.what ?? "passes"]),
      [],
    );
  });

  test("the order of rows differs only where an ORDER BY leaves open where nulls go", () => {
    const open = all.filter(
      (statement) => recordFor(statement).order === "differs" && lint(statement.sql).length === 0,
    );
    for (const { sql } of open) {
      const [, keys = ""] = /order\s+by\s+([^()]*)$/iu.exec(sql) ?? [];
      const isOpen = keys.split(",").some((key) => !/\b(?:desc|nulls\s+(?:first|last))\b/iu.test(key));
      assert.ok(isOpen, sql);
    }
  });

  test("every denied construct has a statement that shows why", () => {
    const shown = new Set(
      all
        .filter((statement) => !isSame(recordFor(statement)) || statement.refused !== undefined)
        .flatMap(({ sql }) => lint(sql).map(({ reason, instead }) => `${reason}|${instead ?? ""}`)),
    );
    const missing = Object.entries(constructs).filter(([name, construct]) => {
      const pattern = new RegExp(
        `^${[construct.reason, "instead" in construct ? construct.instead : ""].map(templated).join("\\|")}$`,
        "u",
      );
      return !ofTheGrammar.has(name) && ![...shown].some((text) => pattern.test(text));
    });
    assert.deepEqual(
      missing.map(([name]) => name),
      [],
    );
  });

  test("every function that is left out for its answers has a statement that shows why", () => {
    const shown = all.filter((statement) => !isSame(recordFor(statement)) || statement.refused !== undefined);
    const missing = [...foreignFunctions].filter(([name, { reason }]) => {
      if (/^only (?:DuckDB|Spark) has it$/u.test(reason)) return false;
      const siblings = [...foreignFunctions].filter(([, other]) => other.reason === reason).map(([sibling]) => sibling);
      return ![name, ...siblings].some((one) =>
        shown.some(({ sql }) => new RegExp(`\\b${one}\\s*\\(`, "iu").test(sql)),
      );
    });
    assert.deepEqual(
      missing.map(([name]) => name),
      [],
    );
  });

  test("every portable function has a statement that shows it", () => {
    const passing = all.filter((statement) => isSame(recordFor(statement)) && statement.refused === undefined);
    const missing = Object.keys(portableFunctions).filter(
      (name) => !passing.some(({ sql }) => new RegExp(`\\b${name}\\s*\\(`, "iu").test(sql)),
    );
    assert.deepEqual(missing, []);
  });

  test("what the documentation advises passes", () => {
    for (const sql of portableExamples) assert.deepEqual(lint(sql), [], sql);
  });
});

/** A text of a construct as a pattern: `{}` is the word at hand. */
function templated(text: string): string {
  return text
    .split("{}")
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/]/gu, "\\$&"))
    .join(".*");
}
