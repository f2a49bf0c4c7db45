/**
 * Our converter, several conversions of one input in one process.
 *
 *     node bench/convert-many.ts INPUT OUTPUT_PREFIX --count 5 --workers 1
 *
 * As many run at a time as there are workers. Prints one JSON line: wall seconds of all; for one at a time also the CPU
 * seconds of the process and the timings by conversion, of which the first is cold and the last ones are warm.
 */
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { chosenRows } from "../src/config/rows.ts";
import { openNativeConverter } from "../src/convert/open.ts";
import { requestFor } from "./convert-once.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { count: { type: "string", default: "5" }, workers: { type: "string", default: "1" } },
});
const [input = "", prefix = ""] = positionals;
const count = Number(values.count);
const workers = Number(values.workers);
const converter = openNativeConverter({ workers, rows: chosenRows(process.env) });
const conversions: { cpuSeconds: number; wallSeconds: number; timings: Readonly<Record<string, number>> }[] = [];

const startedMs = performance.now();
let next = 0;
async function convertNext(): Promise<void> {
  while (next < count) {
    next += 1;
    const output = `${prefix}-${next}.parquet`;
    const beforeMs = performance.now();
    const before = process.cpuUsage();
    const { timings } = await converter.convert(requestFor(input, output));
    const { user, system } = process.cpuUsage(before);
    conversions.push({
      cpuSeconds: (user + system) / 1e6,
      wallSeconds: (performance.now() - beforeMs) / 1000,
      timings,
    });
    rmSync(output);
  }
}
await Promise.all(Array.from({ length: Math.max(1, workers) }, convertNext));
const wallSeconds = (performance.now() - startedMs) / 1000;
await converter.close();
console.log(JSON.stringify({ wallSeconds, conversions: workers > 1 ? [] : conversions }));
