import assert from "node:assert/strict";
import { test } from "node:test";
import { zstdCompressSync } from "node:zlib";
import {
  type DataType as ArrowType,
  binary,
  bool,
  columnFromArray,
  decimal,
  duration,
  field,
  float32,
  float64,
  IntervalUnit,
  int8,
  int16,
  int32,
  int64,
  interval,
  largeUtf8,
  list,
  map,
  setCompressionCodec,
  struct,
  TimeUnit,
  tableFromColumns,
  tableToIPC,
  timeNanosecond,
  utf8,
} from "@uwdata/flechette";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import type { Value, ValueOptions } from "./contract.ts";
import { SparkError } from "./errors.ts";
import type { SparkType, StructType } from "./types.ts";
import { objectDecoder, rowDecoder } from "./values.ts";

/** A type, how another implementation of Arrow names it, and values: what that one is given, and what must come out. */
interface Sample {
  readonly type: SparkType;
  readonly arrow: ArrowType;
  readonly cell: fc.Arbitrary<Cell>;
}

interface Cell {
  readonly given: unknown;
  readonly value: Value;
}

const same = (values: fc.Arbitrary<Value>): fc.Arbitrary<Cell> => values.map((value) => ({ given: value, value }));

const int64s = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
const texts = fc.oneof(
  fc.string({ maxLength: 30 }),
  fc.string({ unit: "binary", maxLength: 12 }),
  fc.constantFrom("", "\ufeffx", "\0", "twelve chars", "thirteen char", "😀"),
);

const flat: readonly Sample[] = [
  { type: { kind: "boolean" }, arrow: bool(), cell: same(fc.boolean()) },
  { type: { kind: "byte" }, arrow: int8(), cell: same(fc.integer({ min: -128, max: 127 })) },
  { type: { kind: "short" }, arrow: int16(), cell: same(fc.integer({ min: -32_768, max: 32_767 })) },
  { type: { kind: "integer" }, arrow: int32(), cell: same(fc.integer()) },
  { type: { kind: "long" }, arrow: int64(), cell: same(int64s) },
  { type: { kind: "float" }, arrow: float32(), cell: same(fc.float()) },
  { type: { kind: "double" }, arrow: float64(), cell: same(fc.double()) },
  { type: { kind: "string" }, arrow: utf8(), cell: same(texts) },
  { type: { kind: "varchar", length: 30 }, arrow: largeUtf8(), cell: same(texts) },
  { type: { kind: "binary" }, arrow: binary(), cell: same(fc.uint8Array({ maxLength: 20 })) },
  { type: { kind: "day_time_interval", start: 0, end: 3 }, arrow: duration(TimeUnit.MICROSECOND), cell: same(int64s) },
  {
    type: { kind: "time", precision: 6 },
    arrow: timeNanosecond(),
    cell: fc.constant({ given: 3_723_000_004_000n, value: "01:02:03.000004" }),
  },
  {
    type: { kind: "calendar_interval" },
    arrow: interval(IntervalUnit.MONTH_DAY_NANO),
    cell: fc.tuple(fc.integer(), fc.integer(), int64s).map(([months, days, nanoseconds]) => ({
      given: [months, days, nanoseconds],
      value: { months, days, nanoseconds },
    })),
  },
  {
    type: { kind: "decimal", precision: 38, scale: 2 },
    arrow: decimal(38, 2, 128),
    cell: fc.bigInt(-(10n ** 38n) + 1n, 10n ** 38n - 1n).map((given) => {
      const digits = String(given < 0n ? -given : given).padStart(3, "0");
      return { given, value: `${given < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}` };
    }),
  },
];

const orNull = (cell: fc.Arbitrary<Cell>): fc.Arbitrary<Cell> =>
  fc.oneof({ weight: 4, arbitrary: cell }, { weight: 1, arbitrary: fc.constant({ given: null, value: null }) });

function arrayOf({ type, arrow, cell }: Sample): Sample {
  return {
    type: { kind: "array", element: type, containsNull: true },
    arrow: list(field("element", arrow)),
    cell: fc.array(orNull(cell), { maxLength: 4 }).map((cells) => ({
      given: cells.map(({ given }) => given),
      value: cells.map(({ value }) => value),
    })),
  };
}

function structOf(samples: readonly Sample[]): Sample {
  const names = samples.map((_, index) => (index === 1 ? "__proto__" : `f ${index}`));
  const object = (values: readonly unknown[]): Record<string, unknown> =>
    Object.fromEntries(names.map((name, index) => [name, values[index]]));
  return {
    type: {
      kind: "struct",
      fields: samples.map(({ type }, index) => ({ name: names[index] ?? "", type, nullable: true })),
    },
    arrow: struct(samples.map(({ arrow }, index) => field(names[index] ?? "", arrow))),
    cell: fc.tuple(...samples.map(({ cell }) => orNull(cell))).map((cells) => ({
      given: object(cells.map(({ given }) => given)),
      value: Object.fromEntries(names.map((name, index) => [name, cells[index]?.value ?? null])),
    })),
  };
}

function mapOf({ type, arrow, cell }: Sample): Sample {
  return {
    type: { kind: "map", key: { kind: "string" }, value: type, valueContainsNull: true },
    arrow: map(utf8(), arrow),
    cell: fc.uniqueArray(fc.tuple(texts, orNull(cell)), { maxLength: 4, selector: ([key]) => key }).map((entries) => ({
      given: entries.map(([key, { given }]) => [key, given]),
      value: new Map(entries.map(([key, { value }]) => [key, value])),
    })),
  };
}

const sample: fc.Arbitrary<Sample> = fc.letrec<{ any: Sample }>((tie) => ({
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(...flat),
    tie("any").map(arrayOf),
    tie("any").map(mapOf),
    fc.array(tie("any"), { minLength: 1, maxLength: 3 }).map(structOf),
  ),
})).any;

interface Column {
  readonly sample: Sample;
  readonly cells: readonly Cell[];
}

const columns: fc.Arbitrary<Column[]> = fc
  .tuple(fc.array(sample, { minLength: 1, maxLength: 4 }), fc.integer({ min: 0, max: 40 }))
  .chain(([samples, length]) =>
    fc.tuple(
      ...samples.map((each) =>
        fc.array(orNull(each.cell), { minLength: length, maxLength: length }).map((cells) => ({ sample: each, cells })),
      ),
    ),
  );

function schemaOf(of: readonly Column[]): StructType {
  return {
    kind: "struct",
    fields: of.map((column, index) => ({ name: `c${index}`, type: column.sample.type, nullable: true })),
  };
}

function streamOf(of: readonly Column[], options: { readonly codec?: 1 } = {}): Uint8Array {
  const built = of.map(({ sample: { arrow }, cells }, index): [string, ReturnType<typeof columnFromArray>] => [
    `c${index}`,
    columnFromArray(
      cells.map(({ given }) => given),
      arrow,
      { maxBatchRows: 1e6 },
    ),
  ]);
  const bytes = tableToIPC(tableFromColumns(built), { format: "stream", ...options });
  assert.ok(bytes !== null);
  return bytes;
}

function rowsOf(of: readonly Column[]): Value[][] {
  return (of[0]?.cells ?? []).map((_, row) => of.map(({ cells }) => cells[row]?.value ?? null));
}

test("what another implementation of Arrow writes comes back as it was", () => {
  fc.assert(
    fc.property(columns, fc.integer({ min: 0, max: 8 }), (given, shift) => {
      const bytes = streamOf(given);
      // Off the boundary that numbers must stand at, as a message's bytes are.
      const shifted = new Uint8Array(bytes.length + shift).subarray(shift);
      shifted.set(bytes);
      assert.deepEqual(rowDecoder(schemaOf(given))(shifted), rowsOf(given));
      const objects = rowsOf(given).map((row) => Object.fromEntries(row.map((value, index) => [`c${index}`, value])));
      assert.deepEqual(objectDecoder(schemaOf(given))(shifted), objects);
    }),
    runSettings(400),
  );
});

/** One column of each type, nested too, of some rows. */
function everything(): Column[] {
  const nested = [
    ...flat,
    ...flat.slice(3, 8).map(arrayOf),
    structOf(flat.slice(3, 6)),
    mapOf(arrayOf(structOf(flat.slice(6, 8)))),
  ];
  const [cells = []] = fc.sample(
    fc.tuple(...nested.map(({ cell }) => fc.array(orNull(cell), { minLength: 9, maxLength: 9 }))),
    { numRuns: 1, seed: 11 },
  );
  return nested.map((each, index) => ({ sample: each, cells: cells[index] ?? [] }));
}

/** Answers whether it was taken for a result; what is thrown must be an error that names the cause. */
function decodes(bytes: Uint8Array, schema: StructType): boolean {
  try {
    rowDecoder(schema)(bytes);
    return true;
  } catch (error) {
    if (!(error instanceof SparkError)) throw error;
    // Texts that are no longer UTF-8 and keys that have become alike are what a result may be.
    const isLz4 = error.kind === "usage" && error.message.includes("LZ4");
    assert.ok(error.kind === "corrupt" || error.kind === "application" || isLz4, error.stack);
    return false;
  }
}

test("a stream that is cut anywhere, or goes on behind its end, is corrupt", () => {
  const given = everything();
  const bytes = streamOf(given);
  const schema = schemaOf(given);
  assert.ok(decodes(bytes, schema));
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => rowDecoder(schema)(bytes.subarray(0, length)), { kind: "corrupt" }, `${length}`);
  }
  const longer = new Uint8Array(bytes.length + 1);
  longer.set(bytes);
  assert.throws(() => rowDecoder(schema)(longer), { kind: "corrupt" });
});

test("flipped bits end as an error or as other values, in no time and in little memory", () => {
  const given = everything();
  const bytes = streamOf(given);
  const schema = schemaOf(given);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length * 8 - 1), { minLength: 1, maxLength: 4 }), (bits) => {
      const damaged = Uint8Array.from(bytes);
      for (const bit of bits) damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      decodes(damaged, schema);
    }),
    runSettings(3000),
  );
});

test("lengths of all sizes in any place, as an attacker would write them", () => {
  const given = everything();
  const bytes = streamOf(given);
  const schema = schemaOf(given);
  const sizes = fc.constantFrom(0, 1, 7, 8, 2 ** 16, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat((bytes.length >> 2) - 1), sizes), { minLength: 1, maxLength: 3 }), (words) => {
      const damaged = Uint8Array.from(bytes);
      const view = new DataView(damaged.buffer);
      for (const [at, size] of words) view.setUint32(4 * at, size, true);
      decodes(damaged, schema);
    }),
    runSettings(3000),
  );
});

test("a stream of another schema is corrupt, whichever it is", () => {
  for (const written of flat) {
    const column = { sample: written, cells: fc.sample(written.cell, { numRuns: 3, seed: 5 }) };
    const bytes = streamOf([column]);
    for (const asked of flat) {
      const isFitting = [written.type, asked.type].every(({ kind }) => kind === "string" || kind === "varchar");
      if (asked === written || isFitting) continue;
      const schema = schemaOf([{ sample: asked, cells: [] }]);
      assert.throws(() => rowDecoder(schema)(bytes), { kind: "corrupt" }, `${written.type.kind} as ${asked.type.kind}`);
    }
    const two = schemaOf([column, column]);
    assert.throws(() => rowDecoder(two)(bytes), { kind: "corrupt", message: /1 columns where 2/ });
  }
});

/** The test's columns by their types alone. */
function textColumn(cells: readonly Cell[]): Column {
  return { sample: { type: { kind: "string" }, arrow: binary(), cell: fc.constant({ given: "", value: "" }) }, cells };
}

test("a text that is not UTF-8 is an error that names its column, not another text", () => {
  // Written as texts; the bytes are then exchanged for some that are none.
  const column = textColumn([]);
  const written: Column = { sample: { ...column.sample, arrow: utf8() }, cells: [] };
  const good = streamOf([
    {
      ...written,
      cells: [
        { given: "aéb", value: "aéb" },
        { given: "zz", value: "zz" },
      ],
    },
  ]);
  const at = Buffer.from(good.buffer, good.byteOffset, good.length).indexOf("aéb");
  const schema = schemaOf([written]);
  assert.deepEqual(rowDecoder(schema)(good), [["aéb"], ["zz"]]);
  for (const [offset, byte] of [
    [1, 0xff],
    [2, 0x41],
    [3, 0x80],
    [4, 0xc3],
  ] as const) {
    const damaged = Uint8Array.from(good);
    damaged[at + offset] = byte;
    assert.throws(() => rowDecoder(schema)(damaged), { kind: "application", message: /^column c0: .*UTF-8/ });
  }
});

test("two values that are UTF-8 only together are errors as well", () => {
  const written: Column = { ...textColumn([]), sample: { ...textColumn([]).sample, arrow: utf8() } };
  const good = streamOf([
    {
      ...written,
      cells: [
        { given: "ab", value: "ab" },
        { given: "cd", value: "cd" },
      ],
    },
  ]);
  const at = Buffer.from(good.buffer, good.byteOffset, good.length).indexOf("abcd");
  const damaged = Uint8Array.from(good);
  damaged.set([0x61, 0xc3, 0xa9, 0x64], at);
  assert.throws(() => rowDecoder(schemaOf([written]))(damaged), { kind: "application", message: /UTF-8/ });
});

test("a map whose key comes twice is an error", () => {
  const keyed = mapOf({ type: { kind: "integer" }, arrow: int32(), cell: fc.constant({ given: 1, value: 1 }) });
  const bytes = streamOf([
    {
      sample: keyed,
      cells: [
        {
          given: [
            ["k", 1],
            ["k", 2],
          ],
          value: null,
        },
      ],
    },
  ]);
  const schema = schemaOf([{ sample: keyed, cells: [] }]);
  assert.throws(() => rowDecoder(schema)(bytes), {
    kind: "application",
    message: /column c0: a MAP has a key twice/,
  });
});

test("columns of one name are errors for objects, not for rows; nested ones for both", () => {
  const integers: Column = {
    sample: { type: { kind: "integer" }, arrow: int32(), cell: fc.constant({ given: 1, value: 1 }) },
    cells: [{ given: 1, value: 1 }],
  };
  const bytes = streamOf([integers, integers]);
  const fields = [
    { name: "a", type: integers.sample.type, nullable: true },
    { name: "a", type: integers.sample.type, nullable: true },
  ];
  assert.deepEqual(rowDecoder({ kind: "struct", fields })(bytes), [[1, 1]]);
  assert.throws(() => objectDecoder({ kind: "struct", fields }), {
    kind: "usage",
    message: /two columns are called "a"/,
  });
  const pair = structOf([integers.sample, integers.sample]);
  const nested = streamOf([{ sample: pair, cells: [{ given: { "f 0": 1, ["__proto__"]: 2 }, value: null }] }]);
  const twice: SparkType = { kind: "struct", fields };
  const schema: StructType = { kind: "struct", fields: [{ name: "s", type: twice, nullable: true }] };
  assert.throws(() => rowDecoder(schema)(nested), { kind: "usage", message: /column s: / });
});

test("a type without values is an error as soon as values are asked for", () => {
  const bytes = streamOf([
    {
      sample: {
        type: { kind: "other", name: "GEOMETRY(0)" },
        arrow: int32(),
        cell: fc.constant({ given: 1, value: 1 }),
      },
      cells: [{ given: 1, value: 1 }],
    },
  ]);
  const schema: StructType = {
    kind: "struct",
    fields: [{ name: "g", type: { kind: "other", name: "GEOMETRY(0)" }, nullable: true }],
  };
  assert.throws(() => rowDecoder(schema)(bytes), { kind: "usage", message: /column g: .*GEOMETRY\(0\)/ });
});

test("values by option as numbers", () => {
  const options: ValueOptions = { integers: "number", decimals: "number" };
  const cell = fc.constant({ given: null, value: null });
  const given: Column[] = [
    {
      sample: { type: { kind: "long" }, arrow: int64(), cell },
      cells: [
        { given: 2n ** 53n - 1n, value: 0 },
        { given: null, value: null },
      ],
    },
    {
      sample: { type: { kind: "decimal", precision: 38, scale: 3 }, arrow: decimal(38, 3, 128), cell },
      cells: [
        { given: -1500n, value: 0 },
        { given: null, value: null },
      ],
    },
  ];
  assert.deepEqual(rowDecoder(schemaOf(given), options)(streamOf(given)), [
    [2 ** 53 - 1, -1.5],
    [null, null],
  ]);
  const large: Column[] = [
    { sample: { type: { kind: "long" }, arrow: int64(), cell }, cells: [{ given: 2n ** 53n, value: 0 }] },
  ];
  assert.throws(() => rowDecoder(schemaOf(large), options)(streamOf(large)), {
    kind: "application",
    message: "column c0: 9007199254740992 is beyond what a number holds exactly",
  });
});

const ZSTD = 1;

test("compressed batches: what they hold, and what they claim to hold", () => {
  const given = everything();
  const schema = schemaOf(given);
  setCompressionCodec(ZSTD, { encode: (bytes) => new Uint8Array(zstdCompressSync(bytes)), decode: (bytes) => bytes });
  const bytes = streamOf(given, { codec: ZSTD });
  assert.deepEqual(rowDecoder(schema)(bytes), rowsOf(given));
  fc.assert(
    fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
      const damaged = Uint8Array.from(bytes);
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      decodes(damaged, schema);
    }),
    runSettings(1500),
  );
});

test("a value outlives its batch without it: no view, no part of a larger text", () => {
  const cells = Array.from({ length: 1000 }, () => ({ given: new Uint8Array(100), value: null }));
  const sample: Sample = { type: { kind: "binary" }, arrow: binary(), cell: fc.constant({ given: null, value: null }) };
  const [row] = rowDecoder(schemaOf([{ sample, cells }]))(streamOf([{ sample, cells }]));
  const value = row?.[0];
  assert.ok(value instanceof Uint8Array);
  assert.equal(value.buffer.byteLength, 100);
});
