import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { BadLine, Cursor, SLACK_BYTES } from "./cursor.ts";
import { decodeText, hashRange, readText, Text } from "./text.ts";

/** A cursor at the first byte of the text, with the line feed and the slack that every buffer has. */
function cursorAt(line: string): Cursor {
  const cursor = new Cursor();
  cursor.load(Buffer.concat([Buffer.from(`${line}\n`), Buffer.alloc(SLACK_BYTES)]), 0);
  return cursor;
}

/** Any text in a JSON string, every character by itself or escaped in one of the ways that JSON has. */
const jsonString = fc
  .array(fc.tuple(fc.string({ unit: "binary", minLength: 1, maxLength: 1 }), fc.nat(3)), { maxLength: 40 })
  .map((characters) => characters.map(([character, way]) => spell(character, way)).join(""));

function spell(character: string, way: number): string {
  const plain = JSON.stringify(character).slice(1, -1);
  if (way === 0) return [...character].map(unicodeEscapes).join("");
  return way === 1 && character === "/" ? "\\/" : plain;
}

function unicodeEscapes(character: string): string {
  return Array.from({ length: character.length }, (_, i) => {
    const digits = character.charCodeAt(i).toString(16).padStart(4, "0");
    return `\\u${i % 2 === 0 ? digits.toUpperCase() : digits}`;
  }).join("");
}

test("strings are what JSON.parse says, lone surrogates replaced", (t) => {
  const settings = runSettings(2_000);
  t.diagnostic(`seed ${settings.seed}`);
  fc.assert(
    fc.property(jsonString, (body) => {
      const cursor = cursorAt(`"${body}",`);
      const text = new Text();
      readText(cursor, text);
      const expected: string = JSON.parse(`"${body}"`);
      assert.equal(decodeText(text), expected.toWellFormed());
      assert.equal(cursor.bytes[cursor.at], 0x2c, "the cursor stands after the quote");
    }),
    settings,
  );
});

test("a text has one hash, with escapes or without", (t) => {
  const settings = runSettings(500);
  t.diagnostic(`seed ${settings.seed}`);
  fc.assert(
    fc.property(fc.string({ unit: "binary-ascii", maxLength: 30 }), (content) => {
      const [direct, escaped] = [new Text(), new Text()];
      readText(cursorAt(JSON.stringify(content)), direct);
      const { hash } = direct;
      readText(cursorAt(`"${[...content].map(unicodeEscapes).join("")}"`), escaped);
      assert.equal(escaped.hash, hash);
      assert.equal(hashRange(escaped.view, escaped.start, escaped.length), hash);
    }),
    settings,
  );
});

test("what is no string rejects the line and says why", () => {
  const reasons = new Map([
    ['"abc', "unexpected end"],
    ['"abc\\', "unexpected end"],
    ['"a\tb"', "control character in a string"],
    ['"a\\x"', "invalid escape in a string"],
    ['"a\\u12G4"', "invalid escape in a string"],
    ['"a\\u12"', "invalid escape in a string"],
    ['"a\\ud800\\u00', "invalid escape in a string"],
  ]);
  for (const [line, reason] of reasons) {
    assert.throws(
      () => readText(cursorAt(line), new Text()),
      (error) => error instanceof BadLine && error.message === reason,
      line,
    );
  }
});

test("a string longer than the scratch", () => {
  const content = "\\n".repeat(100_000);
  const text = new Text();
  readText(cursorAt(`"${content}"`), text);
  assert.equal(decodeText(text), "\n".repeat(100_000));
});
