/** `millrace help TOPIC`: what belongs to no single command. */

import type { HelpOptions } from "./help.ts";
import { pair } from "./help.ts";
import { wrap } from "./terminal/text.ts";

interface Topic {
  readonly name: string;
  readonly intro: string;
  readonly entries: readonly (readonly [head: string, text: string])[];
  readonly outro: string;
}

export const topics: readonly Topic[] = [
  {
    name: "exit-codes",
    intro: "Exit codes are a contract with scripts and schedulers.",
    entries: [
      ["0", "done"],
      ["1", "finished, but items failed; or the SQL failed on its data"],
      ["2", "usage or configuration: nothing was touched"],
      ["3", "data refused: too many rejected lines, a partition held back, a mart's checks"],
      ["4", "the source lacks something that is older than settle: a gap"],
      ["5", "storage, engine, catalog or source unreachable, denied or full"],
      ["10", "plan --detailed-exitcode: there is something to do"],
      ["130", "stopped by Ctrl-C (SIGINT); run the same command again to continue"],
      ["143", "stopped by SIGTERM"],
    ],
    outro: "Where several apply, 5 wins. --json and --log json carry the failure's kind as well.",
  },
  {
    name: "environment",
    intro:
      "Every option of the project file can come from the environment: MILLRACE_ and its path in capitals, joined by two underscores. Flags win over the environment, that over the target, that over the project file.",
    entries: [
      ["MILLRACE_SOURCES__GHARCHIVE__SINCE=3d", "sources.gharchive.since"],
      ["MILLRACE_LAKE__RAW=/data/raw", "lake.raw"],
      ["MILLRACE_WATCH__PORT=9100", "watch.port"],
      ["MILLRACE_PROJECT=FILE", "the project file, like -f"],
      ["MILLRACE_TARGET=NAME", "the target, like --target"],
      ["MILLRACE_LOG=json", "the form of the messages, like --log"],
      ["MILLRACE_DEBUG=1", "prints stacks and causes with errors"],
      ["NO_COLOR=1", "no colours; FORCE_COLOR=1 brings them to a pipe"],
      ["COLUMNS=120", "the width off a terminal (default: 100)"],
    ],
    outro: `In the project file \${VAR} and \${VAR:-default} stand for variables. Secrets are named, never written: env:NAME or file:PATH.`,
  },
  {
    name: "keys",
    intro: "Every item has a name. All times are UTC.",
    entries: [
      ["gharchive@2026-03-01-05", "the hour from 05:00 of a source: what explain and --select take"],
      ["gharchive@2026-03-01", "the same of a source with one file a day"],
      ["events@2026-03-01-05", "the partition of a table that was made from it"],
      ["activity", "a mart"],
      ["2026-03-01-05", "an hour's id, as in the column src and in millrace ack"],
      ["2026-03-01-05..2026-03-01-09", "a range of hours in millrace ack; both ends are included"],
      ["events@2026-03-*", "a pattern for --select: * stands for anything"],
      ["2026-03-01, 2026-03-01T05, 7d", "instants for --since and --until: a day, an hour, so long ago"],
    ],
    outro: "--until is not included: --since 2026-03-01 --until 2026-03-02 is the first of March.",
  },
];

export function renderTopic(topic: Topic, { width, paint }: HelpOptions): readonly string[] {
  const widest = Math.min(38, Math.max(...topic.entries.map(([head]) => head.length)));
  const entries = topic.entries.flatMap(([head, text]) =>
    pair(paint.accent(head.padEnd(widest)), Math.max(widest, head.length), text, width, widest),
  );
  return [...wrap(topic.intro, width), "", ...entries, "", ...wrap(topic.outro, width)];
}
