/**
 * A writer of a real metastore whose requests, answers or connections are taken away at any message: afterwards an ordinary repetition
 * converges, no swap is lost or done twice, and the name never goes back. Every request meets a fault here, and those that change
 * something the worst ones; every pair is in the deep catalogue.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { metastoreServer } from "../real/metastore-server.ts";
import { disturbedRun } from "./proxy-matrix.ts";
import { type ProxyFault, proxyFaults } from "./thrift-proxy.ts";

const isChange = (method: string): boolean => /^(?:create|alter)_/.test(method);

test("a fault at any request of publishing and registering leaves one chain, and the next pass ends it", async (context) => {
  const server = await metastoreServer(context);
  if (server === undefined) return;
  const { asked, failure } = await disturbedRun(server, new Map());
  assert.equal(failure, undefined);
  assert.equal(asked.filter(isChange).length, 5, `of ${asked.length} requests: ${asked.join(", ")}`);
  const counts = { runs: 0, failed: 0 };
  for (const [index, method] of asked.entries()) {
    const rotating = proxyFaults[index % proxyFaults.length] ?? "request lost";
    const chosen: readonly ProxyFault[] = isChange(method) ? [rotating, "answer lost", "request kept"] : [rotating];
    for (const fault of new Set(chosen)) {
      const run = await disturbedRun(server, new Map([[index + 1, fault]]));
      counts.runs += 1;
      if (run.failure !== undefined) counts.failed += 1;
    }
  }
  context.diagnostic(`${counts.runs} disturbed writers, of which ${counts.failed} failed; all converged`);
});

test("a second fault while the first is being put right changes nothing of that", async (context) => {
  const server = await metastoreServer(context);
  if (server === undefined) return;
  // The first swap of version 2 and what follows it.
  for (const [first, second] of [
    ["answer lost", "answer lost"],
    ["request kept", "answer lost"],
    ["request kept", "request kept"],
    ["answer cut", "half-open"],
  ] as const) {
    await disturbedRun(
      server,
      new Map([
        [13, first],
        [14, second],
      ]),
    );
    await disturbedRun(
      server,
      new Map([
        [13, first],
        [15, second],
      ]),
    );
  }
});
