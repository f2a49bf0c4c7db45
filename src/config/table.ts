/** `tables.<name>`: Parquet, one partition for each raw object, one merged schema. */
import { parsePath } from "../model/column-path.ts";
import { clashingColumns } from "../model/declared-columns.ts";
import type { TableSettings } from "../model/project.ts";
import type { DeclaredType } from "../model/schema.ts";
import * as kind from "./kinds.ts";
import { mapOf, option, readScalar, type ValuesOf } from "./option.ts";
import { section } from "./section.ts";

const columns = mapOf<DeclaredType>({
  doc:
    "Types of named columns, by dotted path; a list's element is `[]` (`payload.commits.[].sha`). A declared column has its " +
    "type whatever the data, and can be named in SQL although no file has it yet. Types: `bool`, `int64`, `double`, " +
    "`string`, `timestamp`, `decimal(p,s)`, `list<type>`, `struct<name type, …>`, `json` (the subtree as its JSON text) and " +
    "`drop` (leave the subtree out). All other columns get their types from the data.",
  example: "{ created_at: timestamp, payload.config: json, payload.pages: drop }",
  words: "map of path to type",
  schema: { type: "string" },
  checkName: (name) => {
    parsePath(name);
  },
  read: (_name, input, reading) => readScalar(kind.columnType, input, reading),
});

export const table = section(
  {
    doc: "Parquet made from a source's files: one partition for each file, one schema that is merged over all of them.",
  },
  {
    from: option(kind.reference("source"), { doc: "The source whose files are converted.", example: "gharchive" }),
    since: option(kind.orNone(kind.since), {
      doc: "Files before this are not wanted in the table: a duration counted from 00:00 UTC of today, or a fixed instant.",
      default: "none",
      example: "2015-01-01",
    }),
    until: option(kind.orNone(kind.instant), {
      doc: "Files at or after this instant are not wanted in the table.",
      default: "none",
      example: "2015-01-01",
    }),
    max: option(kind.orNone(kind.count(1, Number.MAX_SAFE_INTEGER)), {
      doc: "Most files converted in one pass.",
      default: "none",
      example: "100",
    }),
    parallel: option(kind.orWord(kind.count(1, 256), "auto", 0), {
      doc: "Conversions side by side; `auto` decides by cores and memory.",
      default: "auto",
      example: "2",
    }),
    convert: option(kind.choice("native", "spark"), {
      doc:
        "Who writes the Parquet files: millrace's own converter, several times cheaper a core, or `spark`, the server of " +
        "`engine.spark`, which gets what the own one found free of rejected lines and of everything that Spark reads otherwise.",
      default: "native",
      example: "spark",
    }),
    columns,
    conflicts: option(kind.choice("hold", "text"), {
      doc:
        "What happens to a file in which a column is a struct or list where the table has a scalar, or the reverse: `hold` " +
        "keeps the file out of the table until a person decides, `text` makes the column text.",
      default: "hold",
      example: "text",
    }),
    duplicate_keys: option(kind.choice("reject", "last"), {
      doc: "What happens to a line that has a key twice (also in two spellings): `reject` the line, or keep the `last` value.",
      default: "reject",
      example: "last",
    }),
    compression: option(kind.choice("zstd", "snappy"), {
      doc: "Compression of the Parquet pages.",
      default: "zstd",
      example: "snappy",
    }),
    rejects_max: option(kind.share, {
      doc: "Largest share of rejected lines. A file with more is held back.",
      default: "0.1%",
      example: "1%",
    }),
    line_max: option(kind.bytes(1024), {
      doc: "Longest line; a longer one is rejected without being held in memory.",
      default: "32MiB",
      example: "64MiB",
    }),
    depth_max: option(kind.count(1, 1000), {
      doc: "Deepest nesting of a line, its own object counted as 1; a deeper line is rejected.",
      default: "128",
      example: "64",
    }),
    columns_max: option(kind.count(1, 1_000_000), {
      doc: "Most columns of one file; a file with more is refused, with the object whose keys explode.",
      default: "10000",
      example: "20000",
    }),
    rewrite_max: option(kind.count(0, Number.MAX_SAFE_INTEGER), {
      doc: "Most partitions converted anew without being asked; more wait for `run --accept-rewrite`.",
      default: "200",
      example: "1000",
    }),
    on_widen: option(kind.choice("ask", "rewrite", "quarantine"), {
      doc:
        "What happens when a file needs a wider type than the table has and more than `rewrite_max` partitions would be " +
        "converted anew: `ask` holds the file back until the rewrite is accepted, `rewrite` does it at once, `quarantine` " +
        "keeps the file out.",
      default: "ask",
      example: "rewrite",
    }),
  },
  (values, report) => {
    const { since, until } = values;
    if (since?.kind === "at" && until !== undefined && until <= since.ms) {
      report("until", `not after since (${since.text})`, "The table would stay empty: move one of the two");
    }
    const clash = values.columns === undefined ? undefined : clashingColumns(values.columns);
    if (clash !== undefined) report("columns", clash.fact, clash.remedy);
  },
);

export function tableSettings(name: string, values: ValuesOf<typeof table.shape.fields>): TableSettings {
  return {
    name,
    from: values.from,
    since: values.since,
    untilMs: values.until,
    max: values.max,
    parallel: values.parallel,
    convert: values.convert,
    columns: values.columns,
    conflicts: values.conflicts,
    duplicateKeys: values.duplicate_keys,
    compression: values.compression,
    rejectsMax: values.rejects_max,
    lineBytesMax: values.line_max,
    depthMax: values.depth_max,
    columnsMax: values.columns_max,
    rewriteMax: values.rewrite_max,
    onWiden: values.on_widen,
  };
}
