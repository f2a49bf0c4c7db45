/** The schema of a table or a file for people: what it was read from, its columns, and what conflicts they met. */
import type { FileSchemaAnswer, ReadPartitions, TableSchemaAnswer } from "../../answers.ts";
import { count, counted } from "./numbers.ts";
import type { ReportOptions } from "./report.ts";
import { renderList, renderTree, type TreeOptions } from "./schema-tree.ts";
import { visible, wrap } from "./text.ts";

export interface SchemaView extends ReportOptions {
  /** Levels of the tree that are opened; by default as many as fit. */
  readonly depth: number | undefined;
  readonly isList: boolean;
}

export function renderTableSchema(answer: TableSchemaAnswer, view: SchemaView): readonly string[] {
  const { paint, width } = view;
  const { table, version, columns, partitions, read } = answer;
  const figures = `version ${version}, ${counted(columns.length, "column")}, ${counted(partitions, "partition")}`;
  const widenings = answer.widenings.flatMap((each) => [
    `  ${visible(each.path)}  ${visible(each.from)} → ${visible(each.to)}`,
    `    ${paint.quiet(visible(causeText(each)))}`,
  ]);
  const held = answer.held.map((each) => paint.alarm(`  ${visible(each.key)}  ${visible(each.reason)}`));
  const source = read === undefined ? [] : wrap(readText(read, partitions), width - 2);
  return [
    `${visible(table)}   ${figures}`,
    ...source.map((line) => paint.quiet(`  ${line}`)),
    "",
    ...renderColumns(columns, view, read?.newest),
    ...(widenings.length === 0 ? [] : ["", "Widened", ...widenings]),
    ...(held.length === 0 ? [] : ["", "Held back", ...held]),
  ];
}

/** Of a schema that was rebuilt from footers nobody knows the line any more. */
const causeText = ({ src, line, offset, value }: TableSchemaAnswer["widenings"][number]): string =>
  line === 0 ? "by a line that is not known any more" : `${src}, line ${count(line)}, byte ${count(offset)}: ${value}`;

function readText({ partitions, rows, oldest, newest }: ReadPartitions, all: number): string {
  const which = partitions === all ? "all partitions" : `the newest ${count(partitions)} partitions`;
  const more = partitions === all ? "" : "; --all reads every one";
  const span = oldest === newest ? oldest : `${oldest} … ${newest}`;
  return `present and distinct from ${which} (${span}, ${counted(rows, "row")})${more}`;
}

export function renderFileSchema(answer: FileSchemaAnswer, view: SchemaView): readonly string[] {
  const { file, kind, rows, rejected, createdBy, columns } = answer;
  const figures = [
    kind === "json" ? "JSON lines" : "Parquet",
    counted(rows, "row"),
    ...(rejected === 0 ? [] : [`${count(rejected)} rejected`]),
    counted(columns.length, "column"),
  ];
  const writer = kind === "json" || createdBy === "" ? [] : [view.paint.quiet(`  written by ${visible(createdBy)}`)];
  return [`${visible(file)}   ${figures.join(", ")}`, ...writer, "", ...renderColumns(columns, view, undefined)];
}

function renderColumns(
  columns: TableSchemaAnswer["columns"] | FileSchemaAnswer["columns"],
  view: SchemaView,
  newest: string | undefined,
): readonly string[] {
  const options: TreeOptions = { ...view, newest };
  if (columns.length === 0) return ["  no column"];
  return view.isList ? renderList(columns, options) : renderTree(columns, options);
}
