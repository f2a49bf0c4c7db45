/**
 * A writer of a real metastore whose requests, answers or connections are taken away at any message: afterwards an ordinary repetition
 * converges, no swap is lost or done twice, and the name never goes back. Every request meets a fault here, and those that change
 * something the worst ones; every pair is in the deep catalogue.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { metastoreServer } from "../real/metastore-server.ts";
import { disturbedRun, disturbedRuns } from "./proxy-matrix.ts";
import { type ProxyFault, proxyFaults } from "./thrift-proxy.ts";

const isChange = (method: string): boolean => /^(?:create|alter)_/.test(method);

test("a fault at any request of publishing and registering leaves one chain, and the next pass ends it", async (context) => {
  const server = await metastoreServer(context);
  if (server === undefined) return;
  const { asked, failure } = await disturbedRun(server, new Map());
  assert.equal(failure, undefined);
  assert.equal(asked.filter(isChange).length, 5, `of ${asked.length} requests: ${asked.join(", ")}`);
  const plans = asked.flatMap((method, index) => {
    const rotating = proxyFaults[index % proxyFaults.length] ?? "request lost";
    const chosen: readonly ProxyFault[] = isChange(method) ? [rotating, "answer lost", "request kept"] : [rotating];
    return [...new Set(chosen)].map((fault) => new Map([[index + 1, fault]]));
  });
  const failed = (await disturbedRuns(server, plans)).filter((run) => run.failure !== undefined);
  context.diagnostic(`${plans.length} disturbed writers, of which ${failed.length} failed; all converged`);
});

test("a second fault while the first is being put right changes nothing of that", async (context) => {
  const server = await metastoreServer(context);
  if (server === undefined) return;
  const pairs = [
    ["answer lost", "answer lost"],
    ["request kept", "answer lost"],
    ["request kept", "request kept"],
    ["answer cut", "half-open"],
  ] as const;
  const { asked } = await disturbedRun(server, new Map());
  const swap = asked.findIndex((method) => method.startsWith("alter_")) + 1;
  const plans = pairs.flatMap(([first, second]) =>
    [1, 2].map(
      (behind) =>
        new Map<number, ProxyFault>([
          [swap, first],
          [swap + behind, second],
        ]),
    ),
  );
  await disturbedRuns(server, plans);
});

test("a database that turns out to be missing when nothing was left of the tries", async (context) => {
  const server = await metastoreServer(context);
  if (server === undefined) return;
  const { failure } = await disturbedRun(
    server,
    new Map([
      [4, "answer lost"],
      [6, "answer cut"],
    ]),
  );
  assert.equal(failure, undefined);
});
