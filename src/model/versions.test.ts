import assert from "node:assert/strict";
import test from "node:test";
import { defaultSpark, jarFile, sparkVersions, versionsOf } from "./versions.ts";

test("the default is a row that was tried, with an archive and exactly its jars", () => {
  const row = versionsOf(defaultSpark);
  assert.ok(row?.verified);
  assert.equal(row.jars.length, 37);
  assert.equal(new Set(row.jars.map(jarFile)).size, 37);
  for (const { sha256, bytes } of row.jars) {
    assert.match(sha256, /^[0-9a-f]{64}$/);
    assert.ok(bytes > 0);
  }
  assert.match(row.archive?.sha256 ?? "", /^[0-9a-f]{64}$/);
  const version = (artifact: string): string | undefined => row.jars.find((jar) => jar.artifact === artifact)?.version;
  assert.equal(version("hadoop-aws"), row.hadoop);
  assert.equal(version("s3"), row.sdk);
  assert.equal(version("analyticsaccelerator-s3"), row.accelerator);
  assert.equal(version(`spark-hadoop-cloud_${row.scala}`), row.cloud);
});

test("nothing comes a second time that Spark has itself", () => {
  for (const { jars } of sparkVersions) {
    assert.deepEqual(
      jars
        .map(({ artifact }) => artifact)
        .filter((name) => /^netty-(?!nio)|^http(client|core)|slf4j|^commons-/.test(name)),
      [],
    );
  }
});

test("a row that nobody tried says so, says where it was read, and promises no jars", () => {
  for (const { verified, jars, archive, source } of sparkVersions.filter((row) => !row.verified)) {
    assert.equal(verified, false);
    assert.deepEqual([jars.length, archive], [0, undefined]);
    assert.match(source, /^https:/);
  }
  assert.equal(versionsOf("4.2.1"), undefined);
});
