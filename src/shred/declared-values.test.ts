import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { parseDecimal, parseTimestamp, unscaledDecimal } from "./declared-values.ts";

test("timestamps of any day are the calendar's", (t) => {
  const settings = runSettings(1_000);
  t.diagnostic(`seed ${settings.seed}`);
  const day = fc.date({
    min: new Date("0001-01-01T00:00:00Z"),
    max: new Date("9999-12-31T23:59:59Z"),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(day, fc.nat(999), (date, micros) => {
      const text = date.toISOString().replace("Z", `${String(micros).padStart(3, "0")}Z`);
      assert.equal(parseTimestamp(text), BigInt(date.getTime()) * 1000n + BigInt(micros), text);
    }),
    settings,
  );
});

test("offsets and the archive's old form", () => {
  const noon = BigInt(Date.UTC(2012, 2, 11, 12)) * 1000n;
  for (const text of [
    "2012-03-11T12:00:00Z",
    "2012-03-11T14:30:00.0+02:30",
    "2012-03-11T04:00:00-0800",
    "2012/03/11 05:00:00 -0700",
  ]) {
    assert.equal(parseTimestamp(text), noon, text);
  }
  for (const text of [
    "2012-02-30T00:00:00Z",
    "1900-02-29T00:00:00Z",
    "2012-03-11T24:00:00Z",
    "2012-03-11T12:00:00",
    "2012-03-11",
  ]) {
    assert.equal(parseTimestamp(text), undefined, text);
  }
});

test("decimals fit exactly or not at all", () => {
  const unscaled = (text: string, precision: number, scale: number): bigint | undefined => {
    const value = parseDecimal(text);
    return value === undefined ? undefined : unscaledDecimal(value, precision, scale);
  };
  assert.equal(unscaled("12.50", 4, 2), 1250n);
  assert.equal(unscaled("-1.25e1", 4, 2), -1250n);
  assert.equal(unscaled("1000e-2", 4, 2), 1000n);
  assert.equal(unscaled("0e99999", 4, 2), 0n);
  assert.equal(unscaled("0.001", 4, 2), undefined);
  assert.equal(unscaled("100", 4, 2), undefined);
  assert.equal(unscaled("1e999999999", 38, 0), undefined);
  assert.equal(unscaled("1.", 4, 2), undefined);
  assert.equal(unscaled(`1${"0".repeat(37)}`, 38, 0), 10n ** 37n);
});
