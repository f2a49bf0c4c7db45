/**
 * What people get wrong about a project on Spark. Every command says it in one error with what to do, prints no secret, and leaves
 * the mart as it was.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { millrace, type Outcome } from "../cli/console.ts";
import { makeSmallLake, stateOf } from "../faults/small-lake.ts";
import { sparkServer } from "../real/spark-server.ts";
import { startFakeSpark } from "./faults/fake-spark.ts";

interface Mistake {
  /** Where Spark is, instead of the real server. */
  readonly url?: string;
  readonly token?: string;
  /** The mart's `select`, instead of the right one. */
  readonly select?: string;
  /** For a mart that means something else on Spark than on DuckDB, its statement for Spark. */
  readonly onSpark?: string;
  readonly command: readonly string[];
  /** A run with a mart that cannot be built ends with 1, like any run in which an item failed. */
  readonly code: 1 | 2 | 5;
  readonly says: RegExp;
  readonly remedy: RegExp;
}

const query = (sql: string): readonly string[] => ["query", sql];
const token = "spark-token-5d0c7e1a";

test("mistakes about a project on Spark", async (context) => {
  const server = await sparkServer(context);
  if (server === undefined) return;
  const old = await startFakeSpark();
  old.spark.version = "3.5.1";
  const lake = makeSmallLake();
  context.after(async () => {
    lake.remove();
    await old.server.stop();
  });
  const file = join(lake.directory, "millrace.yaml");
  const right = readFileSync(file, "utf8");
  const app = await lake.open(0);
  assert.equal((await app.run()).exitCode, 0);
  await app.close();
  const before = await stateOf(lake);

  const mistakes: Readonly<Record<string, Mistake>> = {
    "a scheme that is not Spark's": {
      ...{ url: "http://127.0.0.1:15002", command: ["plan"], code: 2 },
      ...{ says: /http:\/\/ is not the address of a Spark Connect server/, remedy: /Write sc:\/\/host:15002/ },
    },
    "a token in the address": {
      ...{ url: `sc://127.0.0.1:15002/;token=${token}`, command: ["plan"], code: 2 },
      ...{ says: /a secret must not stand in a URL/, remedy: /write token: env:NAME/ },
    },
    "a token in the project file": {
      ...{ token, command: ["plan"], code: 2 },
      ...{ says: /token/, remedy: /env:/ },
    },
    "a server far from a lake on a disk": {
      ...{ url: "sc://spark.example:15002", command: ["plan"], code: 2 },
      ...{ says: /the server is on another machine/, remedy: /buckets/ },
    },
    "an address where nothing listens": {
      ...{ url: "sc://127.0.0.1:1", command: query("select 1 as one"), code: 5 },
      ...{ says: /127\.0\.0\.1:1: nothing listens there/, remedy: /start a Spark Connect server/ },
    },
    "TLS to a server that has none": {
      ...{ url: `${server.url.replace(/\/?$/, "/")};use_ssl=true`, command: query("select 1 as one"), code: 5 },
      ...{ says: /does not speak TLS/, remedy: /use_ssl/ },
    },
    "a server that is too old": {
      ...{ url: old.server.url, command: query("select 1 as one"), code: 5 },
      ...{ says: /the server is Spark 3\.5\.1/, remedy: /Spark 4\.0 or later/ },
    },
    "a function that nobody has": {
      ...{ command: query("select nofunction(type) from events"), code: 2 },
      ...{ says: /SQL:1:8 .*`nofunction`.*\(UNRESOLVED_ROUTINE\)/, remedy: /correct the function's name/ },
    },
    "a syntax error": {
      ...{ command: query("select type,\n  frm events where"), code: 2 },
      ...{ says: /SQL:3:1 .*Syntax error at the end/, remedy: /correct the statement at that position/ },
    },
    "a table that does not exist": {
      ...{ command: query("select * from evnts"), code: 2 },
      ...{ says: /no table or mart is named "evnts"/, remedy: /Did you mean "events"/ },
    },
    "a command instead of a query": {
      ...{ command: query("drop table events"), code: 2 },
      ...{ says: /expected one SELECT statement/, remedy: /changes nothing/ },
    },
    "a mart with a column twice": {
      ...{
        select: "type, size as type",
        command: ["run", "--rerun", "--only", "marts", "--select", "activity"],
        code: 1,
      },
      ...{ says: /column "type" comes twice/, remedy: /as |alias|name/i },
    },
    "a mart with a column without a name": {
      ...{ select: "type, size + 1", command: ["plan"], code: 2 },
      ...{ says: /marts\.activity:1:\d+ .*a column without a name/, remedy: /as name/ },
    },
    "a mart whose statement is not portable": {
      ...{ select: "type, labels[1].name as label", command: ["plan"], code: 2 },
      ...{ says: /labels|\[1\]|\[/, remedy: /spark/i },
    },
    "a mart whose own statement for Spark does not bind": {
      ...{
        onSpark: "select tpe from events",
        command: ["run", "--rerun", "--only", "marts", "--select", "activity"],
        code: 1,
      },
      ...{ says: /with name `tpe` cannot be resolved/, remedy: /Did you mean .*type/ },
    },
  };

  for (const [title, { url = server.url, token, select, onSpark, command, code, says, remedy }] of Object.entries(
    mistakes,
  )) {
    await context.test(title, async () => {
      const mart = select === undefined ? right : right.replace(/select: "[^"]*"/, `select: ${JSON.stringify(select)}`);
      const own = onSpark === undefined ? "" : `, spark: { sql: ${JSON.stringify(onSpark)} }`;
      const spark = JSON.stringify({ url, ...(token === undefined ? {} : { token }) });
      writeFileSync(file, `${mart.replace(/, checks: /, `${own}, checks: `)}engine: { spark: ${spark} }\n`);
      const outcome = await millrace(["-f", file, ...command]);
      assertOneError(outcome, { code, says, remedy });
      writeFileSync(file, right);
      assert.deepEqual(await stateOf(lake), before);
    });
  }
});

function assertOneError(
  { code, stdout, stderr }: Outcome,
  expected: { readonly code: number; readonly says: RegExp; readonly remedy: RegExp },
): void {
  const said = stderr.replace(/\s+/g, " ");
  assert.equal(code, expected.code, `${stdout}${stderr}`);
  assert.equal(stderr.match(/^error |\.failed /gm)?.length, 1, stderr);
  assert.match(said, expected.says);
  assert.match(said, expected.remedy);
  assert.ok(!`${stdout}${stderr}`.includes(token), "a secret is printed");
}
