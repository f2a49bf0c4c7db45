import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Failure, type FailureKind } from "../../errors.ts";
import { placeInStatement } from "../place.ts";
import { duckdbFailure, type FaultContext } from "./fault.ts";

const fault = (type: string, message: string, more: Readonly<Record<string, string>> = {}): Error =>
  new Error(JSON.stringify({ exception_type: type, exception_message: message, ...more }));

describe("DuckDB's errors as failures", () => {
  const cases: readonly (readonly [Error, FaultContext["phase"], FailureKind])[] = [
    [fault("Binder", "no such column"), "bind", "usage"],
    [fault("Binder", "no such column"), "own", "bug"],
    [fault("Conversion", "'a' is no number"), "bind", "usage"],
    [fault("Conversion", "'a' is no number"), "run", "application"],
    [fault("Invalid Input", "No magic bytes"), "own", "corrupt"],
    [fault("IO", "Could not write file: No space left on device", { errno: "28" }), "run", "full"],
    [fault("IO", "Could not read"), "run", "unavailable"],
    [fault("INTERRUPT", "Interrupted!"), "run", "cancelled"],
    [fault("INTERNAL", "an assertion"), "run", "bug"],
    [fault("Out of Memory", "failed to allocate data of size 16.0 MiB"), "run", "application"],
    [
      fault("Out of Memory", "failed to offload\nThis limit was set by the 'max_temp_directory_size' setting."),
      "run",
      "full",
    ],
    [new Error('Parser Error: {"exception_type":"Parser","exception_message":"syntax error"}'), "bind", "usage"],
    [new Error("something else { that is no JSON"), "run", "application"],
  ];
  for (const [error, phase, kind] of cases) {
    test(`${phase}: ${error.message}`, () => {
      const failure = duckdbFailure(error, { phase });
      assert.equal(failure.kind, kind);
      assert.equal(failure.cause, error);
      assert.doesNotMatch(failure.message, /\n/);
    });
  }

  test("a failure stays what it is", () => {
    const failure = new Failure("conflict", "x");
    assert.equal(duckdbFailure(failure, { phase: "run" }), failure);
  });

  test("the first line is the fact, the rest is the advice, and not all of a hundred candidates", () => {
    const candidates = Array.from({ length: 100 }, (_, index) => `\t+(T${index})`).join("\n");
    const failure = duckdbFailure(fault("Binder", `No function matches!\nCandidate functions:\n${candidates}`), {
      phase: "bind",
    });
    assert.equal(failure.message, "SQL: No function matches");
    assert.equal(failure.detail.remedy, "Candidate functions: +(T0) +(T1) +(T2) +(T3) +(T4) …");
  });

  test("memory has its remedy", () => {
    const failure = duckdbFailure(fault("Out of Memory", "failed to allocate"), { phase: "run" });
    assert.match(failure.detail.remedy ?? "", /engine\.memory/);
  });

  test("so has a full disk, also where DuckDB takes it for memory", () => {
    const spill = fault(
      "Out of Memory",
      "failed to offload\nThis limit was set by the 'max_temp_directory_size' setting.",
    );
    assert.match(duckdbFailure(spill, { phase: "run" }).detail.remedy ?? "", /free some space/);
  });

  test("positions are bytes in DuckDB and characters for people", () => {
    const sql = "select 'é😀',\n  'ß', x";
    const at = Buffer.byteLength(sql.slice(0, sql.indexOf("x")));
    assert.deepEqual(placeInStatement(sql, at), { file: "SQL", line: 2, column: 8 });
    assert.deepEqual(placeInStatement(sql, 0), { file: "SQL", line: 1, column: 1 });
    assert.equal(placeInStatement(sql, -1), undefined);
    assert.equal(placeInStatement(sql, 1000), undefined);
    const error = fault("Binder", "no x", { position: String(at + 10) });
    assert.deepEqual(duckdbFailure(error, { phase: "run", sql, offset: 10 }).detail.place, {
      file: "SQL",
      line: 2,
      column: 8,
    });
    assert.equal(duckdbFailure(error, { phase: "run" }).detail.place, undefined);
  });
});
