import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { hostile } from "../../../test/cli/fixtures.ts";
import { noPaint } from "./paint.ts";
import { layOutTable, renderTable, type TableColumn, tableLine } from "./table.ts";
import { displayWidth } from "./text.ts";

const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31);
const runs = { seed, numRuns: Number(process.env.FC_RUNS ?? 200) };
const columns: readonly TableColumn[] = [
  { header: "repo", align: "left" },
  { header: "pushes", align: "right" },
  { header: "payload", align: "left" },
];

test("numbers stand right, the last text is not padded", () => {
  assert.deepEqual(
    renderTable(
      columns,
      [
        ["user41/repo-7", "312", "x"],
        ["a", "9", "long"],
      ],
      { width: 80, paint: noPaint, indent: "  " },
    ),
    ["  repo           pushes  payload", "  user41/repo-7     312  x", "  a                   9  long"],
  );
});

test("the widest text gives way, numbers keep their digits", () => {
  const lines = renderTable(columns, [["user41/repo-7", "123456789012", `{"a":"${"y".repeat(200)}"}`]], {
    width: 40,
    paint: noPaint,
  });
  assert.deepEqual(lines, ["repo                 pushes  payload", 'user41/repo-7  123456789012  {"a":"yyyy…']);
});

test("without a width nothing is cut", () => {
  const long = "z".repeat(300);
  const [, line = ""] = renderTable(columns, [[long, "1", long]], { width: undefined, paint: noPaint });
  assert.equal(line.length, 300 + 2 + 6 + 2 + 300);
});

test("columns without room are left out and counted", () => {
  const many = Array.from({ length: 30 }, (_, index): TableColumn => ({ header: `column${index}`, align: "left" }));
  const layout = layOutTable(many, [many.map(() => "some text")], 80);
  assert.ok(layout.left > 0);
  assert.equal(layout.left + layout.columns.length, 30);
});

test("hostile cells and headers stay in their line", () => {
  const lines = renderTable(
    [
      { header: hostile, align: "left" },
      { header: "n", align: "right" },
    ],
    [[hostile, "1"]],
    { width: 80, paint: noPaint },
  );
  for (const line of lines) assert.doesNotMatch(line, /\p{Cc}|\u202e/u);
});

test(`every line fits, whatever the cells hold (seed ${seed})`, () => {
  const cell = fc.string({ unit: "grapheme", maxLength: 60 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), { maxLength: 5 }),
      fc.integer({ min: 30, max: 120 }),
      (rows, width) => {
        const texts = columns.map((column) => ({ ...column, align: "left" as const }));
        const layout = layOutTable(texts, rows, width);
        for (const row of rows) assert.ok(displayWidth(tableLine(layout, row)) <= width);
      },
    ),
    runs,
  );
});
