/** Marts by name in buckets: the metastore, Spark and PySpark reach them over S3A and TLS. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startVersitygw } from "../real/s3-servers.ts";
import { sorted } from "./answers.ts";
import { bucketGround } from "./ground.ts";
import { replaceUnderReaders } from "./replacements.ts";
import { openScene, readByName } from "./scene.ts";
import { typesColumns, typesSql } from "./types.ts";

const replacements = 10;

test("marts by name, in buckets", async (context) => {
  const store = await startVersitygw(context, { tls: true });
  if (store === undefined) return;
  const scene = await openScene(context, () => bucketGround(context, store)).catch(async (error: unknown) => {
    await store.stop();
    throw error;
  });
  context.after(async () => {
    await scene?.close();
    await store.stop();
  });
  if (scene === undefined) return;
  await context.test("every type of a mart", async () => {
    const published = await scene.publish("every_type", typesSql);
    const expected = sorted(await scene.rowsOf("every_type", published));
    const answers = await readByName(scene, "every_type");
    for (const { columns, rows } of Object.values(answers)) {
      assert.deepEqual(columns, typesColumns);
      assert.deepEqual(sorted(rows), expected);
    }
  });
  await context.test(`${replacements} replacements under readers`, async () => {
    const seen = await replaceUnderReaders(scene, "replaced", replacements);
    for (const [reader, { versions }] of Object.entries(seen)) assert.equal(versions.at(-1), replacements + 1, reader);
  });
});
