/** Every fault at every request that a writer makes of a metastore, and pairs of faults drawn at random (`FC_SEED`, `FC_RUNS`). */
import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { propertyRuns } from "../contract/property-runs.ts";
import { metastoreServer } from "../real/metastore-server.ts";
import { disturbedRun, disturbedRuns } from "./proxy-matrix.ts";
import { type ProxyFault, proxyFaults } from "./thrift-proxy.ts";

/** A run takes about a second. */
const pairsMax = 150;

test("every fault at every request", async (context) => {
  const server = await metastoreServer(context);
  if (server === undefined) return;
  const { asked } = await disturbedRun(server, new Map());
  assert.ok(asked.length > 15);
  const plans = asked.flatMap((_, index) => proxyFaults.map((fault) => new Map([[index + 1, fault]])));
  await disturbedRuns(server, plans);
});

test("any two or three faults", async (context) => {
  const server = await metastoreServer(context);
  if (server === undefined) return;
  const fault: fc.Arbitrary<[number, ProxyFault]> = fc.tuple(
    fc.integer({ min: 1, max: 24 }),
    fc.constantFrom(...proxyFaults),
  );
  const { numRuns = pairsMax, ...runs } = propertyRuns(pairsMax);
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { minLength: 2, maxLength: 3 }), async (faults) => {
      await disturbedRun(server, new Map(faults));
    }),
    { ...runs, numRuns: Math.min(numRuns, pairsMax) },
  );
});
