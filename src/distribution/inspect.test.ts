import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { jarFile, versionsOf } from "../model/versions.ts";
import { demandS3, inspect } from "./inspect.ts";

const matched = [
  "spark-core_2.13-4.2.0.jar",
  "hadoop-client-api-3.5.0.jar",
  ...(versionsOf("4.2.0")?.jars ?? []).map(jarFile),
];

async function found(jars: readonly string[]) {
  const home = mkdtempSync(join(tmpdir(), "millrace-inspect-"));
  try {
    mkdirSync(join(home, "jars"));
    for (const name of jars) writeFileSync(join(home, "jars", name), "");
    return await inspect(home);
  } finally {
    rmSync(home, { recursive: true });
  }
}

test("a matched distribution lacks nothing", async () => {
  const distribution = await found(matched);
  assert.ok(distribution);
  assert.deepEqual([distribution.spark, distribution.hadoop, distribution.hadoopAws], ["4.2.0", "3.5.0", "3.5.0"]);
  assert.deepEqual([distribution.missing, distribution.wrong], [[], []]);
  demandS3(distribution);
});

test("Spark alone cannot reach S3, and the message says what brings it there", async () => {
  const distribution = await found(matched.slice(0, 2));
  assert.ok(distribution);
  assert.equal(distribution.missing.length, 37);
  assert.throws(() => demandS3(distribution), { kind: "usage", message: /lacks jars that reach S3: .* and 34 more$/ });
});

test("a hadoop-aws of another Hadoop, the SDK's bundle or its neighbour are found out", async () => {
  const other = await found([...matched.filter((name) => !name.startsWith("hadoop-aws")), "hadoop-aws-3.4.1.jar"]);
  assert.ok(other);
  assert.deepEqual(other.wrong, ["hadoop-aws-3.4.1.jar"]);
  assert.throws(() => demandS3(other), { message: /hadoop-aws 3\.4\.1 does not fit Hadoop 3\.5\.0 of Spark 4\.2\.0$/ });
  const twice = await found([...matched, "bundle-2.29.52.jar", "s3-2.29.52.jar"]);
  assert.deepEqual([...(twice?.wrong ?? [])].sort(), ["bundle-2.29.52.jar", "s3-2.29.52.jar"]);
});

test("other directories are no distribution", async () => {
  assert.equal(await found(["x.jar"]), undefined);
  assert.equal(await inspect("/nowhere"), undefined);
});
