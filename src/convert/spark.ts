/**
 * `convert: spark`: Spark writes the row groups, and nobody need trust it. The native converter reads the object first: it
 * finds the schema and the bad lines, and its file is the yardstick. What Spark would read otherwise than our rules have it
 * is not given to Spark (`spark-offer.ts`); of the rest Spark gets the schema, and what it wrote must have as many rows, and
 * in every column as many entries and nulls, as the native file. Then it gets our footer and takes the native file's place.
 */
import { randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { asFailure, Failure } from "../errors.ts";
import { sparkColumns } from "../model/ddl.ts";
import type { Schema } from "../model/schema.ts";
import { storedSchema } from "../model/stand-in.ts";
import { sparkVersions } from "../model/versions.ts";
import type { Converter, ConvertReport, ConvertRequest, Elsewhere, SqlSession } from "./contract.ts";
import { openTextInput, readCompression } from "./input-stream.ts";
import { OutputFile } from "./output-file.ts";
import { type FileCounts, readCounts, writeWithFooter } from "./spark-footer.ts";
import { LoneSurrogates, objectUnlikeSpark, settingsUnlikeSpark } from "./spark-offer.ts";

/** Settings of the session: a file is read in one piece, so that its rows keep their order, and values as they are written. */
export const conversionSettings: Readonly<Record<string, string>> = {
  "spark.sql.session.timeZone": "UTC",
  "spark.sql.ansi.enabled": "true",
  "spark.sql.files.minPartitionNum": "1",
  "spark.sql.files.maxPartitionBytes": String(2 ** 50),
  "spark.sql.json.enableExactStringParsing": "true",
  "spark.sql.parquet.writeLegacyFormat": "false",
};

export interface SparkConverterOptions {
  readonly native: Converter;
  /** Opened for each object that Spark gets, and closed behind it. */
  readonly session: () => Promise<SqlSession>;
}

/** Under this name the provenance says that Spark wrote the row groups, for example `spark/4.2.0`. */
export const WRITER_KEY = "written_by";

export function openSparkConverter({ native, session }: SparkConverterOptions): Converter {
  return {
    // The rules are the same whoever writes the bytes: a table may change its converter without being converted anew.
    version: native.version,
    async convert(request, options = {}) {
      const report = await native.convert(request, options);
      try {
        const reason = await unlikeSpark(request, report);
        if (reason !== undefined) return { ...report, notBySpark: reason };
        const opened = await session();
        try {
          if (isCompared(opened.version)) return await replaceBySpark(request, report, opened, options);
          return { ...report, notBySpark: `nobody has compared how Spark ${opened.version} reads JSON` };
        } finally {
          await opened.close();
        }
      } catch (error) {
        const failure = asFailure(error);
        if (isAboutTheObject(failure)) {
          return { ...report, notBySpark: failure.message };
        }
        await rm(request.output, { force: true });
        throw failure;
      }
    },
    emptyFile: (schema, file) => native.emptyFile(schema, file),
    close: () => native.close(),
  };
}

/** Spark read the object and did not like it, or we did not like what it made of it. */
const isAboutTheObject = ({ kind }: Failure): boolean => kind === "application" || kind === "refused";

/** What Spark reads otherwise is known of the versions that the corpus was run with. */
function isCompared(version: string): boolean {
  const lineOf = (text: string): string => text.split(".", 2).join(".");
  return sparkVersions.some(({ spark, verified }) => verified && lineOf(spark) === lineOf(version));
}

async function unlikeSpark(request: ConvertRequest, report: ConvertReport): Promise<string | undefined> {
  const { settings, input, elsewhere } = request;
  if (elsewhere === undefined) return "no other machine gets at it";
  const [setting] = settingsUnlikeSpark(settings);
  return setting ?? objectUnlikeSpark(report) ?? (await bytesUnlikeSpark(input.file, elsewhere.raw));
}

/** Spark tells compression by the name alone, and lone surrogates are nowhere but in the text. */
async function bytesUnlikeSpark(file: string, location: string): Promise<string | undefined> {
  const compression = await readCompression(file);
  if (compression === "zstd") return "it is compressed with zstd, which Spark reads only with native libraries";
  if (location.endsWith(".gz") !== (compression === "gzip")) {
    return compression === "gzip"
      ? "it is compressed with gzip, and its name does not end in .gz, by which Spark would know"
      : "it is not compressed, and its name ends in .gz";
  }
  const lone = new LoneSurrogates();
  const text = await openTextInput(file);
  try {
    for await (const chunk of text.chunks) {
      lone.push(chunk);
      if (lone.found) break;
    }
    lone.end();
  } finally {
    text.close();
  }
  return lone.found ? "half of a surrogate pair stands alone in it, which Spark reads as a question mark" : undefined;
}

async function replaceBySpark(
  request: ConvertRequest,
  report: ConvertReport,
  session: SqlSession,
  options: { readonly signal?: AbortSignal },
): Promise<ConvertReport> {
  const { elsewhere, output, settings } = request;
  if (elsewhere === undefined) throw new Failure("bug", "Spark was asked to convert what it cannot reach");
  const written = `${output}.spark`;
  const began = performance.now();
  try {
    await elsewhere.prepare(options);
    await writeBySpark(session, elsewhere, report.schema, settings.compression, options);
    await elsewhere.bring(written, options);
    checkCounts(await readCounts(output), await readCounts(written));
    const file = new OutputFile(output);
    try {
      const { bytes, provenance } = await writeWithFooter(
        written,
        output,
        { [WRITER_KEY]: `spark/${session.version}` },
        file,
      );
      file.finish();
      const timings = { ...report.timings, spark: performance.now() - began };
      return { ...report, bytesOut: bytes, provenance, timings };
    } finally {
      file.discard();
    }
  } finally {
    await rm(written, { force: true });
    await elsewhere.clear();
  }
}

async function writeBySpark(
  session: SqlSession,
  { raw, staging }: Elsewhere,
  schema: Schema,
  compression: string,
  options: { readonly signal?: AbortSignal },
): Promise<void> {
  const id = randomBytes(8).toString("hex");
  const [lines, file] = [`millrace_lines_${id}`, `millrace_file_${id}`];
  const columns = sparkColumns(storedSchema(schema));
  const run = async (text: string): Promise<void> => {
    await (await session.sql(text, options)).collect();
  };
  // With an encoding said, Spark reads characters and no longer knows the source text of what it makes text of.
  await run(
    `CREATE TEMPORARY VIEW ${lines} (${columns}) USING json OPTIONS (
      path ${quoted(escapedGlob(raw))}, mode 'FAILFAST', lineSep '\\n', multiLine 'false',
      allowSingleQuotes 'false', allowNonNumericNumbers 'false', allowUnquotedFieldNames 'false')`,
  );
  await run(
    `CREATE TEMPORARY VIEW ${file} (${columns}) USING parquet OPTIONS (
      path ${quoted(escapedGlob(staging))}, compression '${compression}')`,
  );
  // The views go with the session.
  await run(`INSERT INTO ${file} SELECT /*+ COALESCE(1) */ * FROM ${lines}`);
}

/** A text of SQL. A backslash begins an escape in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

/** Spark takes a path to read for a pattern. */
function escapedGlob(path: string): string {
  return path.replaceAll(/[{}[\]*?\\]/g, "\\$&");
}

/** Throws `refused` unless Spark's file holds as many values in the same columns. */
function checkCounts(native: FileCounts, spark: FileCounts): void {
  const refused = (fact: string): Failure => new Failure("refused", `Spark read it otherwise: ${fact}`);
  if (native.rows !== spark.rows) throw refused(`${spark.rows} rows in the place of ${native.rows}`);
  if (native.columns.size !== spark.columns.size) {
    throw refused(`${spark.columns.size} columns in the place of ${native.columns.size}`);
  }
  for (const [path, { entries, nulls }] of native.columns) {
    const name = path.replaceAll("\n", ".");
    const found = spark.columns.get(path);
    if (found === undefined) throw refused(`no column ${name}`);
    if (found.entries !== entries) throw refused(`${name} has ${found.entries} entries in the place of ${entries}`);
    if (found.nulls !== nulls) throw refused(`${name} has ${found.nulls} nulls in the place of ${nulls}`);
  }
}
