/** One run of a writer behind a proxy that takes something away, then an ordinary one, and what must be so in the end. */
import assert from "node:assert/strict";
import { Failure } from "../../src/errors.ts";
import { hiveLake, type Server } from "../catalog-hive/hive-lake.ts";
import { assertConverged, assertWhole, mart, publishAll, versionAt, versions } from "./registering.ts";
import { assertOneChain, swapsOf, watchName } from "./registry-history.ts";
import { isSlow, type ProxyFault, thriftProxy } from "./thrift-proxy.ts";

/** Long for a metastore on this machine, short for a test. What it cuts off is one more fault. */
const shortMs = 500;

export interface Disturbed {
  /** What the disturbed writer asked, in order. */
  readonly asked: readonly string[];
  /** How it ended: `undefined` if it finished all the same. */
  readonly failure: Failure | undefined;
}

/** A lake and a database of its own, a fault at each request that `at` names. Throws where anything is not as it must be. */
export async function disturbedRun(server: Server, at: ReadonlyMap<number, ProxyFault>): Promise<Disturbed> {
  const when = [...at].map(([number, fault]) => `request ${number} × ${fault}`).join(", ") || "undisturbed";
  const lake = await hiveLake(server);
  const proxy = await thriftProxy(server, { at });
  const watch = watchName(lake.calls, { database: lake.database, name: mart }, { assertWhole, versionAt });
  try {
    const callMs = [...at.values()].some(isSlow) ? shortMs : 60_000;
    const failure = await failureOf(publishAll(lake.again({ hosts: [proxy.host], callMs })), when);
    const asked = [...proxy.asked];
    await proxy.heal();
    // The next process, with the same proxy, which has nothing more to do but to write down.
    const next = lake.again({ hosts: [proxy.host] });
    await publishAll(next);
    await assertConverged(next, versions, when);
    // One version later a request arrives that was sent before all of this.
    await publishAll(next, versions + 1);
    await proxy.release();
    await assertConverged(lake.again(), versions + 1, `${when}: behind what came late`);
    assertOneChain(swapsOf(proxy.done), when);
    const seen = await watch.stop();
    assert.equal(seen.at(-1), versions + 1, when);
    return { asked, failure };
  } finally {
    await watch.stop().catch(() => undefined);
    await proxy.close();
    await lake.close();
  }
}

/** Some side by side, since they mostly wait: each has a lake and a database of its own. */
export async function disturbedRuns(
  server: Server,
  plans: readonly ReadonlyMap<number, ProxyFault>[],
): Promise<readonly Disturbed[]> {
  const runs: Disturbed[] = [];
  const left = plans.values();
  const lane = async (): Promise<void> => {
    for (const plan of left) runs.push(await disturbedRun(server, plan));
  };
  await Promise.all([lane(), lane(), lane()]);
  return runs;
}

/** A writer may fail in the ways that a server can be away, and in no other. */
export async function failureOf(run: Promise<void>, when: string): Promise<Failure | undefined> {
  try {
    await run;
    return undefined;
  } catch (error) {
    assert.ok(error instanceof Failure, `${when}: ${String(error)}`);
    assert.equal(error.kind, "unavailable", `${when}: ${error.message}`);
    return error;
  }
}
