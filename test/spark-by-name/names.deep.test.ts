/** The samples of `names.test.ts` in full: 200 replacements under readers, many random tables. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { metastoreServer } from "../real/metastore-server.ts";
import { diskGround } from "./ground.ts";
import { oddTables } from "./odd-tables.ts";
import { replaceUnderReaders } from "./replacements.ts";
import { openScene } from "./scene.ts";

const replacements = 200;
const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31);
const runs = Math.min(Number(process.env.FC_RUNS ?? 300), 300);

test("marts by name, in full", async (context) => {
  const metastore = await metastoreServer(context);
  if (metastore === undefined) return;
  const scene = await openScene(context, () => diskGround(context, metastore));
  if (scene === undefined) return;
  context.after(scene.close);
  await context.test(`${replacements} replacements under readers`, async (t) => {
    const seen = await replaceUnderReaders(scene, "replaced", replacements);
    for (const [reader, { reads, versions }] of Object.entries(seen)) {
      t.diagnostic(`${reader}: ${reads} reads, ${versions.length} versions`);
      assert.equal(versions.at(-1), replacements + 1, reader);
      assert.ok(versions.length >= 20, `${reader}: ${versions.length} versions`);
    }
  });
  await context.test(`${runs} random tables (seed ${seed})`, async (t) => {
    const { read, refused } = await oddTables(scene, { seed, runs });
    t.diagnostic(`${read} read, ${refused} refused`);
    assert.equal(read + refused, runs);
  });
});
