import assert from "node:assert/strict";
import { test } from "node:test";
import type { Schema } from "../model/schema.ts";
import { storedSchema } from "../model/stand-in.ts";
import { readKeyValue, readSchema } from "../parquet/read.ts";
import { ParquetWriter } from "../parquet/writer.ts";
import { completeProvenance, withSum } from "./provenance.ts";

const counts = { rows: 7, rejected: 2, rejectedSum: undefined, converter: "native/1" };

function write(schema: Schema): Buffer {
  const pieces: Buffer[] = [];
  const writer = new ParquetWriter((bytes) => pieces.push(Buffer.from(bytes)), "zstd");
  const { keyValues } = completeProvenance({ src: "2026-03-01-15" }, { ...counts, schema });
  writer.finish({ schema: storedSchema(schema), rowGroups: [], keyValues, createdBy: "test" });
  return Buffer.concat(pieces);
}

test("what was given is completed by what was found", () => {
  const schema: Schema = {
    fields: [
      { name: "id", type: { kind: "int64", big: true } },
      { name: "tags", type: { kind: "list", element: { kind: "null" } } },
      { name: "license", type: { kind: "null" } },
      { name: "text", type: { kind: "string", mixed: true } },
      { name: "raw", type: { kind: "json" } },
    ],
  };
  const { provenance } = completeProvenance({ src: "2026-03-01-15" }, { ...counts, schema });
  const { schema_fingerprint: print, ...rest } = provenance;
  assert.match(String(print), /^[0-9a-f]{16}$/);
  assert.deepEqual(rest, {
    ...{ src: "2026-03-01-15", rows_in: 9, rows_out: 7, rejected: 2, converter: "native/1" },
    stand_ins: [{ path: "tags", seen: "list" }],
    ...{ seen_null: ["license"], big: ["id"], mixed: ["text"], json: ["raw"] },
  });
  assert.deepEqual(readKeyValue(write(schema).subarray(-(64 << 10))), withSum(provenance, "0".repeat(64)));
  assert.deepEqual(readSchema(write(schema)), {
    fields: [...schema.fields.filter(({ name }) => name !== "license"), { name: "license", type: { kind: "null" } }],
  });
});

test("with 10,000 columns and as many notes it is still in the last 64 KiB, and nothing of the schema is lost", () => {
  const name = (kind: string, i: number): string => `${kind} ${i} ${"long name ".repeat(20)}`;
  const schema: Schema = {
    fields: [
      ...Array.from({ length: 10_000 }, (_, i) => ({
        name: name("big", i),
        type: { kind: "int64", big: true } as const,
      })),
      ...Array.from({ length: 10_000 }, (_, i) => ({ name: name("null", i), type: { kind: "null" } as const })),
    ],
  };
  const file = write(schema);
  const provenance = readKeyValue(file.subarray(-(64 << 10)));
  assert.deepEqual([provenance?.src, provenance?.rows_out, provenance?.notes_cut], ["2026-03-01-15", 7, true]);
  assert.deepEqual(readSchema(file), schema);
});
