import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { type CorpusCase, settingsOf } from "../../test/corpus/corpus-case.ts";
import { corpusDocument } from "../../test/corpus/documents.ts";
import { readWithHyparquet } from "../../test/corpus/hyparquet-reader.ts";
import { compare, readableFields } from "../../test/corpus/read-back.ts";
import { runSettings } from "../../test/corpus/runs.ts";
import { parseFile } from "../../test/reference/parse.ts";
import { readSchema } from "../parquet/read.ts";
import type { TextInput } from "./input-stream.ts";
import { type PassOptions, type PassResult, runPasses } from "./pass.ts";
import { Stopwatch } from "./stopwatch.ts";

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-pass-"));
});

after(async () => {
  await rm(folder, { recursive: true });
});

const noop = (): void => undefined;

interface Converted {
  readonly result: PassResult & { readonly passes: number };
  readonly parquet: Buffer;
  readonly rejects: string;
}

/** Converts text that arrives in the given chunks. */
async function convert(
  entry: CorpusCase,
  chunks: readonly Buffer[],
  groupBytes = 1 << 30,
  around: Pick<PassOptions, "rows" | "memoryPagesMax" | "openInput"> = {},
): Promise<Converted> {
  const [output, rejects] = [join(folder, "data.parquet"), join(folder, "rejects.gz")];
  const openInput = async (): Promise<TextInput> => ({ chunks: arriving(chunks), bytesRead: () => 0, close: noop });
  const { known, declared, conflicts, duplicateKeys, lineBytesMax, depthMax } = settingsOf(entry);
  const settings = { declared, conflicts, duplicateKeys, lineBytesMax, depthMax, columnsMax: 10_000 };
  const result = await runPasses({
    request: {
      ...{ input: { file: "memory" }, output, rejects, known, provenance: { src: "2026-03-01-15" } },
      settings: { ...settings, compression: "zstd" },
    },
    ...{ groupBytes, converter: "native/1", stopwatch: new Stopwatch(), onChunk: noop, openInput },
    ...around,
  });
  const quarantine = existsSync(rejects) ? gunzipSync(await readFile(rejects)).toString() : "";
  const parquet = await readFile(output);
  await rm(output);
  await rm(rejects, { force: true });
  return { result, parquet, rejects: quarantine };
}

async function* arriving(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield chunk;
}

function cut(file: Uint8Array, size: (place: number) => number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < file.length; ) {
    const end = Math.min(at + size(at), file.length);
    chunks.push(Buffer.from(file.subarray(at, end)));
    at = end;
  }
  return chunks;
}

test("the same bytes come out, however the input is cut", async (t) => {
  const settings = runSettings(60);
  t.diagnostic(`seed ${settings.seed}`);
  await fc.assert(
    fc.asyncProperty(corpusDocument, fc.integer({ min: 1, max: 300 }), fc.nat(), async (entry, groupBytes, salt) => {
      const whole = await convert(entry, [Buffer.from(entry.file)], groupBytes);
      for (const size of [() => 1, () => 7, () => 4_096, (at: number) => 1 + ((at * 7919 + salt) % 97)]) {
        const pieces = await convert(entry, cut(entry.file, size), groupBytes);
        assert.deepEqual(pieces.parquet, whole.parquet);
        assert.equal(pieces.rejects, whole.rejects);
        assert.deepEqual(pieces.result, whole.result);
      }
    }),
    settings,
  );
});

test("whatever the size of row groups, the values are those of the reference", async (t) => {
  const settings = runSettings(200);
  t.diagnostic(`seed ${settings.seed}`);
  await fc.assert(
    fc.asyncProperty(corpusDocument, fc.integer({ min: 1, max: 300 }), async (entry, groupBytes) => {
      const { result, parquet } = await convert(entry, [Buffer.from(entry.file)], groupBytes);
      const expected = parseFile(entry.file, settingsOf(entry));
      const fields = readableFields(expected.schema);
      if (fields.length > 0) {
        assert.equal(compare({ fields, rows: expected.rows }, await readWithHyparquet(parquet)), undefined);
      }
      assert.deepEqual(readSchema(parquet), result.schema);
    }),
    settings,
  );
});

test("sealed pages of texts depend on the rows only, and hold what the reference does", async () => {
  const text = (seed: number): string => `${(seed * 7919) % 10_007} `.repeat(1 + (seed % 40));
  const lines = Array.from({ length: 6_000 }, (_, i) => {
    const row =
      i % 3 === 0 ? { a: text(i) } : { a: text(i), l: Array.from({ length: i % 5 }, (_, at) => text(i * at)) };
    const line = JSON.stringify(row);
    // A line that is rejected behind a text that would have filled a page.
    return i % 500 === 7 ? `${JSON.stringify({ a: "x".repeat(200_000) }).slice(0, -1)},}` : line;
  });
  const entry: CorpusCase = { name: "texts", file: Buffer.from(lines.join("\n")), settings: {} };
  const expected = parseFile(entry.file, settingsOf(entry));
  const fields = readableFields(expected.schema);
  for (const groupBytes of [8 << 20, 700_000]) {
    const whole = await convert(entry, [Buffer.from(entry.file)], groupBytes);
    assert.equal(whole.result.rejected, 12);
    assert.equal(compare({ fields, rows: expected.rows }, await readWithHyparquet(whole.parquet)), undefined);
    for (const size of [() => 997, () => 65_536, (at: number) => 1 + ((at * 7919) % 200_000)]) {
      const pieces = await convert(entry, cut(entry.file, size), groupBytes);
      assert.ok(pieces.parquet.equals(whole.parquet));
    }
  }
});

test("rejected lines leave no trace: without them every page and limit is the same", async (t) => {
  const settings = runSettings(150);
  t.diagnostic(`seed ${settings.seed}`);
  await fc.assert(
    fc.asyncProperty(corpusDocument, fc.integer({ min: 1, max: 2_000 }), async (entry, groupBytes) => {
      const { rejects } = parseFile(entry.file, settingsOf(entry));
      const cleaned = Buffer.from(entry.file);
      for (const { offset, length } of rejects) cleaned.fill(" ", offset, offset + length);
      const dirty = await convert(entry, [Buffer.from(entry.file)], groupBytes);
      const clean = await convert(entry, [cleaned], groupBytes);
      assert.equal(dirty.result.rejected, rejects.length);
      assert.equal(clean.result.rejected, 0);
      assert.deepEqual(await withoutProvenance(dirty.parquet), await withoutProvenance(clean.parquet));
      assert.deepEqual(dirty.result.schema, clean.result.schema);
      assert.deepEqual(dirty.result.departures, clean.result.departures);
    }),
    settings,
  );
});

/** Every byte before the footer, and what the footer says of them. */
async function withoutProvenance(parquet: Buffer): Promise<unknown> {
  const { schema, row_groups, num_rows } = (await readWithHyparquet(parquet)).metadata;
  const pages = parquet.subarray(0, parquet.length - 8 - parquet.readUInt32LE(parquet.length - 8));
  return { schema, row_groups, num_rows, pages: pages.toString("latin1") };
}

function lines(...texts: readonly string[]): CorpusCase {
  return { name: "lines", file: Buffer.from(texts.join("\n")), settings: {} };
}

test("one pass as a rule, two where a column turns out otherwise", async () => {
  const passes = async (entry: CorpusCase, groupBytes?: number): Promise<number> =>
    (await convert(entry, [Buffer.from(entry.file)], groupBytes)).result.passes;
  assert.equal(await passes(lines('{"a":1}', '{"a":1.5}', '{"b":"x"}', '{"b":1}')), 1);
  assert.equal(await passes(lines('{"a":1}', '{"a":1.5}'), 1), 2, "integers are written already");
  assert.equal(await passes(lines('{"a":1}', '{"a":"x"}', '{"b":{}}', '{"b":[]}', '{"c":[1]}', '{"c":[true]}')), 2);
  const known = { fields: [{ name: "a", type: { kind: "string", mixed: true } }] } as const;
  const mixed = { ...lines('{"a":{"b":1}}', '{"a":1}'), settings: { known } };
  assert.equal(await passes(mixed), 1, "the table knows that the column is mixed");
  const shaped = { ...lines('{"a":{"b":1}}', '{"a":{"b":2}}'), settings: { known } };
  assert.equal(await passes(shaped), 2, "but here it has one shape, which is a clash to be reported");
});

test("a pass that WebAssembly has no memory for is run again in TypeScript, of the whole input", async () => {
  const rows = Array.from(
    { length: 60_000 },
    (_, i) => `{"id":${i},"text":"${`number ${i} of many `.repeat(9)}","c":${i < 40_000 ? i : '"x"'}}`,
  );
  const entry = lines(...rows, "[]");
  const chunks = cut(entry.file, () => 65_536);
  // A stream can be read once: later passes have what the first one read of it.
  const remembered: Buffer[] = [];
  let passes = 0;
  async function* remembering(): AsyncGenerator<Buffer> {
    for (const chunk of chunks) {
      remembered.push(chunk);
      yield chunk;
    }
  }
  const openInput = async (): Promise<TextInput> => {
    const arrived = passes++ === 0 ? remembering() : arriving([...remembered]);
    return { chunks: arrived, bytesRead: () => 0, close: noop };
  };
  for (const groupBytes of [1 << 30, 1 << 19]) {
    passes = 0;
    remembered.length = 0;
    const bounded = await convert(entry, chunks, groupBytes, { memoryPagesMax: 128, openInput });
    const reference = await convert(entry, chunks, groupBytes, { rows: "typescript" });
    assert.equal(reference.result.passes, 2, "of a column that turns out to be text");
    assert.equal(bounded.result.passes, groupBytes === 1 << 30 ? 3 : 2);
    assert.deepEqual({ ...bounded.result, passes: 2 }, reference.result);
    assert.ok(bounded.parquet.equals(reference.parquet));
    assert.equal(bounded.rejects, reference.rejects);
  }
});

test("columns and lists that appear late get their chunks in the row groups before", async () => {
  const entry = lines(
    ...['{"a":1}', '{"a":2,"s":{"x":1}}', '{"l":[{"y":[1,null,2]},null,{}]}', '{"s":{"l":[["deep"],[]]}}', "{}"],
    ...['{"e":{},"f":[],"g":[null]}', '{"e":{},"a":3}'],
  );
  for (const groupBytes of [1, 20, 40, 1_000]) {
    const { parquet } = await convert(entry, [Buffer.from(entry.file)], groupBytes);
    const expected = parseFile(entry.file, settingsOf(entry));
    const wanted = { fields: readableFields(expected.schema), rows: expected.rows };
    assert.equal(compare(wanted, await readWithHyparquet(parquet)), undefined);
  }
});

test("a failing pass leaves nothing behind", async () => {
  const entry = lines('{"a":1}', "not JSON", '{"a":2}');
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from(entry.file);
    throw new Error("the disk is gone");
  }
  const [output, rejects] = [join(folder, "broken.parquet"), join(folder, "broken.gz")];
  const settings = { ...settingsOf(entry), compression: "snappy", columnsMax: 10 } as const;
  const passes = runPasses({
    request: { input: { file: "memory" }, output, rejects, known: { fields: [] }, provenance: {}, settings },
    ...{ groupBytes: 1, converter: "native/1", stopwatch: new Stopwatch(), onChunk: noop },
    openInput: async () => ({ chunks: broken(), bytesRead: () => 0, close: noop }),
  });
  await assert.rejects(passes, /the disk is gone/);
  for (const file of [output, rejects])
    for (const name of [file, `${file}.partial`]) assert.equal(existsSync(name), false);
});
