import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Failure, type FailureKind } from "../../errors.ts";
import { SparkError, type SparkErrorDetail } from "../../spark-connect/errors.ts";
import { type FaultContext, sparkFailure } from "./fault.ts";

function failureOf(error: SparkError, context: FaultContext): Failure {
  const failure = sparkFailure(error, context);
  assert.ok(failure instanceof Failure);
  assert.equal(failure.detail.cause, error);
  return failure;
}

const context = (start: number, fragment: string): SparkErrorDetail => ({
  queryContexts: [{ objectType: "", objectName: "", start, stop: start, fragment, summary: "" }],
});

describe("faults of Spark", () => {
  test("the sentence stands alone, with what to do beside it", () => {
    const text =
      "[DIVIDE_BY_ZERO] Division by zero. Use `try_divide` to tolerate divisor being 0 and return NULL instead. SQLSTATE: 22012\n== SQL (line 1, position 8) ==\nselect 1/0\n       ^^^";
    const error = new SparkError("application", text, { errorClass: "DIVIDE_BY_ZERO", ...context(7, "1/0") });
    const failure = failureOf(error, { phase: "run", sql: "select 1/0" });
    assert.equal(failure.kind, "application");
    assert.equal(failure.message, "SQL: Division by zero (DIVIDE_BY_ZERO)");
    assert.match(failure.detail.remedy ?? "", /^Use `try_divide`/);
    assert.deepEqual(failure.detail.place, { file: "SQL", line: 1, column: 8 });
  });

  test("places count characters, and what we put before the statement is taken off", () => {
    const sql = "select '𝄞',\n  tpe from t";
    const before = "SELECT * FROM (\n";
    const error = new SparkError(
      "usage",
      "[UNRESOLVED_COLUMN] A column cannot be resolved.",
      context(before.length + 14, "tpe"),
    );
    assert.deepEqual(failureOf(error, { phase: "bind", sql, before }).detail.place, {
      file: "SQL",
      line: 2,
      column: 3,
    });
    const parser = new SparkError(
      "usage",
      "\n[PARSE_SYNTAX_ERROR] Syntax error at or near 'x'. SQLSTATE: 42601 (line 3, pos 4)\n\n== SQL ==\nselect",
    );
    const failure = failureOf(parser, { phase: "bind", sql, before });
    assert.deepEqual(failure.detail.place, { file: "SQL", line: 2, column: 5 });
    assert.equal(failure.message, "SQL: Syntax error at or near 'x'");
    const ours = new SparkError("usage", "x", context(3, "FROM"));
    assert.equal(failureOf(ours, { phase: "bind", sql, before }).detail.place, undefined);
  });

  const read = (text: string, errorClass = "FAILED_READ_FILE.NO_HINT"): SparkError =>
    new SparkError(
      "application",
      `[${errorClass}] Encountered error while reading file s3a://lake/t/src=a/data.parquet. SQLSTATE: KD001`,
      {
        errorClass,
        messageParameters: new Map([["path", "s3a://lake/t/src=a/data.parquet"]]),
        serverStack: ["at x.y(z)", `Caused by: ${text}`],
      },
    );

  const faults: readonly (readonly [SparkError, FailureKind, RegExp])[] = [
    [
      read("java.lang.ClassCastException: optional binary v (STRING) is not a group"),
      "refused",
      /another type in s3a:\/\/lake/,
    ],
    [read("org.apache.spark.sql.AnalysisException: Invalid Spark read type: expected optional"), "refused", /src=a/],
    [
      read("java.lang.RuntimeException: x is not a Parquet file. Expected magic number"),
      "corrupt",
      /cannot be read as Parquet/,
    ],
    [read("java.nio.file.AccessDeniedException: s3a://lake: 403 Forbidden"), "denied", /src=a/],
    [read("org.apache.hadoop.fs.s3a.RemoteFileChangedException: changed"), "conflict", /src=a/],
    [read("java.io.FileNotFoundException: No such file or directory"), "missing", /does not find it/],
    [
      read("org.apache.hadoop.fs.s3a.AWSClientIOException: Unable to execute HTTP request"),
      "unavailable",
      /cannot read it/,
    ],
    [read("", "FAILED_READ_FILE.FILE_NOT_EXIST"), "missing", /does not find it/],
    [
      new SparkError("application", "x", {
        errorClass: "FAILED_READ_FILE.PARQUET_COLUMN_DATA_TYPE_MISMATCH",
        messageParameters: new Map([
          ["path", "file:///l/src=a/data.parquet"],
          ["column", "[v]"],
          ["expectedType", "double"],
          ["actualType", "INT64"],
        ]),
      }),
      "refused",
      /v: is int64 in file:\/\/\/l\/src=a\/data\.parquet, double in the table's schema/,
    ],
    [
      new SparkError(
        "application",
        "java.lang.ClassNotFoundException: Class org.apache.hadoop.fs.s3a.S3AFileSystem not found",
      ),
      "denied",
      /jars of S3A/,
    ],
  ];
  for (const [error, kind, words] of faults) {
    test(`${error.detail.errorClass ?? "no class"}: ${error.detail.serverStack?.[1] ?? error.message} is ${kind}`, () => {
      const failure = failureOf(error, { phase: "run", sql: "select 1" });
      assert.equal(failure.kind, kind);
      assert.match(failure.message, words);
    });
  }

  test("what is not the server's goes through, and our own mistakes are ours", () => {
    const error = new TypeError("x");
    assert.equal(sparkFailure(error, { phase: "run" }), error);
    assert.equal(failureOf(new SparkError("usage", "x"), { phase: "own" }).kind, "bug");
    const bound = new SparkError("application", "[X] y", { errorClass: "X" });
    assert.equal(failureOf(bound, { phase: "bind" }).kind, "usage");
    for (const kind of ["unavailable", "cancelled", "denied"] as const)
      assert.equal(failureOf(new SparkError(kind, "x", { retryAfterMs: 5 }), { phase: "bind" }).kind, kind);
  });
});
