/**
 * Where a conversion's CPU went: self time by folder of the source, and the functions at the top, from V8's profiles.
 *
 *     node --cpu-prof --cpu-prof-dir=DIR bench/convert-once.ts INPUT OUTPUT --workers 0
 *     node bench/profile.ts DIR/*.cpuprofile [--top 25] [--from MS]
 *
 * `--from` leaves out the first milliseconds, so that a profile of `convert-many.ts` shows warm conversions only. Native
 * calls (zlib, the file system) appear under their JavaScript caller's name; work on the thread pool does not appear.
 */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { isRecord, numberIn } from "./process.ts";
import { markdownTable } from "./statistics.ts";

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: { top: { type: "string", default: "25" }, from: { type: "string", default: "0" } },
});
const root = join(import.meta.dirname, "..");

for (const file of positionals) {
  const self = selfTimes(JSON.parse(readFileSync(file, "utf8")), Number(options.from) * 1000);
  const total = [...self.values()].reduce((sum, ms) => sum + ms, 0);
  console.log(`${file}: ${total.toFixed(0)} ms on this thread\n`);
  const folders = new Map<string, number>();
  for (const [name, ms] of self) {
    const folder =
      /src\/[^/ ]+/.exec(name)?.[0] ?? /\((?:garbage|program)[^)]*\)|node:\S+?(?=:|\s|$)/.exec(name)?.[0] ?? "other";
    folders.set(folder, (folders.get(folder) ?? 0) + ms);
  }
  print("where", folders, total, 20);
  print("function", self, total, Number(options.top));
}

/** Milliseconds by `function file:line`, without idle time. The profile's format is that of the inspector protocol. */
function selfTimes(profile: unknown, fromMicroseconds: number): Map<string, number> {
  const times = new Map<string, number>();
  if (!isRecord(profile) || !Array.isArray(profile.nodes) || !Array.isArray(profile.samples)) return times;
  const names = new Map(profile.nodes.map((node: unknown) => [numberIn(node, "id"), nameOf(node)]));
  const deltas: unknown[] = Array.isArray(profile.timeDeltas) ? profile.timeDeltas : [];
  let at = 0;
  profile.samples.forEach((id: unknown, sample) => {
    const name = typeof id === "number" ? names.get(id) : undefined;
    // A sample's node ran until the next sample.
    const until = Number(deltas[sample + 1] ?? 0);
    at += Number(deltas[sample] ?? 0);
    if (name === undefined || name.startsWith("(idle)") || at < fromMicroseconds) return;
    times.set(name, (times.get(name) ?? 0) + until / 1000);
  });
  return times;
}

function nameOf(node: unknown): string {
  const frame = isRecord(node) && isRecord(node.callFrame) ? node.callFrame : {};
  const url = String(frame.url);
  const place = url.startsWith("file:") ? relative(root, new URL(url).pathname) : url;
  const line = typeof frame.lineNumber === "number" && frame.lineNumber >= 0 ? `:${frame.lineNumber + 1}` : "";
  return `${String(frame.functionName) || "(anonymous)"} ${place}${place === "" ? "" : line}`.trim();
}

function print(title: string, times: ReadonlyMap<string, number>, total: number, top: number): void {
  const rows = [...times].sort(([, a], [, b]) => b - a).slice(0, top);
  const cells = rows.map(([name, ms]) => [`\`${name}\``, ms.toFixed(0), `${((100 * ms) / total).toFixed(1)} %`]);
  console.log(`${markdownTable([title, "self ms", "share"], cells)}\n`);
}
