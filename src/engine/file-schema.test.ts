import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { propertyRuns } from "../../test/contract/property-runs.ts";
import { Failure } from "../errors.ts";
import { readFilesFields } from "./file-schema.ts";

let folder: string;
let connection: DuckDBConnection;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-footers-"));
  connection = await (await DuckDBInstance.create(":memory:")).connect();
});

after(() => {
  connection.closeSync();
  rmSync(folder, { recursive: true, force: true });
});

async function written(select: string): Promise<string> {
  const path = join(folder, "x.parquet");
  await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet)`);
  return path;
}

const fieldsOf = async (path: string) => (await readFilesFields([path]))[0] ?? assert.fail();

describe("the columns of a file", () => {
  test("of every type that a table or a mart has", async () => {
    const path =
      await written(`select true as b, 1::bigint as i, 1::integer as small, 1.5::double as d, 1.5::float as f,
      'x' as s, '\\x00'::blob as bin, 1.25::decimal(9,2) as dec, 1::decimal(38,3) as wide, date '2026-01-01' as day,
      timestamptz '2026-01-01 00:00:00+00' as at, timestamp '2026-01-01' as local, '{}'::json as j, ['x'] as l,
      {'a': 1::bigint, 'l': [{'b': 'x'}]} as st`);
    assert.deepEqual(await fieldsOf(path), [
      { name: "b", type: { kind: "bool" } },
      { name: "i", type: { kind: "int64" } },
      { name: "small", type: { kind: "int32" } },
      { name: "d", type: { kind: "double" } },
      { name: "f", type: { kind: "float" } },
      { name: "s", type: { kind: "string" } },
      { name: "bin", type: { kind: "binary" } },
      { name: "dec", type: { kind: "decimal", precision: 9, scale: 2 } },
      { name: "wide", type: { kind: "decimal", precision: 38, scale: 3 } },
      { name: "day", type: { kind: "date" } },
      { name: "at", type: { kind: "timestamp" } },
      { name: "local", type: { kind: "timestamp_local" } },
      { name: "j", type: { kind: "string" } },
      { name: "l", type: { kind: "list", element: { kind: "string" } } },
      {
        name: "st",
        type: {
          kind: "struct",
          fields: [
            { name: "a", type: { kind: "int64" } },
            {
              name: "l",
              type: { kind: "list", element: { kind: "struct", fields: [{ name: "b", type: { kind: "string" } }] } },
            },
          ],
        },
      },
    ]);
  });

  test("of no type that a table has are named", async () => {
    for (const expression of ["1::ubigint", "1::utinyint", "time '12:00'", "uuid()"]) {
      const [field] = await fieldsOf(await written(`select ${expression} as x`));
      assert.equal(field?.type.kind, "other", expression);
    }
  });

  test("in a footer that is longer than what is read at once", async () => {
    const columns = Array.from({ length: 3000 }, (_, index) => `'${"v".repeat(40)}' as column_${index}`);
    const fields = await fieldsOf(await written(`select ${columns.join(", ")}`));
    assert.equal(fields.length, 3000);
    assert.deepEqual(fields.at(-1), { name: "column_2999", type: { kind: "string" } });
  });

  test("of a file that is not there or too short", async () => {
    await assert.rejects(
      fieldsOf(join(folder, "none")),
      (error) => error instanceof Failure && error.kind === "missing",
    );
    for (const text of ["", "PAR1", "PAR1\xff\xff\xff\xffPAR1", "PAR1\0\0\0\0PAR1", "no parquet at all"]) {
      const path = join(folder, "short");
      writeFileSync(path, text, "latin1");
      await assert.rejects(
        fieldsOf(path),
        (error) => error instanceof Failure && error.kind === "corrupt",
        JSON.stringify(text),
      );
    }
  });

  test("of damaged footers are an answer or damage, nothing else", async () => {
    const bytes = readFileSync(await written("select {'a': ['x'], 'b': {'c': 1}} as s, 1.5 as d, 'x' as t"));
    const start = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
    const path = join(folder, "damaged");
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: start, max: bytes.length - 9 }), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        async (changes) => {
          const damaged = Buffer.from(bytes);
          for (const [at, value] of changes) damaged[at] = value;
          writeFileSync(path, damaged);
          const outcome = await fieldsOf(path).catch((error: unknown) => error);
          assert.ok(
            Array.isArray(outcome) || (outcome instanceof Failure && outcome.kind === "corrupt"),
            String(outcome),
          );
        },
      ),
      propertyRuns(300),
    );
  });
});
