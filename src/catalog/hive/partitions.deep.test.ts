/** Ten thousand partitions of a wide table, and ten years of hours: added in batches, listed in little memory. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type HiveLake, hiveLake } from "../../../test/catalog-hive/hive-lake.ts";
import { server, skipping } from "../../../test/catalog-hive/server.ts";
import type { TableRegistry } from "../contract.ts";

const hourMs = 3_600_000;
const MEGABYTE = 1 << 20;

/** As the hours of an archive are called. */
function hours(count: number): string[] {
  const first = Date.UTC(2015, 0, 1);
  return Array.from({ length: count }, (_, hour) => {
    const [day, time] = new Date(first + hour * hourMs).toISOString().split("T");
    return `${day}-${Number(time?.slice(0, 2))}`;
  });
}

async function listed(tables: TableRegistry, table: string) {
  const startMs = performance.now();
  const heapBefore = process.memoryUsage().rss;
  let count = 0;
  let heapMax = 0;
  let last = "";
  for await (const page of tables.partitions(table)) {
    count += page.length;
    assert.ok(page.length <= 1000);
    assert.ok(last < (page[0] ?? ""), "in the order of the catalog");
    last = page.at(-1) ?? "";
    heapMax = Math.max(heapMax, process.memoryUsage().rss);
  }
  return { count, ms: performance.now() - startMs, grownBytes: heapMax - heapBefore };
}

describe("many partitions in a real Hive Metastore", skipping, () => {
  let lake: HiveLake;
  before(async () => {
    if (server !== undefined) lake = await hiveLake(server);
  });
  after(async () => {
    if (server !== undefined) await lake.close();
  });

  for (const [count, leaves, listMsMax] of [
    [10_000, 1200, 3000],
    [87_600, 10, 30_000],
  ] as const) {
    test(`${count} partitions of a table with ${leaves} leaves`, async (context) => {
      const tables = lake.again({ callMs: 600_000 }).tables ?? assert.fail("no tables");
      const table = `events_${count}`;
      const fields = Array.from({ length: leaves }, (_, leaf) => ({
        name: `leaf_${leaf}`,
        type: { kind: "string" } as const,
      }));
      await tables.register(table, {
        schemaVersion: 1,
        columns: [{ name: "payload", type: { kind: "struct", fields } }],
      });
      const ids = hours(count);
      const startMs = performance.now();
      let added = 0;
      await tables.add(table, ids, {
        onAdded: (more) => {
          added += more;
        },
      });
      assert.equal(added, count);
      const addMs = performance.now() - startMs;
      const { count: found, ms, grownBytes } = await listed(tables, table);
      context.diagnostic(
        `added in ${(addMs / 1000).toFixed(1)} s, listed in ${ms.toFixed(0)} ms and ${grownBytes >> 20} MiB`,
      );
      assert.equal(found, count);
      assert.ok(ms < listMsMax, `${ms} ms`);
      assert.ok(grownBytes < 150 * MEGABYTE, `${grownBytes} bytes`);
      // Those that are there are passed over.
      await tables.add(table, ids.slice(0, 500));
      assert.equal((await listed(tables, table)).count, count);
    });
  }
});
