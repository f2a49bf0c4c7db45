import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Failure } from "../errors.ts";
import { dayMs, hourMs } from "../model/calendar.ts";
import { parseInstant, parseSince, parseSpan } from "./instants.ts";

describe("instants", () => {
  it("are UTC unless an offset is written", () => {
    const table: readonly (readonly [string, string, number])[] = [
      ["2015-01-01", "2015-01-01T00:00:00Z", dayMs],
      ["2015-01-01T05", "2015-01-01T05:00:00Z", hourMs],
      ["2015-01-01T5", "2015-01-01T05:00:00Z", hourMs],
      ["2015-01-01-05", "2015-01-01T05:00:00Z", hourMs],
      ["2015-01-01T05Z", "2015-01-01T05:00:00Z", hourMs],
      ["2015-01-01 05:30", "2015-01-01T05:30:00Z", 0],
      ["2015-01-01T05:30Z", "2015-01-01T05:30:00Z", 0],
      ["2015-01-01T05:30:15.250Z", "2015-01-01T05:30:15.250Z", 0],
      ["2015-01-01T05:30:15.2501239Z", "2015-01-01T05:30:15.250Z", 0],
      ["2015-01-01T05:30+01:00", "2015-01-01T04:30:00Z", 0],
      ["2015-01-01T00:30-0700", "2015-01-01T07:30:00Z", 0],
      ["0099-12-31", "0099-12-31T00:00:00Z", dayMs],
    ];
    for (const [text, iso, spanMs] of table)
      assert.deepEqual(parseInstant(text), { ms: Date.parse(iso), spanMs }, text);
  });

  it("are nothing else", () => {
    for (const text of [
      "",
      "today",
      "2015",
      "2015-01",
      "2015-1-1",
      "01.01.2015",
      "2015-01-01T",
      "2015-01-01Tx",
      "2015-01-01-0500",
      "2015-01-01+01:00",
    ]) {
      assert.equal(parseInstant(text), undefined, text);
    }
    for (const text of [
      "2015-02-29",
      "2015-00-01",
      "2015-01-32",
      "2015-01-01T24",
      "2015-01-01T05:60",
      "2015-01-01T05:30:60",
    ]) {
      assert.throws(
        () => parseInstant(text),
        (error) =>
          error instanceof Failure && error.kind === "usage" && error.message.startsWith(`${text} does not exist`),
        text,
      );
    }
  });

  it("look-backs are durations above zero", () => {
    assert.deepEqual(parseSince("1d12h"), { kind: "ago", ms: 1.5 * dayMs, text: "1d12h" });
    assert.deepEqual(parseSince("2015-01-01"), { kind: "at", ms: Date.parse("2015-01-01"), text: "2015-01-01" });
    assert.equal(parseSince("0"), undefined);
    assert.equal(parseSince("0d"), undefined);
  });

  it("spans include the whole of their last interval", () => {
    const iso = (text: string): unknown => {
      const span = parseSpan(text);
      return span === undefined
        ? undefined
        : [
            new Date(span.startMs).toISOString().slice(0, 13),
            new Date(span.endMs).toISOString().slice(0, 13),
            span.hourly,
          ];
    };
    assert.deepEqual(iso("2016-10-21T18"), ["2016-10-21T18", "2016-10-21T19", true]);
    assert.deepEqual(iso("2018-10-21T23..2018-10-22T01"), ["2018-10-21T23", "2018-10-22T02", true]);
    assert.deepEqual(iso("2021-08-25"), ["2021-08-25T00", "2021-08-26T00", false]);
    assert.deepEqual(iso("2021-08-25 .. 2021-08-27"), ["2021-08-25T00", "2021-08-28T00", false]);
    assert.deepEqual(iso("2021-08-25..2021-08-27T05"), ["2021-08-25T00", "2021-08-27T06", true]);
    for (const text of ["", "..", "2016-10-21..", "2016-10-21..x", "a..b..c", "2016-10-21T18:30"])
      assert.equal(parseSpan(text), undefined, text);
    assert.throws(() => parseSpan("2016-10-22..2016-10-21"), /ends before it begins/);
  });
});
