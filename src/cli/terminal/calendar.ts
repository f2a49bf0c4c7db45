/**
 * What exists, at a glance: a day a row and an hour a cell, or, for sources with a file a day, a month a row. Years of
 * complete days fold into one line; a hole never does.
 */
import type { CalendarCell, CalendarDay } from "../../answers.ts";
import { counted } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { displayWidth, wrap } from "./text.ts";

interface Look {
  readonly symbol: string;
  readonly paint: keyof Paint | undefined;
  /** In the legend. */
  readonly meaning: string;
  /** In a folded line: "58 days complete". */
  readonly whole: string;
  /** In counts: "2 gaps"; `undefined` for what is not worth counting. */
  readonly noun: readonly [one: string, many: string] | undefined;
}

const same = (word: string): readonly [string, string] => [word, word];

const looks: Readonly<Record<CalendarCell, Look>> = {
  converted: { symbol: "■", paint: "accent", meaning: "converted", whole: "complete", noun: undefined },
  stored: {
    symbol: "▪",
    paint: undefined,
    meaning: "stored, not converted yet",
    whole: "stored, not converted",
    noun: same("stored"),
  },
  rejected: {
    symbol: "!",
    paint: undefined,
    meaning: "converted, with rejected lines",
    whole: "with rejected lines",
    noun: same("with rejected lines"),
  },
  odd: {
    symbol: "~",
    paint: undefined,
    meaning: "unusually small or large",
    whole: "of unusual size",
    noun: same("of unusual size"),
  },
  due: { symbol: "+", paint: "quiet", meaning: "to fetch", whole: "to fetch", noun: same("to fetch") },
  pending: { symbol: "·", paint: "quiet", meaning: "pending", whole: "pending", noun: same("pending") },
  gap: { symbol: "✕", paint: "alarm", meaning: "gap", whole: "missing", noun: ["gap", "gaps"] },
  held: { symbol: "H", paint: "alarm", meaning: "held back", whole: "held back", noun: same("held back") },
  failed: { symbol: "F", paint: "alarm", meaning: "failed", whole: "failed", noun: same("failed") },
  known: {
    symbol: "-",
    paint: "quiet",
    meaning: "known hole",
    whole: "known as missing",
    noun: ["known hole", "known holes"],
  },
  outside: { symbol: " ", paint: "quiet", meaning: "not wanted", whole: "not wanted", noun: undefined },
};

/** Everything in the order of the legend. */
const order = Object.keys(looks).filter((cell): cell is CalendarCell => cell in looks);

export interface CalendarOptions {
  readonly width: number;
  readonly paint: Paint;
  readonly every: "hour" | "day";
  /** Folds nothing. */
  readonly full?: boolean;
}

interface Row {
  /** A day or a month, or a stretch of them. */
  readonly label: string;
  readonly cells: readonly CalendarCell[];
  /** Instead of cells. */
  readonly folded: string | undefined;
}

const indent = "  ";
/** The newest rows that are always drawn. */
const ROWS_DRAWN = 14;
/** A shorter run of equal days is not worth folding. */
const RUN_MIN = 3;
/** With more rows than this, old months become one line of counts each. */
const ROWS_MAX = 60;

/** Lines without the source's heading; the last one is the legend of the symbols that occur. */
export function renderCalendar(days: readonly CalendarDay[], options: CalendarOptions): readonly string[] {
  const all = options.every === "hour" ? days.map(toRow) : monthRows(days);
  const rows = options.full === true ? all : fold(all, options.every);
  if (rows.length === 0) return [];
  const frame = frameFor(options);
  const hasHours = options.every === "hour" && rows.some((row) => row.folded === undefined);
  const scale = hasHours ? [options.paint.quiet(`${" ".repeat(frame.left)}0     6     12    18`)] : [];
  return [...scale, ...rows.flatMap((row) => rowLines(row, frame, options)), ...legend(rows, options)];
}

interface Frame {
  readonly indent: string;
  readonly gap: string;
  readonly cells: number;
  /** Where the cells begin. */
  readonly left: number;
}

/** A month of days is a little too wide for the narrowest terminals: there the margins go. */
function frameFor({ every, width }: CalendarOptions): Frame {
  const [label, cells] = every === "hour" ? ["2026-03-01".length, 24] : ["2026-03".length, 31];
  const isRoomy = indent.length + label + indent.length + cells <= width;
  const [margin, gap] = isRoomy ? [indent, indent] : ["", " "];
  return { indent: margin, gap, cells, left: margin.length + label + gap.length };
}

const toRow = (day: CalendarDay): Row => ({ label: day.day, cells: day.cells, folded: undefined });

/** A row a month; days before the first and after the last one are blank. */
function monthRows(days: readonly CalendarDay[]): readonly Row[] {
  const months = new Map<string, CalendarCell[]>();
  for (const { day, cells } of days) {
    const month = day.slice(0, 7);
    const row = months.get(month) ?? [];
    months.set(month, row);
    const place = Number(day.slice(8, 10)) - 1;
    while (row.length < place) row.push("outside");
    row[place] = cells[0] ?? "outside";
  }
  return [...months].map(([label, cells]) => ({ label, cells, folded: undefined }));
}

function fold(rows: readonly Row[], every: "hour" | "day"): readonly Row[] {
  if (rows.length <= ROWS_DRAWN) return rows;
  const old = rows.slice(0, -ROWS_DRAWN);
  const unit = every === "hour" ? "day" : "month";
  const folded = foldRuns(old, unit);
  const shown = folded.length + ROWS_DRAWN > ROWS_MAX ? foldMonths(old, unit) : folded;
  return [...shown, ...rows.slice(-ROWS_DRAWN)];
}

/** Stretches of rows that hold one and the same state from end to end. */
function foldRuns(rows: readonly Row[], unit: string): readonly Row[] {
  const out: Row[] = [];
  for (let start = 0; start < rows.length; ) {
    const state = uniform(rows[start]);
    let end = start + 1;
    while (state !== undefined && end < rows.length && uniform(rows[end]) === state) end++;
    const run = rows.slice(start, end);
    if (state === undefined || run.length < RUN_MIN) out.push(...run);
    else out.push({ label: span(run), cells: [], folded: `${counted(run.length, unit)} ${looks[state].whole}` });
    start = end;
  }
  return out;
}

function uniform(row: Row | undefined): CalendarCell | undefined {
  const first = row?.cells[0];
  return first !== undefined && row?.cells.every((cell) => cell === first) === true ? first : undefined;
}

const span = (rows: readonly Row[]): string =>
  rows.length === 1 ? (rows[0]?.label ?? "") : `${rows[0]?.label ?? ""} … ${rows.at(-1)?.label ?? ""}`;

/** Months (years, for rows that are months) as counts; neighbours without anything to tell become one. */
function foldMonths(rows: readonly Row[], unit: string): readonly Row[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const name = row.label.slice(0, unit === "day" ? 7 : 4);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  const out: { rows: Row[]; told: string }[] = [];
  for (const group of groups.values()) {
    const told = tell(group.flatMap((row) => row.cells));
    const before = out.at(-1);
    if (before !== undefined && before.told === "" && told === "") before.rows.push(...group);
    else out.push({ rows: [...group], told });
  }
  return out.map(({ rows: group, told }) => ({
    label: span(group),
    cells: [],
    folded: `${counted(group.length, unit)} ${told === "" ? "complete" : told}`,
  }));
}

/** What is not plainly converted, counted. */
function tell(cells: readonly CalendarCell[], paint?: Paint): string {
  const parts: string[] = [];
  for (const state of order) {
    const { noun, paint: colour } = looks[state];
    const items = cells.reduce((sum, cell) => sum + (cell === state ? 1 : 0), 0);
    if (noun === undefined || items === 0) continue;
    const text = counted(items, noun[0], noun[1]);
    parts.push(paint === undefined || colour === undefined ? text : paint[colour](text));
  }
  return parts.join(", ");
}

function rowLines(row: Row, frame: Frame, options: CalendarOptions): readonly string[] {
  if (row.folded !== undefined) {
    const [first = "", ...more] = wrap(`${row.label}  ${row.folded}`, options.width - frame.indent.length - 2);
    return [frame.indent + first, ...more.map((line) => `${frame.indent}  ${line}`)];
  }
  const note = uniform(row) === undefined ? tell(row.cells, options.paint) : "";
  const line = frame.indent + row.label + frame.gap + row.cells.map((cell) => paintCell(cell, options.paint)).join("");
  const filled = line + " ".repeat(Math.max(0, frame.cells - row.cells.length));
  const isRoomy = displayWidth(filled) + 2 + displayWidth(note) <= options.width;
  return [note !== "" && isRoomy ? `${filled}  ${note}` : line.trimEnd()];
}

/** One day alone, without its counts. */
export function dayLine(day: CalendarDay, paint: Paint): string {
  return `${indent}${day.day}  ${day.cells.map((cell) => paintCell(cell, paint)).join("")}`;
}

function paintCell(cell: CalendarCell, paint: Paint): string {
  const { symbol, paint: colour } = looks[cell];
  return colour === undefined || symbol === " " ? symbol : paint[colour](symbol);
}

function legend(rows: readonly Row[], options: CalendarOptions): readonly string[] {
  const used = new Set(rows.flatMap((row) => row.cells));
  const parts = order
    .filter((cell) => used.has(cell) && cell !== "outside")
    .map((cell) => `${looks[cell].symbol} ${looks[cell].meaning}`);
  if (parts.length === 0) return [];
  // Spaces within an entry must not be broken at.
  const glued = parts.map((part) => part.replaceAll(" ", "\u00a0")).join("   ");
  return [
    "",
    ...wrap(glued, options.width - indent.length).map((line) =>
      options.paint.quiet(indent + line.replaceAll("\u00a0", " ").trimEnd()),
    ),
  ];
}
