import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { BadLine, Cursor, LINE_FEED, SLACK_BYTES, skipBlanks } from "./cursor.ts";
import { declaredTree } from "./declared-tree.ts";
import { Skipper } from "./skip.ts";

function cursorAt(line: string): Cursor {
  const cursor = new Cursor();
  cursor.load(Buffer.concat([Buffer.from(`${line}\n`), Buffer.alloc(SLACK_BYTES)]), 0);
  return cursor;
}

/** Whether the line is exactly one value that nothing speaks against. */
function accepts(
  line: string,
  how: "skip" | "pass",
  skipper = new Skipper({ depthMax: 20, duplicateKeys: "reject" }),
): boolean {
  const cursor = cursorAt(line);
  skipBlanks(cursor);
  try {
    if (how === "skip") skipper.skip(cursor, 0, undefined, "");
    else skipper.pass(cursor, 0);
    return skipBlanks(cursor) === LINE_FEED;
  } catch (error) {
    assert.ok(error instanceof BadLine, String(error));
    return false;
  }
}

function parses(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch (error) {
    assert.ok(error instanceof SyntaxError);
    return false;
  }
}

/** JSON with one place damaged; line feeds cannot stand in a line. */
const damaged = fc
  .tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.constantFrom("", ...'{}[]:,"\\0-.eE \t\rntf1\u0001x'), fc.nat(2))
  .map(([text, place, insert, cut]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + insert + text.slice(at + cut);
  });

test("the grammar is JSON's", (t) => {
  const settings = runSettings(5_000);
  t.diagnostic(`seed ${settings.seed}`);
  fc.assert(
    fc.property(damaged, (line) => {
      assert.equal(accepts(line, "pass"), parses(line), line);
    }),
    settings,
  );
});

test("beyond the grammar, duplicate keys and numbers out of range", () => {
  for (const line of [
    '{"a":1,"a":2}',
    '{"a":1,"A":2}',
    '{"\\u0061":1,"a":2}',
    '[{"x":{"k":1,"k":2}}]',
    "1e400",
    "[1e999]",
  ]) {
    assert.equal(accepts(line, "pass"), true, line);
    assert.equal(accepts(line, "skip"), false, line);
  }
});

test("depth counts from where the value stands", () => {
  const skipper = new Skipper({ depthMax: 3, duplicateKeys: "reject" });
  assert.equal(accepts("[[[]]]", "pass", skipper), true);
  assert.equal(accepts("[[[[]]]]", "pass", skipper), false);
  assert.equal(accepts('[{"a":[{}]}]', "skip", skipper), false);
  assert.equal(accepts("[".repeat(100_000), "pass", skipper), false);
});

test("declared columns are checked wherever they stand", () => {
  const tree = declaredTree(
    new Map([
      ["a.t", { kind: "timestamp" }],
      ["a.j", { kind: "json" }],
      ["l.[].b", { kind: "bool" }],
    ]),
  );
  const skipper = new Skipper({ depthMax: 9, duplicateKeys: "reject" });
  const check = (line: string) => skipper.skip(cursorAt(line), 0, tree, "");
  check('{"A":{"T":"2015-01-01T00:00:00Z","j":{"k":1e999,"k":2}},"l":[{"b":true},{"b":null},5]}');
  assert.throws(() => check('{"a":{"t":"yesterday"}}'), /column a\.t: expected timestamp, got "yesterday"/);
  assert.throws(() => check('{"l":[{"b":0}]}'), /column l\.\[\]\.b: expected bool, got 0/);
});

test("members that a later one replaces are found, and then count for nothing", () => {
  const skipper = new Skipper({ depthMax: 9, duplicateKeys: "last" });
  const line = '{"a":1e999,"b":{"x":1,"X":2},"a":3}';
  const superseded = skipper.findSuperseded(cursorAt(line));
  assert.deepEqual(
    [...superseded].sort((a, b) => a - b),
    [1, 16],
  );
  assert.throws(() => skipper.skip(cursorAt(line), 0, undefined, ""));
  skipper.superseded = superseded;
  skipper.skip(cursorAt(line), 0, undefined, "");
});
