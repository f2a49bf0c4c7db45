import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { FileSum, sealSum, sumPlace, textWithRoom } from "./file-sum.ts";
import { PROVENANCE_KEY } from "./names.ts";
import { readKeyValue } from "./read.ts";
import { ParquetWriter } from "./writer.ts";

function write(facts: Readonly<Record<string, unknown>>): { readonly file: Buffer; readonly sum: string | undefined } {
  const pieces: Buffer[] = [];
  const writer = new ParquetWriter((bytes) => pieces.push(Buffer.from(bytes)), "zstd", { sum: true });
  writer.finish({
    schema: { fields: [{ name: "a", type: { kind: "int64" } }] },
    rowGroups: [],
    keyValues: [
      ["other", `{"file_sha256":"${"1".repeat(64)}"}`],
      [PROVENANCE_KEY, textWithRoom(facts)],
    ],
    createdBy: "test",
  });
  return { file: Buffer.concat(pieces), sum: writer.sum };
}

/** As the definition says, with none of the code under test. */
function sumByHand(file: Buffer, sum: string): string {
  const place = file.lastIndexOf(sum);
  const zeroed = Buffer.concat([file.subarray(0, place), Buffer.from("0".repeat(64)), file.subarray(place + 64)]);
  return createHash("sha256").update(zeroed).digest("hex");
}

test("the sum is that of the file with zeros in its place, and is read like any other fact", () => {
  for (const facts of [{}, { src: "x" }, { 7: "a number comes first in objects", file_sha256: "the caller's own" }]) {
    const { file, sum = "" } = write(facts);
    assert.equal(sumByHand(file, sum), sum);
    assert.deepEqual(readKeyValue(file), { ...facts, file_sha256: sum });
  }
});

test("however the file is cut into pieces, checking gives the sum; any other byte gives another", (t) => {
  const settings = runSettings(300);
  t.diagnostic(`seed ${settings.seed}`);
  const { file, sum } = write({ src: "2026-03-01-15" });
  const tail = file.subarray(-300);
  const place = file.length - tail.length + (sumPlace(tail) ?? Number.NaN);
  const check = (bytes: Buffer, cuts: readonly number[]): string => {
    const found = new FileSum(place);
    const ends = [...cuts.map((cut) => cut % bytes.length), bytes.length].sort((a, b) => a - b);
    ends.forEach((end, i) => {
      found.update(bytes.subarray(ends[i - 1] ?? 0, end));
    });
    return found.digest();
  };
  fc.assert(
    fc.property(fc.array(fc.nat(10_000), { maxLength: 8 }), fc.nat(file.length - 1), (cuts, at) => {
      assert.equal(check(file, cuts), sum);
      const other = Buffer.from(file);
      other[at] = (other[at] ?? 0) ^ 1;
      if (at < place || at >= place + 64) assert.notEqual(check(other, cuts), sum);
      else assert.notEqual(readKeyValue(other)?.file_sha256, sum);
    }),
    settings,
  );
});

test("a file without a sum has no place for one", () => {
  const pieces: Buffer[] = [];
  const writer = new ParquetWriter((bytes) => pieces.push(Buffer.from(bytes)), "zstd");
  const keyValues = [[PROVENANCE_KEY, `{"src":"x","file_sha256":"${"0".repeat(64)}"}`]] as const;
  writer.finish({ schema: { fields: [] }, rowGroups: [], keyValues, createdBy: "test" });
  assert.equal(writer.sum, undefined);
  assert.equal(sumPlace(Buffer.concat(pieces)), undefined);
  assert.equal(sumPlace(Buffer.from(`\u0018\u0008${PROVENANCE_KEY}\u0018`)), undefined);
  assert.throws(
    () => sealSum(createHash("sha256"), Buffer.concat(pieces), Buffer.alloc(0)),
    (error) => error instanceof RangeError,
  );
});
