import assert from "node:assert/strict";
import test from "node:test";
import { renderCalendar } from "../../src/cli/terminal/calendar.ts";
import { colourPaint, noPaint } from "../../src/cli/terminal/paint.ts";
import { renderPlan } from "../../src/cli/terminal/plan-report.ts";
import type { ReportOptions } from "../../src/cli/terminal/report.ts";
import { renderRun } from "../../src/cli/terminal/run-report.ts";
import { renderStatus } from "../../src/cli/terminal/status-report.ts";
import { displayWidth } from "../../src/cli/terminal/text.ts";
import {
  day,
  days,
  fullDay,
  named,
  namesPlan,
  nowMs,
  plan,
  project,
  stage,
  status,
  summary,
  trouble,
  widenings,
} from "./fixtures.ts";
import { assertGolden } from "./golden.ts";

const forms: readonly (readonly [name: string, options: ReportOptions])[] = [
  ["120", { width: 120, paint: noPaint }],
  ["80", { width: 80, paint: noPaint }],
  ["40", { width: 40, paint: noPaint }],
  ["80-colour", { width: 80, paint: colourPaint }],
];

/** Everything but commands, which are never broken, fits the width. */
function assertFits(lines: readonly string[], width: number): void {
  for (const line of lines)
    if (!line.includes("millrace "))
      assert.ok(displayWidth(line) <= width, `${displayWidth(line)} > ${width}: ${line}`);
}

const pages: readonly (readonly [name: string, render: (options: ReportOptions) => readonly string[]])[] = [
  ["plan", (options) => renderPlan(plan, { project, widenings }, options)],
  [
    "plan-nothing",
    (options) => renderPlan({ ...plan, steps: [], waiting: [] }, { project, widenings: new Map() }, options),
  ],
  [
    "plan-trouble",
    (options) => renderPlan({ ...plan, steps: [], waiting: trouble }, { project, widenings: new Map() }, options),
  ],
  ["status", (options) => renderStatus(status, { ...options, full: false })],
  ["plan-names", (options) => renderPlan(namesPlan, { project, widenings: new Map() }, options)],
  ["status-names", (options) => renderStatus(named, { ...options, full: false })],
  ["run", (options) => renderRun(summary, nowMs, options)],
  [
    "run-names",
    (options) =>
      renderRun(
        {
          ...summary,
          failures: [],
          waiting: [],
          stages: { ...summary.stages, marts: stage({ done: 3, registered: 2, rows: 10 }) },
        },
        nowMs,
        options,
      ),
  ],
  [
    "run-nothing",
    (options) =>
      renderRun(
        { ...summary, failures: [], waiting: [], stages: { collect: empty, convert: empty, marts: empty } },
        nowMs,
        options,
      ),
  ],
  [
    "calendar-years",
    (options) =>
      renderCalendar(
        days("2020-01-01", 2252, fullDay, {
          "2020-03-05": `${"■".repeat(22)}-■`,
          "2021-08-26": "-".repeat(24),
          "2024-02-29": `✕✕${"■".repeat(22)}`,
        }),
        { ...options, every: "hour" },
      ),
  ],
  [
    "calendar-months",
    (options) =>
      renderCalendar(days("2026-01-20", 60, "■", { "2026-02-03": "✕", "2026-03-01": "·" }), {
        ...options,
        every: "day",
      }),
  ],
];

const empty = { done: 0, failed: 0, held: 0, skipped: 0, bytes: 0, rows: 0, rejected: 0, ms: 0 };

for (const [page, render] of pages) {
  for (const [form, options] of forms) {
    test(`${page} at ${form}`, () => {
      const lines = render(options);
      assertFits(lines, options.width);
      assertGolden(`golden/${page}-${form}.txt`, lines);
    });
  }
}

test("a calendar in which old days differ folds months, and never loses a gap", () => {
  const broken = Object.fromEntries(
    days("2025-01-01", 365, fullDay)
      .filter((_, index) => index % 3 === 0)
      .map(({ day: date }) => [date, `✕${"■".repeat(23)}`]),
  );
  const options = { width: 80, paint: noPaint, every: "hour" } as const;
  const folded = renderCalendar(days("2025-01-01", 365, fullDay, broken), options);
  assert.ok(folded.length < 40, `${folded.length} lines`);
  const told = folded.join("\n").match(/(\d+) gaps?/g) ?? [];
  const gaps = told.reduce((sum, text) => sum + Number.parseInt(text, 10), 0);
  assert.equal(gaps, Object.keys(broken).length);
  const full = renderCalendar(days("2025-01-01", 365, fullDay, broken), { ...options, full: true });
  assert.equal(full.filter((line) => line.includes("✕")).length, Object.keys(broken).length + 1);
});

test("the legend names the symbols that occur and no other", () => {
  const lines = renderCalendar([day("2026-03-01", `■✕${" ".repeat(22)}`)], {
    width: 80,
    paint: noPaint,
    every: "hour",
  });
  assert.equal(lines.at(-1), "  ■ converted   ✕ gap");
});
