import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../../test/contract/property-runs.ts";
import { Failure } from "../../errors.ts";
import { readStatement } from "./statement.ts";
import { tokensOf } from "./tokens.ts";

const kinds = (sql: string): string[] => tokensOf(sql).map(({ kind, text }) => `${kind} ${text}`);

describe("tokens", () => {
  test("words, names, texts, numbers and symbols", () => {
    assert.deepEqual(kinds("select `a``b`, \"c\"\"d\", 'it''s', r'\\', 1.5e-3, été_1 <= .5"), [
      ...["word select", "name `a``b`", "symbol ,", 'name "c""d"', "symbol ,", "string 'it''s'", "symbol ,"],
      ...["string r'\\'", "symbol ,", "number 1.5e-3", "symbol ,", "word été_1", "symbol <", "symbol =", "number .5"],
    ]);
    assert.deepEqual(kinds("'a\\'b' 'c\\\\' d"), ["string 'a\\'b'", "string 'c\\\\'", "word d"]);
  });

  test("comments of every kind", () => {
    assert.deepEqual(kinds("a -- b\nc /* d /* e */ f */ g /*+ hint(x) */ h /* open"), [
      "word a",
      "word c",
      "word g",
      "word h",
    ]);
    assert.deepEqual(kinds("a -- b \\\n still\nc"), ["word a", "word c"]);
  });

  test("what is open at the end is cut into symbols, and nothing is lost", () => {
    assert.deepEqual(kinds("a 'b"), ["word a", "symbol '", "word b"]);
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...("ab1.'\"`\\-/*+;()𝄞é \n".match(/./gsu) ?? [])) }), (sql) => {
        let at = 0;
        for (const token of tokensOf(sql)) {
          assert.ok(token.start >= at && token.end > token.start);
          assert.equal(sql.slice(token.start, token.end), token.text);
          at = token.end;
        }
        assert.ok(at <= sql.length);
      }),
      propertyRuns(500),
    );
  });
});

describe("a statement", () => {
  test("ends with its last token", () => {
    assert.equal(readStatement(" select 1 ; -- x\n;").sql, " select 1");
    assert.equal(readStatement("select 1 -- \\").sql, "select 1");
  });

  test("names every table that it may read", () => {
    const { names } = readStatement(
      "with Q as (select * from `Weird name`) select 'events' from q join \"Other\" using (a)",
    );
    for (const name of ["q", "weird name", "other"]) assert.ok(names.has(name), name);
    assert.ok(!names.has("events"));
  });

  test("says whether plans and filters can be read with its texts in them", () => {
    const facts = (sql: string): readonly boolean[] => {
      const { isPlain, hasPlainTexts } = readStatement(sql);
      return [isPlain, hasPlainTexts];
    };
    assert.deepEqual(facts("select a from t where src = '2026-03-01-15' and b like '2026%'"), [true, true]);
    assert.deepEqual(facts("select a from t where src = 'a b'"), [true, false]);
    assert.deepEqual(facts("select a from t where b rlike '\\\\d+'"), [true, false]);
    assert.deepEqual(facts("select '), EqualTo(src,a'"), [true, false]);
    assert.deepEqual(facts("select 'a\n== Physical Plan =='"), [false, false]);
    assert.deepEqual(facts("select 'a\\n== Physical Plan =='"), [false, false]);
    assert.deepEqual(facts("select 1 as `a\nb`"), [false, true]);
  });

  const refused: readonly (readonly [string, RegExp, (readonly [number, number])?])[] = [
    ["", /no statement/],
    [" ;; ", /no statement/],
    ["select 1; select 2 ; ; select 3", /got 3 statements/],
    ["(drop table x)", /one SELECT/, [1, 2]],
    ["/* x */\n  DROP table x", /one SELECT/, [2, 3]],
    ["desc x", /not available/, [1, 1]],
    [")", /syntax error at or near "\)"/, [1, 1]],
    ["𝄞", /syntax error/, [1, 1]],
    ["select 𝄞, Java_Method('a', 'b')", /java_method\(\) is not available/, [1, 11]],
    ["select system.builtin.reflect ('a', 'b')", /reflect\(\)/],
  ];
  for (const [sql, words, at] of refused) {
    test(`is refused: ${JSON.stringify(sql)}`, () => {
      assert.throws(
        () => readStatement(sql),
        (error) => {
          assert.ok(error instanceof Failure);
          assert.equal(error.kind, "usage");
          assert.match(error.message, words);
          const { place } = error.detail;
          if (at !== undefined) assert.deepEqual([place?.line, place?.column], at);
          return true;
        },
      );
    });
  }

  test("may name columns as functions are named", () => {
    readStatement("select reflect, t.identifier from t");
  });
});
