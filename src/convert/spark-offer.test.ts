/** Which tables and objects are kept from Spark, without Spark. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { DeclaredType, Schema } from "../model/schema.ts";
import { parseType } from "../model/type-text.ts";
import type { ConvertReport } from "./contract.ts";
import { LoneSurrogates, objectUnlikeSpark, settingsUnlikeSpark } from "./spark-offer.ts";

const declare = (columns: Readonly<Record<string, string>>): ReadonlyMap<string, DeclaredType> =>
  new Map(Object.entries(columns).map(([path, type]) => [path, parseType(type)]));

test("settings that keep all of a table from Spark are named", () => {
  const of = (columns: Readonly<Record<string, string>>, duplicateKeys: "reject" | "last" = "reject"): number =>
    settingsUnlikeSpark({ declared: declare(columns), duplicateKeys }).length;
  assert.equal(of({ a: "decimal(4,2)", b: "double", c: "bool", d: "string", e: "drop", f: "list<double>" }), 0);
  assert.equal(of({ a: "json", b: "timestamp", c: "int64", d: "list<struct<x timestamp>>" }), 4);
  assert.equal(of({ l: "list<timestamp>" }), 1);
  assert.equal(of({}, "last"), 1);
  assert.deepEqual(settingsUnlikeSpark({ declared: declare({ "a.t": "timestamp" }), duplicateKeys: "reject" }), [
    "the column a.t is declared as timestamp, and Spark knows fewer ways to write an instant",
  ]);
});

const plain: Schema = { fields: [{ name: "a", type: { kind: "int64" } }] };

function reason(more: Partial<ConvertReport>): string | undefined {
  return objectUnlikeSpark({
    ...{ rows: 1, rejected: 0, rejectSamples: [], schema: plain, standIns: [], seenNull: [], widened: [] },
    ...{ conflicts: [], bytesIn: 1, bytesJson: 1, bytesOut: 1, timings: {}, provenance: {}, ...more },
  });
}

test("what was found in an object decides", () => {
  assert.equal(reason({}), undefined);
  assert.match(reason({ rejected: 2 }) ?? "", /^2 of its lines/);
  assert.match(reason({ rows: 0 }) ?? "", /no rows/);
  assert.match(reason({ schema: { fields: [{ name: "a", type: { kind: "null" } }] } }) ?? "", /no columns/);
  assert.match(reason({ standIns: [{ path: "a.b", seen: "struct" }] }) ?? "", /^a\.b only holds \{\}/);
  assert.equal(reason({ standIns: [{ path: "a.b", seen: "list" }] }), undefined);
  const inner: Schema = { fields: [{ name: "a%2Cb", type: { kind: "int64" } }] };
  const nested: Schema = { fields: [{ name: "l", type: { kind: "list", element: { kind: "struct", ...inner } } }] };
  assert.match(reason({ schema: nested }) ?? "", /column l\.a%2Cb/);
});

function found(text: string, cuts: readonly number[]): boolean {
  const bytes = Buffer.from(text);
  const lone = new LoneSurrogates();
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let from = 0;
  for (const end of ends) {
    lone.push(bytes.subarray(from, end));
    from = end;
  }
  lone.end();
  return lone.found;
}

test("lone surrogates are found wherever the text is cut, and pairs are none", () => {
  const pieces = ["\\ud83d\\ude00", "\\uD83D\\uDE00", "x", "\\u0041", "\\n", "\\u00e9", "😀", "u", "d8", '"'];
  const lone = ["\\ud800", "\\udc00", "\\uDBFFx", "\\ud83d\\u0041", "\\udfff\\udbff", "\\ud83d😀"];
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...pieces), { maxLength: 8 }),
      fc.array(fc.constantFrom(...pieces), { maxLength: 8 }),
      fc.option(fc.constantFrom(...lone)),
      fc.array(fc.nat(200), { maxLength: 12 }),
      (before, after, bad, cuts) => {
        // An `x` keeps a lone half from making a pair with what follows it.
        const text = [...before, ...(bad === null ? [] : [bad, "x"]), ...after].join("");
        assert.equal(found(text, cuts), bad !== null);
      },
    ),
    { numRuns: 2000 },
  );
});
