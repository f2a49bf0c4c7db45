/**
 * Gives a Parquet file of Spark's the footer that our files have: the provenance of the native converter's file, with the
 * sum of the new one. Row groups, schema, statistics and whatever else Spark wrote stay byte for byte as they are; only its
 * own copy of the schema as JSON, which readers without a schema use, is left out.
 * Source: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (FileMetaData)
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { CompactReader, corrupt, type ThriftStruct, type ThriftValue } from "../parquet/compact-reader.ts";
import { COMPACT, CompactWriter } from "../parquet/compact-writer.ts";
import { FILE_SUM_KEY, sealSum, textWithRoom } from "../parquet/file-sum.ts";
import { PROVENANCE_KEY } from "../parquet/names.ts";
import { footerIn } from "../parquet/read.ts";
import { readFooter } from "./footer-file.ts";
import type { Output } from "./output-file.ts";
import { fieldSpans } from "./thrift-spans.ts";

const FIELD = { rowGroups: 4, keyValues: 5 } as const;
const END_BYTES = 8;
const SPARK_SCHEMA_KEY = "org.apache.spark.sql.parquet.row.metadata";

type KeyValue = readonly [key: string, value: string];

export interface Refooted {
  readonly bytes: number;
  readonly provenance: Readonly<Record<string, unknown>>;
}

/** Writes `file` with the key-value metadata of `model`, a file of ours, to `output`; `more` goes into its provenance. */
export async function writeWithFooter(
  file: string,
  model: string,
  more: Readonly<Record<string, string>>,
  output: Output,
): Promise<Refooted> {
  const old = footerIn(await readFooter(file));
  const { facts, others } = ourKeyValues(footerIn(await readFooter(model)));
  const provenance = { ...facts, ...more };
  const kept = keyValuesIn(old).filter(([key]) => key !== SPARK_SCHEMA_KEY);
  const footer = withKeyValues(old, [...kept, ...others, [PROVENANCE_KEY, textWithRoom(provenance)]]);
  const bodyBytes = (await stat(file)).size - END_BYTES - old.length;
  const hash = createHash("sha256");
  if (bodyBytes > 0) {
    for await (const piece of createReadStream(file, { end: bodyBytes - 1, highWaterMark: 1 << 20 })) {
      hash.update(piece);
      output.write(piece);
    }
  }
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(footer.length, 0);
  end.write("PAR1", 4, "latin1");
  const sum = sealSum(hash, footer, end);
  output.write(footer);
  output.write(end);
  return { bytes: bodyBytes + footer.length + END_BYTES, provenance: { ...provenance, [FILE_SUM_KEY]: sum } };
}

function withKeyValues(footer: Uint8Array, keyValues: readonly KeyValue[]): Uint8Array {
  const out = new CompactWriter(footer.length + (1 << 16));
  let written = false;
  const writeKeyValues = (): void => {
    written = true;
    out.list(FIELD.keyValues, COMPACT.struct, keyValues.length);
    for (const [key, value] of keyValues) {
      out.structElement(() => {
        out.binary(1, key);
        out.binary(2, value);
      });
    }
  };
  for (const { field, type, start, end } of fieldSpans(footer)) {
    if (field >= FIELD.keyValues && !written) writeKeyValues();
    if (field !== FIELD.keyValues) out.raw(field, type, footer.subarray(start, end));
  }
  if (!written) writeKeyValues();
  return out.finish();
}

function ourKeyValues(footer: Uint8Array): { facts: Readonly<Record<string, unknown>>; others: readonly KeyValue[] } {
  const all = keyValuesIn(footer);
  const text = all.find(([key]) => key === PROVENANCE_KEY)?.[1];
  if (text === undefined) throw corrupt("it holds no provenance of ours");
  const facts: unknown = JSON.parse(text);
  return {
    facts: typeof facts === "object" && facts !== null ? Object.fromEntries(Object.entries(facts)) : {},
    others: all.filter(([key]) => key !== PROVENANCE_KEY),
  };
}

function keyValuesIn(footer: Uint8Array): readonly KeyValue[] {
  const entries = new CompactReader(footer).struct(new Set([FIELD.keyValues])).get(FIELD.keyValues);
  return structsIn(entries).map((entry) => [textOf(entry.get(1)), textOf(entry.get(2))]);
}

export interface ColumnCounts {
  /** Entries with their nulls, and the nulls among them, over all row groups. */
  readonly entries: number;
  readonly nulls: number | undefined;
}

export interface FileCounts {
  readonly rows: number;
  /** By Parquet's own path of the column, joined by a character that no name of ours holds. */
  readonly columns: ReadonlyMap<string, ColumnCounts>;
}

const ROWS = 3;
/** ColumnChunk: its metadata, and where its index lies. */
const CHUNK = { metadata: 3, indexOffset: 6, indexLength: 7 } as const;
/** ColumnMetaData. */
const COLUMN = { path: 3, entries: 5, statistics: 12 } as const;
const NULL_COUNT = 3;
/** ColumnIndex: of each page. */
const NULL_COUNTS = 5;

const ofColumn = new Map([
  [COLUMN.path, undefined],
  [COLUMN.entries, undefined],
  [COLUMN.statistics, new Set([NULL_COUNT])],
]);
const ofChunk = new Map([
  [CHUNK.metadata, ofColumn],
  [CHUNK.indexOffset, undefined],
  [CHUNK.indexLength, undefined],
]);
const wanted = new Map([
  [ROWS, undefined],
  [FIELD.rowGroups, new Map([[1, ofChunk]])],
]);

/** How many values a file has in which column, by its footer and its column indexes. */
export async function readCounts(path: string): Promise<FileCounts> {
  const footer = new CompactReader(footerIn(await readFooter(path))).struct(wanted);
  const columns = new Map<string, ColumnCounts>();
  const handle = await open(path, "r");
  try {
    for (const group of structsIn(footer.get(FIELD.rowGroups))) {
      for (const chunk of structsIn(group.get(1))) {
        const column = chunk.get(CHUNK.metadata);
        if (!(column instanceof Map)) throw corrupt("a column chunk says nothing of itself");
        const name = listIn(column.get(COLUMN.path)).map(textOf).join("\n");
        const nulls = nullsIn(column.get(COLUMN.statistics)) ?? (await indexedNulls(handle, chunk));
        const before = columns.get(name) ?? { entries: 0, nulls: 0 };
        columns.set(name, {
          entries: before.entries + (numberIn(column.get(COLUMN.entries)) ?? 0),
          nulls: before.nulls === undefined || nulls === undefined ? undefined : before.nulls + nulls,
        });
      }
    }
  } finally {
    await handle.close();
  }
  return { rows: numberIn(footer.get(ROWS)) ?? 0, columns };
}

const nullsIn = (statistics: ThriftValue | undefined): number | undefined =>
  statistics instanceof Map ? numberIn(statistics.get(NULL_COUNT)) : undefined;

/** An index of a column takes some bytes a page. */
const indexBytesMax = 64 << 20;

/** Spark leaves the statistics out where texts are long; its index of the pages has the nulls all the same. */
async function indexedNulls(handle: FileHandle, chunk: ThriftStruct): Promise<number | undefined> {
  const [offset, length] = [numberIn(chunk.get(CHUNK.indexOffset)), numberIn(chunk.get(CHUNK.indexLength))];
  if (offset === undefined || length === undefined || length <= 0 || length > indexBytesMax) return undefined;
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
  const index = new CompactReader(buffer.subarray(0, bytesRead)).struct(new Set([NULL_COUNTS]));
  const counts = index.get(NULL_COUNTS);
  if (!Array.isArray(counts)) return undefined;
  return counts.reduce((sum: number, count) => sum + (numberIn(count) ?? Number.NaN), 0);
}

const listIn = (value: ThriftValue | undefined): readonly ThriftValue[] => (Array.isArray(value) ? value : []);

const structsIn = (value: ThriftValue | undefined): readonly ThriftStruct[] =>
  listIn(value).flatMap((entry) => (entry instanceof Map ? [entry] : []));

const numberIn = (value: ThriftValue | undefined): number | undefined =>
  typeof value === "number" ? value : undefined;

const textOf = (value: unknown): string => (value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : "");
