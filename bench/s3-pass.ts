/**
 * What a pass over an up-to-date lake on S3 costs: ten years of hours, raw objects and partitions in two buckets of a real
 * server, one table, one mart.
 *
 *     node bench/s3-pass.ts [--hours 87600] [--rounds 3]
 *
 * Promise: at most 180 listing requests and nothing else, less than 256 MB (figures: bench/s3.md). The requests are counted
 * by a proxy in one pass; the others talk to the server directly.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { openApp } from "../src/app.ts";
import { readProject } from "../src/config/read.ts";
import { hourMs, intervalId } from "../src/model/calendar.ts";
import { partitionKey } from "../src/model/layout.ts";
import { readWhole } from "../src/step/read-whole.ts";
import { startS3Proxy } from "../test/faults/s3-proxy.ts";
import { type ProcessCost, runProcess } from "./process.ts";
import { startBenchStore } from "./s3.ts";
import { markdownTable, megabytes, spreadOf, spreadText } from "./statistics.ts";

const { values } = parseArgs({
  options: { hours: { type: "string", default: "87600" }, rounds: { type: "string", default: "3" } },
});
const hours = Number(values.hours);
const firstMs = Date.UTC(2016, 0, 1);
const bin = new URL("../bin/millrace.js", import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), "millrace-bench-s3-pass-"));
const store = await startBenchStore();

function writeProject(untilMs: number, endpoint?: string): string {
  const file = join(directory, "millrace.yaml");
  const archive = join(directory, "archive");
  writeFileSync(
    file,
    `name: bench\n${store.sections(endpoint)}sources:\n  hours: { url: "file://${archive}/{yyyy}-{MM}-{dd}-{H}.json.gz", object: "hours/{yyyy}/{MM}/{dd}/{HH}.json.gz", every: hour, since: ${new Date(firstMs).toISOString()}, until: ${new Date(untilMs).toISOString()} }\ntables:\n  events: { from: hours }\nmarts:\n  kinds: { select: "type", from: events, refresh: manual }\n`,
  );
  return file;
}

const pass = (): Promise<ProcessCost> =>
  runProcess([process.execPath, bin, "run", "--json", "-f", join(directory, "millrace.yaml")]);

/** One hour is collected and converted for real; the others are copies of what came of it. */
async function fill(): Promise<void> {
  mkdirSync(join(directory, "archive"));
  writeFileSync(
    join(directory, "archive", "2016-01-01-0.json.gz"),
    gzipSync('{"id":"1","type":"PushEvent","actor":{"login":"a"}}\n'),
  );
  const app = await openApp(readProject({ file: writeProject(firstMs + hourMs) }), { workers: 0 });
  const summary = await app.run();
  await app.close();
  if (summary.exitCode !== 0) throw new Error(`the first hour did not convert: ${JSON.stringify(summary.failures)}`);
  const [raw, tables] = [await store.open("raw"), await store.open("tables")];
  const rawKey = (hour: number): string =>
    `hours/${intervalId({ every: "hour", startMs: firstMs + hour * hourMs }).replaceAll("-", "/")}.json.gz`;
  const tableKey = (hour: number): string =>
    partitionKey("events", intervalId({ every: "hour", startMs: firstMs + hour * hourMs }));
  const metadata = (await raw.head(rawKey(0)))?.metadata ?? {};
  const [body, partition] = [await readWhole(raw, rawKey(0), 1 << 20), await readWhole(tables, tableKey(0), 1 << 20)];
  let next = 1;
  const worker = async (): Promise<void> => {
    for (let hour = next++; hour < hours; hour = next++) {
      await raw.put(rawKey(hour), body, { metadata });
      await tables.put(tableKey(hour), partition);
    }
  };
  await Promise.all(Array.from({ length: 24 }, worker));
}

try {
  process.stderr.write(`filling two buckets with ${hours.toLocaleString("en")} objects each …\n`);
  await fill();
  writeProject(firstMs + hours * hourMs);
  process.stderr.write("the first pass reads what the index does not know …\n");
  const first = await pass();
  const proxy = await startS3Proxy(store);
  writeProject(firstMs + hours * hourMs, proxy.endpoint);
  // Another endpoint is another lake to the index, so this one learns everything first.
  await pass();
  proxy.resetCounts();
  await pass();
  const counts = { ...proxy.counts };
  await proxy.stop();
  writeProject(firstMs + hours * hourMs);
  await pass();
  const costs: ProcessCost[] = [];
  for (let round = 0; round < Number(values.rounds); round++) costs.push(await pass());
  const row = (name: string, of: readonly ProcessCost[]): readonly string[] => [
    name,
    spreadText(spreadOf(of.map((cost) => cost.wallSeconds)), 1),
    spreadText(spreadOf(of.map((cost) => cost.cpuSeconds)), 1),
    megabytes(Math.max(...of.map((cost) => cost.peakBytes))),
  ];
  process.stdout.write(
    `${hours.toLocaleString("en")} raw objects and partitions on versitygw, ${costs.length} rounds, load ${loadavg()[0]?.toFixed(1)}\n\n` +
      `${markdownTable(["`run`", "wall s", "CPU s", "peak MB"], [row("the index is empty", [first]), row("nothing to do", costs)])}\n\n` +
      `Requests of a pass with nothing to do: ${JSON.stringify(counts)}\n`,
  );
} finally {
  await store.stop();
  rmSync(directory, { recursive: true, force: true });
}
