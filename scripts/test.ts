/**
 * The whole check of the project, in the order in which a mistake is cheapest to find: types, lint and format, then the
 * tests. `npm test` runs it after bringing the dependencies; arguments narrow it down:
 *
 *     npm test                          everything
 *     npm test -- src/parquet           the tests below a path
 *     npm run test:unit                 without types and lint
 *
 * Where real servers are required (`REQUIRE_REAL=all`), they are downloaded and built in the background from the first
 * second on, at low priority; the tests that need them come last and wait for theirs. One Spark server and one
 * metastore serve all tests of the run that ask for the shared one.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

const root = new URL("..", import.meta.url).pathname;
const paths = process.argv.slice(2).filter((argument) => !argument.startsWith("--") && argument !== "unit");
const testsOnly = process.argv.includes("--stage") || paths.length > 0;
const began = performance.now();

function stage(name: string, command: readonly string[]): void {
  const from = performance.now();
  const [program = "", ...args] = command;
  const done = spawnSync(process.execPath, [program, ...args], { cwd: root, stdio: ["ignore", 1, 2] });
  const seconds = ((performance.now() - from) / 1000).toFixed(1);
  process.stdout.write(`${done.status === 0 ? "✔" : "✖"} ${name} (${seconds} s)\n`);
  if (done.status !== 0) {
    process.stdout.write("0 passed, 1 failed, 0 skipped\n");
    process.exit(1);
  }
}

/** Ends with this process, with all that it started. What it says passes through here, so that the totals come last. */
function installInBackground(): ChildProcess {
  const child = spawn(process.execPath, ["test/real/installed.ts", "ci"], {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => process.stdout.write(text));
  }
  process.once("exit", () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  });
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
  return child;
}

/**
 * A server of the whole run; it ends when its standard input does, and so with this process. The tests find it by the directory in
 * which it leaves its address, and wait for that.
 */
function startShared(file: string, variable: string): { stop(): Promise<void> } {
  const directory = mkdtempSync(join(tmpdir(), "millrace-shared-"));
  process.env[variable] = directory;
  const child = spawn(process.execPath, [file, directory], { cwd: root, stdio: ["pipe", "ignore", "inherit"] });
  const ended = once(child, "exit");
  const clear = (): void => rmSync(directory, { recursive: true, force: true });
  process.once("exit", clear);
  return {
    async stop() {
      child.stdin.end();
      await ended;
      clear();
    },
  };
}

const textOf = (file: string): string => `${file}\n${readFileSync(`${root}${file}`, "utf8")}`;

const needsInstalled = (file: string): boolean =>
  /\/real\/(installed|s3-servers|spark-server|postgres-server|metastore-server|trino-server)\.ts|^test\/real\//m.test(
    textOf(file),
  );

/** Tests ask for the shared servers by these names. */
const sharedServers = [
  { call: /\bsparkServer\(/, given: "MILLRACE_TEST_SPARK", file: "test/real/spark-server.ts", as: "TEST_SPARK_SHARED" },
  {
    call: /\bmetastoreServer\(/,
    given: "MILLRACE_TEST_METASTORE",
    file: "test/real/metastore-server.ts",
    as: "TEST_METASTORE_SHARED",
  },
] as const;

const installing = process.env.REQUIRE_REAL === "all" && paths.length === 0 ? installInBackground() : undefined;
if (!testsOnly) {
  stage("types", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]);
  // Declarations of the package name types that the sources need not export.
  stage("types of the package", ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json", "--noEmit"]);
  stage("lint and format", ["node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."]);
}

const files = globSync(["src/**/*.test.ts", "sample/**/*.test.ts", "test/**/*.test.ts", "bench/**/*.test.ts"], {
  cwd: root,
})
  .filter((file) => !file.includes(".deep.test.ts"))
  .filter((file) => paths.length === 0 || paths.some((path) => file.startsWith(path.replace(/^\.\//, ""))))
  .sort((a, b) => Number(needsInstalled(a)) - Number(needsInstalled(b)) || (a < b ? -1 : 1));
if (files.length === 0) {
  process.stderr.write(`no test file below ${paths.join(", ")}\n`);
  process.exit(2);
}

// They are wanted where they must be there; elsewhere a test that has what it takes starts one, and others are skipped.
const shared = sharedServers
  .filter(({ given }) => process.env.REQUIRE_REAL === "all" && process.env[given] === undefined)
  .filter(({ call }) => files.some((file) => call.test(textOf(file))))
  .map(({ file, as }) => startShared(file, as));

const totals = { passed: 0, failed: 0, skipped: 0 };
const skips: string[] = [];
const stream = run({
  cwd: root,
  files: files.map((file) => `${root}${file}`),
  concurrency: Math.min(2, availableParallelism()),
  timeout: 15 * 60_000,
});
stream.on("test:summary", (summary) => {
  // One summary comes per file and one, without a file, for the whole run.
  if (summary.file !== undefined) return;
  totals.passed += summary.counts.passed;
  totals.failed += summary.counts.tests - summary.counts.passed - summary.counts.skipped - summary.counts.todo;
  totals.skipped += summary.counts.skipped + summary.counts.todo;
});
stream.on("test:pass", (event) => {
  if (event.skip !== undefined) skips.push(`${event.name}${typeof event.skip === "string" ? `: ${event.skip}` : ""}`);
});
stream.compose(spec).pipe(process.stdout);
await new Promise((resolve) => stream.on("end", resolve));
// The reporter's last lines are still on their way to the terminal when the stream of events has ended.
await new Promise((resolve) => setImmediate(resolve));

await Promise.all(shared.map((server) => server.stop()));
for (const stream of [installing?.stdout, installing?.stderr]) stream?.removeAllListeners("data");
for (const skip of skips) process.stdout.write(`skipped  ${skip}\n`);
process.stdout.write(`all checks took ${((performance.now() - began) / 1000).toFixed(0)} s\n`);
process.stdout.write(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
const skipsAllowed = process.env.REQUIRE_REAL !== "all";
process.exitCode = totals.failed > 0 || totals.passed === 0 || (totals.skipped > 0 && !skipsAllowed) ? 1 : 0;
