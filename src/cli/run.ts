import { type Command, noArguments } from "./command.ts";
import { withApp } from "./open.ts";
import { startReporting, unitsOf } from "./reporting.ts";
import { readSelection, selectionOptions } from "./selection.ts";
import { waitingJson } from "./terminal/plan-report.ts";
import { renderRun } from "./terminal/run-report.ts";

export const run: Command = {
  name: "run",
  purpose: "one pass until nothing is left to do",
  usage: ["run [options]"],
  arguments: noArguments,
  options: Object.values(selectionOptions),
  examples: [
    ["run", "fetch, convert and build whatever is due"],
    ["run --only collect --max 24", "fetch at most 24 objects, nothing else"],
    ["run --since 2026-03-01 --until 2026-03-08", "a week that lies before the project's since"],
    ["run --select activity --rerun", "build one mart again"],
    ["run --select events@2026-03-01-05 --rerun", "convert one hour again"],
  ],
  notes: [
    "Ctrl-C stops within seconds and leaves nothing half-written; the same command continues. There is no repair command: the ordinary start is the recovery.",
  ],
  exitCodes: [
    [0, "done"],
    [1, "items failed; the others were done"],
    [3, "data was refused: a partition is held back, or a mart's checks failed"],
    [4, "the source has a gap older than settle"],
    [5, "storage, engine, catalog or source unreachable"],
  ],
  run: (call) =>
    withApp(call, async (app) => {
      const selection = readSelection(call, app.project);
      const reporting = startReporting(call, unitsOf(app.project));
      const summary = await app
        .run({ ...selection, signal: call.signal, report: reporting.report })
        .finally(reporting.stop)
        .catch((error: unknown) => {
          if (call.signal.aborted && reporting.isLive) call.err.print("", "  Stopped. The same command continues.");
          throw error;
        });
      const { err, common } = call;
      const asJson = { ...summary, waiting: summary.waiting.map(waitingJson) };
      if (common.json) call.out.printJson(asJson);
      if (common.log === "json") err.printJson({ at: new Date(call.now()).toISOString(), code: "run.done", ...asJson });
      else if (!common.quiet || summary.exitCode !== 0)
        err.print("", ...renderRun(summary, call.now(), { width: err.width(), paint: err.paint }));
      return summary.exitCode;
    }),
};
