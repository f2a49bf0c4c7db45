import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  packedPartitions,
  packedRaw,
  partitionCodec,
  rawCodec,
  readRecords,
  SharedTexts,
  writeRecords,
} from "./packed.ts";
import type { PartitionSeen, RawSeen } from "./seen.ts";

const record = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) => fc.record(fields, { noNullPrototype: true });
const start = fc.integer({ min: -1_000_000, max: 5_000_000 }).map((hour) => hour * 3_600_000);
const sha = fc.string({ minLength: 64, maxLength: 64, unit: fc.constantFrom(..."0123456789abcdef") });
const raw: fc.Arbitrary<RawSeen> = record({
  key: fc.string({ unit: "binary" }).map((text) => text.replaceAll(/[\ud800-\udfff]/g, "")),
  size: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  token: fc.string(),
  facts: fc.option(record({ sha256: sha, revision: fc.integer({ min: 1, max: 9999 }), verified: fc.boolean() }), {
    nil: undefined,
  }),
});
const path = fc.constantFrom("payload.action", "größe", "a\\.b", "labels.[]");
const partition: fc.Arbitrary<PartitionSeen> = record({
  size: fc.nat(),
  token: fc.string(),
  facts: record({
    rawSha256: sha,
    rawRevision: fc.integer({ min: 1, max: 9999 }),
    rows: fc.nat(),
    rejected: fc.nat(),
    converter: fc.constantFrom("native/1", "native/2"),
    settings: fc.string(),
    standIns: fc.array(record({ path, seen: fc.constantFrom("list", "struct") }), { maxLength: 3 }),
    checked: fc.nat(),
    narrow: fc.array(path, { maxLength: 3 }),
  }),
});

test("property: packed maps answer like maps, also after replacements", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(start, raw)), fc.array(fc.tuple(start, partition)), (raws, partitions) => {
      const pairs = [
        [packedRaw(), new Map(raws), raws],
        [packedPartitions(), new Map(partitions), partitions],
      ] as const;
      for (const [packed, plain, entries] of pairs) {
        for (const [at, value] of entries) Reflect.apply(packed.set, packed, [at, value]);
        assert.equal(packed.size, plain.size);
        assert.deepEqual([...packed], [...plain]);
        assert.deepEqual([...packed.keys()], [...plain.keys()]);
        assert.deepEqual([...packed.values()], [...plain.values()]);
        for (const [at, value] of plain) assert.deepEqual(packed.get(at), value);
        assert.equal(packed.has(1), false);
        assert.equal(packed.get(60_000), plain.get(60_000));
      }
    }),
  );
});

test("property: records are found again as they were written, and cut ones are refused", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.tuple(start, raw), { selector: ([at]) => at }),
      fc.uniqueArray(fc.tuple(start, partition), { selector: ([at]) => at }),
      (raws, partitions) => {
        const found = readRecords(rawCodec, writeRecords(rawCodec, raws));
        for (const [at, value] of raws) assert.deepEqual(found(at), value);
        const texts = new SharedTexts();
        const bytes = writeRecords(partitionCodec(texts), partitions);
        const again = readRecords(partitionCodec(new SharedTexts(texts.texts)), bytes);
        for (const [at, value] of partitions) assert.deepEqual(again(at), value);
        assert.equal(again(1), undefined);
        if (bytes.length > 0) assert.throws(() => readRecords(rawCodec, bytes.subarray(0, -1)), RangeError);
      },
    ),
  );
});
