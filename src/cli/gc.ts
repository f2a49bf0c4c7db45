import { parseDuration } from "../config/quantities.ts";
import { Failure } from "../errors.ts";
import { type Command, noArguments } from "./command.ts";
import { withApp } from "./open.ts";
import { choice, flag, value, whole } from "./option.ts";
import { renderGc } from "./terminal/gc-report.ts";
import { counted, duration, size } from "./terminal/numbers.ts";
import { startTicker } from "./terminal/ticker.ts";

const options = {
  dryRun: flag("dry-run", "only show what would go, and write nothing"),
  retention: value("retention", "DURATION", "what is younger stays", readRetention, { fallback: "gc.retention, 7d" }),
  versions: whole("versions", "N", "so many versions of each mart stay, the current one counted", 1, {
    fallback: "gc.versions, 2",
  }),
  only: choice("only", "PLACE", ["raw", "tables", "marts"], "one place alone"),
} as const;

function readRetention(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new Failure("usage", `expected a duration, got "${text}"`, { remedy: "write 12h, 7d or 4w" });
}

export const gc: Command = {
  name: "gc",
  purpose: "remove what nothing refers to any more",
  usage: ["gc [options]"],
  arguments: noArguments,
  options: Object.values(options),
  examples: [
    ["gc --dry-run", "what would go, how large it is, and why"],
    ["gc", "remove it"],
    ["gc --only marts --versions 1 --retention 1d", "of each mart only the version that readers get"],
  ],
  exitCodes: [
    [0, "everything that could go is gone"],
    [1, "something could not be removed"],
    [5, "a place cannot be reached, or the right to remove is missing"],
  ],
  notes: [
    "It removes versions of marts that were replaced or never published, rejected lines that no partition names, raw objects older than their source's keep, and what interrupted tests and uploads left. It never removes partitions, schema documents, revisions of raw objects that are kept, or anything of marts and tables that the project does not have.",
    "Ages are by the clock of the place. Runs, readers and other collections may go on meanwhile.",
  ],
  run: (call) =>
    withApp(call, async (app) => {
      const retentionMs = call.read(options.retention);
      const versions = call.read(options.versions);
      const only = call.read(options.only);
      let done = { objects: 0, bytes: 0 };
      const ticker = startTicker(
        call,
        (ms) => `${counted(done.objects, "object")}, ${size(done.bytes)} in ${duration(ms)}   Ctrl-C stops`,
      );
      const began = call.now();
      const report = await app
        .gc({
          signal: call.signal,
          dryRun: call.read(options.dryRun),
          onProgress: (now) => {
            done = now;
          },
          ...(retentionMs === undefined ? {} : { retentionMs }),
          ...(versions === undefined ? {} : { versions }),
          ...(only === undefined ? {} : { only }),
        })
        .finally(ticker.stop);
      if (call.common.json) call.out.printJson(report);
      else call.out.print(...renderGc(report, call.now() - began, { width: call.out.width(), paint: call.out.paint }));
      return report.exitCode;
    }),
};
