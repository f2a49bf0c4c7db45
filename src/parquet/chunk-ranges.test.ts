import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { parquetMetadata } from "hyparquet";
import { propertyRuns } from "../../test/contract/property-runs.ts";
import { Failure } from "../errors.ts";
import { chunkRanges, type FileRange } from "./chunk-ranges.ts";
import { COMPACT, CompactWriter } from "./compact-writer.ts";
import { footerIn } from "./read.ts";

const isCorrupt = (error: unknown): boolean => error instanceof Failure && error.kind === "corrupt";
const byStart = (a: FileRange, b: FileRange): number => a.start - b.start;

describe("the ranges of a file that DuckDB wrote", () => {
  let directory: string;
  let bytes: Buffer;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "millrace-chunks-"));
    const path = join(directory, "x.parquet");
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    await connection.run(
      `COPY (SELECT x AS id, 's' || x % 9 AS few, {'a': x, 'list': {'b': x}} AS s, [{'k': [x]}] AS l
       FROM range(5000) r(x)) TO '${path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)`,
    );
    connection.closeSync();
    instance.closeSync();
    bytes = readFileSync(path);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  /** As another reader sees them, by the path in the footer. */
  function expected(path: string): FileRange[] {
    const metadata = parquetMetadata(new Uint8Array(bytes).buffer);
    const chunks = metadata.row_groups.flatMap((group) => group.columns.map((column) => column.meta_data));
    return chunks.flatMap((meta) => {
      if (meta?.path_in_schema.join(".") !== path) return [];
      const start = Number(meta.dictionary_page_offset ?? meta.data_page_offset);
      const ranges = [{ start, end: start + Number(meta.total_compressed_size) }];
      const filter = Number(meta.bloom_filter_offset ?? 0);
      if (filter > 0) ranges.push({ start: filter, end: filter + (meta.bloom_filter_length ?? 0) });
      return ranges;
    });
  }

  function found(wanted: (path: readonly string[]) => boolean): FileRange[] {
    const ranges = chunkRanges(footerIn(bytes), bytes.length, wanted);
    return ranges === "all" ? assert.fail("all") : [...ranges];
  }

  for (const [name, stored] of [
    ["id", "id"],
    ["few", "few"],
    ["s.a", "s.a"],
    ["s.list.b", "s.list.b"],
    ["l.k", "l.list.element.k.list.element"],
  ] as const) {
    test(`${name} is found under its own name, in all row groups, with its filters`, () => {
      const ranges = found((path) => path.join(".") === name);
      assert.ok(ranges.length >= 3);
      assert.deepEqual(ranges.sort(byStart), expected(stored).sort(byStart));
    });
  }

  test("a column of few values has a filter, so that the test above has seen some", () => {
    assert.equal(expected("few").length, 6);
  });

  test("nothing wanted is nothing to read", () => {
    assert.deepEqual(
      found(() => false),
      [],
    );
  });

  test("a footer with any byte changed gives ranges inside of the file, or is refused", () => {
    const footer = footerIn(bytes);
    fc.assert(
      fc.property(fc.nat(footer.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(footer);
        changed[at] = (changed[at] ?? 0) ^ change;
        try {
          const ranges = chunkRanges(changed, bytes.length, () => true);
          if (ranges === "all") return;
          for (const { start, end } of ranges) assert.ok(4 <= start && start <= end && end <= bytes.length);
        } catch (error) {
          assert.ok(isCorrupt(error), String(error));
        }
      }),
      propertyRuns(2000),
    );
  });
});

describe("a footer", () => {
  interface Chunk {
    readonly meta?: readonly (readonly [field: number, value: number])[];
    readonly chunk?: readonly (readonly [field: number, value: number])[];
    readonly file?: string;
  }

  /** Of one column and one row group. */
  function footerOf(
    { meta = [], chunk = [], file }: Chunk,
    createdBy = "millrace version 1 (build native/1)",
  ): Uint8Array {
    const out = new CompactWriter(1024);
    out.int32(1, 2);
    out.list(2, COMPACT.struct, 2);
    out.structElement(() => {
      out.binary(4, "schema");
      out.int32(5, 1);
    });
    out.structElement(() => {
      out.int32(1, 2);
      out.int32(3, 1);
      out.binary(4, "x");
    });
    out.int64(3, 1);
    out.list(4, COMPACT.struct, 1);
    out.structElement(() => {
      out.list(1, COMPACT.struct, 1);
      out.structElement(() => {
        if (file !== undefined) out.binary(1, file);
        out.struct(3, () => {
          for (const [field, value] of meta) out.int64(field, value);
        });
        for (const [field, value] of chunk) out.int64(field, value);
      });
    });
    out.binary(6, createdBy);
    return out.finish();
  }
  const ranges = (chunk: Chunk, createdBy?: string) => chunkRanges(footerOf(chunk, createdBy), 100_000, () => true);

  test("names a chunk by its first page, whichever that is", () => {
    assert.deepEqual(
      ranges({
        meta: [
          [7, 50],
          [9, 100],
        ],
      }),
      [{ start: 100, end: 150 }],
    );
    assert.deepEqual(
      ranges({
        meta: [
          [7, 50],
          [9, 100],
          [11, 80],
        ],
      }),
      [{ start: 80, end: 130 }],
    );
    assert.deepEqual(
      ranges({
        meta: [
          [7, 50],
          [9, 100],
          [10, 90],
        ],
      }),
      [{ start: 90, end: 140 }],
    );
    // Some writers note no dictionary as one at 0.
    assert.deepEqual(
      ranges({
        meta: [
          [7, 50],
          [9, 100],
          [11, 0],
        ],
      }),
      [{ start: 100, end: 150 }],
    );
  });

  test("names filters and indexes too; of a filter without a length the whole file is read", () => {
    const meta = [
      [7, 50],
      [9, 100],
      [14, 500],
      [15, 60],
    ] as const;
    const chunk = [
      [4, 700],
      [5, 10],
      [6, 800],
      [7, 20],
    ] as const;
    assert.deepEqual(ranges({ meta, chunk }), [
      { start: 100, end: 150 },
      { start: 500, end: 560 },
      { start: 700, end: 710 },
      { start: 800, end: 820 },
    ]);
    assert.equal(ranges({ meta: meta.slice(0, 3) }), "all");
  });

  test("of a writer that is not known says nothing", () => {
    const meta = [
      [7, 50],
      [9, 100],
    ] as const;
    assert.equal(ranges({ meta }, "parquet-mr version 1.8.1"), "all");
    assert.equal(ranges({ meta }, ""), "all");
    assert.notEqual(ranges({ meta }, "DuckDB version v1.5.5 (build x)"), "all");
  });

  test("that names places outside of the file is damaged", () => {
    for (const meta of [
      [[7, 50]],
      [[9, 100]],
      [
        [7, 50],
        [9, 2],
      ],
      [
        [7, 50],
        [9, 99_999],
      ],
      [
        [7, -50],
        [9, 100],
      ],
      [
        [7, 2 ** 60],
        [9, 100],
      ],
    ] as const)
      assert.throws(() => ranges({ meta }), isCorrupt, JSON.stringify(meta));
    assert.throws(
      () =>
        ranges({
          meta: [
            [7, 50],
            [9, 100],
          ],
          file: "other.parquet",
        }),
      isCorrupt,
    );
  });
});
