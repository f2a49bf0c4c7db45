import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import { Failure } from "../errors.ts";
import { checkName, isSqlWord } from "./names.ts";

describe("names", () => {
  it("are no words that the engine reserves", async () => {
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    try {
      const reader = await connection.runAndReadAll(
        "select keyword_name from duckdb_keywords() where keyword_category = 'reserved'",
      );
      const words = reader.getRowsJson().map((row) => String(row[0]));
      assert.ok(words.length > 50);
      assert.deepEqual(
        words.filter((word) => !isSqlWord(word)),
        [],
      );
      // The words that are refused beside those cannot stand unquoted behind `from`, or cannot in Spark.
      for (const name of [
        "events",
        "activity",
        "pushes",
        "order_",
        "users",
        "date",
        "time",
        "timestamp",
        "values_2",
        "src",
      ])
        checkName(name);
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  });

  it("are directories everywhere", () => {
    for (const name of ["", "_x", "A", "ä", "a-b", "a.b", "a b", "1a", "con", "com1", "..", "a/b", "x".repeat(129)]) {
      assert.throws(() => checkName(name), Failure, name);
    }
  });
});
