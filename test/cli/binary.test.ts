/** The binary as people start it: a process, its streams, its signals, its exit code. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { SampleServer } from "../../sample/server.ts";
import { startServer } from "../../sample/server.ts";

const binary = new URL("../../bin/millrace.js", import.meta.url).pathname;

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when the text has appeared on stderr. */
  saw(text: string | RegExp): Promise<string>;
}

const directory = mkdtempSync(join(tmpdir(), "millrace-binary-"));
let archive: SampleServer;

before(async () => {
  archive = await startServer({
    eventsPerHour: 200,
    from: Date.parse("2026-03-01T00:00:00Z"),
    until: Date.parse("2026-03-01T06:00:00Z"),
    faults: ["missing:2026-03-01-04"],
  });
});

after(async () => {
  await archive.close();
  rmSync(directory, { recursive: true, force: true });
});

function start(...args: string[]): Started {
  const { FORCE_COLOR: _, NO_COLOR: __, ...env } = process.env;
  const child = spawn(process.execPath, [binary, ...args], { cwd: directory, env, stdio: ["ignore", "pipe", "pipe"] });
  const texts = { stdout: "", stderr: "" };
  const watchers = new Set<() => void>();
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (chunk: string) => {
      texts[name] += chunk;
      for (const watcher of watchers) watcher();
    });
  }
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, ...texts }));
  const saw = async (text: string | RegExp): Promise<string> => {
    const found = (): string | undefined =>
      typeof text === "string" ? (texts.stderr.includes(text) ? text : undefined) : text.exec(texts.stderr)?.[0];
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = found();
        if (match === undefined) return;
        watchers.delete(look);
        resolve(match);
      };
      watchers.add(look);
      ended.then(() => reject(new Error(`ended without ${String(text)}: ${texts.stderr}`)), reject);
      look();
    });
  };
  return { child, ended, saw };
}

const millrace = (...args: string[]): Promise<Ended> => start(...args).ended;

test("a project from nothing: init, plan, run, look, query, run again", async () => {
  const made = await millrace(
    "init",
    "trial",
    "--url",
    `${archive.url}/{yyyy}-{MM}-{dd}-{H}.json.gz`,
    "--since",
    "2026-03-01",
  );
  assert.equal(made.code, 0, made.stderr);
  const project = ["-f", "trial"];
  const range = ["--since", "2026-03-01", "--until", "2026-03-01T06"];

  const plan = await millrace(...project, "plan", ...range, "--detailed-exitcode");
  assert.equal(plan.code, 10, plan.stderr);
  assert.match(plan.stdout, /6 to fetch +2026-03-01-00 … 05\n/);
  assert.deepEqual(
    readdirSync(join(directory, "trial")).sort(),
    [".gitignore", "marts", "millrace.yaml"],
    "plan wrote something",
  );

  const run = await millrace(...project, "run", ...range, "--json");
  assert.equal(run.code, 4, run.stderr);
  const { stages } = JSON.parse(run.stdout);
  assert.deepEqual([stages.collect.done, stages.marts.done], [5, 2]);
  // A partition may be converted twice, when a later hour settles a type that an earlier one left open.
  assert.ok(stages.convert.done >= 5 && stages.convert.rows === stages.convert.done * 200, JSON.stringify(stages));
  assert.match(run.stderr, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ fetch\.done gharchive@2026-03-01-00 [\d.]+ kB [\d.]+ s$/m);
  assert.match(run.stderr, /^\S+ source\.gap gharchive@2026-03-01-04 missing for /m);
  assert.match(run.stderr, /1 gap +2026-03-01-04 +missing for .* +(\n +)?millrace ack gharchive 2026-03-01-04\n/);
  assert.match(
    run.stderr,
    /Done in [^:]+: 5 collected \([^)]+\), \d+ converted \([\d,]+ rows, 0\s+rejected\),\s+2\s+marts\s+built/,
  );
  assert.ok(!run.stderr.includes("\u001b"), "a pipe got an escape sequence");

  const query = await millrace(
    ...project,
    "query",
    "--json",
    "select count(*) as rows, 9007199254740993 as big from activity",
  );
  assert.equal(query.stdout, '{"rows":1000,"big":9007199254740993}\n');
  assert.match(query.stderr, /^1 row in /);
  const csv = await millrace(
    ...project,
    "query",
    "--csv",
    "--quiet",
    "select src, count(*) as n from events group by 1 order by 1 limit 2",
  );
  assert.deepEqual([csv.stdout, csv.stderr], ["src,n\n2026-03-01-00,200\n2026-03-01-01,200\n", ""]);
  const wrong = await millrace(...project, "query", "select typ from events");
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /^error {2}SQL:1:8 .*typ/);

  const explained = await millrace(...project, "explain", "gharchive@2026-03-01-00");
  assert.match(explained.stdout, /^gharchive@2026-03-01-00\n {2}source {2,}http:/);
  const schema = await millrace(...project, "schema", "events");
  assert.match(schema.stdout, /^events {3}version \d+, [\d,]+ columns, 5 partitions\n/);
  assert.match((await millrace(...project, "schema", "events", "--ddl", "spark")).stdout, /`?actor`? (struct|STRUCT)/);

  const acknowledged = await millrace(...project, "ack", "gharchive", "2026-03-01-04");
  assert.match(acknowledged.stderr, /^1 gap acknowledged/);
  const again = await millrace(...project, "run", ...range, "--log", "json");
  assert.equal(again.code, 0, again.stderr);
  const lines = again.stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(lines.at(-1).code, "run.done");
  assert.equal(lines.at(-1).stages.collect.done, 0);

  const verified = await millrace(...project, "verify");
  assert.equal(verified.code, 0, verified.stderr);
  assert.match(verified.stdout, /All is as it was written\./);

  const partition = join(directory, "trial/lake/tables/events/src=2026-03-01-01/data.parquet");
  const bytes = readFileSync(partition);
  writeFileSync(partition, bytes.subarray(0, -9));
  const damaged = await millrace(...project, "verify", "--only", "tables");
  assert.equal(damaged.code, 1, damaged.stderr);
  assert.match(damaged.stdout, /^ {2}tables {3}1 damaged {3}events\/src=2026-03-01-01\/data\.parquet/m);
  const planned = await millrace(...project, "verify", "--repair", "--dry-run");
  assert.equal(planned.code, 1);
  assert.match(planned.stdout, /a repair converts it again from\s+raw/);
  const repaired = await millrace(...project, "verify", "--repair", "--json");
  assert.equal(repaired.code, 0, repaired.stderr);
  assert.equal(JSON.parse(repaired.stdout).damaged[0].repair.state, "repaired");
  assert.deepEqual(readFileSync(partition), bytes);
  assert.equal((await millrace(...project, "verify", "--dry-run")).code, 2);
  const rebuilt = await millrace(...project, "rebuild-index");
  assert.match(
    rebuilt.stdout,
    /^ {2}index {4}5 raw objects, 5 partitions\n {2}schema {3}events version \d+: is whole\n/,
  );
  const doctor = await millrace(...project, "doctor", "--json");
  assert.ok(JSON.parse(doctor.stdout).checks.length > 5);
  const status = await millrace(...project, "status");
  assert.match(status.stdout, /^ {2}2026-03-01 {2}■■■■-■/m);
});

test("--version is instant and loads nothing", async () => {
  const { code, stdout, stderr } = await millrace("--version");
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, /^millrace \d+\.\d+\.\d+\n$/);
});

test("Ctrl-C and SIGTERM stop cleanly with their own exit codes", async () => {
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    const serving = start("sample", "serve", "--port", "0");
    await serving.saw("Ctrl-C stops");
    serving.child.kill(signal);
    const ended = await serving.ended;
    assert.deepEqual([ended.code, ended.signal], [code, null]);
  }
});

test("watch passes, serves health and metrics, and stops on a signal", async () => {
  await millrace("init", "watched", "--url", `${archive.url}/{yyyy}-{MM}-{dd}-{H}.json.gz`, "--since", "1d");
  const watching = start("-f", "watched", "watch", "--only", "convert", "--port", "0");
  try {
    const url = await watching.saw(/http:\/\/127\.0\.0\.1:\d+/);
    await watching.saw("pass.sleep");
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    assert.match(await (await fetch(`${url}/metrics`)).text(), /^millrace_passes_total\{exit_code="0"\} 1$/m);
  } finally {
    watching.child.kill("SIGTERM");
  }
  assert.equal((await watching.ended).code, 143);
});

test("a reader that has seen enough ends the query quietly", async () => {
  const query = start("-f", "trial", "query", "--json", "select * from range(3000000)");
  query.child.stdout?.once("data", () => query.child.stdout?.destroy());
  const { code, stderr } = await query.ended;
  assert.equal(stderr, "");
  assert.equal(code, 0);
});

test("the demo, and the demo again", async () => {
  const first = await millrace("demo");
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stdout, /^ {2}2026-03-01 {2}■{24} {3}24 stored {2}24 converted {2}0 gaps {2}0 rejected$/m);
  assert.match(first.stdout, /^ {2}convert +\d+ +[\d,]+ /m);
  assert.match(first.stdout, /Done in .* The lake is in demo\/lake \(.*\)\.\n {2}Next {2}millrace -f demo status\n/);
  const second = await millrace("demo");
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stdout, /Nothing was left to do/);
  assert.match((await millrace("-f", "demo", "status")).stdout, /Nothing is missing and nothing waits\./);
  const foreign = await millrace("demo", "trial");
  assert.equal(foreign.code, 2);
  assert.match(foreign.stderr, /a project that the demo did not make/);
});
