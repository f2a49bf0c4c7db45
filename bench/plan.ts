/**
 * How long does `millrace plan` take over ten years of hours? Builds a lake of 87,600 raw objects, receipts and
 * partitions on a local disk (small files, each with an inode of its own), lets one plan write the index, then measures
 * whole processes of the command line.
 *
 *     node bench/plan.ts [--hours 87600] [--rounds 5] [--keep DIR]
 *
 * Promise: at most 2.5 s and 256 MB (figures: bench/plan.md).
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { openApp } from "../src/app.ts";
import { readProject } from "../src/config/read.ts";
import { hourMs, intervalId } from "../src/model/calendar.ts";
import { partitionKey } from "../src/model/layout.ts";
import { type ProcessCost, runProcess } from "./process.ts";

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

function plan(): Promise<ProcessCost> {
  return runProcess([process.execPath, bin, "plan", "--json", "-f", join(directory, "millrace.yaml")]);
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
  const first = await plan();
  const runs: ProcessCost[] = [];
  const bare: ProcessCost[] = [];
  for (let round = 0; round < rounds; round++) {
    bare.push(await runProcess([process.execPath, "-e", "0"]));
    runs.push(await plan());
  }
  const row = (name: string, costs: readonly ProcessCost[]): string => {
    const middle = (pick: (cost: ProcessCost) => number): number => median(costs.map(pick));
    const wall = middle((cost) => cost.wallSeconds).toFixed(2);
    const cpu = middle((cost) => cost.cpuSeconds).toFixed(2);
    return `| ${name} | ${wall} | ${cpu} | ${(middle((cost) => cost.peakBytes) / 1e6).toFixed(0)} |`;
  };
  const head = `${hours.toLocaleString("en")} raw objects and partitions, ${rounds} rounds, medians, load ${loadavg()[0]?.toFixed(1)}`;
  process.stdout.write(`${head}\n\n| process | wall s | CPU s | peak MB |\n|---|---|---|---|\n`);
  process.stdout.write(
    `${row("bare node", bare)}\n${row("plan, after building", [first])}\n${row("plan, index present", runs)}\n`,
  );
} finally {
  if (values.keep === undefined) rmSync(directory, { recursive: true, force: true });
}
