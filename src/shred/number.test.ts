import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { BadLine, Cursor, SLACK_BYTES } from "./cursor.ts";
import { SEEN_BIG, SEEN_DOUBLE, SEEN_HUGE, SEEN_INT } from "./node-type.ts";
import { NumberReader } from "./number.ts";

function read(text: string): {
  readonly kind: number;
  readonly value: number;
  readonly wide: bigint;
  readonly at: number;
} {
  const cursor = new Cursor();
  cursor.load(Buffer.concat([Buffer.from(`${text}\n`), Buffer.alloc(SLACK_BYTES)]), 0);
  const reader = new NumberReader();
  const kind = reader.read(cursor);
  return { kind, value: reader.value[0] ?? Number.NaN, wide: reader.wide, at: cursor.at };
}

const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 25 });
const whole = fc.oneof(
  fc.constant("0"),
  digits.map((text) => text.replace(/^0+(?=.)/, "")),
);
const exponent = fc
  .tuple(fc.constantFrom("e", "E"), fc.constantFrom("", "+", "-"), fc.nat(330))
  .map((parts) => parts.join(""));
const number = fc
  .tuple(
    fc.constantFrom("", "-"),
    whole,
    fc.option(digits, { nil: undefined }),
    fc.option(exponent, { nil: undefined }),
  )
  .map(
    ([sign, integer, fraction, power]) =>
      `${sign}${integer}${fraction === undefined ? "" : `.${fraction}`}${power ?? ""}`,
  );

test("numbers are what JSON.parse says, to the last bit", (t) => {
  const settings = runSettings(5_000);
  t.diagnostic(`seed ${settings.seed}`);
  fc.assert(
    fc.property(number, (text) => {
      const expected = Number(text);
      if (!Number.isFinite(expected)) {
        assert.throws(() => read(text), BadLine);
        return;
      }
      const found = read(text);
      assert.equal(found.at, text.length);
      if (/[.eE]/.test(text)) {
        assert.equal(found.kind, SEEN_DOUBLE);
        assert.ok(Object.is(found.value, expected), `${found.value} for ${text}`);
        return;
      }
      const exact = BigInt(text);
      const size = exact < 0n ? -exact : exact;
      if (size <= 2n ** 53n) assert.deepEqual([found.kind, found.value], [SEEN_INT, Number(exact)]);
      else if (BigInt.asIntN(64, exact) === exact) assert.deepEqual([found.kind, found.wide], [SEEN_BIG, exact]);
      else assert.equal(found.kind, SEEN_HUGE);
    }),
    settings,
  );
});

test("the integer -0 is 0, the double -0.0 keeps its sign", () => {
  assert.ok(Object.is(read("-0").value, 0));
  assert.ok(Object.is(read("-0.0").value, -0));
  assert.ok(Object.is(read("-0e0").value, -0));
  assert.ok(Object.is(read("-1e-400").value, -0));
});

test("what is no number rejects the line", () => {
  for (const text of ["-", "01", "-01", "1.", "1.e1", "1e", "1e+", ".5", "-.5", "+1", "1e400", "-1e400", "00"]) {
    assert.throws(() => read(text), BadLine, text);
  }
});

test("a number of a million digits takes no time", () => {
  assert.equal(read("7".repeat(300_000)).kind, SEEN_HUGE);
  assert.equal(read(`0.${"7".repeat(300_000)}`).kind, SEEN_DOUBLE);
  assert.throws(() => read(`1e${"9".repeat(300_000)}`), BadLine);
});

test("any size may be passed over where only the grammar counts", () => {
  const cursor = new Cursor();
  cursor.load(Buffer.concat([Buffer.from("1e999,"), Buffer.alloc(SLACK_BYTES)]), 0);
  new NumberReader().pass(cursor);
  assert.equal(cursor.at, 5);
});
