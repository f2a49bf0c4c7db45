/**
 * How long does `millrace plan` take over ten years of hours? Builds a lake of 87,600 raw objects, receipts and
 * partitions on a local disk (small files, each with an inode of its own), lets one plan write the index, then measures
 * whole processes of the command line.
 *
 *     npm run bench -- plan [--hours 87600] [--rounds 5]
 *
 * Promise: at most 2.5 s and 256 MB (figures: bench/plan.md).
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { openApp } from "../src/app.ts";
import { readProject } from "../src/config/read.ts";
import { hourMs, intervalId } from "../src/model/calendar.ts";
import { partitionKey } from "../src/model/layout.ts";

const { values } = parseArgs({
  options: {
    hours: { type: "string", default: "87600" },
    rounds: { type: "string", default: "5" },
    keep: { type: "string" },
  },
});
const hours = Number(values.hours);
const rounds = Number(values.rounds);
const firstMs = Date.UTC(2016, 0, 1);
const bin = new URL("../bin/millrace.js", import.meta.url).pathname;
/** `--keep DIR` builds the lake once and measures it again later. */
const directory = values.keep ?? mkdtempSync(join(tmpdir(), "millrace-bench-plan-"));

/** Prints a process's own accounting when it ends: CPU in microseconds, peak memory in KiB. */
const accounting = `data:text/javascript,import{writeSync}from'node:fs';process.on('exit',()=>writeSync(2,'\\n@@'+JSON.stringify(process.resourceUsage())))`;

interface Run {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly rssMb: number;
}

function plan(): Run {
  const from = performance.now();
  const done = spawnSync(
    process.execPath,
    ["--import", accounting, bin, "plan", "--json", "-f", join(directory, "millrace.yaml")],
    { encoding: "utf8", maxBuffer: 1 << 28 },
  );
  const wallMs = performance.now() - from;
  if (done.status !== 0) throw new Error(`plan ended with ${done.status}: ${done.stderr}`);
  const usage: unknown = JSON.parse(done.stderr.slice(done.stderr.lastIndexOf("@@") + 2));
  const figure = (name: string): number =>
    typeof usage === "object" && usage !== null ? Number(Reflect.get(usage, name)) : Number.NaN;
  return { wallMs, cpuMs: (figure("userCPUTime") + figure("systemCPUTime")) / 1000, rssMb: figure("maxRSS") / 1024 };
}

/** Converts one small hour for real, so that every partition has a footer of ours; the others are copies of it. */
async function buildLake(): Promise<void> {
  const file = join(directory, "millrace.yaml");
  const archive = join(directory, "archive");
  mkdirSync(archive);
  const until = new Date(firstMs + hours * hourMs).toISOString();
  const text = (sinceMs: number, untilText: string): string =>
    `name: bench\nsources:\n  hours: { url: "file://${archive}/{yyyy}-{MM}-{dd}-{H}.json.gz", object: "hours/{yyyy}/{MM}/{dd}/{HH}.json.gz", every: hour, since: ${new Date(sinceMs).toISOString()}, until: ${untilText} }\ntables:\n  events: { from: hours }\nmarts:\n  kinds: { select: "type", from: events }\n`;
  writeFileSync(
    join(archive, "2016-01-01-0.json.gz"),
    gzipSync('{"id":"1","type":"PushEvent","actor":{"login":"a"}}\n'),
  );
  writeFileSync(file, text(firstMs, new Date(firstMs + hourMs).toISOString()));
  const app = await openApp(readProject({ file }), { workers: 0 });
  const summary = await app.run();
  await app.close();
  if (summary.exitCode !== 0) throw new Error("the first hour did not convert");
  const place = (...parts: string[]): string => join(directory, "lake", ...parts);
  const raw = readFileSync(place("raw", "hours/2016/01/01/00.json.gz"));
  const partition = readFileSync(place("tables", partitionKey("events", "2016-01-01-00")));
  const receipt = readFileSync(place("raw", "_receipts/hours/2016/01/01/00.json.gz.json"));
  const write = (path: string, bytes: Uint8Array): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, bytes);
  };
  for (let hour = 1; hour < hours; hour++) {
    const id = intervalId({ every: "hour", startMs: firstMs + hour * hourMs });
    const key = `hours/${id.replaceAll("-", "/")}.json.gz`;
    write(place("raw", key), raw);
    write(place("raw", `_receipts/${key}.json`), receipt);
    write(place("tables", partitionKey("events", id)), partition);
  }
  writeFileSync(file, text(firstMs, until));
  // The mart is published once over all of it, so that a plan has nothing left to say.
  const again = await openApp(readProject({ file }), { workers: 0 });
  await again.plan({ only: "convert" });
  await again.close();
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;

try {
  if (!existsSync(join(directory, "built"))) {
    process.stderr.write(`building a lake of ${hours.toLocaleString("en")} hours in ${directory} …\n`);
    mkdirSync(directory, { recursive: true });
    await buildLake();
    writeFileSync(join(directory, "built"), "");
  }
  const bare: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const from = performance.now();
    spawnSync(process.execPath, ["-e", "0"]);
    bare.push(performance.now() - from);
  }
  const first = plan();
  const runs = Array.from({ length: rounds }, plan);
  const row = (name: string, wall: number, cpu: number, rss: number): string =>
    `| ${name} | ${(wall / 1000).toFixed(2)} | ${(cpu / 1000).toFixed(2)} | ${rss.toFixed(0)} |`;
  process.stdout.write(
    `${hours.toLocaleString("en")} raw objects and partitions, ${rounds} rounds, medians; a bare node takes ${(median(bare) / 1000).toFixed(3)} s\n\n`,
  );
  process.stdout.write("| plan | wall s | CPU s | peak MB |\n|---|---|---|---|\n");
  process.stdout.write(`${row("first (index just written)", first.wallMs, first.cpuMs, first.rssMb)}\n`);
  process.stdout.write(
    `${row("index present", median(runs.map((run) => run.wallMs)), median(runs.map((run) => run.cpuMs)), Math.max(...runs.map((run) => run.rssMb)))}\n`,
  );
} finally {
  if (values.keep === undefined) rmSync(directory, { recursive: true, force: true });
}
