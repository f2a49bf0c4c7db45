import type { App } from "../answers.ts";
import { exitCodeOf, Failure } from "../errors.ts";
import { type Call, type Command, noArguments } from "./command.ts";
import { withApp } from "./open.ts";
import { flag } from "./option.ts";
import { readSelection, selectionOptions } from "./selection.ts";
import type { Widening } from "./terminal/plan-report.ts";
import { planJson, renderPlan } from "./terminal/plan-report.ts";

const detailed = flag("detailed-exitcode", "exit with 10 when there is something to do");

export const plan: Command = {
  name: "plan",
  purpose: "what would be done and why, without doing it",
  usage: ["plan [options]"],
  arguments: noArguments,
  options: [...Object.values(selectionOptions), detailed],
  examples: [
    ["plan", "everything that is due, and everything that waits"],
    ["plan --only convert", "one stage alone"],
    ["plan --since 2026-03-01 --until 2026-03-02", "one day of the source"],
    ["plan --detailed-exitcode > plan.txt", "for scripts: 0 nothing to do, 10 something"],
  ],
  exitCodes: [
    [0, "nothing to do, or anything without --detailed-exitcode"],
    [5, "storage, engine or catalog unreachable; without a metastore the rest of the plan is printed"],
    [10, "with --detailed-exitcode: there is something to do"],
  ],
  run: (call) =>
    withApp(call, async (app) => {
      const made = await app.plan({ ...readSelection(call, app.project), signal: call.signal });
      if (call.common.json) call.out.printJson(planJson(made, app.project.engine.kind));
      else {
        const context = { project: app.project, widenings: await wideningsOf(made.steps, app, call) };
        call.out.print(...renderPlan(made, context, { width: call.out.width(), paint: call.out.paint }));
      }
      // What a metastore cannot be asked for may be due or not: no script may take that for "nothing to do".
      const away = made.waiting.find((waiting) => waiting.kind === "catalog");
      if (away !== undefined) return exitCodeOf(new Failure(away.failure, away.reason));
      return call.read(detailed) && made.steps.length > 0 ? 10 : 0;
    }),
};

/** What widened the types of tables that are to be converted again for it; tables without such a step are not asked. */
async function wideningsOf(
  steps: Awaited<ReturnType<App["plan"]>>["steps"],
  app: App,
  call: Call,
): Promise<ReadonlyMap<string, readonly Widening[]>> {
  const tables = new Set(
    steps.flatMap((step) => (step.kind === "convert" && step.reason.kind === "widened" ? [step.table] : [])),
  );
  const found = new Map<string, readonly Widening[]>();
  for (const table of tables) found.set(table, (await app.schema(table, { signal: call.signal })).widenings);
  return found;
}
