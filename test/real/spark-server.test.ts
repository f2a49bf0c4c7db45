/** The shared server answers; one of a test's own writes to a real S3 server with the committer that is safe there. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { pythonWith } from "./installed.ts";
import { askPython } from "./python-code.ts";
import { startVersitygw } from "./s3-servers.ts";
import { sparkServer } from "./spark-server.ts";

test("the shared Spark server answers with its version", async (context) => {
  const server = await sparkServer(context);
  if (server === undefined) return;
  assert.match(server.version, /^4\.\d+\.\d+/);
  assert.equal(await sparkServer(context).then((again) => again?.url), server.url);
});

const writeAndRead = `
import json, sys
from pyspark.sql.connect.session import SparkSession
spark = SparkSession.builder.remote(sys.argv[1]).getOrCreate()
spark.range(0, 1000, 1, 4).selectExpr("id", "id % 3 as part").write.mode("overwrite").parquet(sys.argv[2])
read = spark.read.parquet(sys.argv[2])
print(json.dumps([read.count(), read.selectExpr("sum(id)").collect()[0][0], spark.conf.get("spark.sql.session.timeZone")]))
`;

test("Spark writes to S3 over TLS of an own authority, with the magic committer", async (context) => {
  const python = pythonWith(context, "pyspark-client");
  const store = python === undefined ? undefined : await startVersitygw(context, { tls: true });
  if (python === undefined || store === undefined) return;
  try {
    await store.createBucket("lake");
    const server = await sparkServer(context, { s3: { server: store, buckets: ["lake"] } });
    if (server === undefined) return;
    try {
      const answer = await askPython(python, writeAndRead, server.url, "s3a://lake/written/numbers");
      assert.deepEqual(answer, [1000, 499500, "UTC"]);
    } finally {
      await server.stop();
    }
    const success: unknown = JSON.parse(readFileSync(join(store.objects, "lake/written/numbers/_SUCCESS"), "utf8"));
    const { name, committer, filenames } = Object(success);
    assert.equal(committer, "magic");
    assert.match(String(name), /SuccessData/);
    assert.equal(filenames.length, 4);
  } finally {
    await store.stop();
  }
});
