import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  acknowledgementKey,
  manifestKey,
  parseAcknowledgementKey,
  parseRejectedKey,
  parseRevisionKey,
  parseVersionName,
  partitionId,
  partitionKey,
  rejectedKey,
  revisionKey,
  schemaKey,
  schemaVersion,
  versionName,
} from "./layout.ts";
import { checkReceipt, receiptFromMetadata, receiptToMetadata } from "./receipt.ts";

test("names are those of designs/formats.md", () => {
  assert.equal(partitionKey("events", "2026-03-01-15"), "events/src=2026-03-01-15/data.parquet");
  assert.equal(schemaKey("events", 3), "events/_schema/00000000000000000003.json");
  assert.equal(
    rejectedKey("events", "2026-03-01-15", "0123456789abcdef"),
    "_rejected/events/2026-03-01-15/0123456789ab.ndjson.gz",
  );
  assert.equal(versionName(1, "9f3c21ab00000000"), "v000000000001-9f3c21ab");
  assert.equal(manifestKey("activity", "v000000000001-9f3c21ab"), "activity/v000000000001-9f3c21ab/_manifest.json");
});

test("what is written can be read back", () => {
  assert.equal(partitionId("events", partitionKey("events", "2026-03-01-15")), "2026-03-01-15");
  assert.equal(schemaVersion(schemaKey("events", 42)), 42);
  assert.deepEqual(parseRevisionKey(revisionKey("gharchive/2026/03/01/15.json.gz", 2)), {
    rawKey: "gharchive/2026/03/01/15.json.gz",
    revision: 2,
  });
  assert.equal(revisionKey("gharchive/a", 1), "gharchive/a");
  assert.equal(parseAcknowledgementKey(acknowledgementKey("gharchive", "2026-03-01-15")), "2026-03-01-15");
});

test("other keys below a table are no partitions", () => {
  for (const key of [
    "events/_schema/00000000000000000003.json",
    "events/src=/data.parquet",
    "events/src=a/b/data.parquet",
    "eventsx/src=a/data.parquet",
    "events/src=a/other.parquet",
  ]) {
    assert.equal(partitionId("events", key), undefined, key);
  }
});

test("a receipt survives being metadata, and metadata that is none is told apart from damage", () => {
  const receipt = {
    sha256: "a".repeat(64),
    length: 12,
    revision: 2,
    verified: true,
    at: "2026-03-01T00:00:00.000Z",
    url: "http://a/b",
    etag: '"x"',
    lastModified: "Sun, 01 Mar 2026 00:00:00 GMT",
    note: "3 trailing zero bytes",
  };
  assert.deepEqual(receiptFromMetadata("k", receiptToMetadata(receipt)), receipt);
  assert.equal(receiptFromMetadata("k", undefined), undefined);
  assert.equal(receiptFromMetadata("k", { other: "tool" }), undefined);
  assert.throws(
    () => receiptFromMetadata("k", { ...receiptToMetadata(receipt), length: "many" }),
    /length is not a number/,
  );
  assert.throws(() => receiptFromMetadata("k", { ...receiptToMetadata(receipt), sha256: "short" }), /64 hex/);
});

test("of a receipt in which anything changed it can be told", () => {
  const receipt = { sha256: "a".repeat(64), length: 12, revision: 2, verified: true, at: "2026-03-01T00:00:00.000Z" };
  const metadata = receiptToMetadata({ ...receipt, url: "http://a/b" });
  assert.equal(checkReceipt(metadata), "whole");
  assert.equal(checkReceipt(Object.fromEntries(Object.entries(metadata).reverse())), "whole");
  for (const name of Object.keys(metadata)) {
    assert.equal(checkReceipt({ ...metadata, [name]: `${metadata[name]}.` }), "changed", name);
    const { [name]: value = "", ...others } = metadata;
    assert.equal(checkReceipt({ ...others, [`${name}.`]: value }), "changed", name);
  }
  // As earlier versions wrote it.
  const { check: _, ...before } = metadata;
  assert.equal(checkReceipt(before), "unchecked");
});

test("names of version directories and of rejected lines are read back, and nothing else is", () => {
  fc.assert(
    fc.property(fc.nat(999_999_999_999), fc.stringMatching(/^[0-9a-f]{32}$/), (number, publishId) => {
      const found = parseVersionName(versionName(number, publishId));
      assert.deepEqual(found, { number, publishId: publishId.slice(0, 8) });
    }),
  );
  for (const name of ["v1-0123abcd", "v000000000001-0123ABCD", "v000000000001-0123abcd0", "x000000000001-0123abcd"])
    assert.equal(parseVersionName(name), undefined, name);
  const sha = "0123456789abcdef".repeat(4);
  assert.deepEqual(parseRejectedKey(rejectedKey("events", "2026-03-01-05", sha)), {
    table: "events",
    id: "2026-03-01-05",
    sha12: "0123456789ab",
  });
  for (const key of [
    "_rejected/events/x.ndjson.gz",
    "_rejected/events/a/b/0123456789ab.ndjson.gz",
    "events/src=a/data",
  ])
    assert.equal(parseRejectedKey(key), undefined, key);
});
