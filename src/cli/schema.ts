import { resolve } from "node:path";
import type { FileSchemaAnswer, SchemaColumn, SchemaStatements, TableSchemaAnswer } from "../answers.ts";
import { Failure } from "../errors.ts";
import type { Call, Command } from "./command.ts";
import { withApp } from "./open.ts";
import { choice, flag, list, whole } from "./option.ts";
import { renderFileSchema, renderTableSchema, type SchemaView } from "./terminal/schema-report.ts";
import { startTicker } from "./terminal/ticker.ts";

/** Footers of 200 KB each: of ten years of hours nobody wants to wait for all. */
const NEWEST = 64;

const options = {
  depth: whole("depth", "N", "levels of the tree that are opened", 1, { fallback: "as many as fit some 60 lines" }),
  match: list("match", "PATTERN", "only columns with that in their path; with * the whole path must match"),
  list: flag("list", "every column with its whole path instead of the tree"),
  all: flag("all", `read the footers of all partitions, not of the newest ${NEWEST}`),
  ddl: choice("ddl", "FORM", ["duckdb", "spark", "json"], "the columns alone, in the words of an engine"),
} as const;

export const schema: Command = {
  name: "schema",
  purpose: "columns of a table or file: types, how full, since when",
  usage: ["schema TABLE [options]", "schema FILE [options]"],
  arguments: { least: 1, most: 1, names: "one table or file" },
  options: Object.values(options),
  examples: [
    ["schema events", "the tree of a table's columns"],
    ["schema events --match payload.pull_request --depth 3", "a part of it"],
    ["schema ./2026-03-01-05.json.gz", "what the columns of a file would become"],
    ["schema events --ddl spark", "for spark.read.schema(…): a bare load would miss columns"],
    ["schema events --json", "all of it as one JSON object"],
  ],
  notes: [
    "A word with a dot or a slash is a file: Parquet of any writer, or JSON lines, plain, gzip or zstd.",
    `present is the share of rows that have a value, for a struct that of its fullest column; below a list it is the number of values (×). distinct was counted by dictionaries: ≥ over several partitions, ≤ where a column has none. For a table both come from the newest ${NEWEST} partitions, or with --all from every one.`,
  ],
  exitCodes: [
    [0, "done"],
    [1, "the file is damaged or missing; the table has no partition yet"],
    [2, "no such table"],
  ],
  async run(call) {
    const [word = ""] = call.words;
    return /[./\\]/.test(word) ? ofFile(call, word) : ofTable(call, word);
  },
};

async function ofTable(call: Call, table: string): Promise<number> {
  const form = call.read(options.ddl);
  return withApp(call, async (app) => {
    const ticker = startTicker(call, () => "reading footers   Ctrl-C stops");
    const profile = form === undefined ? { profile: call.read(options.all) ? Number.POSITIVE_INFINITY : NEWEST } : {};
    const answer = await app.schema(table, { signal: call.signal, ...profile }).finally(ticker.stop);
    const shown = { ...answer, columns: answer.columns.filter(wanted(call)) };
    if (!printForm(call, shown, answer.ddl)) call.out.print(...renderTableSchema(shown, viewOf(call)));
    return 0;
  });
}

async function ofFile(call: Call, name: string): Promise<number> {
  const { openTools } = await import("../app.ts");
  const tools = openTools({ parallel: 1 });
  const ticker = startTicker(call, () => "reading the file   Ctrl-C stops");
  const found = await tools.schemaOfFile(resolve(call.cwd, name), { signal: call.signal }).finally(ticker.stop);
  const shown: FileSchemaAnswer = { ...found, file: name, columns: found.columns.filter(wanted(call)) };
  if (!printForm(call, shown, found.ddl)) call.out.print(...renderFileSchema(shown, viewOf(call)));
  return 0;
}

/** The forms that programs read; `false` if a person asked. */
function printForm(
  call: Call,
  answer: TableSchemaAnswer | FileSchemaAnswer,
  ddl: SchemaStatements | undefined,
): boolean {
  const form = call.read(options.ddl);
  if (form === "json") {
    call.out.printJson(answer.columns.map(({ path, type, typeText }) => ({ path, type: type ?? { kind: typeText } })));
    return true;
  }
  if (form !== undefined) {
    if (ddl === undefined) {
      throw new Failure("usage", "--ddl: millrace did not write this file, and has no statement for its types", {
        remedy: "--ddl json lists them; or ask the engine, as with DuckDB's describe",
      });
    }
    call.out.printExactly(`${ddl[form]}\n`);
    return true;
  }
  if (call.common.json) call.out.printJson(answer);
  return call.common.json;
}

/** Whether a column is one of those asked for. */
function wanted(call: Call): (column: SchemaColumn) => boolean {
  const patterns = call.read(options.match).map((pattern) => {
    const parts = pattern.toLowerCase().split("*");
    const expression = parts.map((part) => part.replaceAll(/[\\^$.+?()[\]{}|]/g, "\\$&")).join(".*");
    return new RegExp(parts.length > 1 ? `^${expression}$` : expression, "s");
  });
  return ({ path }) => patterns.length === 0 || patterns.some((pattern) => pattern.test(path.toLowerCase()));
}

function viewOf(call: Call): SchemaView {
  const isMatched = call.read(options.match).length > 0;
  return {
    width: call.out.width(),
    paint: call.out.paint,
    depth: call.read(options.depth) ?? (isMatched ? Number.POSITIVE_INFINITY : undefined),
    isList: call.read(options.list),
  };
}
