/** Who is measured: ours, the peers, and the limits that no converter can go below. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { isRecord, numberIn } from "../process.ts";
import { python, sparkSubmit } from "./install.ts";

export interface Competitor {
  readonly name: string;
  /** `limit` writes no file. */
  readonly kind: "ours" | "peer" | "limit";
  readonly command: (files: Files) => readonly string[];
  /** For a process that converts several times: what the last, warm time cost. Otherwise the whole process counts. */
  readonly warmCost?: (stdout: string) => { readonly cpuSeconds: number; readonly wallSeconds: number };
  /** Only where it is asked for, since it takes a minute a round. */
  readonly isSpark?: boolean;
}

export interface Files {
  readonly input: string;
  readonly output: string;
  /** Our converter's schema as JSON, and as Spark's column definitions. */
  readonly schema: string;
  readonly sparkColumns: string;
  /** The directory with our compiled scripts. */
  readonly built: string;
}

const here = import.meta.dirname;
const node = process.execPath;

/** The name that every ratio is against. */
export const oursCold = "millrace";

export const competitors: readonly Competitor[] = [
  { name: oursCold, kind: "ours", command: (files) => ours("convert-once.js", files) },
  {
    name: "millrace, rows in TypeScript",
    kind: "ours",
    command: (files) => ["env", "MILLRACE_SHRED=typescript", ...ours("convert-once.js", files)],
  },
  {
    name: "millrace, without a worker",
    kind: "ours",
    command: (files) => ours("convert-once.js", files, "--workers", "0"),
  },
  {
    name: "millrace, warm",
    kind: "ours",
    command: (files) => ours("convert-many.js", files, "--count", "6"),
    warmCost: lastConversion,
  },
  { name: "DuckDB, columns given", kind: "peer", command: (files) => [...duckdb(files), files.schema] },
  {
    name: "DuckDB, columns given, one thread",
    kind: "peer",
    command: (files) => [...duckdb(files), files.schema, "--one-thread"],
  },
  { name: "DuckDB, inferring", kind: "peer", command: duckdb },
  { name: "DuckDB, inferring, one thread", kind: "peer", command: (files) => [...duckdb(files), "--one-thread"] },
  { name: "chDB", kind: "peer", command: (files) => inPython("chdb-convert.py", files) },
  { name: "chDB, one thread", kind: "peer", command: (files) => inPython("chdb-convert.py", files, "one-thread") },
  { name: "pyarrow", kind: "peer", command: (files) => inPython("pyarrow-convert.py", files) },
  {
    name: "pyarrow, file as one block",
    kind: "peer",
    command: (files) => inPython("pyarrow-convert.py", files, "all"),
  },
  {
    name: "pyarrow, file as one block, one thread",
    kind: "peer",
    command: (files) => inPython("pyarrow-convert.py", files, "all", "one-thread"),
  },
  { name: "Polars", kind: "peer", command: (files) => inPython("polars-convert.py", files) },
  {
    name: "Polars, inferring over all lines",
    kind: "peer",
    command: (files) => inPython("polars-convert.py", files, "all"),
  },
  {
    name: "Polars, inferring over all lines, one thread",
    kind: "peer",
    command: (files) => inPython("polars-convert.py", files, "all", "one-thread"),
  },
  { name: "Spark local[2], warm, inferring", kind: "peer", command: spark, warmCost: lastLine, isSpark: true },
  {
    name: "Spark local[2], warm, columns given",
    kind: "peer",
    command: (files) => [...spark(files), files.sparkColumns],
    warmCost: lastLine,
    isSpark: true,
  },
  { name: "gunzip", kind: "limit", command: ({ input }) => [python, join(here, "limit-gunzip.py"), input] },
  {
    name: "gunzip + simdjson",
    kind: "limit",
    command: ({ input }) => [python, join(here, "limit-simdjson.py"), input],
  },
];

/** Spark writes a directory of parts; everybody else a file. */
export function parquetFile(output: string): string {
  if (!statSync(output).isDirectory()) return output;
  const part = readdirSync(output).find((name) => name.endsWith(".parquet"));
  if (part === undefined) throw new Error(`${output} has no Parquet file`);
  return join(output, part);
}

function ours(script: string, { built, input, output }: Files, ...rest: readonly string[]): string[] {
  return [node, join(built, script), input, output, ...rest];
}

function duckdb({ input, output }: Files): string[] {
  return [node, join(here, "duckdb-convert.ts"), input, output];
}

function inPython(script: string, { input, output }: Files, ...rest: readonly string[]): string[] {
  return [python, join(here, script), input, output, ...rest];
}

function spark({ input, output }: Files): string[] {
  const settings = {
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.pyspark.python": python,
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.hadoop.parquet.compression.codec.zstd.level": "1",
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ["--conf", `${key}=${value}`]);
  const script = join(here, "spark-convert.py");
  // spark-submit looks for Spark's home beside this Python.
  return [
    "env",
    `PYSPARK_PYTHON=${python}`,
    sparkSubmit,
    "--master",
    "local[2]",
    "--driver-memory",
    "2g",
    ...options,
    script,
    input,
    output,
  ];
}

function lastConversion(stdout: string): { cpuSeconds: number; wallSeconds: number } {
  const report: unknown = JSON.parse(stdout);
  const conversions = isRecord(report) && Array.isArray(report.conversions) ? report.conversions : [];
  return costIn(conversions.at(-1));
}

function lastLine(stdout: string): { cpuSeconds: number; wallSeconds: number } {
  return costIn(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
}

function costIn(record: unknown): { cpuSeconds: number; wallSeconds: number } {
  return { cpuSeconds: numberIn(record, "cpuSeconds"), wallSeconds: numberIn(record, "wallSeconds") };
}
