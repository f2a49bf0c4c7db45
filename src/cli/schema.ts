import type { TableSchemaAnswer } from "../answers.ts";
import type { Command } from "./command.ts";
import { withApp } from "./open.ts";
import { choice } from "./option.ts";
import { count, counted } from "./terminal/numbers.ts";
import type { ReportOptions } from "./terminal/report.ts";
import { renderTable } from "./terminal/table.ts";
import { visible } from "./terminal/text.ts";

const ddl = choice("ddl", "FORM", ["duckdb", "spark", "json"], "the columns alone, in the words of an engine");

export const schema: Command = {
  name: "schema",
  purpose: "a table's columns, when each appeared, what widened",
  usage: ["schema TABLE [options]"],
  arguments: { least: 1, most: 1, names: "one table" },
  options: [ddl],
  examples: [
    ["schema events", "every column with its type and the partition in which it first appeared"],
    ["schema events --ddl spark", "for spark.read.schema(…): a bare load would miss columns"],
    ["schema events --ddl duckdb", "the columns for DuckDB"],
    ["schema events --json", "all of it as one JSON object"],
  ],
  run: (call) =>
    withApp(call, async (app) => {
      const [table = ""] = call.words;
      const answer = await app.schema(table, { signal: call.signal });
      const form = call.read(ddl);
      if (form === "json") call.out.printJson(answer.columns.map(({ path, type }) => ({ path, type })));
      else if (form !== undefined) call.out.printExactly(`${answer.ddl[form]}\n`);
      else if (call.common.json) call.out.printJson(answer);
      else call.out.print(...renderSchema(answer, { width: call.out.width(), paint: call.out.paint }));
      return 0;
    }),
};

export function renderSchema(answer: TableSchemaAnswer, { width, paint }: ReportOptions): readonly string[] {
  const columns = [
    { header: "column", align: "left" },
    { header: "type", align: "left" },
    { header: "first in", align: "left" },
    { header: "", align: "left" },
  ] as const;
  const rows = answer.columns.map((column) => [
    column.path,
    column.typeText,
    column.first ?? "-",
    column.declared ? "declared" : "",
  ]);
  const widenings = answer.widenings.flatMap((each) => [
    `  ${visible(each.path)}  ${visible(each.from)} → ${visible(each.to)}`,
    `    ${paint.quiet(visible(`${each.src}, line ${count(each.line)}, byte ${count(each.offset)}: ${each.value}`))}`,
  ]);
  const held = answer.held.map((each) => paint.alarm(`  ${visible(each.key)}  ${visible(each.reason)}`));
  return [
    `${visible(answer.table)}   version ${answer.version}, ${counted(answer.columns.length, "column")}, ${counted(answer.partitions, "partition")}`,
    "",
    ...renderTable(columns, rows, { width, paint, indent: "  " }),
    ...(widenings.length === 0 ? [] : ["", "Widened", ...widenings]),
    ...(held.length === 0 ? [] : ["", "Held back", ...held]),
  ];
}
