/**
 * The decision: what exists → what to do next, and what has to wait and why. Pure; the same value is printed by `plan`,
 * carried out by `run` and shown by `status`.
 */
import { collectSteps } from "./collect-steps.ts";
import { convertSteps, foreseenConversions } from "./convert-steps.ts";
import { martSteps } from "./mart-steps.ts";
import { newCollector, type Plan, type PlanOptions } from "./plan.ts";
import { catalogWaiting, tableSteps } from "./register-steps.ts";
import type { Seen } from "./seen.ts";

/** What is left to do. Steps come in the order in which they are worth doing; the steps of a later stage depend on those before. */
export function nextSteps(seen: Seen, options: PlanOptions): Plan {
  const collector = newCollector();
  const wants = (stage: "collect" | "convert" | "marts"): boolean =>
    options.only === undefined || options.only === stage;
  for (const source of seen.sources.values()) {
    if (wants("collect")) collectSteps(source, seen, options, collector);
  }
  for (const table of seen.tables.values()) {
    if (wants("convert")) convertSteps(table, seen, options, collector);
  }
  const foreseen = wants("convert") ? foreseenConversions(seen, collector.steps) : [];
  if (wants("marts")) {
    const away = catalogWaiting(seen, options);
    if (away === undefined) {
      martSteps(seen, options, collector);
      tableSteps(seen, options, collector);
    } else collector.waiting.push(away);
  }
  const { steps, waiting, upToDate } = collector;
  return { atMs: seen.atMs, steps, waiting, foreseen, upToDate };
}
