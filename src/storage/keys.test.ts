import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../../test/contract/property-runs.ts";
import { Failure } from "../errors.ts";
import { checkPrefix, compareEnded, compareKeys, end, isSegment, keyFault, metadataText, slash } from "./keys.ts";

const anyText = fc.string({
  unit: fc.constantFrom("a", "b", "-", ".", "0", "é", "\uffee", "\u{1f600}", "\u{10ffff}"),
  maxLength: 6,
});
const sign = (value: number): number => Math.sign(value);
const byteOrder = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

describe("order of keys", () => {
  test("is the order of their bytes", () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => assert.equal(sign(compareKeys(a, b)), byteOrder(a, b))),
      propertyRuns(2000),
    );
  });

  test("a directory sorts as if its slash were there", () => {
    const ends = fc.constantFrom(end, slash);
    fc.assert(
      fc.property(anyText, ends, anyText, ends, (a, aEnd, b, bEnd) => {
        const whole = (text: string, at: number): string => (at === slash ? `${text}/` : text);
        assert.equal(sign(compareEnded(a, aEnd, b, bEnd)), byteOrder(whole(a, aEnd), whole(b, bEnd)));
      }),
      propertyRuns(2000),
    );
  });
});

describe("grammar", () => {
  test("whatever is accepted stays inside and survives being split and joined", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "/", ".", "\\", "\0", "_", "é", "~"), maxLength: 12 }),
        (key) => {
          if (keyFault(key) !== undefined) return;
          const path = new URL(`file:///root/${key.split("/").map(encodeURIComponent).join("/")}`).pathname;
          assert.ok(path.startsWith("/root/"));
          assert.ok(key.split("/").every((segment) => isSegment(segment) && segment !== "." && segment !== ".."));
        },
      ),
      propertyRuns(3000),
    );
  });

  test("limits are those of the contract", () => {
    const long = ["x".repeat(200), "x".repeat(200), "x".repeat(200), "x".repeat(200), "x".repeat(200)].join("/");
    assert.equal(long.length, 1004);
    assert.equal(keyFault(`${long}/${"x".repeat(19)}`), undefined);
    assert.match(keyFault(`${long}/${"x".repeat(20)}`) ?? "", /1024 bytes/);
    assert.equal(keyFault("x".repeat(240)), undefined);
    assert.match(keyFault("x".repeat(241)) ?? "", /240 bytes/);
  });

  test("prefixes", () => {
    for (const good of ["", "a/", "_schema/", "events/_schema/", "_staging/"]) checkPrefix("lake", good);
    for (const bad of ["a", "/", "a//", "../", "a/../", "./"])
      assert.throws(() => checkPrefix("lake", bad), Failure, bad);
  });

  test("metadata is ASCII and comes back", () => {
    const metadata = { plain: "x", other: "é\u{1f600}\u007f\n" };
    const text = metadataText("lake", "k", metadata);
    assert.match(text, /^[\x20-\x7e]*$/);
    assert.deepEqual(JSON.parse(text), metadata);
  });
});
