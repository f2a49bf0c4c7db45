/** Many writers at once on a real metastore: one wins each round, whoever asks, and the name shows what the last winner wrote. */
import assert from "node:assert/strict";
import test from "node:test";
import { type MetastoreCalls, metastoreCalls } from "../../src/catalog/hive/calls.ts";
import { MetastoreException } from "../../src/catalog/hive/exception.ts";
import type { HiveTable } from "../../src/catalog/hive/structs.ts";
import { openThriftClient } from "../../src/thrift/client.ts";
import { hiveLake, type Server, tableIn } from "../catalog-hive/hive-lake.ts";
import { publishRecord, registrationOf } from "../contract/catalog-record.ts";
import { metastoreServer } from "../real/metastore-server.ts";
import { assertOneChain, swapsOf } from "./registry-history.ts";
import { thriftProxy } from "./thrift-proxy.ts";

const writers = 24;
const mart = "race";
const lanes = Array.from({ length: writers }, (_, writer) => writer);

const key = "race.token";
const withToken = (table: HiveTable, token: string): HiveTable => ({
  ...table,
  parameters: new Map([...table.parameters, [key, token]]),
});

/** Whether the swap was done. */
async function wins(calls: MetastoreCalls, table: HiveTable, expected: string): Promise<boolean> {
  try {
    await calls.alterTable(table, { key, value: expected });
    return true;
  } catch (error) {
    if (error instanceof MetastoreException) return false;
    throw error;
  }
}

/** Connections for all writers, none of which waits for another. */
const clientFor = ({ host, port }: Server) =>
  openThriftClient({
    name: "metastore",
    hosts: [{ host, port }],
    transport: "buffered",
    connectMs: 10_000,
    callMs: 120_000,
    answerBytesMax: 1 << 24,
    connectionsMax: writers,
  });

test(`of ${writers} writers that swap at once by the bare compare-and-swap one wins each round`, async (context) => {
  const server = await metastoreServer(context);
  if (server === undefined) return;
  const lake = await hiveLake(server);
  const client = clientFor(server);
  try {
    const catalog = lake.again();
    await catalog.append(mart, 0, publishRecord(0, "begin000"));
    await catalog.register(mart, registrationOf(1, "begin000"));
    const calls = metastoreCalls(client, "metastore");
    const table = await tableIn(lake, mart);
    await lake.calls.alterTable(withToken(table, "0"), undefined);
    let standing = "0";
    for (let round = 1; round <= 4; round++) {
      const tokens = lanes.map((writer) => `${round}-${writer}`);
      const won = await Promise.all(tokens.map((token) => wins(calls, withToken(table, token), standing)));
      const winners = tokens.filter((_, writer) => won[writer]);
      standing = (await tableIn(lake, mart)).parameters.get(key) ?? "";
      assert.deepEqual(winners, [standing], `round ${round}`);
    }
  } finally {
    client.close();
    await lake.close();
  }
});

test(`${writers} writers publish and register at once: one chain, one winner each round, nothing lost`, async (context) => {
  const server = await metastoreServer(context);
  if (server === undefined) return;
  const lake = await hiveLake(server);
  const proxy = await thriftProxy(server, { at: new Map() });
  try {
    const won = new Map<number, string>();
    /** Publishes until it has won once, and registers what it won, as a run does. */
    const write = async (writer: number): Promise<void> => {
      const catalog = lake.again({ hosts: [proxy.host], callMs: 120_000 });
      const publishId = `w${String(writer).padStart(7, "0")}`;
      for (;;) {
        const number = (await catalog.current(mart))?.number ?? 0;
        const appended = await catalog.append(mart, number, publishRecord(number, publishId));
        if (appended === undefined) continue;
        assert.equal(won.get(appended.number), undefined, `record ${appended.number} was won twice`);
        won.set(appended.number, publishId);
        const shown = await catalog.register(mart, registrationOf(appended.number, publishId));
        assert.ok(shown.number >= appended.number);
        return;
      }
    };
    await Promise.all(lanes.map(write));
    assert.equal(won.size, writers);
    const reader = lake.again();
    const shown = (await reader.registered([mart])).get(mart);
    assert.ok(shown?.kind === "ours");
    assert.deepEqual([shown.number, shown.publishId, shown.fault], [writers, won.get(writers), undefined]);
    for await (const { number, record } of reader.history(mart)) assert.equal(record.publishId, won.get(number));
    const swaps = swapsOf(proxy.done);
    assertOneChain(swaps, "racing");
    const accepted = swaps.filter(({ isAccepted }) => isAccepted).length;
    context.diagnostic(`${swaps.length} swaps tried, ${accepted} accepted`);
  } finally {
    await proxy.close();
    await lake.close();
  }
});
