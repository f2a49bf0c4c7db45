import { type DoctorCheck, roleNames } from "../answers.ts";
import { type Command, noArguments } from "./command.ts";
import { withApp } from "./open.ts";
import { choice } from "./option.ts";
import { checkLines, endLines } from "./terminal/doctor-report.ts";

const options = {
  role: choice("role", "ROLE", roleNames, "test only what somebody in this role needs", { fallback: "run" }),
} as const;

export const doctor: Command = {
  name: "doctor",
  purpose: "test every connection and right, with a fix for each finding",
  usage: ["doctor [options]"],
  arguments: noArguments,
  options: Object.values(options),
  examples: [
    ["doctor", "the project, the three places of the lake, the sources, the engine, the catalog"],
    ["doctor --role collector", "on a machine that only collects"],
    ["doctor --role gc --json", "whether these credentials can collect garbage, as data"],
    ["doctor --target server", "the same for another place"],
  ],
  notes: [
    "✓ holds, ✕ fails and is needed, ! does not hold and is not needed by this project in this role.",
    "A store is tested under races: in 20 rounds 8 writers want the same object, and exactly one may get it. What is written lies below _staging/ (in directories below _probe/) and is removed again.",
  ],
  exitCodes: [
    [0, "everything that is needed holds"],
    [5, "something that is needed cannot be reached or used"],
  ],
  run: (call) =>
    withApp(call, async (app) => {
      const role = call.read(options.role);
      const form = { width: call.out.width(), paint: call.out.paint };
      let before: DoctorCheck | undefined;
      const report = await app.doctor({
        signal: call.signal,
        ...(role === undefined ? {} : { role }),
        onCheck(check) {
          if (!call.common.json) call.out.print(...checkLines(check, before, form));
          before = check;
        },
      });
      if (call.common.json) call.out.printJson(report);
      else call.out.print(...endLines(report, form));
      return report.exitCode;
    }),
};
