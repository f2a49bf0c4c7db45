/**
 * What a second worker brings: files per second and peak memory with one and with two conversions at a time.
 *
 *     node bench/scale.ts [--input generated|real|large] [--rounds 5] [--files 8]
 *
 * Each measurement is a process of its own that converts the same input `files` times; one worker and two take turns. The
 * factor only means something on an idle machine, so the load average is printed with it.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildConverter } from "./build.ts";
import { cacheDirectory, input, inputNames } from "./inputs.ts";
import { numberIn, type ProcessCost, runProcess } from "./process.ts";
import { markdownTable, spreadOf, spreadText } from "./statistics.ts";

const { values: options } = parseArgs({
  options: {
    input: { type: "string", default: "generated" },
    rounds: { type: "string", default: "5" },
    files: { type: "string", default: "8" },
  },
});
const inputName = inputNames.find((name) => name === options.input);
if (inputName === undefined) throw new Error(`--input: expected one of ${inputNames.join(", ")}, got ${options.input}`);
const fileCount = Number(options.files);
const source = await input(inputName);
const built = await buildConverter();
const output = join(cacheDirectory, "scale", "converted");
mkdirSync(join(output, ".."), { recursive: true });

const loadBefore = loadavg()[0] ?? 0;
const one: Measurement[] = [];
const two: Measurement[] = [];
for (let round = 0; round < Number(options.rounds); round += 1) {
  one.push(await measure(1, fileCount));
  two.push(await measure(2, fileCount));
}
report();

interface Measurement extends ProcessCost {
  readonly filesPerSecond: number;
}

async function measure(workers: number, count: number): Promise<Measurement> {
  const script = join(built, "convert-many.js");
  const flags = ["--count", String(count), "--workers", String(workers)];
  const cost = await runProcess([process.execPath, script, source, output, ...flags]);
  return { ...cost, filesPerSecond: count / numberIn(JSON.parse(cost.stdout), "wallSeconds") };
}

function report(): void {
  const load = `${loadBefore.toFixed(1)} before, ${(loadavg()[0] ?? 0).toFixed(1)} after`;
  console.log(
    `\`${inputName}\`: ${fileCount} files a process, ${one.length} rounds; ${cpus().length} cores; load average ${load}; ` +
      `Node ${process.version}.\n`,
  );
  const rows = [one, two].map((measurements, at) => [
    String(at + 1),
    spreadText(spreadOf(measurements.map(({ filesPerSecond }) => filesPerSecond))),
    spreadText(spreadOf(measurements.map(({ cpuSeconds }) => cpuSeconds / fileCount))),
    spreadText(spreadOf(measurements.map(({ peakBytes }) => peakBytes / 1e6)), 0),
  ]);
  console.log(markdownTable(["workers", "files per second", "CPU s per file", "peak RSS MB"], rows));
  const factors = two.map(({ filesPerSecond }, round) => filesPerSecond / (one[round]?.filesPerSecond ?? Number.NaN));
  console.log(`\nTwo workers against one: ${spreadText(spreadOf(factors))}`);
  const directory = join(cacheDirectory, "results");
  mkdirSync(directory, { recursive: true });
  const result = { input: inputName, files: fileCount, load, one, two };
  writeFileSync(join(directory, `scale-${inputName}.json`), `${JSON.stringify(result, null, 2)}\n`);
}
