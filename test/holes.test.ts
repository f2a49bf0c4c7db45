/**
 * Never a silent zero: local copies of stored objects have holes where nothing was brought, and a hole reads as zeros. A
 * chunk is brought whole or not at all, or its beginning is missing (where the end of the file was fetched by a guess). For
 * every physical type, encoding and codec that we and DuckDB write: what reads a chunk without its beginning fails, what
 * answers nevertheless answers the truth.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { asyncBufferFromFile, type ColumnMetaData, parquetMetadataAsync } from "hyparquet";
import { openNativeConverter } from "../src/convert/open.ts";
import { openEngine } from "../src/engine/open.ts";
import type { DeclaredColumns } from "../src/model/schema.ts";
import { chunkRanges } from "../src/parquet/chunk-ranges.ts";
import { inputFile, partitioned, schemaOf } from "./contract/engine-inputs.ts";

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** What asks for a column in all the ways in which a reader may try to get around its values. */
const questions = (column: string): readonly string[] => [
  `SELECT min(hash(${column})), max(hash(${column})) FROM t`,
  `SELECT count(*) FROM t WHERE ${column} IS NULL`,
  `SELECT count(${column}), count(*) FROM t`,
  `SELECT min(${column}), max(${column}) FROM t`,
  `SELECT count(*) FROM t WHERE ${column} = (SELECT ${column} FROM whole WHERE ${column} IS NOT NULL LIMIT 1)`,
  `SELECT count(*) FROM t WHERE ${column} > (SELECT min(${column}) FROM whole)`,
  `SELECT ${column} FROM t WHERE ${column} IS NOT NULL ORDER BY ${column} LIMIT 3`,
  "SELECT count(*) FROM t",
];

interface Outcome {
  readonly failed: number;
  readonly answered: number;
}

describe("a chunk that was not brought", () => {
  let directory: string;
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "millrace-holes-"));
    instance = await DuckDBInstance.create(":memory:", { enable_external_file_cache: "false" });
    connection = await instance.connect();
  });
  after(() => {
    connection.closeSync();
    instance.closeSync();
    rmSync(directory, { recursive: true, force: true });
  });

  const answer = async (sql: string): Promise<string> =>
    JSON.stringify(await (await connection.run(sql)).getRowsJson());

  /** Makes the file without the beginning of a leaf's chunks, asks it, and compares with the whole one. */
  async function askWithout(
    path: string,
    leaf: readonly string[],
    chunks: readonly ColumnMetaData[],
    share: number,
  ): Promise<Outcome> {
    const bytes = readFileSync(path);
    for (const chunk of chunks) {
      const start = Number(chunk.dictionary_page_offset ?? chunk.data_page_offset);
      const length = Math.max(1, Math.ceil(share * Number(chunk.total_compressed_size)));
      bytes.fill(0, start, start + length);
    }
    const holed = join(directory, "holed.parquet");
    writeFileSync(holed, bytes);
    await connection.run(`CREATE OR REPLACE VIEW whole AS FROM read_parquet('${path}')`);
    let failed = 0;
    let answered = 0;
    for (const [index, question] of questions(quote(leaf[0] ?? "")).entries()) {
      await connection.run(`CREATE OR REPLACE VIEW t AS FROM read_parquet('${path}')`);
      const truth = await answer(question);
      await connection.run(`CREATE OR REPLACE VIEW t AS FROM read_parquet('${holed}')`);
      try {
        assert.equal(await answer(question), truth, `${leaf.join(".")}, ${share} missing: ${question}`);
        assert.notEqual(index, 0, `${leaf.join(".")}: values were read that are not there`);
        answered += 1;
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error;
        failed += 1;
      }
    }
    return { failed, answered };
  }

  async function askAll(path: string): Promise<{ encodings: Set<string>; codecs: Set<string>; types: Set<string> }> {
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
    const seen = { encodings: new Set<string>(), codecs: new Set<string>(), types: new Set<string>() };
    const groups = metadata.row_groups.map((group) => group.columns.flatMap((column) => column.meta_data ?? []));
    let answered = 0;
    for (const [index, first] of (groups[0] ?? []).entries()) {
      const chunks = groups.flatMap((chunks) => chunks[index] ?? []);
      for (const encoding of first.encodings) seen.encodings.add(encoding);
      seen.codecs.add(first.codec);
      seen.types.add(first.type);
      for (const share of [1, 0.5, 0]) {
        const outcome = await askWithout(path, first.path_in_schema, chunks, share);
        assert.ok(outcome.failed > 0);
        answered += outcome.answered;
      }
    }
    assert.ok(answered > 0, "statistics and counts answer some");
    return seen;
  }

  for (const compression of ["zstd", "snappy"] as const) {
    test(`of a partition fails its reader, with ${compression}`, { timeout: 120_000 }, async () => {
      const lines = Array.from({ length: 6000 }, (_, at) => line(at));
      const [file, output] = [join(directory, "x.json.gz"), join(directory, `partition-${compression}.parquet`)];
      writeFileSync(file, gzipSync(lines.map((value) => `${JSON.stringify(value)}\n`).join("")));
      const converter = openNativeConverter({ workers: 0 });
      await converter.convert({
        ...{ input: { file }, output, rejects: join(directory, "rejects.gz"), known: { fields: [] }, provenance: {} },
        settings: {
          ...{ declared, conflicts: "text", duplicateKeys: "reject", compression },
          ...{ lineBytesMax: 32 << 20, depthMax: 128, columnsMax: 10_000 },
        },
      });
      await converter.close();
      const seen = await askAll(output);
      assert.deepEqual([...seen.types].sort(), ["BOOLEAN", "BYTE_ARRAY", "DOUBLE", "FIXED_LEN_BYTE_ARRAY", "INT64"]);
      assert.ok(seen.encodings.has("PLAIN") && seen.encodings.has("RLE_DICTIONARY"), [...seen.encodings].join());
      // Small chunks are not compressed.
      assert.deepEqual([...seen.codecs].sort(), [compression.toUpperCase(), "UNCOMPRESSED"].sort());
    });
  }

  test("of a mart's part fails its reader", { timeout: 120_000 }, async () => {
    for (const settings of [
      "COMPRESSION zstd, ROW_GROUP_SIZE 2048",
      "COMPRESSION snappy, PARQUET_VERSION v2",
      "COMPRESSION uncompressed",
    ]) {
      const path = join(directory, "part.parquet");
      await connection.run(`COPY (${MART}) TO '${path}' (FORMAT parquet, ${settings})`);
      const seen = await askAll(path);
      assert.ok(seen.types.size >= 6, [...seen.types].join());
    }
  });

  test("is not all that matters: a filter without its bits hides values, so that it is brought with its column", async () => {
    const path = join(directory, "filtered.parquet");
    await connection.run(`COPY (SELECT 's' || x % 90 AS s FROM range(9000) r(x)) TO '${path}' (FORMAT parquet)`);
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
    const bytes = readFileSync(path);
    const footer = bytes.subarray(bytes.length - 8 - metadata.metadata_length, bytes.length - 8);
    const meta = metadata.row_groups[0]?.columns[0]?.meta_data ?? assert.fail();
    const [start, length] = [Number(meta.bloom_filter_offset), meta.bloom_filter_length ?? 0];
    const sql = `SELECT count(*)::VARCHAR FROM read_parquet('${path}') WHERE s = 's77'`;
    assert.equal(await answer(sql), '[["100"]]');
    const ranges = chunkRanges(footer, bytes.length, () => true);
    assert.ok(ranges !== "all" && ranges.some((range) => range.start === start && range.end === start + length));
    // Its header is some dozen bytes long; what follows are the bits.
    writeFileSync(path, bytes.fill(0, start + 40, start + length));
    assert.equal(await answer(sql), '[["0"]]');
  });

  test("is told by the engine as a failure, whatever the statement", async () => {
    const path = join(directory, "t.parquet");
    await connection.run(`COPY (SELECT x AS a, x * 2 AS b FROM range(1000) r(x)) TO '${path}' (FORMAT parquet)`);
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(path));
    const bytes = readFileSync(path);
    for (const { columns } of metadata.row_groups) {
      const meta = columns[1]?.meta_data ?? assert.fail();
      const start = Number(meta.dictionary_page_offset ?? meta.data_page_offset);
      bytes.fill(0, start, start + Number(meta.total_compressed_size));
    }
    writeFileSync(path, bytes);
    const engine = openEngine({ kind: "duckdb", threads: 1, memoryBytes: 300_000_000 });
    const scratch = mkdtempSync(join(directory, "scratch-"));
    const one = partitioned(schemaOf("struct<a int64, b int64>"), [inputFile(path, "p")]);
    const many = partitioned(
      schemaOf("struct<a int64, b int64>"),
      Array.from({ length: 70 }, (_, at) => inputFile(path, `p${at}`)),
    );
    const sumOf = async (column: string, table: typeof one): Promise<unknown> => {
      const sql = `select sum(${column}) as s from t`;
      const rows: unknown[] = [];
      const result = await engine.query({ sql, tables: new Map([["t", table]]), scratch });
      for await (const batch of result.rows()) rows.push(...batch);
      return rows;
    };
    for (const table of [one, many]) {
      await assert.rejects(sumOf("b", table), /Invalid data/);
      assert.ok(Array.isArray(await sumOf("a", table)));
    }
    await engine.close();
  });
});

const declared: DeclaredColumns = new Map([
  ["price", { kind: "decimal", precision: 12, scale: 2 }],
  ["wide_price", { kind: "decimal", precision: 30, scale: 2 }],
  ["time", { kind: "timestamp" }],
]);

/** Of every type that conversion knows, dense and sparse, few values and many, short texts and long ones. */
function line(at: number): object {
  const often = at % 3 === 0 ? undefined : at;
  return {
    flag: at % 2 === 0,
    rare_flag: at % 50 === 0 ? true : undefined,
    always: true,
    int: at,
    few: at % 7,
    sparse: often,
    once: at === 4321 ? 1 : undefined,
    double: at / 8,
    few_doubles: (at % 5) + 0.5,
    zero: 0,
    narrow: at === 17 ? 1e18 : at + 0.25,
    price: at / 4,
    wide_price: at * 1_000_000,
    text: `text ${at} ${"x".repeat(at % 40)}`,
    few_texts: `t${at % 9}`,
    long: `${at} ${"lorem ipsum ".repeat(at % 100 === 0 ? 200 : 2)}`,
    empty: "",
    time: new Date(Date.UTC(2026, 2, 1) + at * 1000).toISOString(),
    mixed: at % 2 === 0 ? at : `m${at}`,
    object: { a: often, deep: { b: `b${at % 11}`, list: [at, at + 1] } },
    list: at % 4 === 0 ? [] : [at, null, at % 3],
    objects: [{ k: `k${at}` }, { n: at % 6 }],
  };
}

const MART = `SELECT x::INTEGER AS i32, x AS i64, x % 7 AS few, 's' || x AS s, 's' || (x % 9) AS few_texts, x / 8 AS d,
  (x / 4)::FLOAT AS f, x % 2 = 0 AS b, DATE '2026-01-01' + (x % 99)::INTEGER AS day, make_timestamptz(x * 1000) AS at,
  make_timestamp(x * 1000) AS local, x::DECIMAL(9, 2) AS d9, x::DECIMAL(18, 2) AS d18, x::DECIMAL(38, 2) AS d38,
  {'a': x, 'b': 'z' || x} AS st, [x, x + 1] AS l, NULL::VARCHAR AS never, ('b' || x)::BLOB AS bytes,
  CASE WHEN x % 5 > 0 THEN x END AS gaps, 0 AS zero, '' AS empty FROM range(5000) t(x)`;
