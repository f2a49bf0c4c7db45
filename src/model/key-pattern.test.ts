import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Failure } from "../errors.ts";
import { dayMs, type Every, hourMs, type Interval, intervalId, parseIntervalId } from "./calendar.ts";
import { formatKey, type KeyPattern, matchKey, parseKeyPattern, staticPrefix } from "./key-pattern.ts";

const runs: { readonly numRuns: number; readonly seed?: number } = {
  numRuns: Number(process.env.FC_RUNS ?? 500),
  ...(process.env.FC_SEED === undefined ? {} : { seed: Number(process.env.FC_SEED) }),
};

const hour = (id: string): Interval => {
  const interval = parseIntervalId(id);
  assert.ok(interval !== undefined, id);
  return interval;
};

/** 0000-01-01 and 9999-12-31-23. */
const firstMs = -62_167_219_200_000;
const lastMs = 253_402_297_200_000;

const anyInterval = (every: Every): fc.Arbitrary<Interval> => {
  const length = every === "hour" ? hourMs : dayMs;
  const index = fc.oneof(
    fc.integer({ min: firstMs / length, max: Math.floor(lastMs / length) }),
    fc.integer({ min: 15_000 * (dayMs / length), max: 21_000 * (dayMs / length) }),
  );
  return index.map((value) => ({ every, startMs: value * length }));
};

const hourPatterns = [
  "gharchive/{yyyy}/{MM}/{dd}/{HH}.json.gz",
  "{yyyy}-{MM}-{dd}-{H}.json.gz",
  "{yyyy}{MM}{dd}{HH}",
  "{H}/{d}/{M}/{yyyy}/{yyyy}-{MM}-{dd}T{HH}",
  "a/{yyyy}.{M}.{d}_{H}x",
].map((text) => parseKeyPattern(text, "hour"));

const dayPatterns = ["{yyyy}/{MM}/{dd}.gz", "x/{d}.{M}.{yyyy}", "{yyyy}{MM}{dd}"].map((text) =>
  parseKeyPattern(text, "day"),
);

const allPatterns: readonly KeyPattern[] = [...hourPatterns, ...dayPatterns];

describe("key pattern", () => {
  it("writes padded and unpadded numbers", () => {
    const at = hour("2026-03-01-05");
    assert.equal(
      formatKey(parseKeyPattern("gharchive/{yyyy}/{MM}/{dd}/{HH}.json.gz", "hour"), at),
      "gharchive/2026/03/01/05.json.gz",
    );
    assert.equal(formatKey(parseKeyPattern("{yyyy}-{MM}-{dd}-{H}.json.gz", "hour"), at), "2026-03-01-5.json.gz");
    assert.equal(formatKey(parseKeyPattern("{d}.{M}.{yyyy}", "day"), hour("2026-03-01")), "1.3.2026");
  });

  it("matches what it wrote, for every interval of ten thousand years", () => {
    for (const pattern of allPatterns) {
      fc.assert(
        fc.property(anyInterval(pattern.every), (interval) => {
          assert.deepEqual(matchKey(pattern, formatKey(pattern, interval)), interval);
        }),
        runs,
      );
    }
  });

  it("writes what it matched: no key matches that it would not have written", () => {
    // Digits and separators in the pattern's own arrangement, but with any numbers and any padding.
    const anyNumber = fc.oneof(
      fc.integer({ min: 0, max: 32 }).map(String),
      fc.integer({ min: 0, max: 32 }).map((value) => String(value).padStart(2, "0")),
      fc.integer({ min: 0, max: 10_050 }).map((value) => String(value).padStart(4, "0")),
    );
    let matched = 0;
    for (const pattern of allPatterns) {
      const anyKey = fc
        .array(anyNumber, { minLength: pattern.parts.length, maxLength: pattern.parts.length })
        .map((numbers) =>
          pattern.parts.map((part, index) => (part.kind === "literal" ? part.text : numbers[index])).join(""),
        );
      fc.assert(
        fc.property(anyKey, (key) => {
          const interval = matchKey(pattern, key);
          if (interval === undefined) return;
          matched++;
          assert.equal(formatKey(pattern, interval), key);
        }),
        runs,
      );
    }
    assert.ok(matched > 0, "the generator must hit some keys");
  });

  it("survives any text as a key and as a pattern", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, key) => {
        for (const pattern of allPatterns) {
          const interval = matchKey(pattern, key);
          if (interval !== undefined) assert.equal(formatKey(pattern, interval), key);
        }
        assert.throws(
          () => parseKeyPattern(text, "hour"),
          (error) => error instanceof Failure && error.kind === "usage",
        );
      }),
      runs,
    );
  });

  const refusedKeys: readonly (readonly [string, string, string])[] = [
    ["31 February", "{yyyy}/{MM}/{dd}/{HH}", "2026/02/31/00"],
    ["29 February of a common year", "{yyyy}/{MM}/{dd}/{HH}", "2100/02/29/00"],
    ["hour 24", "{yyyy}/{MM}/{dd}/{HH}", "2026/02/28/24"],
    ["month 0", "{yyyy}/{MM}/{dd}/{HH}", "2026/00/10/00"],
    ["month 13", "{yyyy}/{MM}/{dd}/{HH}", "2026/13/10/00"],
    ["day 0", "{yyyy}/{MM}/{dd}/{HH}", "2026/01/00/00"],
    ["a padded hour where none is wanted", "{yyyy}-{MM}-{dd}-{H}.gz", "2026-01-01-05.gz"],
    ["a lone hour where two digits are wanted", "{yyyy}-{MM}-{dd}-{HH}.gz", "2026-01-01-5.gz"],
    ["00 for hour 0 without padding", "{yyyy}-{MM}-{dd}-{H}.gz", "2026-01-01-00.gz"],
    ["something behind the end", "{yyyy}/{MM}/{dd}/{HH}", "2026/01/01/00.tmp"],
    ["something before the start", "{yyyy}/{MM}/{dd}/{HH}", "x2026/01/01/00"],
    ["an end too soon", "{yyyy}/{MM}/{dd}/{HH}", "2026/01/01/0"],
    ["the empty key", "{yyyy}/{MM}/{dd}/{HH}", ""],
    ["a sign", "{yyyy}/{MM}/{dd}/{HH}", "2026/01/01/+1"],
    ["digits of another script", "{yyyy}/{MM}/{dd}/{HH}", "2026/01/01/٠١"],
    ["a repeated token that disagrees", "{yyyy}/{yyyy}-{MM}-{dd}-{HH}", "2025/2026-01-01-00"],
    ["a repeated hour that disagrees", "{yyyy}-{MM}-{dd}/{HH}/{H}.gz", "2026-01-01/05/6.gz"],
  ];
  for (const [what, text, key] of refusedKeys) {
    it(`does not match ${what}`, () => assert.equal(matchKey(parseKeyPattern(text, "hour"), key), undefined));
  }

  it("knows leap days", () => {
    const pattern = parseKeyPattern("{yyyy}/{MM}/{dd}", "day");
    assert.equal(intervalId(matchKey(pattern, "2024/02/29") ?? assert.fail()), "2024-02-29");
    assert.equal(intervalId(matchKey(pattern, "2000/02/29") ?? assert.fail()), "2000-02-29");
    assert.equal(matchKey(pattern, "1900/02/29"), undefined);
  });

  it("names the directory to list", () => {
    const cases: readonly (readonly [string, string])[] = [
      ["gharchive/{yyyy}/{MM}/{dd}/{HH}.json.gz", "gharchive/"],
      ["a/b/c-{yyyy}/{MM}/{dd}/{HH}", "a/b/"],
      ["{yyyy}/{MM}/{dd}/{HH}", ""],
      ["hour-{yyyy}-{MM}-{dd}-{H}", ""],
    ];
    for (const [text, prefix] of cases) assert.equal(staticPrefix(parseKeyPattern(text, "hour")), prefix);
  });

  const refusedPatterns: readonly (readonly [string, Every, RegExp, RegExp?])[] = [
    ["{yyyy}/{mm}/{dd}/{HH}", "hour", /unknown token \{mm\}/, /Did you mean \{MM\}\?/],
    ["{YYYY}/{MM}/{dd}/{HH}", "hour", /unknown token \{YYYY\}/, /Did you mean \{yyyy\}\?/],
    ["{yyyy}/{MM}/{dd}/{hour}", "hour", /unknown token \{hour\}/, /The tokens are \{yyyy\}/],
    ["{yyyy}/{MM}/{dd}", "hour", /does not tell one hour from another: \{HH\} is missing/],
    ["{yyyy}/{HH}", "hour", /\{MM\} \{dd\} is missing/],
    ["{yyyy}/{MM}", "day", /does not tell one day from another: \{dd\} is missing/],
    ["{yyyy}/{MM}/{dd}/{HH}", "day", /names an hour, but every is day/],
    ["{yyyy}/{M}{d}/{HH}", "hour", /digit directly behind an unpadded month/, /\{MM\}/],
    ["{yyyy}/{MM}/{dd}/{H}0.gz", "hour", /digit directly behind an unpadded hour/],
    ["../{yyyy}/{MM}/{dd}/{HH}", "hour", /segment "\.\."/],
    ["a/./{yyyy}/{MM}/{dd}/{HH}", "hour", /segment "\."/],
    ["a//{yyyy}/{MM}/{dd}/{HH}", "hour", /empty segment/],
    ["{yyyy}/{MM}/{dd}/{HH}/", "hour", /empty segment/],
    ["/{yyyy}/{MM}/{dd}/{HH}", "hour", /begins with \//],
    ["{yyyy}\\{MM}/{dd}/{HH}", "hour", /backslash/],
    ["{yyyy}/{MM}/{dd}/{HH}\n", "hour", /control character/],
    ["_x/{yyyy}/{MM}/{dd}/{HH}", "hour", /begins with _/],
    ["a/_{yyyy}/{MM}/{dd}/{HH}", "hour", /begins with _/],
    ["c:/{yyyy}/{MM}/{dd}/{HH}", "hour", /has one of/],
    ["{yyyy}/{MM}/{dd}/{HH}.", "hour", /ends in a dot/],
    ["{yyyy}/{MM}/{dd}/{HH", "hour", /without its \}/],
    ["yyyy}/{MM}/{dd}/{HH}", "hour", /without its \{/],
    ["", "hour", /is empty/],
    [`${"x".repeat(1100)}/{yyyy}/{MM}/{dd}/{HH}`, "hour", /longer than 1024 bytes/],
  ];
  for (const [text, every, message, remedy] of refusedPatterns) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))} for every ${every}`, () => {
      assert.throws(
        () => parseKeyPattern(text, every),
        (error) => {
          assert.ok(error instanceof Failure);
          assert.equal(error.kind, "usage");
          assert.match(error.message, message);
          if (remedy !== undefined) assert.match(error.detail.remedy ?? "", remedy);
          return true;
        },
      );
    });
  }

  it("leaves the names at a source to the source", () => {
    const pattern = parseKeyPattern("_old/get?day={yyyy}-{MM}-{dd}&hour={H}", "hour", "source");
    assert.equal(formatKey(pattern, hour("2026-03-01-05")), "_old/get?day=2026-03-01&hour=5");
    assert.throws(() => parseKeyPattern("../{yyyy}-{MM}-{dd}-{H}", "hour", "source"), /segment "\.\."/);
  });
});
