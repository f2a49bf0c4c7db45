import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readWithHyparquet } from "../../test/corpus/hyparquet-reader.ts";
import { runSettings } from "../../test/corpus/runs.ts";
import { anySchema } from "../../test/corpus/schemas.ts";
import type { Field, Schema } from "../model/schema.ts";
import { storedSchema } from "../model/stand-in.ts";
import { columnNotes, logicalSchema } from "./column-notes.ts";
import type { Compression } from "./compression.ts";
import { PROVENANCE_KEY } from "./names.ts";
import { readKeyValue, readSchema } from "./read.ts";
import { leafColumns } from "./schema-elements.ts";
import { PHYSICAL } from "./values.ts";
import { ParquetWriter } from "./writer.ts";

/** Collects a file in memory. */
function openWriter(compression: Compression = "zstd"): { writer: ParquetWriter; file(): Buffer } {
  const pieces: Buffer[] = [];
  const writer = new ParquetWriter((bytes) => pieces.push(Buffer.from(bytes)), compression);
  return { writer, file: () => Buffer.concat(pieces) };
}

function writeWithoutRows(schema: Schema, provenance: object): Buffer {
  const { writer, file } = openWriter();
  const keyValues = [[PROVENANCE_KEY, JSON.stringify({ ...provenance, ...columnNotes(schema) })]] as const;
  writer.finish({ schema: storedSchema(schema), rowGroups: [], keyValues, createdBy: "test" });
  return file();
}

/** In every struct the fields that were only null come last: a file does not hold their place. */
function withNullsLast(fields: readonly Field[]): Field[] {
  const inner = (type: Field["type"]): Field["type"] => {
    if (type.kind === "list") return { kind: "list", element: inner(type.element) };
    return type.kind === "struct" ? { kind: "struct", fields: withNullsLast(type.fields) } : type;
  };
  const all = fields.map(({ name, type }) => ({ name, type: inner(type) }));
  return [...all.filter(({ type }) => type.kind !== "null"), ...all.filter(({ type }) => type.kind === "null")];
}

test("a schema is read back from the footer", (t) => {
  const settings = runSettings(300);
  t.diagnostic(`seed ${settings.seed}`);
  fc.assert(
    fc.property(anySchema, (schema) => {
      const file = writeWithoutRows(schema, {});
      assert.deepEqual(readSchema(file), { fields: withNullsLast(schema.fields) });
      assert.deepEqual(logicalSchema(storedSchema(schema), columnNotes(schema)), readSchema(file));
    }),
    settings,
  );
});

test("the provenance is found in the last bytes, even after limits that look like it", async () => {
  const { writer, file } = openWriter();
  const text = "\u0018\u0008millrace\u0018\u0005wrong";
  const arena = Buffer.concat([Buffer.of(text.length, 0, 0, 0), Buffer.from(text)]);
  const levels = {
    definition: { pairs: Int32Array.of(1, 1), used: 2, entries: 1 },
    definitionMax: 1,
    repetition: undefined,
    repetitionMax: 0,
  };
  const values = { kind: "texts", arena, offsets: Int32Array.of(0), count: 1 } as const;
  const chunk = writer.writeChunk(levels, values, PHYSICAL.byteArray);
  writer.finish({
    schema: { fields: [{ name: "a", type: { kind: "string" } }] },
    rowGroups: [{ rows: 1, chunks: [chunk] }],
    keyValues: [[PROVENANCE_KEY, '{"src":"here"}']],
    createdBy: "test",
  });
  const bytes = file();
  assert.deepEqual(readKeyValue(bytes.subarray(-120)), { src: "here" });
  assert.deepEqual((await readWithHyparquet(bytes)).rows, [new Map([["a", text]])]);
});

test("what is not ours has no provenance", () => {
  assert.equal(readKeyValue(new Uint8Array()), undefined);
  assert.equal(readKeyValue(Buffer.from("no Parquet at all")), undefined);
  const { writer, file } = openWriter();
  writer.finish({ schema: { fields: [] }, rowGroups: [], keyValues: [["other", "{}"]], createdBy: "test" });
  assert.equal(readKeyValue(file()), undefined);
  assert.throws(() => readSchema(file()), { kind: "corrupt" });
});

test("a damaged footer is corrupt and nothing worse", (t) => {
  const settings = runSettings(500);
  t.diagnostic(`seed ${settings.seed}`);
  const schema: Schema = { fields: [{ name: "a", type: { kind: "list", element: { kind: "int64" } } }] };
  const good = writeWithoutRows(schema, { src: "x" });
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(20), (place, byte, cut) => {
      const bad = Buffer.from(good.subarray(cut));
      if (place < bad.length) bad[place] = byte;
      for (const read of [readKeyValue, readSchema]) {
        try {
          read(bad);
        } catch (error) {
          assert.equal(error instanceof Error && Reflect.get(error, "kind"), "corrupt", String(error));
        }
      }
    }),
    settings,
  );
});

test("leaf columns carry the levels of their place", () => {
  const commits: Field = {
    name: "commits",
    type: { kind: "list", element: { kind: "struct", fields: [{ name: "sha", type: { kind: "string" } }] } },
  };
  const payload: Field = { name: "payload", type: { kind: "struct", fields: [commits] } };
  const [leaf] = leafColumns({ fields: [payload] });
  assert.deepEqual(leaf?.path, ["payload", "commits", "list", "element", "sha"]);
  assert.deepEqual([leaf?.definitionMax, leaf?.repetitionMax], [5, 1]);
});

test("large chunks are split into pages at rows, with either codec", async () => {
  // Rows of 0 to 4 texts of 100 bytes: 4 MB.
  const rows = Array.from({ length: 20_000 }, (_, row) =>
    Array.from({ length: row % 5 }, (_, i) => `${row}.${i}`.padEnd(100, "x")),
  );
  const texts = rows.flat();
  const arena = Buffer.concat(texts.map((text) => Buffer.concat([Buffer.of(text.length, 0, 0, 0), Buffer.from(text)])));
  const offsets = Int32Array.from(texts, (_, i) => i * 104);
  const definition = rows.flatMap((row) => (row.length === 0 ? [1, 1] : [3, row.length]));
  const repetition = rows.flatMap((row) => (row.length > 1 ? [0, 1, 1, row.length - 1] : [0, 1]));
  const entries = rows.reduce((sum, row) => sum + Math.max(row.length, 1), 0);
  const runs = (pairs: readonly number[]) => ({ pairs: Int32Array.from(pairs), used: pairs.length, entries });
  for (const compression of ["zstd", "snappy"] as const) {
    const { writer, file } = openWriter(compression);
    const chunk = writer.writeChunk(
      { definition: runs(definition), definitionMax: 3, repetition: runs(repetition), repetitionMax: 1 },
      { kind: "texts", arena, offsets, count: texts.length },
      PHYSICAL.byteArray,
    );
    writer.finish({
      schema: { fields: [{ name: "l", type: { kind: "list", element: { kind: "string" } } }] },
      rowGroups: [{ rows: rows.length, chunks: [chunk] }],
      keyValues: [],
      createdBy: "test",
    });
    assert.equal(chunk.nulls, 4_000);
    const read = await readWithHyparquet(file());
    assert.deepEqual(
      read.rows.map((row) => row.get("l")),
      rows,
    );
  }
});

test("sealed texts get their levels when the chunk is written, with either codec", async () => {
  // Rows of 0 to 4 texts. The pages end at rows, with and without rows of no text behind them.
  const rows = Array.from({ length: 2_000 }, (_, row) =>
    Array.from({ length: row % 5 }, (_, i) => `${row}.${i} of it`),
  );
  const definition = rows.flatMap((row) => (row.length === 0 ? [1, 1] : [3, row.length]));
  const repetition = rows.flatMap((row) => (row.length > 1 ? [0, 1, 1, row.length - 1] : [0, 1]));
  const entries = rows.reduce((sum, row) => sum + Math.max(row.length, 1), 0);
  const runs = (pairs: readonly number[]) => ({ pairs: Int32Array.from(pairs), used: pairs.length, entries });
  const levels = { definition: runs(definition), definitionMax: 3, repetition: runs(repetition), repetitionMax: 1 };
  const plain = (from: number, to: number): Buffer =>
    Buffer.concat(
      rows
        .slice(from, to)
        .flat()
        .map((text) => Buffer.concat([Buffer.of(text.length, 0, 0, 0), Buffer.from(text)])),
    );
  for (const compression of ["zstd", "snappy"] as const) {
    for (const end of [rows.length, 1_501, 1_250]) {
      const { writer, file } = openWriter(compression);
      const pages = [plain(0, 700), plain(700, 703), plain(703, end)].map((texts) => writer.sealTexts(texts));
      const values = { kind: "sealed", pages, arena: plain(end, rows.length) } as const;
      const chunk = writer.writeChunk(levels, values, PHYSICAL.byteArray);
      writer.finish({
        schema: { fields: [{ name: "l", type: { kind: "list", element: { kind: "string" } } }] },
        rowGroups: [{ rows: rows.length, chunks: [chunk] }],
        keyValues: [],
        createdBy: "test",
      });
      assert.equal(chunk.nulls, 400);
      assert.equal(Buffer.from(chunk.statistics?.min ?? []).toString(), "1.0 of it");
      assert.equal(Buffer.from(chunk.statistics?.max ?? []).toString(), "999.3 of it");
      const read = await readWithHyparquet(file());
      assert.deepEqual(
        read.rows.map((row) => row.get("l")),
        rows,
      );
    }
  }
});
