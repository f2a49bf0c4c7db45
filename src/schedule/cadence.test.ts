import assert from "node:assert/strict";
import test from "node:test";
import { hourMs } from "../model/calendar.ts";
import { ageMs, backoffMs, inRanges, judgeMiss, keptFromMs, sinceMs, wantedWindow } from "./cadence.ts";

const at = (text: string): number => Date.parse(text);
const hour = (text: string) => ({ every: "hour", startMs: at(text) }) as const;

test("a look-back counts from 00:00 UTC of the day, so a pass does not move it by minutes", () => {
  const week = { kind: "ago", ms: 7 * 24 * hourMs, text: "7d" } as const;
  assert.equal(sinceMs(week, at("2026-03-10T00:00:01Z")), at("2026-03-03T00:00:00Z"));
  assert.equal(sinceMs(week, at("2026-03-10T23:59:59Z")), at("2026-03-03T00:00:00Z"));
});

test("the window holds only whole intervals that have ended", () => {
  const settings = {
    since: { kind: "at", ms: at("2026-03-01T00:20:00Z"), text: "" },
    untilMs: undefined,
    every: "hour",
    keepMs: undefined,
  } as const;
  const window = wantedWindow(settings, at("2026-03-01T05:59:59Z"));
  assert.equal(window.fromMs, at("2026-03-01T01:00:00Z"));
  assert.equal(window.toMs, at("2026-03-01T05:00:00Z"));
});

test("until bounds the window, and a future since makes it empty, not negative", () => {
  const since = { kind: "at", ms: at("2026-03-01T00:00:00Z"), text: "" } as const;
  const bounded = wantedWindow(
    { since, untilMs: at("2026-03-02T00:00:00Z"), every: "hour", keepMs: undefined },
    at("2026-04-01T00:00:00Z"),
  );
  assert.equal(bounded.toMs, at("2026-03-02T00:00:00Z"));
  const future = wantedWindow(
    { since, untilMs: undefined, every: "hour", keepMs: undefined },
    at("2026-02-01T00:00:00Z"),
  );
  assert.equal(future.toMs, future.fromMs);
});

test("keep counts from the end of an interval, and moves the window as it runs out", () => {
  const kept = { keepMs: 24 * hourMs, every: "hour" } as const;
  // The hour from 00:00 to 01:00 expires 24 hours after 01:00, not a moment before.
  assert.equal(keptFromMs(kept, at("2026-03-02T00:59:59.999Z")), at("2026-03-01T00:00:00Z"));
  assert.equal(keptFromMs(kept, at("2026-03-02T01:00:00Z")), at("2026-03-01T01:00:00Z"));
  assert.equal(
    keptFromMs({ keepMs: 24 * hourMs, every: "day" }, at("2026-03-03T12:00:00Z")),
    at("2026-03-02T00:00:00Z"),
  );
  assert.equal(keptFromMs({ keepMs: undefined, every: "hour" }, at("2026-03-02T00:00:00Z")), Number.NEGATIVE_INFINITY);
  const since = { kind: "at", ms: at("2026-03-01T00:00:00Z"), text: "" } as const;
  const settings = { since, untilMs: undefined, ...kept };
  assert.equal(wantedWindow(settings, at("2026-03-01T05:00:00Z")).fromMs, at("2026-03-01T00:00:00Z"));
  assert.equal(wantedWindow(settings, at("2026-03-02T05:00:00Z")).fromMs, at("2026-03-01T05:00:00Z"));
  // All of an era that is over has expired: the window is empty, at its end.
  const over = { ...settings, untilMs: at("2026-03-01T06:00:00Z") };
  const window = { fromMs: at("2026-03-01T06:00:00Z"), toMs: at("2026-03-01T06:00:00Z") };
  assert.deepEqual(wantedWindow(over, at("2026-04-01T00:00:00Z")), window);
});

test("a miss is pending until settle has passed since the interval's end, then a gap", () => {
  const interval = hour("2026-03-01T05:00:00Z");
  const settle = 6 * hourMs;
  assert.equal(ageMs(interval, at("2026-03-01T06:12:00Z")), 12 * 60_000);
  assert.equal(judgeMiss(interval, settle, at("2026-03-01T11:59:59.999Z")), "pending");
  assert.equal(judgeMiss(interval, settle, at("2026-03-01T12:00:00Z")), "gap");
});

test("back-off: pending by the interval, gaps rarely, failures doubling up to a bound", () => {
  assert.equal(backoffMs("pending", 9, 300_000), 300_000);
  assert.equal(backoffMs("gap", 1, 300_000), hourMs);
  assert.equal(backoffMs("gap", 50, 300_000), 24 * hourMs);
  assert.deepEqual(
    [1, 2, 3].map((tries) => backoffMs("failure", tries, 0)),
    [60_000, 120_000, 240_000],
  );
  assert.equal(backoffMs("failure", 99, 0), 6 * hourMs);
});

test("ranges contain their start and not their end", () => {
  const ranges = [{ startMs: 10, endMs: 20 }];
  assert.deepEqual(
    [9, 10, 19, 20].map((ms) => inRanges(ranges, ms)),
    [false, true, true, false],
  );
});
