/** A run of the small lake with faults planned into the calls of its storages, and what the next run finds to do. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { App } from "../../src/answers.ts";
import type { AppOptions } from "../../src/app.ts";
import { type FaultPlan, faultyStorage, makeFaults } from "../faulty.ts";
import { catalogFaultsBelow, type SmallLake, startMs } from "./small-lake.ts";

/** A stalled call ends when the run is stopped; this long is enough to reach it. */
const stallMs = 150;

export type Workflow = (app: App, signal: AbortSignal) => Promise<unknown>;

const run: Workflow = (app, signal) => app.run({ signal });

/** Answers the calls that were made. Whatever the faults make of the run is its own business: what counts is what the next one makes of the lake. */
export async function runWith(
  lake: SmallLake,
  plan: FaultPlan,
  days: number,
  workflow: Workflow = run,
  options: AppOptions = {},
): Promise<readonly string[]> {
  const state = makeFaults(plan);
  const { wrapStorage = (_place, storage) => storage } = options;
  const app = await lake.open(days, {
    ...options,
    wrapStorage: (place, storage) => faultyStorage(wrapStorage(place, storage), state).port,
  });
  const stop = new AbortController();
  const stalls = [...plan.at.values()].includes("stall");
  const timer = stalls ? setTimeout(() => stop.abort(), stallMs) : undefined;
  await Promise.allSettled([workflow(app, stop.signal)]);
  clearTimeout(timer);
  await app.close();
  return state.calls;
}

/** What a further run does; empty if everything is up to date. */
export async function workOf(app: App): Promise<readonly string[]> {
  const codes: string[] = [];
  await app.run({ report: (event) => codes.push(event.code) });
  return codes.filter((code) => /^(fetch|convert|mart|schema|raw)\./.test(code));
}

/** How many calls of each method there were. */
export function countsOf(calls: readonly string[]): string {
  const methods = Object.groupBy(calls, (call) => call.split(" ")[0] ?? "");
  return `${calls.length} calls: ${Object.entries(methods)
    .map(([name, list]) => `${name} ${list?.length}`)
    .join(", ")}`;
}

/** Objects have the times of this machine, which the clock of a collection must have passed. */
export const laterDays = Math.ceil((Date.now() - startMs) / 86_400_000) + 1;
/** Faults of the chain, and of the one version that must be whole. */
export function reachableFaults(lake: SmallLake): readonly string[] {
  return reachableFaultsBelow(join(lake.directory, "lake/marts"));
}

/** The same for marts whose objects are the files below a directory. */
export function reachableFaultsBelow(marts: string): readonly string[] {
  const log = join(marts, "_catalog/activity");
  if (!existsSync(log) || readdirSync(log).length === 0) return [];
  const current: { version: string } = JSON.parse(
    readFileSync(join(log, readdirSync(log).sort().at(-1) ?? ""), "utf8"),
  );
  const isOld = (fault: string): boolean => /v\d{12}-/.test(fault) && !fault.includes(current.version);
  return catalogFaultsBelow(marts).filter((fault) => !isOld(fault));
}
