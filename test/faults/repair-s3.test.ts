/**
 * Damage and repair on a real store: objects that were changed, removed, or written over by a tool that knows nothing of
 * receipts. One lake for all, since every repair makes it again what it was.
 */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { App } from "../../src/answers.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { s3Storage } from "../../src/storage/s3/storage.ts";
import { type S3Server, startVersitygw } from "../real/s3-servers.ts";
import { contentOf, type Damage, type DamagedLake, damages, keysOf, lakeOn } from "./damaged-lake.ts";

function openPlace(server: S3Server, prefix: string, scratchRoot: string): Promise<Storage> {
  const { endpoint, region } = server;
  const [accessKey, secretKey] = (["accessKey", "secretKey"] as const).map((name) => ({ kind: "env", name }) as const);
  assert.ok(accessKey !== undefined && secretKey !== undefined);
  const credentials = { kind: "keys", accessKey, secretKey, sessionToken: undefined } as const;
  const store = {
    profile: "versitygw",
    endpoint,
    region,
    pathStyle: true,
    ca: undefined,
    credentials,
    parallel: 8,
  } as const;
  const place = { kind: "s3", bucket: "lake", prefix, name: `s3://lake/${prefix}`, store } as const;
  const resolveSecret = (reference: { readonly kind: string; readonly name?: string }): string =>
    reference.name === "accessKey" ? server.accessKey : server.secretKey;
  return s3Storage(place, { resolveSecret, scratchRoot });
}

async function withApp<T>(lake: DamagedLake, work: (app: App) => Promise<T>): Promise<T> {
  const app = await lake.open(1);
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

/** Written over by another tool: other bytes, and no metadata of ours. */
const byAnotherTool = async (lake: DamagedLake, place: "raw" | "tables" | "marts", key: string): Promise<void> => {
  await lake.places[place].put(key, Buffer.from("something else\n"));
};

const objects: readonly (readonly [place: "raw" | "tables" | "marts", key: RegExp])[] = [
  ["raw", /^hours\/.*22\.json\.gz$/],
  ["tables", /^events\/src=2026-03-01-22\/data\.parquet$/],
  ["tables", /^_rejected\/events\//],
  ["tables", /\/_schema\/\d+\.json$/],
  ["tables", /\/_schema\/\d+\.duckdb\.sql$/],
  ["marts", /_manifest\.json$/],
  ["marts", /part-\d+\.parquet$/],
];

test("a lake in a bucket is verified and repaired", async (context) => {
  const server = await startVersitygw(context);
  if (server === undefined) return;
  const scratch = mkdtempSync(join(tmpdir(), "millrace-repair-s3-"));
  await server.createBucket("lake");
  const open = (name: string): Promise<Storage> => openPlace(server, name, scratch);
  const lake = lakeOn({ raw: await open("raw"), tables: await open("tables"), marts: await open("marts") });
  try {
    await withApp(lake, (app) => app.run());
    const expected = await contentOf(lake, 1);
    const { damaged, unverified } = await withApp(lake, (app) => app.verify());
    assert.deepEqual([damaged, unverified], [[], 0]);

    const repairs = async (label: string, key: RegExp): Promise<void> => {
      const found = await withApp(lake, (app) => app.verify());
      assert.ok(
        found.damaged.some((each) => key.test(each.key)),
        `${label}: ${JSON.stringify(found.damaged)}`,
      );
      const report = await withApp(lake, (app) => app.verify({ repair: true }));
      assert.deepEqual(
        [...report.damaged.filter(({ repair }) => repair?.state !== "repaired"), ...(report.failures ?? [])],
        [],
        label,
      );
      assert.deepEqual((await withApp(lake, (app) => app.verify())).damaged, [], label);
      const { stages } = await withApp(lake, (app) => app.run());
      assert.deepEqual([stages.collect.done, stages.convert.done, stages.marts.done], [0, 0, 0], label);
      assert.deepEqual(await contentOf(lake, 1), expected, label);
    };
    for (const [place, pattern] of objects) {
      const choose = async (): Promise<string> =>
        (await keysOf(lake.places[place])).findLast((key) => pattern.test(key)) ?? assert.fail(`no ${pattern}`);
      const named = /src=/.test(pattern.source) ? /^events\/(?:src=2026-03-01-22\/data\.parquet)?$/ : pattern;
      const flip: Damage | undefined = damages["a byte flipped in the middle"];
      assert.ok(flip !== undefined);
      await lake.damage(place, await choose(), flip);
      await repairs(`${pattern} flipped`, named);
      await lake.damage(place, await choose(), () => undefined);
      await repairs(`${pattern} removed`, named);
      await byAnotherTool(lake, place, await choose());
      await repairs(`${pattern} written over`, named);
    }
    await lake.damageReceipt("hours/2026/03/01/22.json.gz", () => undefined);
    await repairs("a receipt lost", /^hours\/.*22\.json\.gz$/);
    context.diagnostic(`${3 * objects.length + 1} damages repaired`);
  } finally {
    lake.remove();
    await server.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
});
