import { type Command, noArguments } from "./command.ts";
import { withApp } from "./open.ts";
import { flag } from "./option.ts";
import { waitingJson } from "./terminal/plan-report.ts";
import { renderStatus } from "./terminal/status-report.ts";

const full = flag("full", "every day of the calendar, folded nowhere");

export const status: Command = {
  name: "status",
  purpose: "what exists, what is missing, what waits",
  usage: ["status [options]"],
  arguments: noArguments,
  options: [full],
  examples: [
    ["status", "the calendar, sizes, versions, and everything that waits"],
    ["status --full", "years without folding"],
    ["status --json", "the same as one JSON object"],
  ],
  notes: ["It always exits with 0; run, and plan --detailed-exitcode, are for scripts that decide."],
  run: (call) =>
    withApp(call, async (app) => {
      const answer = await app.status({ signal: call.signal });
      if (call.common.json) call.out.printJson({ ...answer, waiting: answer.waiting.map(waitingJson) });
      else
        call.out.print(
          ...renderStatus(answer, { width: call.out.width(), paint: call.out.paint, full: call.read(full) }),
        );
      return 0;
    }),
};
