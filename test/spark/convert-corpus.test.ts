/**
 * The edge corpus through `convert: spark` on a real server: every object that Spark is given comes out as our rules have
 * it, and of those that it is not given the reason is one of the documented ones.
 */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { ConvertReport, ConvertRequest, Elsewhere } from "../../src/convert/contract.ts";
import { openNativeConverter } from "../../src/convert/open.ts";
import { conversionSettings, openSparkConverter, WRITER_KEY } from "../../src/convert/spark.ts";
import { FileSum, sumPlace } from "../../src/parquet/file-sum.ts";
import { readKeyValue, readSchema } from "../../src/parquet/read.ts";
import { connect } from "../../src/spark.ts";
import { edgeCorpus } from "../corpus/corpus.ts";
import { type CorpusCase, settingsOf } from "../corpus/corpus-case.ts";
import { type DuckdbReader, openDuckdbReader } from "../corpus/duckdb-reader.ts";
import { readWithHyparquet } from "../corpus/hyparquet-reader.ts";
import { compare, readableFields } from "../corpus/read-back.ts";
import { sparkServer } from "../real/spark-server.ts";
import { parseFile } from "../reference/parse.ts";

/** A directory that the server sees as well. */
function onDisk(folder: string, name: string, bytes: Uint8Array): { file: string; elsewhere: Elsewhere } {
  const file = join(folder, name);
  const staging = join(folder, `${name}.staging`);
  writeFileSync(file, bytes);
  return {
    file,
    elsewhere: {
      raw: `file://${file}`,
      staging: `file://${staging}/`,
      async prepare() {
        mkdirSync(staging, { recursive: true });
        writeFileSync(join(staging, "keep"), "");
      },
      async bring(to) {
        const parts = readdirSync(staging).filter((each) => each.startsWith("part-"));
        assert.equal(parts.length, 1, "one file");
        renameSync(join(staging, parts[0] ?? ""), to);
      },
      async clear() {
        rmSync(staging, { recursive: true, force: true });
      },
    },
  };
}

function requestOf(entry: CorpusCase, input: string, elsewhere: Elsewhere, output: string): ConvertRequest {
  const { known, declared, conflicts, duplicateKeys, lineBytesMax, depthMax } = settingsOf(entry);
  return {
    input: { file: input },
    elsewhere,
    output,
    rejects: `${output}.rejects`,
    known,
    provenance: { raw: "corpus" },
    settings: {
      ...{ declared, conflicts, duplicateKeys, lineBytesMax, depthMax },
      ...{ compression: "zstd", columnsMax: 10_000 },
    },
  };
}

async function opened(context: TestContext): Promise<Opened | undefined> {
  const server = await sparkServer(context);
  if (server === undefined) return undefined;
  const session = await connect(server.url, { settings: conversionSettings });
  const native = openNativeConverter({ workers: 0 });
  const folder = mkdtempSync(join(tmpdir(), "millrace-spark-corpus-"));
  const duckdb = await openDuckdbReader();
  context.after(async () => {
    await session.close();
    await native.close();
    duckdb.close();
    rmSync(folder, { recursive: true });
  });
  // One for all: opening it is not what is tested here.
  const shared = { version: session.version, sql: session.sql.bind(session), close: async () => undefined };
  return { folder, duckdb, converter: openSparkConverter({ native, session: async () => shared }) };
}

interface Opened {
  readonly folder: string;
  readonly duckdb: DuckdbReader;
  readonly converter: ReturnType<typeof openSparkConverter>;
}

/** The object without the lines that our rules reject: those keep all of it from Spark. */
function goodLines(entry: CorpusCase): CorpusCase {
  const bad = new Set(parseFile(entry.file, settingsOf(entry)).rejects.map(({ line }) => line));
  if (bad.size === 0) return entry;
  const lines = Buffer.from(entry.file).toString("latin1").split("\n");
  const file = Buffer.from(lines.filter((_, index) => !bad.has(index + 1)).join("\n"), "latin1");
  return { ...entry, name: `${entry.name}, good lines`, file };
}

test("what Spark converts is what our rules say, and the rest is converted natively", async (context) => {
  const place = await opened(context);
  if (place === undefined) return;
  const problems: string[] = [];
  const reasons = new Map<string, number>();
  let bySpark = 0;
  for (const [index, entry] of edgeCorpus().map(goodLines).entries()) {
    const isPacked = index % 2 === 0;
    const bytes = isPacked ? gzipSync(entry.file, { level: 1 }) : entry.file;
    const { file, elsewhere } = onDisk(place.folder, `${index}.json${isPacked ? ".gz" : ""}`, bytes);
    const output = join(place.folder, `${index}.parquet`);
    const report: ConvertReport = await place.converter.convert(requestOf(entry, file, elsewhere, output));
    const { notBySpark: reason } = report;
    if (reason === undefined) bySpark++;
    else reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    assert.equal(report.provenance[WRITER_KEY] !== undefined, reason === undefined, entry.name);
    const expected = parseFile(entry.file, settingsOf(entry));
    const wanted = { fields: readableFields(expected.schema), rows: expected.rows };
    const parquet = readFileSync(output);
    const difference =
      wanted.fields.length === 0
        ? undefined
        : (compare(wanted, await readWithHyparquet(parquet)) ??
          (entry.unreadable === undefined ? compare(wanted, await place.duckdb.read(output)) : undefined));
    if (difference !== undefined) problems.push(`${entry.name}: ${difference}`);
    if (reason === undefined) {
      assert.deepEqual(readKeyValue(parquet), report.provenance, entry.name);
      assert.deepEqual(readSchema(parquet), report.schema, entry.name);
      assert.equal(sumOf(parquet), report.provenance.file_sha256, entry.name);
      assert.equal(parquet.length, report.bytesOut);
    }
    assert.deepEqual(
      readdirSync(place.folder).filter((name) => /\.(?:staging|spark|partial)$/.test(name)),
      [],
    );
    for (const each of [file, output, `${output}.rejects`]) rmSync(each, { force: true });
  }
  context.diagnostic(`${bySpark} by Spark`);
  for (const [reason, count] of reasons) context.diagnostic(`${count} × ${reason}`);
  assert.deepEqual(problems, []);
  assert.ok(bySpark > 180, `${bySpark} by Spark`);
});

function sumOf(bytes: Uint8Array): string {
  const place = sumPlace(bytes.subarray(-65_536));
  assert.ok(place !== undefined);
  const sum = new FileSum(Math.max(0, bytes.length - 65_536) + place);
  sum.update(bytes);
  return sum.digest();
}

test("a server that is gone leaves neither file nor staging", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-spark-gone-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const native = openNativeConverter({ workers: 0 });
  const session = (): Promise<never> => connect("sc://127.0.0.1:1").then(() => assert.fail("there is no server"));
  const converter = openSparkConverter({ native, session });
  const entry: CorpusCase = { name: "plain", file: Buffer.from('{"a":1}\n'), settings: {} };
  const { file, elsewhere } = onDisk(folder, "a.json", entry.file);
  mkdirSync(join(folder, "a.json.staging"));
  const output = join(folder, "a.parquet");
  await assert.rejects(converter.convert(requestOf(entry, file, elsewhere, output)), { kind: "unavailable" });
  assert.equal(existsSync(output), false);
});
