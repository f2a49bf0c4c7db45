/** Aligned columns that fit a width: numbers stand right and are the last to be cut, long text gives way first. */
import type { Paint } from "./paint.ts";
import { displayWidth, fitted, padEnd, padStart, visible } from "./text.ts";

export interface TableColumn {
  readonly header: string;
  readonly align: "left" | "right";
}

export interface TableLayout {
  readonly columns: readonly TableColumn[];
  /** Cells of each column that is shown. */
  readonly widths: readonly number[];
  /** Columns at the end for which there was no room. */
  readonly left: number;
}

const gap = "  ";
/** Narrower than this, a cut text says nothing any more. */
const WIDTH_MIN = 6;

/** Widths for `rows`, which may be a sample. `width` is the room in cells, or `undefined` for as much as it takes. */
export function layOutTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  width: number | undefined,
): TableLayout {
  const natural = columns.map((column, index) =>
    rows.reduce(
      (widest, row) => Math.max(widest, boundedWidth(row[index] ?? "", width)),
      displayWidth(visible(column.header)),
    ),
  );
  if (width === undefined) return { columns, widths: natural, left: 0 };
  const least = leastWidths(columns, natural, width);
  let shown = columns.length;
  while (shown > 1 && lineWidth(least.slice(0, shown)) > width) shown--;
  const widths = shrink(natural.slice(0, shown), least, width - gap.length * (shown - 1));
  return { columns: columns.slice(0, shown), widths, left: columns.length - shown };
}

/** What is this short stays whole if it can, the largest of these first. */
const SHORT_WIDTHS = [32, 24, 20, 16, 13, 10] as const;

/** Numbers keep their digits; short texts stay whole as far as there is room, so that long ones give way first. */
function leastWidths(columns: readonly TableColumn[], natural: readonly number[], width: number): readonly number[] {
  const leastFor = (short: number): readonly number[] =>
    columns.map(({ align }, index) => {
      const own = natural[index] ?? 0;
      return align === "right" || own <= short ? Math.min(own, width) : Math.min(own, WIDTH_MIN);
    });
  const tries = SHORT_WIDTHS.map(leastFor);
  return tries.find((least) => lineWidth(least) <= width) ?? leastFor(0);
}

/** The width of a cell, not measured beyond what a line can hold. */
function boundedWidth(cell: string, width: number | undefined): number {
  return displayWidth(width === undefined ? visible(cell) : fitted(cell, width));
}

const lineWidth = (widths: readonly number[]): number =>
  widths.reduce((sum, each) => sum + each, gap.length * (widths.length - 1));

/** Lowers the widest columns to one common ceiling until the sum fits; no column falls below its least width. */
function shrink(natural: readonly number[], least: readonly number[], room: number): readonly number[] {
  const under = (ceiling: number): number[] =>
    natural.map((each, index) => Math.min(each, Math.max(ceiling, least[index] ?? 0)));
  const total = (widths: readonly number[]): number => widths.reduce((sum, each) => sum + each, 0);
  if (total(natural) <= room) return natural;
  let low = 1;
  let high = Math.max(1, ...natural);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (total(under(middle)) <= room) low = middle;
    else high = middle - 1;
  }
  const widths = under(low);
  // What the common ceiling left over goes to the columns it cut, from the left.
  for (let spare = room - total(widths), index = 0; spare > 0 && index < widths.length; index++) {
    const width = widths[index] ?? 0;
    if (width < (natural[index] ?? 0)) {
      widths[index] = width + 1;
      spare--;
    }
  }
  return natural.length === 1 && total(widths) > room ? [Math.max(1, room)] : widths;
}

export function tableHeader(layout: TableLayout, paint: Paint): string {
  return paint.quiet(
    tableLine(
      layout,
      layout.columns.map((column) => column.header),
    ),
  );
}

/** One row; `paintCell` colours a cell that stands in its place already. */
export function tableLine(
  layout: TableLayout,
  cells: readonly string[],
  paintCell?: (text: string, index: number) => string,
): string {
  const texts = layout.columns.map((column, index) => {
    const width = layout.widths[index] ?? 0;
    const text = fitted(cells[index] ?? "", width);
    const isLast = index === layout.columns.length - 1;
    const placed = column.align === "right" ? padStart(text, width) : isLast ? text : padEnd(text, width);
    return paintCell === undefined ? placed : paintCell(placed, index);
  });
  return texts.join(gap).trimEnd();
}

/** A whole table of known rows. */
export function renderTable(
  columns: readonly TableColumn[],
  rows: readonly (readonly string[])[],
  options: { readonly width: number | undefined; readonly paint: Paint; readonly indent?: string },
): readonly string[] {
  const indent = options.indent ?? "";
  const layout = layOutTable(columns, rows, options.width === undefined ? undefined : options.width - indent.length);
  return [tableHeader(layout, options.paint), ...rows.map((row) => tableLine(layout, row))].map(
    (line) => indent + line,
  );
}
