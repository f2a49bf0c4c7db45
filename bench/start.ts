/**
 * How long does the command line take to start? `--version` against a bare node, and `plan` on the demo's lake against the
 * same, in interleaved rounds.
 *
 *     npm run demo && node bench/start.ts [--rounds 15]
 *
 * Promise: `--version` at most 1.6×, `plan` at most 6× (figures: bench/start.md).
 */
import { existsSync } from "node:fs";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { type ProcessCost, runProcess } from "./process.ts";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "15" } } });
const bin = new URL("../bin/millrace.js", import.meta.url).pathname;
const project = new URL("../demo/millrace.yaml", import.meta.url).pathname;
if (!existsSync(project)) throw new Error("run `npm run demo` first: its lake is what is planned");

const commands = {
  "bare node": ["-e", "0"],
  "millrace --version": [bin, "--version"],
  "millrace plan": [bin, "plan", "-f", project],
} as const;

const costs = new Map<string, ProcessCost[]>(Object.keys(commands).map((name) => [name, []]));
for (let round = 0; round <= Number(values.rounds); round++) {
  for (const [name, args] of Object.entries(commands)) {
    const cost = await runProcess([process.execPath, ...args]);
    // The first round fills the file system's and the compiler's caches.
    if (round > 0) costs.get(name)?.push(cost);
  }
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
const bare = costs.get("bare node") ?? [];
process.stdout.write(`${values.rounds} interleaved rounds, medians, load ${loadavg()[0]?.toFixed(1)}\n\n`);
process.stdout.write("| process | wall s | CPU s | wall ÷ bare, by round | peak MB |\n|---|---|---|---|---|\n");
for (const [name, runs] of costs) {
  const ratio = median(runs.map((run, at) => run.wallSeconds / (bare[at]?.wallSeconds ?? Number.NaN)));
  const wall = median(runs.map((run) => run.wallSeconds)).toFixed(3);
  const cpu = median(runs.map((run) => run.cpuSeconds)).toFixed(3);
  const peak = (median(runs.map((run) => run.peakBytes)) / 1e6).toFixed(0);
  process.stdout.write(`| ${name} | ${wall} | ${cpu} | ${ratio.toFixed(2)} | ${peak} |\n`);
}
