/**
 * Faults of the operating system itself, put between a run and the kernel by strace: a sync that fails, a rename at which
 * the process is killed or the disk is full; and a file system of one megabyte that is really full. Afterwards nothing
 * half-written is visible, and the ordinary next run makes the lake that an undisturbed one makes.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { hasProgram, missing } from "../real/real.ts";
import { workOf } from "./matrix-run.ts";
import { catalogFaults, makeSmallLake, type SmallLake, stateOf } from "./small-lake.ts";

const deep = process.env.FAULTS === "all";
const victim = new URL("victim.ts", import.meta.url).pathname;
/** One thread for files, so that the n-th call is the same one each time. */
const environment = { ...process.env, UV_THREADPOOL_SIZE: "1" };

interface Fault {
  readonly name: string;
  readonly calls: string;
  readonly effect: string;
}

const faults: readonly Fault[] = [
  { name: "a sync fails", calls: "fsync,fdatasync", effect: "error=EIO" },
  { name: "killed at a sync", calls: "fsync,fdatasync", effect: "signal=KILL" },
  { name: "a rename finds the disk full", calls: "rename,renameat,renameat2", effect: "error=ENOSPC" },
  { name: "killed at a rename", calls: "rename,renameat,renameat2", effect: "signal=KILL" },
  { name: "a link finds the disk full", calls: "link,linkat", effect: "error=ENOSPC" },
  { name: "killed at a link", calls: "link,linkat", effect: "signal=KILL" },
  { name: "a removal fails", calls: "unlink,unlinkat,rmdir", effect: "error=EIO" },
];

/** The ordinary run takes some calls of each kind, the deep one all. */
const callsOfEach = 3;

function traced(lake: SmallLake, options: readonly string[]): { readonly ended: boolean; readonly trace: string } {
  const trace = join(lake.directory, "trace");
  const command = [
    "-f",
    "-qq",
    "-o",
    trace,
    ...options,
    process.execPath,
    victim,
    join(lake.directory, "millrace.yaml"),
  ];
  const done = spawnSync("strace", command, { env: environment, encoding: "utf8", timeout: 120_000 });
  assert.equal(done.error, undefined);
  return { ended: done.status === 0, trace: readFileSync(trace, "utf8") };
}

/** The calls of the busiest thread: strace counts for each thread by itself. */
function countIn(trace: string, calls: string): number {
  const counts = new Map<string, number>();
  for (const [, thread = ""] of trace.matchAll(new RegExp(`^(\\d+) +(?:${calls.replaceAll(",", "|")})\\(`, "gm")))
    counts.set(thread, (counts.get(thread) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

const tracing = (): boolean => hasProgram("strace", ["-o", "/dev/null", "true"]);

/** Where everything real is required, strace is brought as Debian has it; that takes the rights of root. */
function canTrace(context: TestContext): boolean {
  if (tracing()) return true;
  if (process.env.REQUIRE_REAL === "all" || process.env.INSTALL_REAL === "1") {
    for (const args of [
      ["update", "-qq"],
      ["install", "-y", "-qq", "strace"],
    ])
      spawnSync("apt-get", args, { stdio: "ignore" });
  }
  return (
    tracing() || !missing(context, "strace that may trace", "install strace (apt-get install strace), allow ptrace")
  );
}

async function undisturbed(): Promise<Record<string, string>> {
  const lake = makeSmallLake();
  const app = await lake.open(0);
  await app.run();
  await app.close();
  const state = await stateOf(lake);
  lake.remove();
  return state;
}

async function assertRepaired(lake: SmallLake, expected: Record<string, string>, name: string): Promise<void> {
  assert.deepEqual(catalogFaults(lake), [], `${name}: right behind the fault`);
  const app = await lake.open(1);
  const { exitCode, failures } = await app.run();
  assert.equal(exitCode, 0, `${name}: ${JSON.stringify(failures)}`);
  assert.deepEqual(await workOf(app), [], `${name}: a further run found something to do`);
  await app.close();
  assert.deepEqual(await stateOf(lake), expected, name);
  assert.deepEqual(catalogFaults(lake), [], name);
}

test("the n-th call of a kind fails, or the process is killed at it", async (context) => {
  if (!canTrace(context)) return;
  const expected = await undisturbed();
  const clean = makeSmallLake();
  const names = [...new Set(faults.map(({ calls }) => calls))];
  const { trace, ended } = traced(clean, ["-e", `trace=${names.join(",")}`]);
  clean.remove();
  assert.ok(ended, "the run does not work under strace");
  const met = { faults: 0, runs: 0 };
  for (const { name, calls, effect } of faults) {
    const count = countIn(trace, calls);
    assert.ok(count > 2, `${name}: only ${count} calls of ${calls}`);
    const step = deep ? 1 : Math.ceil(count / callsOfEach);
    for (let call = Math.ceil(step / 2); call <= count; call += step) {
      await context.test(`${name}: call ${call} of ${count}`, async () => {
        const lake = makeSmallLake();
        try {
          const inject = ["-e", `trace=${calls}`, "-e", `inject=${calls}:${effect}:when=${call}`];
          const injected = traced(lake, inject);
          met.runs++;
          if (/INJECTED|killed by SIGKILL/.test(injected.trace)) met.faults++;
          await assertRepaired(lake, expected, `${name}, call ${call}`);
        } finally {
          lake.remove();
        }
      });
    }
  }
  // How often an emptied directory is tried to be removed differs from run to run, so that a last call may not come.
  context.diagnostic(`${met.runs} runs, ${met.faults} of them met their fault`);
  assert.ok(met.faults > 0.8 * met.runs, "the faults did not happen");
});

test("a file system of one megabyte", async (context) => {
  if (!hasProgram("unshare", ["-Urm", "mount", "-t", "tmpfs", "-o", "size=1m", "none", "/mnt"])) {
    missing(context, "a name space with a file system of its own", "allow unshare -Urm (user name spaces)");
    return;
  }
  const expected = await undisturbed();
  // How much is free decides where it gets full: before the raw objects, within the table, within the mart.
  const free = deep ? [4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 56, 64] : [8, 24, 40, 64];
  let full = 0;
  for (const kilobytes of free) {
    await context.test(`${kilobytes} KiB are free`, async () => {
      const lake = makeSmallLake();
      try {
        const place = join(lake.directory, "lake");
        mkdirSync(place);
        const script = [
          `mount -t tmpfs -o size=1m none "${place}"`,
          `head -c ${(1024 - kilobytes) * 1024} /dev/zero > "${place}/ballast"`,
          `"${process.execPath}" "${victim}" "${join(lake.directory, "millrace.yaml")}" > "${lake.directory}/said" 2>&1`,
          `echo $? >> "${lake.directory}/said"`,
          `rm "${place}/ballast"`,
          `cp -a "${place}" "${lake.directory}/left"`,
        ].join("\n");
        writeFileSync(join(lake.directory, "script"), script);
        const done = spawnSync("unshare", ["-Urm", "sh", join(lake.directory, "script")], { encoding: "utf8" });
        assert.equal(done.status, 0, done.stderr);
        const said = readFileSync(join(lake.directory, "said"), "utf8");
        if (/no space left on device/i.test(said)) full++;
        const [told = "all went well"] = /Failure: .*/.exec(said) ?? [];
        context.diagnostic(`${kilobytes} KiB: ${told.replaceAll(lake.directory, "").slice(0, 120)}`);
        spawnSync("cp", ["-a", `${lake.directory}/left/.`, place]);
        await assertRepaired(lake, expected, `${kilobytes} KiB`);
      } finally {
        lake.remove();
      }
    });
  }
  assert.ok(full > free.length / 2, `only ${full} of ${free.length} file systems were full`);
});
