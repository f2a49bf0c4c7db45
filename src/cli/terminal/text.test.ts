import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { hostile } from "../../../test/cli/fixtures.ts";
import { cut, displayWidth, fitted, guarded, padEnd, padStart, visible, wrap } from "./text.ts";

const esc = String.fromCharCode(27);
const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31);
const runs = { seed, numRuns: Number(process.env.FC_RUNS ?? 300) };
const anyText = fc.string({ unit: "binary", maxLength: 60 });

test("what could steer a terminal is written out", () => {
  assert.equal(visible(hostile), "a\\x1b[2Jb\\x07\\u{202e}gnp.exe\\x9b31m\\r\\nc");
  assert.equal(visible("tab\there"), "tab\\there");
  assert.equal(visible("\u2028\ufeff\u200b\ud800"), "\\u{2028}\\u{feff}\\u{200b}\\u{d800}");
});

test("ordinary text of any language stays", () => {
  for (const text of ["plain", "żółw", "日本語", "👩‍👩‍👧", "می‌خواهم", "e\u0301"]) assert.equal(visible(text), text);
});

test("marks stacked on a letter are bounded", () => {
  const zalgo = `a${"\u0301".repeat(500)}b`;
  assert.ok(visible(zalgo).length < 20);
  assert.equal(displayWidth(visible(zalgo)), 2);
});

test("wide and joined characters are measured in cells; colours take none", () => {
  assert.equal(displayWidth("abc"), 3);
  assert.equal(displayWidth("日本"), 4);
  assert.equal(displayWidth("한글"), 4);
  assert.equal(displayWidth("👩‍👩‍👧"), 2);
  assert.equal(displayWidth("e\u0301"), 1);
  assert.equal(displayWidth("■✕━…→"), 5);
  assert.equal(displayWidth(`${esc}[36mabc${esc}[0m`), 3);
});

test("cutting leaves whole characters and says so", () => {
  assert.equal(cut("abcdef", 6), "abcdef");
  assert.equal(cut("abcdef", 5), "abcd…");
  assert.equal(cut("日本語", 5), "日本…");
  assert.equal(cut("日本語", 4), "日…");
  assert.equal(cut("abc", 0), "");
  assert.equal(fitted(`x${"y".repeat(1_000_000)}`, 4), "xyy…");
});

test("padding counts cells", () => {
  assert.equal(padEnd("日", 4), "日  ");
  assert.equal(padStart("日", 4), "  日");
  assert.equal(padStart("abcde", 3), "abcde");
});

test("wrapping breaks at spaces alone", () => {
  assert.deepEqual(wrap("one two three", 7), ["one two", "three"]);
  assert.deepEqual(wrap("incomprehensibilities are long", 10), ["incomprehensibilities", "are long"]);
  assert.deepEqual(wrap("a   b", 3), ["a", "b"]);
});

test("the last guard lets lines and our colours through and nothing else", () => {
  assert.equal(guarded(`${esc}[36mok${esc}[0m\nnext`), `${esc}[36mok${esc}[0m\nnext`);
  assert.equal(guarded(`${esc}[2J\u0007`), "\\x1b[2J\\x07");
  assert.equal(guarded(`${esc}]0;title\u0007`), "\\x1b]0;title\\x07");
});

test(`nothing made visible holds a control, and a fitted text fits (seed ${seed})`, () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 40 }), (text, width) => {
      const safe = visible(text);
      assert.doesNotMatch(safe, /[\p{Cc}\p{Zl}\p{Zp}\u{202a}-\u{202e}\u{2066}-\u{2069}]/u);
      assert.ok(displayWidth(fitted(text, width)) <= width);
      const rest = guarded(text)
        .replaceAll("\n", "")
        .replaceAll(new RegExp(`${esc}\\[\\d{1,2}m`, "g"), "");
      assert.doesNotMatch(rest, /\p{Cc}/u);
    }),
    runs,
  );
});

test("the short way to a width answers as the long one does", () => {
  const shown = "→ … ━─ ■▪·✕! ▶ é ß ø 24 stored ✓ « » – —";
  const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
  for (const character of shown) {
    // A joiner behind it takes no cell and sends the text the long way.
    assert.equal(displayWidth(character), displayWidth(`${character}\u200d`), character);
  }
  assert.equal(displayWidth(shown), [...segmenter.segment(shown)].length);
});
