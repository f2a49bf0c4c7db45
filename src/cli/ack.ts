import { parseSpan } from "../config/instants.ts";
import { Failure } from "../errors.ts";
import type { Every } from "../model/calendar.ts";
import { intervalId, intervalsBetween } from "../model/calendar.ts";
import type { Command } from "./command.ts";
import { withApp } from "./open.ts";
import { counted } from "./terminal/numbers.ts";
import { visible } from "./terminal/text.ts";

/** A slip of the hand in a year should not mark a century. */
const INTERVALS_MAX = 10_000;

export const ack: Command = {
  name: "ack",
  purpose: "accept gaps that will never be filled",
  usage: ["ack SOURCE ID…"],
  arguments: {
    least: 2,
    most: Number.POSITIVE_INFINITY,
    names: "a source and one or more ids, for example gharchive 2026-03-01-05",
  },
  options: [],
  examples: [
    ["ack gharchive 2026-02-27-14", "one hour: no longer reported, no longer asked for"],
    ["ack gharchive 2021-08-25-17..2021-08-27-22", "a range, both ends included"],
  ],
  notes: [
    "The marks lie in the raw lake, so every machine that works on it knows them. Holes that everybody has belong into known_missing of the project file instead.",
  ],
  run: (call) =>
    withApp(call, async (app) => {
      const [source = "", ...spans] = call.words;
      const every = app.project.sources.get(source)?.every ?? "hour";
      const marked = await app.acknowledge(
        source,
        spans.flatMap((span) => idsOf(span, every)),
        { signal: call.signal },
      );
      if (call.common.json) call.out.printJson({ acknowledged: marked });
      else if (!call.common.quiet)
        call.err.print(
          `${counted(marked.length, "gap")} acknowledged: ${visible(source)} will not be asked for ${marked.length === 1 ? "it" : "them"} again.`,
        );
      return 0;
    }),
};

/** The ids that an id or a range `a..b` names. A day of a source that is kept by hours means all its hours. */
export function idsOf(text: string, every: Every): readonly string[] {
  const span = parseSpan(text);
  if (span === undefined || (every === "day" && span.hourly)) {
    throw new Failure("usage", `${text}: is no ${every}`, {
      remedy:
        every === "hour"
          ? "write 2026-03-01-05, or a range 2026-03-01-05..2026-03-01-09"
          : "write 2026-03-01, or a range 2026-03-01..2026-03-09",
    });
  }
  const ids: string[] = [];
  for (const interval of intervalsBetween(every, span.startMs, span.endMs)) {
    if (ids.length === INTERVALS_MAX)
      throw new Failure("usage", `${text}: more than ${INTERVALS_MAX} ${every}s`, {
        remedy: "set since in the project file instead",
      });
    ids.push(intervalId(interval));
  }
  return ids;
}
