/**
 * The nth-call matrix over publishing and registering: every call of the catalog, of the registry of tables and of the marts' place
 * × faults, then an ordinary run on a real metastore, which must end as an undisturbed one does. `FAULTS=all` (the deep catalogue)
 * takes every pair; the ordinary run takes every call with a fault that rotates by its number.
 */
import assert from "node:assert/strict";
import test from "node:test";
import { countsOf } from "../faults/matrix-run.ts";
import { type Fault, faults, noFault, oneFault } from "../faulty.ts";
import { metastoreServer } from "../real/metastore-server.ts";
import { baseLake, matrixRun } from "./app-matrix.ts";

const deep = process.env.FAULTS === "all";

test("every call of publishing and registering may go wrong in every way", async (context) => {
  const server = await metastoreServer(context);
  if (server === undefined) return;
  const base = await baseLake();
  try {
    const { calls, state } = await matrixRun(server, base, noFault, "undisturbed");
    context.diagnostic(countsOf(calls));
    assert.ok(
      calls.some((call) => call.startsWith("register activity")) && calls.some((call) => call === "add events"),
    );
    let runs = 0;
    for (let call = 1; call <= calls.length; call++) {
      const chosen: readonly Fault[] = deep ? faults : [faults[call % faults.length] ?? "lost"];
      for (const fault of chosen) {
        const name = `call ${call} (${calls[call - 1]}) × ${fault}`;
        const end = await matrixRun(server, base, oneFault(call, fault), name);
        assert.deepEqual(end.state, state, name);
        runs += 1;
      }
    }
    context.diagnostic(`${runs} disturbed runs converged`);
  } finally {
    base.remove();
  }
});
