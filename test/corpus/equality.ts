/** Converts a file of the corpus and compares everything that comes out with the reference. */
import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Converter, ConvertReport, ConvertRequest } from "../../src/convert/contract.ts";
import type { ColumnType, Field } from "../../src/model/schema.ts";
import { parseFile, type ReferenceFile, type ReferenceSettings } from "../reference/parse.ts";
import { type CorpusCase, settingsOf } from "./corpus-case.ts";
import type { DuckdbReader } from "./duckdb-reader.ts";
import { readWithHyparquet } from "./hyparquet-reader.ts";
import { compare, readableFields } from "./read-back.ts";
import { checkStatistics } from "./statistics.ts";

export interface Workplace {
  readonly converter: Converter;
  readonly duckdb: DuckdbReader;
  /** A directory of the test's own. */
  readonly folder: string;
}

export interface Conversion {
  readonly report: ConvertReport;
  readonly parquet: Uint8Array;
  /** The rejected lines' file as it is; absent if no line was rejected. */
  readonly rejects: Uint8Array | undefined;
}

let conversions = 0;

/** Runs one conversion in files of its own, which are gone afterwards. */
export async function convertBytes(
  place: Workplace,
  input: Uint8Array,
  settings: ReferenceSettings,
  request: Partial<ConvertRequest["settings"]> = {},
  read?: (parquetFile: string) => Promise<void>,
): Promise<Conversion> {
  const stem = join(place.folder, `c${conversions++}`);
  const files = { input: `${stem}.json`, output: `${stem}.parquet`, rejects: `${stem}.rejects` };
  await writeFile(files.input, input);
  try {
    const { known, declared, conflicts, duplicateKeys, lineBytesMax, depthMax } = settings;
    const report = await place.converter.convert({
      input: { file: files.input },
      output: files.output,
      rejects: files.rejects,
      known,
      provenance: { raw: "corpus" },
      settings: {
        ...{ declared, conflicts, duplicateKeys, lineBytesMax, depthMax },
        ...{ compression: "zstd", columnsMax: 10_000, ...request },
      },
    });
    await read?.(files.output);
    const rejects = existsSync(files.rejects) ? await readFile(files.rejects) : undefined;
    return { report, parquet: await readFile(files.output), rejects };
  } finally {
    for (const file of Object.values(files)) await rm(file, { force: true });
  }
}

/** The first difference between the converter and the reference in words, or nothing. */
export async function difference(
  place: Workplace,
  entry: CorpusCase,
  input: Uint8Array = entry.file,
  request: Partial<ConvertRequest["settings"]> = {},
): Promise<string | undefined> {
  const settings = settingsOf(entry);
  const expected = parseFile(entry.file, settings);
  const wanted = { fields: readableFields(expected.schema), rows: expected.rows };
  let byDuckdb: string | undefined;
  const { report, parquet, rejects } = await convertBytes(place, input, settings, request, async (file) => {
    if (entry.unreadable !== undefined || wanted.fields.length === 0) return;
    byDuckdb = compare(wanted, await place.duckdb.read(file));
  });
  const byHyparquet = await readWithHyparquet(parquet);
  return (
    compareReports(expected, report, entry.file) ??
    compareRejects(expected, rejects) ??
    labelled("read by hyparquet", wanted.fields.length === 0 ? undefined : compare(wanted, byHyparquet)) ??
    labelled("read by DuckDB", byDuckdb) ??
    labelled("statistics", checkStatistics(byHyparquet, wanted.fields, wanted.rows))
  );
}

function labelled(label: string, text: string | undefined): string | undefined {
  return text === undefined ? undefined : `${label}: ${text}`;
}

function compareReports(expected: ReferenceFile, report: ConvertReport, file: Uint8Array): string | undefined {
  const places = expected.rejects.map(({ line, offset }) => `${line}@${offset}`);
  const samples = report.rejectSamples.map(({ line, offset }) => `${line}@${offset}`);
  return (
    differing("rows", expected.rows.length, report.rows) ??
    differing("rejected", expected.rejects.length, report.rejected) ??
    differing("rejectSamples", places.slice(0, samples.length), samples) ??
    differing("schema", describeFields(expected.schema.fields), describeFields(report.schema.fields)) ??
    differing("standIns", sorted(expected.standIns), sorted(report.standIns)) ??
    differing("seenNull", sorted(expected.seenNull), sorted(report.seenNull)) ??
    differing("widened", sorted(expected.widened.map(describeWidening)), sorted(report.widened.map(describeWidened))) ??
    differing(
      "conflicts",
      sorted(expected.conflicts.map(describeWidening)),
      sorted(report.conflicts.map(describeConflict)),
    ) ??
    differing("bytesJson", file.length, report.bytesJson)
  );
}

function describeWidening({ path, table, file, line, offset, value }: ReferenceFile["widened"][number]): string {
  return `${path} ${describe(table)} / ${describe(file)} ${line}@${offset} ${value}`;
}

function describeWidened({ path, from, to, line, offset, value }: ConvertReport["widened"][number]): string {
  return `${path} ${describe(from)} / ${describe(to)} ${line}@${offset} ${value}`;
}

function describeConflict({ path, table, file, line, offset, value }: ConvertReport["conflicts"][number]): string {
  return `${path} ${describe(table)} / ${describe(file)} ${line}@${offset} ${value}`;
}

/** Columns in their order; where among them a path stands that was only null says nothing. */
function describeFields(fields: readonly Field[]): string[] {
  const columns = fields.filter((field) => field.type.kind !== "null");
  const untyped = fields.filter((field) => field.type.kind === "null");
  return [...columns, ...untyped].map((field) => `${field.name} ${describe(field.type)}`);
}

/** Every property of a type in one fixed order. */
function describe(type: ColumnType): string {
  switch (type.kind) {
    case "list":
      return `list<${describe(type.element)}>`;
    case "struct":
      return `struct<${describeFields(type.fields).join(", ")}>`;
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "int64":
      return type.big === true ? "int64 big" : "int64";
    case "string":
      return type.mixed === true ? "string mixed" : "string";
    default:
      return type.kind;
  }
}

function sorted(values: readonly unknown[]): string[] {
  return values
    .map((value) => (typeof value === "string" ? value : JSON.stringify(value, Object.keys(Object(value)).sort())))
    .sort();
}

function differing(what: string, expected: unknown, actual: unknown): string | undefined {
  if (Array.isArray(expected) && Array.isArray(actual)) {
    const length = Math.max(expected.length, actual.length);
    for (let i = 0; i < length; i++) {
      const problem = differing(`${what}[${i}]`, expected[i] ?? "nothing", actual[i] ?? "nothing");
      if (problem !== undefined) return problem;
    }
    return undefined;
  }
  return expected === actual ? undefined : `${what}: expected ${expected}, got ${actual}`;
}

/** What the quarantine keeps of a line. */
interface QuarantinedLine {
  readonly line: unknown;
  readonly offset: unknown;
  readonly reason: unknown;
  readonly bytes: Uint8Array;
  /** Of the whole line, where only its beginning is kept. */
  readonly length: unknown;
}

function readQuarantine(file: Uint8Array): QuarantinedLine[] {
  const lines = gunzipSync(file).toString("utf8").split("\n").slice(0, -1);
  return lines.map((text) => {
    const entry: unknown = JSON.parse(text);
    if (typeof entry !== "object" || entry === null) throw new Error(`quarantine: ${text}`);
    const fields = new Map<string, unknown>(Object.entries(entry));
    const [plain, base64] = [fields.get("bytes"), fields.get("bytesBase64")];
    return {
      line: fields.get("line"),
      offset: fields.get("offset"),
      reason: fields.get("reason"),
      bytes: typeof plain === "string" ? Buffer.from(plain, "utf8") : Buffer.from(String(base64), "base64"),
      length: fields.get("length"),
    };
  });
}

/** The bytes a cut line may lack at the end, so as not to end inside a character. */
const CUT_SLACK = 3;

function compareRejects(expected: ReferenceFile, file: Uint8Array | undefined): string | undefined {
  if (expected.rejects.length === 0)
    return file === undefined ? undefined : "a quarantine file without a rejected line";
  if (file === undefined) return "no quarantine file";
  const actual = readQuarantine(file);
  for (const [index, want] of expected.rejects.entries()) {
    const got = actual[index];
    if (got === undefined) break;
    const slack = got.length === undefined ? 0 : CUT_SLACK;
    const kept = Math.min(want.bytes.length, Math.max(got.bytes.length, want.bytes.length - slack));
    const problem =
      differing(`quarantine[${index}].line`, want.line, got.line) ??
      differing(`quarantine[${index}].offset`, want.offset, got.offset) ??
      differing(`quarantine[${index}].reason`, "string", typeof got.reason) ??
      differing(`quarantine[${index}].bytes`, hex(want.bytes.subarray(0, kept)), hex(got.bytes)) ??
      differing(`quarantine[${index}].length`, want.length > want.bytes.length ? want.length : undefined, got.length);
    if (problem !== undefined) return problem;
  }
  return differing("quarantined lines", expected.rejects.length, actual.length);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
