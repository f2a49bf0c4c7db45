/** The rows of a query onto stdout, batch by batch, no faster than its reader reads. */
import type { QueryAnswer } from "../answers.ts";
import type { QueryValue } from "../engine/contract.ts";
import type { Call } from "./command.ts";
import { writeWhole } from "./drain.ts";
import { layOutTable, type TableLayout, tableHeader, tableLine } from "./terminal/table.ts";
import { guarded, visible } from "./terminal/text.ts";
import { cellText, csvField, jsonRow, tableColumn, uniqueNames } from "./terminal/values.ts";

type Row = readonly QueryValue[];

interface TextRow {
  readonly row: Row;
  readonly texts: readonly string[];
}

type OutputCall = Pick<Call, "out" | "stdout" | "signal">;

/** Widths are decided by so many rows; later ones are cut to them. */
const ROWS_MEASURED = 1000;

export interface TableOutput {
  /** Shortens nothing, however wide the lines get. */
  readonly full?: boolean;
  readonly indent?: string;
}

export async function writeTable(
  call: OutputCall,
  answer: QueryAnswer,
  { full = false, indent = "" }: TableOutput = {},
): Promise<void> {
  const { out } = call;
  const columns = answer.columns.map(tableColumn);
  let layout: TableLayout | undefined;
  let waiting: TextRow[] = [];
  const lineOf = (layout: TableLayout, { texts, row }: TextRow): string =>
    tableLine(layout, texts, (text, index) => (row[index] === null ? out.paint.quiet(text) : text));
  const flush = async (): Promise<void> => {
    const lines: string[] = [];
    if (layout === undefined) {
      const texts = waiting.map((each) => each.texts);
      layout = layOutTable(columns, texts, full ? undefined : out.width() - indent.length);
      lines.push(tableHeader(layout, out.paint));
    }
    for (const each of waiting) lines.push(lineOf(layout, each));
    waiting = [];
    await writeWhole(call, guarded(lines.map((line) => `${indent}${line}\n`).join("")));
  };
  for await (const batch of answer.rows()) {
    for (const row of batch) waiting.push({ row, texts: row.map((value) => cellText(value, !full)) });
    if (layout !== undefined || waiting.length >= ROWS_MEASURED) await flush();
  }
  await flush();
  const left = layout?.left ?? 0;
  if (left > 0)
    await writeWhole(
      call,
      `${indent}${out.paint.quiet(`… and ${left} more ${left === 1 ? "column" : "columns"}: --full, --json or --csv show them`)}\n`,
    );
}

export async function writeJson(call: OutputCall, answer: QueryAnswer): Promise<void> {
  const names = uniqueNames(answer.columns).map((name) => JSON.stringify(name));
  for await (const batch of answer.rows())
    await writeWhole(call, batch.map((row) => `${jsonRow(names, row)}\n`).join(""));
}

export async function writeCsv(call: OutputCall, answer: QueryAnswer): Promise<void> {
  // A file gets every byte; a terminal gets nothing that could steer it.
  const field = call.out.isTerminal ? (value: QueryValue) => visible(csvField(value)) : csvField;
  const lineOf = (row: Row): string => `${row.map(field).join(",")}\n`;
  await writeWhole(call, lineOf(answer.columns.map((column) => column.name)));
  for await (const batch of answer.rows()) await writeWhole(call, batch.map(lineOf).join(""));
}
