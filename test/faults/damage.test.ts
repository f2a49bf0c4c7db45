/**
 * Everything that an archive can do wrong, through the whole chain: while it is wrong nothing of that hour can be seen
 * and every other hour is there; when it is over, the next run makes the lake that an undisturbed one makes.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { faultCatalogue } from "../../sample/faults.ts";
import { startServer } from "../../sample/server.ts";
import type { RunSummary } from "../../src/answers.ts";
import {
  type ArchiveLake,
  contentOf,
  day,
  filesOf,
  hoursIn,
  type LakeOptions,
  openArchiveLake,
} from "./archive-lake.ts";

const deep = process.env.FAULTS === "all";
const hours = 3;

/** A fault that keeps an hour out: the exit code, the kind of failure and what is said. */
interface Damage {
  readonly exitCode: number;
  readonly kind: "corrupt" | "unavailable" | "denied" | "gap";
  readonly message: RegExp;
}

const corrupt = (message: RegExp): Damage => ({ exitCode: 1, kind: "corrupt", message });
const unavailable = (message: RegExp): Damage => ({ exitCode: 5, kind: "unavailable", message });

const damages: Readonly<Record<string, Damage>> = {
  missing: { exitCode: 4, kind: "gap", message: /^$/ },
  "401": { exitCode: 5, kind: "denied", message: /401/ },
  "403": { exitCode: 5, kind: "denied", message: /403/ },
  "429": unavailable(/429/),
  "500": unavailable(/500/),
  "503": unavailable(/503/),
  "redirect-loop": unavailable(/more than 5 redirects/),
  "redirect=7hops": unavailable(/more than 5 redirects/),
  html: corrupt(/an HTML page/),
  xml: corrupt(/an XML document/),
  empty: corrupt(/the body is empty/),
  "stall-headers": unavailable(/no answer within the time allowed/),
  truncated: corrupt(/truncated in member 1/),
  "bad-crc": corrupt(/CRC32 differs in member 1/),
  "bad-isize": corrupt(/length differs in member 1/),
  "flipped-bit": corrupt(/member 1/),
  "trailing-garbage": corrupt(/28 bytes of trailing garbage/),
  "changed-during-resume": unavailable(/the connection was closed before the body was complete/),
  "truncated-length": unavailable(/the connection was closed before the body was complete/),
  "truncated-close": corrupt(/truncated in member 1/),
  "wrong-length": corrupt(/truncated in member 1/),
  stall: unavailable(/no progress within the time allowed/),
  reset: unavailable(/the connection was reset/),
  "content-encoding": corrupt(/Content-Encoding gzip/),
};

let undisturbed: Record<string, string>;

before(async () => {
  const lake = await openArchiveLake({ hours });
  const { summary } = await lake.run(0);
  assert.equal(summary.exitCode, 0);
  undisturbed = contentOf(lake);
  assert.equal(hoursIn(lake, "tables").length, hours);
  await lake.close();
});

const lakes: ArchiveLake[] = [];
after(async () => {
  for (const lake of lakes) await lake.close();
});

async function open(options: Partial<LakeOptions>): Promise<ArchiveLake> {
  const lake = await openArchiveLake({ hours, ...options });
  lakes.push(lake);
  return lake;
}

/** `name:HOUR=amounts,Nreq` of `name=amounts`. */
function faultText(name: string, hour: string, requests: number | undefined): string {
  const [kind, ...amounts] = name.split("=");
  const all = [...amounts, ...(requests === undefined ? [] : [`${requests}req`])];
  return `${kind}:${day}-${hour}${all.length === 0 ? "" : `=${all.join(",")}`}`;
}

/** How many requests of the hour a fault must spoil for one run to fail: a loop is followed five times. */
function requestsOf(name: string): number | undefined {
  if (name === "changed-during-resume") return undefined;
  return name === "redirect-loop" ? 6 : 1;
}

function assertDamage(summary: RunSummary, hour: string, { exitCode, kind, message }: Damage): void {
  const key = `hours@${day}-${hour}`;
  assert.equal(summary.exitCode, exitCode, JSON.stringify(summary.failures));
  const waiting = summary.waiting.filter((item) => "key" in item && item.key === key);
  assert.deepEqual(
    waiting.map((item) => item.kind),
    [kind === "gap" ? "gap" : "failed"],
  );
  if (kind === "gap") {
    assert.deepEqual(summary.failures, []);
    return;
  }
  assert.equal(summary.failures.length, 1);
  const [failure] = summary.failures;
  assert.equal(failure?.key, key);
  assert.equal(failure?.kind, kind, failure?.reason);
  assert.match(failure?.reason ?? "", message);
  assert.ok(failure?.reason.includes(`${day}-${Number(hour)}.json.gz`), failure?.reason);
}

const chosenHours = deep ? ["00", "01", "02"] : ["01"];
for (const [name, damage] of Object.entries(damages)) {
  for (const hour of chosenHours) {
    test(`${name} in hour ${hour}`, async () => {
      const lake = await open({ faults: [faultText(name, hour, requestsOf(name))] });
      const { summary } = await lake.run(0);
      assertDamage(summary, hour, damage);
      const others = ["00", "01", "02"].filter((other) => other !== hour);
      assert.deepEqual(hoursIn(lake, "raw"), others);
      assert.deepEqual(hoursIn(lake, "tables"), others);
      const later = await lake.run(3);
      assert.equal(later.summary.exitCode, 0, JSON.stringify(later.summary.failures));
      if (name === "changed-during-resume") {
        // The file is another one now: it came anew from its first byte, and is whole.
        assert.deepEqual(Object.keys(contentOf(lake)), Object.keys(undisturbed));
      } else assert.deepEqual(contentOf(lake), undisturbed);
      const idle = await lake.run(3);
      assert.equal(idle.summary.stages.collect.done + idle.summary.stages.convert.done, 0);
    });
  }
}

test("every fault of the catalogue has its test", () => {
  const elsewhere = [
    ...["late", "changed", "slow", "redirect", "redirect-host", "trailing-zeros", "two-members", "small"],
    ...["no-etag", "no-validators", "no-ranges", "partial-not-json", "cut-line"],
  ];
  const tested = new Set([...Object.keys(damages).map((name) => name.split("=")[0] ?? ""), ...elsewhere]);
  assert.deepEqual(
    faultCatalogue.map(({ name }) => name).filter((name) => !tested.has(name)),
    [],
  );
});

test("what is odd but in order becomes the same rows", async () => {
  const kinds = ["redirect=3hops", "redirect-host", "trailing-zeros", "two-members", "no-etag", "no-validators"];
  const all = [...kinds, "no-ranges", "slow=1MB/s"];
  const faults = all.map((name, hour) => faultText(name, String(hour).padStart(2, "0"), undefined));
  const clean = await open({ hours: all.length });
  const lake = await open({ hours: all.length, faults });
  for (const each of [clean, lake]) assert.equal((await each.run(0)).summary.exitCode, 0);
  const rows = async (each: ArchiveLake) =>
    (await each.run(0, { rerun: true, only: "convert" })).summary.stages.convert.rows;
  assert.equal(await rows(lake), await rows(clean));
  // Two members and trailing zeros are other bytes of the same text; all others are the same bytes.
  const [wanted, found] = [contentOf(clean), contentOf(lake)];
  const differing = Object.keys(wanted).filter((name) => wanted[name] !== found[name]);
  assert.deepEqual([...new Set(differing.map((name) => new RegExp(`${day}-(\\d\\d)`).exec(name)?.[1]))].sort(), [
    "02",
    "03",
  ]);
});

for (const [name, reason] of [
  ["partial-not-json", "unexpected end|expected"],
  ["cut-line", "unexpected end|expected"],
] as const) {
  test(`${name}: stored as it came, kept out of the table, and replaced when asked for again`, async () => {
    const lake = await open({ faults: [faultText(name, "01", 1)] });
    const { summary } = await lake.run(0);
    assert.equal(summary.exitCode, 3);
    assert.equal(summary.failures.length, 1);
    assert.match(
      summary.failures[0]?.reason ?? "",
      new RegExp(`^events@${day}-01: 1 of 12 lines rejected .*${reason}`),
    );
    assert.deepEqual(hoursIn(lake, "raw"), ["00", "01", "02"]);
    assert.deepEqual(hoursIn(lake, "tables"), ["00", "02"]);
    const again = await lake.run(1, { rerun: true, only: "collect", select: (key) => key === `hours@${day}-01` });
    assert.equal(again.summary.stages.collect.done, 1);
    const { summary: converted } = await lake.run(2);
    assert.equal(converted.exitCode, 0, JSON.stringify(converted.failures));
    assert.deepEqual(hoursIn(lake, "tables"), ["00", "01", "02"]);
    assert.equal(
      filesOf(lake, "raw").filter((file) => file.includes("_revisions/") && !file.includes("_receipts/")).length,
      1,
    );
  });
}

test("a late hour is pending near now, and stored when it is there", async () => {
  const lake = await open({ faults: [`late:${day}-02=1req`] });
  const soon = Date.parse(`${day}T03:20:00Z`);
  const first = await lake.runAt(soon);
  assert.equal(first.summary.exitCode, 0);
  assert.deepEqual(
    first.summary.waiting.map((item) => `${item.kind} ${"key" in item ? item.key : ""}`),
    [`pending hours@${day}-02`],
  );
  assert.ok(first.events.some((event) => event.code === "source.pending"));
  assert.deepEqual(hoursIn(lake, "raw"), ["00", "01"]);
  const later = await lake.runAt(soon + 3_600_000);
  assert.deepEqual(later.summary.waiting, []);
  assert.deepEqual(contentOf(lake), undisturbed);
});

test("an hour that changed after it was captured is a second revision, on request", async () => {
  const lake = await open({ faults: [`changed:${day}-01`] });
  await lake.run(0);
  assert.deepEqual(contentOf(lake), undisturbed);
  const { summary, events } = await lake.run(1, {
    ...{ rerun: true, only: "collect", select: (key: string) => key.endsWith(`${day}-01`) },
  });
  assert.equal(summary.exitCode, 0);
  assert.deepEqual(
    events.flatMap((event) => (event.code === "fetch.done" ? [`${event.key} ${event.revision}`] : [])),
    [`hours@${day}-01 2`],
  );
  const converting = await lake.run(1);
  const after = contentOf(lake);
  // What was captured first stays as it was; the partition is made of the second revision, which has one row less.
  for (const [name, sum] of Object.entries(undisturbed)) {
    if (name.startsWith("raw/")) assert.equal(after[name], sum, name);
  }
  const converted = converting.events.flatMap((event) =>
    event.code === "convert.done" ? [[event.key, event.rows]] : [],
  );
  assert.deepEqual(converted, [[`events@${day}-01`, 11]]);
});

test("a Retry-After is waited for within the run", async () => {
  const lake = await open({ faults: [`503:${day}-01=1req,1s`], retry: 2 });
  const began = performance.now();
  const { summary, events } = await lake.run(0);
  assert.equal(summary.exitCode, 0);
  assert.ok(performance.now() - began >= 1000, "the second try came too early");
  const tries = events.flatMap((event) => (event.code === "fetch.done" ? [event.tries] : []));
  assert.deepEqual(tries.sort(), [1, 1, 2]);
  assert.deepEqual(contentOf(lake), undisturbed);
});

test("a mirror gives what the archive does not", async () => {
  const mirror = await startServer({ seed: 3, eventsPerHour: 12 });
  try {
    for (const name of ["missing", "403", "500", "reset", "redirect-loop"]) {
      const lake = await open({ faults: [faultText(name, "01", undefined)], mirrors: [mirror.url] });
      const { summary } = await lake.run(0);
      assert.equal(summary.exitCode, 0, `${name}: ${JSON.stringify(summary.failures)}`);
      assert.deepEqual(contentOf(lake), undisturbed, name);
    }
  } finally {
    await mirror.close();
  }
});

test("a download whose process is killed in the middle goes on where it was", async () => {
  const options = { hours: 1, server: { eventsPerHour: 4000 } };
  const clean = await open(options);
  await clean.run(0);
  const lake = await open({ ...options, faults: [`slow:${day}-00=100KB/s,1req`] });
  const child = spawn(process.execPath, [join(import.meta.dirname, "collector.ts"), lake.projectFile], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  // The child tells of every piece that it has written; after the third one it is in the middle of the body.
  let told = 0;
  for await (const text of child.stdout.setEncoding("utf8")) {
    told += String(text).split("\n").length - 1;
    if (told >= 3) break;
  }
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  const [, signal] = await ended;
  assert.equal(signal, "SIGKILL", "it was faster than the test");
  assert.deepEqual(hoursIn(lake, "raw"), []);
  const { summary, events } = await lake.run(1);
  assert.equal(summary.exitCode, 0, JSON.stringify(summary.failures));
  const resumed = events.flatMap((event) => (event.code === "fetch.done" ? [event.resumed] : []));
  assert.ok((resumed[0] ?? 0) > 0, `resumed at ${resumed}`);
  assert.deepEqual(contentOf(lake), contentOf(clean));
  const whole = readFileSync(
    join(lake.directory, "lake", filesOf(lake, "raw").find((name) => name.endsWith(".gz")) ?? ""),
  );
  assert.equal(lake.server.requests.at(-1)?.bytes, whole.length - (resumed[0] ?? 0));
});
