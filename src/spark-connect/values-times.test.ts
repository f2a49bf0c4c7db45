import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { dateTexts, instantTexts, timeTexts } from "./values-times.ts";

/** Day by day: the calendar as everybody learns it, from a year that begins an era of 400. */
function* calendar(firstYear: number): Generator<[day: number, year: number, month: number, dayOfMonth: number]> {
  let day = (firstYear - 2000) * 365.2425 + 10_957;
  for (let year = firstYear; ; year++) {
    const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
    for (const [month, days] of [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].entries()) {
      for (let dayOfMonth = 1; dayOfMonth <= days; dayOfMonth++) yield [day++, year, month + 1, dayOfMonth];
    }
  }
}

function isoYear(year: number): string {
  if (year >= 0 && year <= 9999) return String(year).padStart(4, "0");
  return `${year < 0 ? "-" : "+"}${String(Math.abs(year)).padStart(6, "0")}`;
}

test("dates follow the calendar day by day, through years without four digits as well", () => {
  for (const firstYear of [-5_877_600, -10_000, -400, 0, 1600, 2000, 9600, 5_881_200]) {
    const days: number[] = [];
    const texts: string[] = [];
    for (const [day, year, month, dayOfMonth] of calendar(firstYear)) {
      if (year === firstYear + 405 || days.length === 150_000) break;
      if (day > 2 ** 31 - 1) break;
      days.push(day);
      texts.push(`${isoYear(year)}-${String(month).padStart(2, "0")}-${String(dayOfMonth).padStart(2, "0")}`);
    }
    assert.deepEqual(dateTexts(Int32Array.from(days)), texts);
  }
});

test("the first and the last date", () => {
  assert.deepEqual(dateTexts(Int32Array.of(-(2 ** 31), -1, 0, 2 ** 31 - 1)), [
    "-5877641-06-23",
    "1969-12-31",
    "1970-01-01",
    "+5881580-07-11",
  ]);
});

test("instants over all of 64 bits", () => {
  assert.deepEqual(instantTexts(BigInt64Array.of(-(2n ** 63n), -1n, 0n, 2n ** 53n, 2n ** 63n - 1n), true), [
    "-290308-12-21T19:59:05.224192Z",
    "1969-12-31T23:59:59.999999Z",
    "1970-01-01T00:00:00.000000Z",
    "2255-06-05T23:47:34.740992Z",
    "+294247-01-10T04:00:54.775807Z",
  ]);
});

test("an instant is its day and the time in it", () => {
  const dayMicros = 86_400_000_000n;
  const near = fc
    .tuple(fc.bigInt(-106_751_991n, 106_751_990n), fc.bigInt(-3n, 3n))
    .map(([day, off]) => day * dayMicros + off);
  const micros = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-(2n ** 54n), 2n ** 54n), near);
  fc.assert(
    fc.property(fc.array(micros, { maxLength: 40 }), fc.boolean(), (values, isUtc) => {
      const expected = values.map((value) => {
        const time = ((value % dayMicros) + dayMicros) % dayMicros;
        const day = dateTexts(Int32Array.of(Number((value - time) / dayMicros)))[0];
        const clock = new Date(Number(time / 1000n)).toISOString().slice(11, 23);
        return `${day}T${clock}${String(time % 1000n).padStart(3, "0")}${isUtc ? "Z" : ""}`;
      });
      assert.deepEqual(instantTexts(BigInt64Array.from(values), isUtc), expected);
    }),
    runSettings(300),
  );
});

test("times of day have nanoseconds only where there are some; beyond the day there is none", () => {
  const values = BigInt64Array.of(0n, 86_399_999_999_000n, 86_399_999_999_999n, 3_723_000_000_001n, -1n);
  assert.deepEqual(
    timeTexts(values, (index) => index === 4),
    ["00:00:00.000000", "23:59:59.999999", "23:59:59.999999999", "01:02:03.000000001", ""],
  );
  for (const value of [-1n, 86_400_000_000_000n, 2n ** 63n - 1n]) {
    assert.throws(() => timeTexts(BigInt64Array.of(value), () => false), { kind: "corrupt" });
  }
});
