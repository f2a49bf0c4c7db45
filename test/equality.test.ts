/**
 * The converter against the plain reference: every file of the edge corpus, real hours and random files, read back by
 * two independent readers, with the statistics of every column chunk.
 */
import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { openNativeConverter } from "../src/convert/open.ts";
import { Failure } from "../src/errors.ts";
import { mergeSchemas } from "../src/model/merge.ts";
import type { Schema } from "../src/model/schema.ts";
import { boundSchema } from "../src/model/stand-in.ts";
import { edgeCorpus } from "./corpus/corpus.ts";
import { corpusCase, declare, encode, settingsOf } from "./corpus/corpus-case.ts";
import { corpusDocument } from "./corpus/documents.ts";
import { openDuckdbReader } from "./corpus/duckdb-reader.ts";
import { convertBytes, difference, type Workplace } from "./corpus/equality.ts";
import { readWithHyparquet } from "./corpus/hyparquet-reader.ts";
import { compare, readableFields } from "./corpus/read-back.ts";
import { runSettings } from "./corpus/runs.ts";
import { realHours } from "./real/real.ts";
import { defaultSettings, parseFile } from "./reference/parse.ts";

let place: Workplace;

before(async () => {
  place = {
    converter: openNativeConverter({ workers: 0 }),
    duckdb: await openDuckdbReader(),
    folder: await mkdtemp(join(tmpdir(), "millrace-equality-")),
  };
});

after(async () => {
  await place.converter.close();
  place.duckdb.close();
  await rm(place.folder, { recursive: true });
});

test("the edge corpus", async (t) => {
  const corpus = edgeCorpus();
  const differences: string[] = [];
  for (const entry of corpus) {
    const found = await difference(place, entry).catch((error: unknown) => `thrown: ${error}`);
    if (found !== undefined) differences.push(`${entry.name}: ${found}`);
  }
  t.diagnostic(`${corpus.length} files`);
  assert.deepEqual(differences, []);
});

test("random files", async (t) => {
  const runs = runSettings(300);
  t.diagnostic(`seed ${runs.seed}`);
  await fc.assert(
    fc.asyncProperty(corpusDocument, async (entry) => {
      assert.equal(await difference(place, entry), undefined);
    }),
    runs,
  );
});

test("real hours, alone and as a table that grows by them in either order", async (t) => {
  const hours = realHours(t);
  if (hours === undefined) return;
  const files = await Promise.all(
    hours.files.map(async (name) => ({ name, raw: await readFile(join(hours.directory, name)) })),
  );
  for (const order of [files, files.toReversed()]) {
    let known: Schema = { fields: [] };
    for (const { name, raw } of order) {
      const file = gunzipSync(raw);
      for (const table of [{ fields: [] }, known]) {
        assert.equal(await difference(place, { name, file, settings: { known: table } }, raw), undefined, name);
      }
      const { schema } = parseFile(file, { ...defaultSettings, known });
      known = mergeSchemas(known, schema, { conflicts: "hold", declared: new Map() }).schema;
    }
  }
});

test("the input's compression and the output's make no difference", async () => {
  for (const entry of edgeCorpus().filter(({ file }, index) => index % 9 === 0 && file.length < 200_000)) {
    const half = Math.floor(entry.file.length / 2);
    const members = [entry.file.subarray(0, half), entry.file.subarray(half)].map((part) => gzipSync(part));
    for (const input of [gzipSync(entry.file), Buffer.concat(members), zstdCompressSync(entry.file)]) {
      assert.equal(await difference(place, entry, input), undefined, entry.name);
    }
    assert.equal(
      await difference(place, entry, entry.file, { compression: "snappy" }),
      undefined,
      `${entry.name}, snappy`,
    );
  }
});

test("small row groups hold the same", async (t) => {
  const runs = runSettings(60);
  t.diagnostic(`seed ${runs.seed}`);
  const isDeep = process.env.FC_RUNS !== undefined;
  for (const groupBytes of [1, 3000]) {
    const small: Workplace = { ...place, converter: openNativeConverter({ workers: 0, groupBytes }) };
    const corpus = edgeCorpus().filter(
      ({ file }, index) => file.length < groupBytes * 40 + 10_000 && (isDeep || index % 3 === groupBytes % 3),
    );
    const differences: string[] = [];
    for (const entry of corpus) {
      const found = await difference(small, entry).catch((error: unknown) => `thrown: ${error}`);
      if (found !== undefined) differences.push(`${entry.name}, row groups of ${groupBytes} bytes: ${found}`);
    }
    assert.deepEqual(differences, []);
    await fc.assert(
      fc.asyncProperty(corpusDocument, async (entry) => {
        assert.equal(await difference(small, entry), undefined);
      }),
      { ...runs, numRuns: Math.min(runs.numRuns, 2000) },
    );
    await small.converter.close();
  }
});

test("the same text gives the same bytes, however it is cut, compressed or hinted", async () => {
  const sizes = [1, 7, 64, 1000];
  for (const entry of edgeCorpus().filter(({ file }, index) => index % 2 === 0 && file.length < 20_000)) {
    const settings = settingsOf(entry);
    const { parquet, rejects } = await convertBytes(place, entry.file, settings);
    const size = sizes[entry.file.length % sizes.length] ?? 1;
    const parts = Array.from({ length: Math.max(1, Math.ceil(entry.file.length / size)) }, (_, i) =>
      gzipSync(entry.file.subarray(i * size, (i + 1) * size), { level: 0 }),
    );
    const again = await convertBytes(place, Buffer.concat(parts), settings);
    assert.deepEqual(again.parquet, parquet, entry.name);
    assert.deepEqual(again.rejects, rejects, entry.name);
  }
});

test("workers give the same bytes as the calling thread", async () => {
  const pool: Workplace = { ...place, converter: openNativeConverter({ workers: 2 }) };
  try {
    const corpus = edgeCorpus().filter((_, index) => index % 7 === 0);
    await Promise.all(
      corpus.map(async (entry) => {
        const settings = settingsOf(entry);
        const here = await convertBytes(place, entry.file, settings);
        const there = await convertBytes(pool, entry.file, settings);
        assert.deepEqual(there.parquet, here.parquet, entry.name);
        assert.deepEqual(there.report.schema, here.report.schema, entry.name);
      }),
    );
  } finally {
    await pool.converter.close();
  }
});

test("L10 a file with too many columns is refused, and nothing stays", async () => {
  const keys = (count: number): string => Array.from({ length: count }, (_, i) => `"k${i}":${i}`).join(",");
  const settings = settingsOf(corpusCase("wide", []));
  const inside = encode(`{"a":1,"payload":{"counts":{${keys(60)}}}}`);
  await assert.rejects(convertBytes(place, inside, settings, { columnsMax: 50 }), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.kind, "refused");
    assert.match(error.message, /payload\.counts/);
    assert.match(error.detail.remedy ?? "", /json/);
    return true;
  });
  assert.deepEqual(await readdir(place.folder), []);
  const enough = await convertBytes(place, inside, settings, { columnsMax: 61 });
  assert.equal(enough.report.rows, 1);
  // Spread over many lines, and with the explosion declared as JSON.
  const lines = encode(...Array.from({ length: 60 }, (_, i) => `{"m":{"k${i}":1}}`));
  await assert.rejects(convertBytes(place, lines, settings, { columnsMax: 50 }), Failure);
  const declared = { ...settings, declared: declare({ m: "json" }) };
  assert.equal((await convertBytes(place, lines, declared, { columnsMax: 50 })).report.rows, 60);
});

test("a damaged input leaves nothing behind", async () => {
  const whole = gzipSync(Buffer.from('{"a":1}\n'.repeat(1000)));
  const flipped = Uint8Array.from(whole);
  flipped[flipped.length - 6] = (flipped[flipped.length - 6] ?? 0) ^ 0xff;
  const settings = settingsOf(corpusCase("damaged", []));
  for (const input of [whole.subarray(0, whole.length - 9), whole.subarray(0, whole.length - 4), flipped]) {
    await assert.rejects(
      convertBytes(place, input, settings),
      (error) => error instanceof Failure && error.kind === "corrupt",
    );
    assert.deepEqual(await readdir(place.folder), []);
  }
});

test("a file without rows has every column that SQL can name", async () => {
  const schemas = [
    parseFile(encode('{"a":1,"b":null,"c":[],"d":{},"e":{"f":null},"g":[{"h":[true]}]}')).schema,
    {
      fields: [
        { name: "t", type: { kind: "timestamp" as const } },
        { name: "j", type: { kind: "json" as const } },
      ],
    },
  ];
  for (const schema of schemas) {
    const file = join(place.folder, "empty.parquet");
    await place.converter.emptyFile(schema, file);
    const wanted = { fields: readableFields(boundSchema(schema)), rows: [] };
    assert.equal(compare(wanted, await place.duckdb.read(file)), undefined);
    assert.equal(compare(wanted, await readWithHyparquet(await readFile(file))), undefined);
    await rm(file);
  }
});

test("rows without any column are still rows", async () => {
  const entry = corpusCase("only empty objects", ["{}", "", "{ }", '{"a":null}', "{}"]);
  assert.equal(await difference(place, entry), undefined);
  const { parquet } = await convertBytes(place, entry.file, settingsOf(entry), {}, async (file) => {
    assert.equal((await place.duckdb.read(file)).rows.length, 4);
  });
  assert.equal((await readWithHyparquet(parquet)).rows.length, 4);
});

test("the provenance in the footer is the report's", async () => {
  const entry = corpusCase("provenance", ['{"a":1,"b":[]}', "bad", '{"n":null}']);
  const { parquet, report } = await convertBytes(place, entry.file, settingsOf(entry));
  const { metadata } = await readWithHyparquet(parquet);
  const stored = metadata.key_value_metadata?.find(({ key }) => key === "millrace")?.value;
  assert.deepEqual(JSON.parse(stored ?? ""), report.provenance);
  assert.equal(report.provenance.raw, "corpus");
  assert.equal(report.bytesIn, entry.file.length);
  assert.equal(report.bytesOut, parquet.length);
});
