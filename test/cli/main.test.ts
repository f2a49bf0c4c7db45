import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { Failure } from "../../src/errors.ts";
import { millrace } from "./console.ts";

function inDirectory(name: string, work: (cwd: string) => Promise<void>): void {
  test(name, async () => {
    const cwd = mkdtempSync(join(tmpdir(), "millrace-cli-"));
    try {
      await work(cwd);
    } finally {
      rmSync(cwd, { recursive: true, force: true });
    }
  });
}

test("an unknown command: one message, exit code 2, nothing on stdout", async () => {
  assert.deepEqual(await millrace(["plann"]), {
    code: 2,
    stdout: "",
    stderr: "error  plann: no such command\n       did you mean millrace plan?\n",
  });
});

test("colour: on a terminal, not in a pipe, not when it is refused", async () => {
  const red = "\u001b[31merror";
  assert.ok((await millrace(["x"], { columns: 80, env: { TERM: "xterm" } })).stderr.startsWith(red));
  assert.ok((await millrace(["x"], { env: { FORCE_COLOR: "1" } })).stderr.startsWith(red));
  for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }, { NO_COLOR: "1", FORCE_COLOR: "1" }, { FORCE_COLOR: "0" }])
    assert.ok((await millrace(["x"], { columns: 80, env })).stderr.startsWith("error"), JSON.stringify(env));
  assert.ok((await millrace(["x", "--no-color"], { columns: 80, env: { TERM: "xterm" } })).stderr.startsWith("error"));
});

test("errors as JSON for machines", async () => {
  for (const argv of [
    ["run", "--sicne", "1d", "--json"],
    ["run", "--sicne", "1d", "--log", "json"],
    ["--log=json", "run", "--sicne"],
  ]) {
    const { code, stderr } = await millrace(argv);
    assert.equal(code, 2);
    assert.deepEqual(JSON.parse(stderr), {
      code: "error",
      kind: "usage",
      exitCode: 2,
      message: "--sicne: no such option of millrace run",
      remedy: "did you mean --since?",
    });
  }
  assert.equal(JSON.parse((await millrace(["nope"], { env: { MILLRACE_LOG: "json" } })).stderr).kind, "usage");
});

inDirectory("no project: the message says how to get one", async (cwd) => {
  const { code, stderr } = await millrace(["plan"], { cwd });
  assert.equal(code, 2);
  assert.match(stderr, /^error {2}no millrace\.yaml in .* or a directory above it\n {7}Run millrace init/);
});

inDirectory("mistakes in the project file come together, each with its line", async (cwd) => {
  writeFileSync(
    join(cwd, "millrace.yaml"),
    "name: x\nsources:\n  a:\n    url: http://127.0.0.1/{yyyy}-{MM}-{dd}-{H}.gz\n    every: hourly\n    object: a/{yyyy}/{MM}/{dd}/{HH}.gz\ntabels: {}\n",
  );
  const { code, stderr } = await millrace(["status"], { cwd });
  assert.equal(code, 2);
  assert.match(stderr, /millrace\.yaml:5(:\d+)? {2}sources\.a\.every: expected .*hourly/);
  assert.match(stderr, /millrace\.yaml:7(:\d+)? {2}tabels: unknown key/);
  assert.match(stderr, /did you mean "?tables/i);
});

inDirectory("init writes a project that reads, and touches no file that exists", async (cwd) => {
  const made = await millrace(["init", "gha", "--since", "2026-03-01"], { cwd });
  assert.equal(made.code, 0);
  assert.match(made.stdout, /^Made millrace\.yaml, .* in gha\.\nNext {2}cd gha && millrace plan && millrace run\n$/);
  assert.match(readFileSync(join(cwd, "gha", "millrace.yaml"), "utf8"), /since: 2026-03-01/);
  const again = await millrace(["init", "gha"], { cwd });
  assert.equal(again.code, 2);
  assert.match(again.stderr, /has millrace\.yaml, .* already/);
});

inDirectory("init leaves nothing behind when what it was given is wrong", async (cwd) => {
  const { code, stderr } = await millrace(["init", "gha", "--since", "soon"], { cwd });
  assert.equal(code, 2);
  assert.match(stderr, /since/);
  const again = await millrace(["init", "gha"], { cwd });
  assert.equal(again.code, 0, again.stderr);
  assert.equal((await millrace(["init", "Not A Name"], { cwd })).code, 2);
});

inDirectory("init lays the project over a sample archive, and plan shows what is due", async (cwd) => {
  await millrace(
    ["init", "trial", "--directory", ".", "--url", "http://127.0.0.1:1/{yyyy}-{MM}-{dd}-{H}.json.gz", "--since", "2d"],
    { cwd },
  );
  const plan = await millrace(["plan", "--detailed-exitcode"], { cwd });
  assert.equal(plan.code, 10, plan.stderr);
  assert.match(plan.stdout, /^ {2}gharchive → raw +\d+ to fetch/);
  assert.match(plan.stdout, /\d+ steps\. Nothing was written\. {3}millrace run\n$/);
  const json = JSON.parse((await millrace(["plan", "--json", "--max", "2", "--only", "collect"], { cwd })).stdout);
  assert.deepEqual(
    json.steps.map((step: { kind: string; reason: string }) => [step.kind, step.reason]),
    [
      ["collect", "missing"],
      ["collect", "missing"],
    ],
  );
  const wrong = await millrace(["plan", "--select", "gharchiv"], { cwd });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /did you mean gharchive\?/);
  const empty = await millrace(["plan", "--since", "2026-03-02", "--until", "2026-03-02"], { cwd });
  assert.match(empty.stderr, /--until: not after --since/);
});

inDirectory(
  "a plan that is not whole is no plan: nobody answers, exit code 5, and what is known is printed",
  async (cwd) => {
    const project = (rest: string): void =>
      writeFileSync(
        join(cwd, "millrace.yaml"),
        `name: trial
sources:
  gharchive: { url: "http://127.0.0.1:1/{yyyy}-{MM}-{dd}-{H}.json.gz", since: 2026-03-01, until: 2026-03-01T02 }
tables:
  events: { from: gharchive }
marts:
  activity: { sql: "select type from events" }
${rest}
`,
      );
    project('catalog: { hive: "127.0.0.1:1", database: gha }');
    const plan = await millrace(["plan", "--detailed-exitcode"], { cwd });
    assert.equal(plan.code, 5, plan.stderr);
    assert.match(plan.stdout, /gharchive → raw +2 to fetch/);
    assert.match(plan.stdout, /metastore 127\.0\.0\.1:1 +1 waiting +activity +Hive Metastore: 127\.0\.0\.1:1 refuses/);
    const marts = await millrace(["plan", "--only", "marts"], { cwd });
    assert.equal(marts.code, 5);
    assert.match(marts.stdout, /Nothing to do as far as can be seen\. Nothing was written\.\n$/);
    const json = await millrace(["plan", "--only", "marts", "--json"], { cwd });
    assert.deepEqual([json.code, JSON.parse(json.stdout).waiting[0].kind], [5, "catalog"]);
    // Whoever fetches needs no metastore.
    assert.equal((await millrace(["plan", "--only", "collect"], { cwd })).code, 0);
    writeFileSync(join(cwd, "key"), "0123456789", { mode: 0o600 });
    project(
      'lake: { marts: "s3://bucket/marts" }\ns3: { endpoint: "http://127.0.0.1:1", access_key: file:key, secret_key: file:key }',
    );
    const store = await millrace(["plan"], { cwd });
    assert.deepEqual([store.code, store.stdout], [5, ""], store.stderr);
  },
);

test("query wants one statement, given once", async () => {
  assert.match((await millrace(["query"])).stderr, /expected one SQL statement, in quotes/);
  assert.match((await millrace(["query", "-"], { stdin: "  \n" })).stderr, /expected one SQL statement/);
  assert.match((await millrace(["query", "--input", "/nowhere.sql"])).stderr, /--input \/nowhere\.sql/);
  assert.match((await millrace(["query", "select 1", "--input", "a.sql"])).stderr, /given twice/);
  assert.match((await millrace(["query", "select 1", "--csv", "--json"])).stderr, /only one form/);
});

test("sample lists its faults, refuses unknown ones, and stops when told to", async () => {
  const faults = await millrace(["sample", "list-faults"]);
  assert.match(faults.stdout, /^ {2}missing +404 with the archive's XML body\n/);
  const json = (await millrace(["sample", "list-faults", "--json"])).stdout.trimEnd().split("\n");
  assert.equal(JSON.parse(json[0] ?? "").name, "missing");
  const wrong = await millrace(["sample", "serve", "--port", "0", "--fault", "nope:*"]);
  assert.equal(wrong.code, 2);
  assert.match((await millrace(["sample", "sevre"])).stderr, /did you mean millrace sample serve\?/);
  const stop = new AbortController();
  const serving = millrace(["sample", "serve", "--port", "0"], { signal: stop.signal });
  setImmediate(() => stop.abort(new Failure("cancelled", "enough")));
  const { code, stdout } = await serving;
  assert.equal(code, 0);
  assert.match(stdout, /^(http:\/\/127\.0\.0\.1:\d+\n)?$/);
});

inDirectory("sample writes hours as files", async (cwd) => {
  const { code, stdout } = await millrace(
    ["sample", "write", "hours", "--since", "2026-03-01T05", "--until", "2026-03-01T07", "--events", "20", "--json"],
    { cwd },
  );
  assert.equal(code, 0);
  const { hours, events } = JSON.parse(stdout);
  assert.deepEqual([hours, events], [2, 40]);
  assert.ok(readFileSync(join(cwd, "hours", "2026-03-01-5.json.gz")).length > 0);
});

test("version tells what it runs on", async () => {
  assert.deepEqual(await millrace(["--version", "--json"]), await millrace(["version", "--json"]));
  assert.deepEqual(JSON.parse((await millrace(["version", "--json"])).stdout), {
    millrace: "0.1.0",
    node: process.version,
    platform: process.platform,
    arch: process.arch,
  });
});
