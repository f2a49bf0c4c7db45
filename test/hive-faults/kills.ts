/** A real metastore that is killed, or stopped for a while, in the middle of what a writer asks of it. */
import assert from "node:assert/strict";
import { hiveLake } from "../catalog-hive/hive-lake.ts";
import type { OwnMetastore } from "../real/metastore-server.ts";
import { failureOf } from "./proxy-matrix.ts";
import { assertConverged, assertWhole, mart, publishAll, versionAt, versions } from "./registering.ts";
import { assertOneChain, swapsOf, watchName } from "./registry-history.ts";
import { thriftProxy } from "./thrift-proxy.ts";

/** A request in an undisturbed run of `publishAll`: the how-manieth of its method. */
export interface Change {
  readonly what: string;
  readonly method: string;
  readonly nth: number;
}

export const changes: readonly Change[] = [
  { what: "the creation of the database", method: "create_database", nth: 1 },
  // The first one finds no database.
  { what: "the creation of the table", method: "create_table_with_environment_context", nth: 2 },
  { what: "a swap", method: "alter_table_with_environment_context", nth: 1 },
  { what: "a swap with other columns", method: "alter_table_with_environment_context", nth: 2 },
];

export interface Moment {
  readonly change: Change;
  /** After it was sent to the server. */
  readonly afterMs: number;
}

/** Killed at that moment, started again, and everything is as if nothing had been. */
export async function killedRun(metastore: OwnMetastore, { change, afterMs }: Moment): Promise<void> {
  const when = `killed ${afterMs} ms after ${change.what} was asked for`;
  let timer: NodeJS.Timeout | undefined;
  await disturbedBy(metastore, when, {
    at: change,
    disturb() {
      timer = setTimeout(() => metastore.kill("SIGKILL"), afterMs);
    },
    async restore() {
      clearTimeout(timer);
      await metastore.restart();
    },
  });
}

/**
 * Stopped at that moment: the writer gives up, and what it asked for is done when the server goes on, while another writer is at work
 * already.
 */
export async function stoppedRun(metastore: OwnMetastore, { change, afterMs }: Moment): Promise<void> {
  const when = `stopped ${afterMs} ms after ${change.what} was asked for`;
  const { promise: stopped, resolve } = Promise.withResolvers<void>();
  await disturbedBy(metastore, when, {
    at: change,
    callMs: 1_500,
    disturb() {
      setTimeout(() => {
        signal(metastore, "SIGSTOP");
        resolve();
      }, afterMs);
    },
    async restore() {
      await stopped;
      signal(metastore, "SIGCONT");
    },
  });
}

/** The JVM itself, not what holds it. */
function signal({ pid }: OwnMetastore, name: "SIGSTOP" | "SIGCONT"): void {
  process.kill(pid, name);
}

interface Disturbance {
  readonly at: Change;
  readonly callMs?: number;
  disturb(): void;
  restore(): Promise<void>;
}

async function disturbedBy(
  metastore: OwnMetastore,
  when: string,
  { at, callMs = 60_000, disturb, restore }: Disturbance,
): Promise<void> {
  const lake = await hiveLake(metastore);
  let isDone = false;
  let times = 0;
  const proxy = await thriftProxy(metastore, {
    at: new Map(),
    sent(_, method) {
      if (method === at.method) times += 1;
      if (times !== at.nth || isDone) return;
      isDone = true;
      disturb();
    },
  });
  const watch = watchName(lake.calls, { database: lake.database, name: mart }, { assertWhole, versionAt });
  try {
    await failureOf(publishAll(lake.again({ hosts: [proxy.host], callMs })), when);
    assert.ok(isDone, `${when}: the request was never made`);
    await restore();
    await publishAll(lake.again({ hosts: [proxy.host] }), versions + 1);
    await proxy.release();
    await assertConverged(lake.again(), versions + 1, when);
    assertOneChain(swapsOf(proxy.done), when);
    assert.equal((await watch.stop()).at(-1), versions + 1, when);
  } finally {
    await watch.stop().catch(() => undefined);
    await proxy.close();
    await lake.close();
  }
}
