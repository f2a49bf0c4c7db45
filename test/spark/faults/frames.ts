/** Properties of the client before servers that break every rule; the smoke test and the deep one differ in depth only. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { int32, tableFromArrays, tableToIPC } from "@uwdata/flechette";
import fc from "fast-check";
import { Failure } from "../../../src/errors.ts";
import { connect } from "../../../src/spark-connect/session.ts";
import { runSettings } from "../../corpus/runs.ts";
import { answerOf, rowsBetween } from "./arrow-rows.ts";
import type { FakeServer } from "./fake-server.ts";
import { type FakeSpark, startFakeSpark } from "./fake-spark.ts";
import { type Breach, breaches, commit, type Edit, edited, edits, type Lie, lies, told } from "./lies.ts";
import { within } from "./outcome.ts";
import { queryOf } from "./scene.ts";

const batches = 4;
const expected = rowsBetween(0, batches * 3).map(({ id, name }) => [id, name]);
/** The client gives up after the first of these; the second is when it counts as hanging. Milliseconds. */
const retryMsMax = 200;
const endMsMax = 8_000;

type Outcome = { readonly rows: readonly (readonly unknown[])[] } | { readonly failure: Failure };

/** A session's first and only query. Throws what is neither a result nor a clear failure. */
async function runOnce({ url }: FakeServer): Promise<Outcome> {
  const work = async (): Promise<Outcome> => {
    try {
      const session = await connect(url, { userId: "fuzz", retryMsMax });
      try {
        const rows: (readonly unknown[])[] = [];
        for await (const row of (await session.execute(queryOf("SELECT 1"))).rows()) rows.push(row);
        return { rows };
      } finally {
        await session.close();
      }
    } catch (failure) {
      if (failure instanceof Failure) return { failure };
      throw failure;
    }
  };
  const outcome = await within(endMsMax, "a session", work());
  if ("failure" in outcome) {
    const { kind, message } = outcome.failure;
    assert.ok(kind !== "bug" && kind !== "cancelled", `${kind}: ${message}`);
    assert.notEqual(message, "");
  }
  return outcome;
}

/** Whatever was damaged on its way: an error, or rows that are rows. */
function assertRows(outcome: Outcome): void {
  if ("failure" in outcome) return;
  for (const row of outcome.rows) {
    for (const value of row) assert.notEqual(value, undefined);
  }
}

/** What the server said was false, and every byte arrived: an error, or exactly what is right. */
function assertTrue(outcome: Outcome): void {
  if ("rows" in outcome) assert.deepEqual(outcome.rows, expected);
}

async function withServer(work: (spark: FakeSpark, server: FakeServer) => Promise<void>): Promise<void> {
  const { spark, server } = await startFakeSpark();
  spark.script = () => ({ bodies: answerOf(batches) });
  try {
    await work(spark, server);
    assert.deepEqual(server.mistakes, []);
  } finally {
    await server.stop();
  }
}

interface Tally {
  errors: number;
  results: number;
}

async function check<T>(
  context: TestContext,
  { runs, drawn }: { readonly runs: number; readonly drawn: fc.Arbitrary<T> },
  run: (value: T) => Promise<Outcome>,
  assertOutcome: (outcome: Outcome) => void,
): Promise<Tally> {
  const settings = runSettings(runs);
  const tally: Tally = { errors: 0, results: 0 };
  context.diagnostic(`FC_SEED=${settings.seed} FC_RUNS=${settings.numRuns}`);
  const property = fc.asyncProperty(drawn, async (value) => {
    const outcome = await run(value);
    if ("failure" in outcome) tally.errors++;
    else tally.results++;
    assertOutcome(outcome);
  });
  await fc.assert(property, settings);
  context.diagnostic(`${tally.errors} errors, ${tally.results} results`);
  return tally;
}

/** Messages whose bytes are changed, of a result or of any other answer. */
export async function checkDamagedMessages(context: TestContext, runs: number): Promise<void> {
  const drawn = fc.record({ at: fc.nat(8), edits, where: fc.constantFrom("rows", "rows", "rows", "calls") });
  await withServer(async (spark, server) => {
    const run = ({ at, edits, where }: { at: number; edits: readonly Edit[]; where: string }): Promise<Outcome> => {
      let calls = 0;
      spark.damage = (bytes, place) => [where === "rows" && place === at ? edited(bytes, edits) : bytes];
      server.handler = (call) => {
        if (where === "calls" && call.rpc !== "ExecutePlan" && calls++ === at) {
          call.reply.damage = (bytes) => edited(bytes, edits);
        }
        return spark.handle(call);
      };
      return runOnce(server);
    };
    await check(context, { runs, drawn }, run, assertRows);
  });
}

/** Arrow inside of right messages. */
export async function checkDamagedArrow(context: TestContext, runs: number): Promise<void> {
  const drawn = fc.record({ at: fc.nat(batches - 1), edits });
  await withServer(async (spark, server) => {
    const run = ({ at, edits }: { at: number; edits: readonly Edit[] }): Promise<Outcome> => {
      spark.script = () => ({
        bodies: answerOf(batches).map((body, place) => {
          if (body.responseType?.case !== "arrowBatch" || place !== at + 2) return body;
          const { value } = body.responseType;
          const data = edited(value.data ?? new Uint8Array(), edits);
          return { ...body, responseType: { case: "arrowBatch", value: { ...value, data } } };
        }),
      });
      return runOnce(server);
    };
    await check(context, { runs, drawn }, run, assertRows);
  });
}

/** Right bytes, false content. */
export async function checkLies(context: TestContext, runs: number): Promise<void> {
  const otherArrow = tableToIPC(tableFromArrays({ other: [1, 2, 3] }, { types: { other: int32() } }), {
    format: "stream",
  });
  assert.ok(otherArrow !== null);
  await withServer(async (spark, server) => {
    const run = (lie: Lie): Promise<Outcome> => {
      spark.rewrite = (answer) => told(answer, lie, { otherArrow });
      return runOnce(server);
    };
    const tally = await check(context, { runs, drawn: lies }, run, assertTrue);
    assert.ok(tally.errors > 0);
  });
}

/** Every breach of gRPC at every place of a stream, and in every other call. */
export async function checkBreaches(places: readonly number[], rpcs: readonly string[]): Promise<number> {
  let cases = 0;
  await withServer(async (spark, server) => {
    const runAt = async (breach: Breach, rpc: string, place: number): Promise<void> => {
      server.handler = async (call) => {
        if (call.rpc !== rpc) return await spark.handle(call);
        if (rpc !== "ExecutePlan") return await commit(call, breach, new Uint8Array([10, 1, 65]));
        // What is due is cut off at the breach; the rest would come when the stream is taken up again.
        const messages: Uint8Array[] = [];
        spark.damage = (bytes, at) => {
          if (at < place) return [bytes];
          messages.push(bytes);
          return [];
        };
        spark.beforeEnd = () => commit(call, breach, messages[0] ?? new Uint8Array());
        await spark.handle(call);
        spark.damage = (bytes) => [bytes];
        spark.beforeEnd = undefined;
      };
      const outcome = await runOnce(server);
      assertTrue(outcome);
      cases++;
    };
    for (const breach of breaches) {
      for (const rpc of rpcs) {
        for (const place of rpc === "ExecutePlan" ? places : [0]) await runAt(breach, rpc, place);
      }
    }
  });
  return cases;
}
