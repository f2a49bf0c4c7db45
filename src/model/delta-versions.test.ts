import assert from "node:assert/strict";
import { test } from "node:test";
import { deltaVersions, deltaVersionsOf } from "./delta-versions.ts";
import { defaultSpark, jarFile, versionsOf } from "./versions.ts";

test("the default Spark has its Delta Lake, with exactly its jars", () => {
  const row = deltaVersionsOf(defaultSpark);
  assert.ok(row?.verified);
  assert.equal(new Set(row.jars.map(jarFile)).size, 7);
  for (const { sha256, bytes } of row.jars) {
    assert.match(sha256, /^[0-9a-f]{64}$/);
    assert.ok(bytes > 0);
  }
  const spark = versionsOf(row.spark);
  const main = row.jars.find(({ artifact }) => artifact === `delta-spark_${spark?.scala}`);
  assert.equal(main?.version, row.delta);
});

test("every row is of a Spark that is known, and brings nothing that Spark or S3A has", () => {
  for (const { spark, jars } of deltaVersions) {
    const there = new Set(versionsOf(spark)?.jars.map(({ artifact }) => artifact));
    assert.ok(there.size > 0);
    for (const { group, artifact } of jars) {
      assert.match(group, /^io\.(delta|unitycatalog)$/);
      assert.ok(!there.has(artifact));
    }
  }
  assert.equal(deltaVersionsOf("4.1.3"), undefined);
});
