/** Executions of a real server, struck at one message or at many; the smoke test and the deep one differ in how many. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { Session } from "../../../src/spark-connect/contract.ts";
import type { Harm, Moment, Rule } from "./connect-proxy.ts";
import { within } from "./outcome.ts";
import { type RealScene, setRealScene } from "./real-scene.ts";
import { queryOf, rowsOf } from "./scene.ts";
import { codes } from "./statuses.ts";

export const harms: Readonly<Record<string, Harm>> = {
  reset: "reset",
  close: "close",
  goaway: "goaway",
  drain: "drain",
  "RST_STREAM INTERNAL_ERROR": { rst: 2 },
  "RST_STREAM CANCEL": { rst: 8 },
  UNAVAILABLE: { status: { code: codes.unavailable, message: "the pod is leaving" } },
};

/** What the server cuts into about forty messages. */
export const manyMessages = "SELECT id, sha2(CAST(id AS STRING), 256) AS digest FROM range(0, 1600, 1, 4)";
const small = { "spark.sql.execution.arrow.maxRecordsPerBatch": "50" };

const runMsMax = 60_000;
const nameOf = (at: Moment): string => (typeof at === "string" ? at : Object.entries(at).flat().join(" "));

export interface Counted {
  /** Executions whose result was compared. */
  runs: number;
  /** Those that a strike reached: the server's progress makes the number of messages vary by a few. */
  struck: number;
}

/** One strike in every execution: each harm at each of the moments that `choose` picks from all that there are. */
export async function cutQueries(
  context: TestContext,
  url: string,
  choose: (moments: readonly Moment[]) => readonly Moment[],
  query = manyMessages,
): Promise<Counted> {
  const scene = await setRealScene(context, url);
  const { proxy } = scene;
  const session = await scene.connect({ settings: small });
  const expected = await rowsOf(session, query);
  const messages = proxy.passed.get(proxy.operations[0] ?? "") ?? 0;
  assert.ok(messages > 12, `${messages} messages`);
  const places = Array.from({ length: messages }, (_, at) => [{ before: at + 1 }, { after: at + 1 }] as const);
  const all: readonly Moment[] = ["request", "forwarded", ...places.flat(), "trailers"];
  const counted = { runs: 0, struck: 0 };
  for (const [name, harm] of Object.entries(harms)) {
    for (const at of choose(all)) {
      proxy.reset();
      proxy.rule = ({ rpc, nth }) => (rpc === "ExecutePlan" && nth === 1 ? { at, harm } : undefined);
      const rows = await within(runMsMax, `${name} ${nameOf(at)}`, rowsOf(session, query));
      assert.equal(rows, expected, `${name} ${nameOf(at)}`);
      await scene.assertNothingLeft(session);
      counted.runs++;
      counted.struck += proxy.struck;
    }
  }
  context.diagnostic(`${messages} messages, ${counted.runs} runs, ${counted.struck} of them struck`);
  return counted;
}

/** Every stream of an execution is cut after so many messages, again and again until it is through. */
export async function cutRepeatedly(context: TestContext, url: string, everies: readonly number[]): Promise<void> {
  const scene = await setRealScene(context, url);
  const { proxy } = scene;
  const session = await scene.connect({ settings: small });
  const expected = await rowsOf(session, manyMessages);
  for (const every of everies) {
    for (const harm of ["reset", "goaway", "drain"] as const) {
      for (const at of [{ after: every }, { before: every + 1 }]) {
        proxy.reset();
        proxy.rule = executions({ at, harm });
        const what = `${harm} ${nameOf(at)}`;
        assert.equal(await within(runMsMax, what, rowsOf(session, manyMessages)), expected, what);
        // A stream that the server finishes while it leaves is not taken up again.
        assert.ok(proxy.struck > (harm === "drain" ? 0 : 1), `${what}: ${proxy.struck} strikes`);
        await scene.assertNothingLeft(session);
      }
    }
  }
}

const executions =
  (strike: ReturnType<Rule>): Rule =>
  ({ rpc }) =>
    rpc === "ExecutePlan" || rpc === "ReattachExecute" ? strike : undefined;

/** How a command is given, and how often it was carried out in all. */
interface CommandKind {
  run(at: number): Promise<void>;
  times(): Promise<number>;
}

/** Each kind of command, struck at each of the moments by each of the harms: carried out exactly once. */
export async function cutCommands(
  context: TestContext,
  url: string,
  moments: readonly Moment[],
  chosen: readonly string[],
): Promise<Counted> {
  const scene = await setRealScene(context, url);
  const session = await scene.connect();
  const counted = { runs: 0, struck: 0 };
  for (const [title, kind] of Object.entries(await commandKinds(scene, session))) {
    for (const name of chosen) {
      for (const at of moments) {
        const harm = harms[name];
        if (harm === undefined) throw new Error(`no harm is called ${name}`);
        const what = `${title}: ${name} ${nameOf(at)}`;
        scene.proxy.reset();
        scene.proxy.rule = ({ rpc, nth }) => (rpc === "ExecutePlan" && nth === 1 ? { at, harm } : undefined);
        await within(runMsMax, what, kind.run(counted.runs));
        counted.runs++;
        counted.struck += scene.proxy.struck;
        await scene.assertNothingLeft(session);
      }
    }
    assert.equal(await kind.times(), moments.length * chosen.length, title);
  }
  context.diagnostic(`${counted.runs} commands, ${counted.struck} of them struck`);
  return counted;
}

const rowsOfCommand = 7;

async function commandKinds(scene: RealScene, session: Session): Promise<Readonly<Record<string, CommandKind>>> {
  const direct = await scene.direct();
  const counted = async (relation: string): Promise<number> => {
    const [row] = await (await direct.sql(`SELECT count(*) AS n FROM ${relation}`)).collect();
    return Number(row?.n) / rowsOfCommand;
  };
  const written = `${scene.directory}/written`;
  const inserted = `${scene.directory}/inserted`;
  const created = `${scene.directory}/created`;
  const done = async (text: string): Promise<void> => {
    await (await session.sql(text)).collect();
  };
  const source = `SELECT id FROM range(0, ${rowsOfCommand}, 1, 2)`;
  return {
    "write parquet": {
      async run() {
        await session.write(queryOf(source), { format: "parquet", to: { path: written }, mode: "append" });
      },
      times: () => counted(`parquet.\`${written}\``),
    },
    "INSERT OVERWRITE DIRECTORY": {
      run: (at) => done(`INSERT OVERWRITE DIRECTORY '${inserted}/n=${at}' USING parquet ${source}`),
      times: () => counted(`parquet.\`${inserted}/*\``),
    },
    // A second time would fail: the view is there.
    "CREATE TEMPORARY VIEW": {
      run: (at) => done(`CREATE TEMPORARY VIEW made_${at} AS ${source}`),
      async times() {
        const views = await (await session.sql("SHOW VIEWS LIKE 'made_*'")).collect();
        return views.length;
      },
    },
    "CREATE TABLE AS SELECT": {
      async run(at) {
        const name = `faults_${session.id.replaceAll("-", "_")}_${at}`;
        await done(`CREATE TABLE ${name} USING parquet LOCATION '${created}/n=${at}' AS ${source}`);
        await direct.sql(`DROP TABLE ${name}`);
      },
      times: () => counted(`parquet.\`${created}/*\``),
    },
  };
}
