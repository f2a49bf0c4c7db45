import assert from "node:assert/strict";
import test from "node:test";
import { assertGolden } from "../../../test/cli/golden.ts";
import type { Event } from "../../model/events.ts";
import { renderBars, startBars } from "./bars.ts";
import { colourPaint, noPaint } from "./paint.ts";
import { newProgress, type Progress } from "./progress.ts";
import { makeScreen } from "./screen.ts";
import { displayWidth } from "./text.ts";

const units = { collect: "hours", convert: "partitions", marts: "" };

const fetched = (hour: number): Event => ({
  code: "fetch.done",
  key: `gharchive@2026-03-01-${String(hour).padStart(2, "0")}`,
  bytes: 742_000,
  ms: 25,
  revision: 1,
  tries: 1,
  resumed: 0,
});

const converted = (hour: number): Event => ({
  code: "convert.done",
  key: `events@2026-03-01-${String(hour).padStart(2, "0")}`,
  rows: 2000,
  rejected: 0,
  bytesIn: 742_000,
  bytes: 900_000,
  ms: 90,
});

/** A run in the middle: downloads under way, conversions behind them, nothing built yet. */
function halfway(): Progress {
  const progress = newProgress();
  const tell = (event: Event, atMs: number): void => progress.apply(event, atMs);
  tell({ code: "stage.start", stage: "collect", items: 1 }, 0);
  tell({ code: "stage.grow", stage: "collect", items: 24 }, 0);
  for (let hour = 0; hour < 10; hour++) tell(fetched(hour), 100 + hour * 100);
  tell({ code: "fetch.progress", key: "gharchive@2026-03-01-10", bytes: 371_000, total: 742_000 }, 1100);
  tell({ code: "stage.start", stage: "convert", items: 1 }, 200);
  tell({ code: "stage.grow", stage: "convert", items: 10 }, 1000);
  for (let hour = 0; hour < 6; hour++) tell(converted(hour), 300 + hour * 100);
  tell({ code: "convert.failed", key: "events@2026-03-01-06", reason: "no room", kind: "full" }, 1150);
  tell({ code: "schema.published", table: "events", version: 2, columns: 1204, added: 3, widened: 0 }, 1160);
  return progress;
}

function finished(): Progress {
  const progress = newProgress();
  const tell = (event: Event, atMs: number): void => progress.apply(event, atMs);
  const done = { failed: 0, bytes: 0, rows: 0, rejected: 0, ms: 0 };
  tell({ code: "stage.start", stage: "collect", items: 24 }, 0);
  tell({ code: "stage.start", stage: "convert", items: 24 }, 0);
  for (let hour = 0; hour < 24; hour++) tell(fetched(hour), 600);
  tell({ code: "stage.done", stage: "collect", items: 24, ...done }, 612);
  for (let hour = 0; hour < 24; hour++) tell(converted(hour), 2000);
  tell({ code: "schema.published", table: "events", version: 2, columns: 1204, added: 3, widened: 0 }, 2000);
  tell({ code: "stage.done", stage: "convert", items: 24, ...done }, 2130);
  tell({ code: "stage.start", stage: "marts", items: 2 }, 2130);
  for (const [key, rows] of [
    ["activity", 48_000],
    ["pushes", 9311],
  ] as const)
    tell({ code: "mart.published", key, version: "v1", rows, bytes: 1, ms: 1 }, 3000);
  tell({ code: "stage.done", stage: "marts", items: 2, ...done }, 3060);
  return progress;
}

function upToDate(): Progress {
  const progress = newProgress();
  progress.apply({ code: "item.skipped", stage: "collect", name: "gharchive", items: 24, reason: "up to date" }, 0);
  progress.apply({ code: "item.skipped", stage: "convert", name: "events", items: 24, reason: "up to date" }, 0);
  progress.apply({ code: "item.skipped", stage: "marts", name: "activity", items: 1, reason: "up to date" }, 0);
  progress.apply({ code: "item.skipped", stage: "marts", name: "pushes", items: 1, reason: "up to date" }, 0);
  return progress;
}

for (const [name, progress] of [
  ["halfway", halfway()],
  ["finished", finished()],
  ["up-to-date", upToDate()],
] as const) {
  for (const width of [40, 60, 80, 120]) {
    test(`bars ${name} at ${width}`, () => {
      const lines = renderBars(progress, 1200, { width, paint: noPaint, units });
      for (const line of lines) assert.ok(displayWidth(line) < width, `${displayWidth(line)}: ${line}`);
      assertGolden(`golden/bars-${name}-${width}.txt`, lines);
    });
  }
}

test("bars in colour: progress, what is left, what failed", () => {
  assertGolden(
    "golden/bars-halfway-80-colour.txt",
    renderBars(halfway(), 1200, { width: 80, paint: colourPaint, units }),
  );
});

test("a stage that starts again goes on counting", () => {
  const progress = newProgress();
  const done = { failed: 0, bytes: 0, rows: 0, rejected: 0, ms: 0 };
  progress.apply({ code: "stage.start", stage: "collect", items: 2 }, 0);
  progress.apply(fetched(0), 10);
  progress.apply(fetched(1), 20);
  progress.apply({ code: "stage.done", stage: "collect", items: 2, ...done }, 30);
  progress.apply({ code: "stage.start", stage: "collect", items: 1 }, 100);
  progress.apply({ code: "stage.grow", stage: "collect", items: 2 }, 100);
  progress.apply(fetched(2), 110);
  const stage = progress.stages.get("collect");
  assert.equal(stage?.items, 4);
  assert.equal(stage?.ended, 3);
});

/** A terminal that keeps what was written to it. */
function terminal(columns: number) {
  const written: string[] = [];
  const stream = {
    isTTY: true,
    columns,
    write: (chunk: string | Uint8Array) => written.push(String(chunk)) > 0,
    once: () => undefined,
    removeListener: () => undefined,
  };
  return { written, screen: makeScreen(stream, { env: { TERM: "xterm", NO_COLOR: "1" }, noColour: false }) };
}

test("live bars hide the cursor, print failures above themselves, draw the end and give the cursor back", () => {
  const { written, screen } = terminal(80);
  const bars = startBars({ screen, units, now: () => 0 });
  bars.report({ code: "stage.start", stage: "collect", items: 2 });
  bars.report(fetched(0));
  bars.report({ code: "fetch.failed", key: "gharchive@2026-03-01-01", reason: "503\u001b[2J", kind: "unavailable" });
  bars.stop();
  const text = written.join("");
  assert.ok(text.startsWith("\u001b[?25l"));
  assert.ok(text.endsWith("\u001b[?25h"));
  assert.match(text, /✕ gharchive@2026-03-01-01 {2}503\\x1b\[2J/);
  assert.match(text, /2\/2 hours/);
  assert.match(text, /1 failed/);
});
