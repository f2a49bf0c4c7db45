import type { Explanation } from "../answers.ts";
import type { Command } from "./command.ts";
import { withApp } from "./open.ts";
import type { ReportOptions } from "./terminal/report.ts";
import { displayWidth, padEnd, visible, wrap } from "./terminal/text.ts";

export const explain: Command = {
  name: "explain",
  purpose: "why one item is as it is",
  usage: ["explain KEY"],
  arguments: { least: 1, most: 1, names: "one key, for example gharchive@2026-03-01-05" },
  options: [],
  examples: [
    ["explain gharchive@2026-03-01-05", "an hour: its source, tries, receipt, partition, marts, and what is next"],
    ["explain 2026-03-01-05", "the same, if only one source has such an hour"],
    ["explain activity", "a mart: its statement, version and inputs"],
  ],
  notes: ["What keys look like: millrace help keys."],
  run: (call) =>
    withApp(call, async (app) => {
      const [key = ""] = call.words;
      const answer = await app.explain(key, { signal: call.signal });
      if (call.common.json) call.out.printJson(answer);
      else call.out.print(...renderExplanation(answer, { width: call.out.width(), paint: call.out.paint }));
      return 0;
    }),
};

/** Topics on the left, each said once; facts wrapped beside them. */
export function renderExplanation({ key, facts }: Explanation, { width, paint }: ReportOptions): readonly string[] {
  const column = Math.min(16, Math.max(0, ...facts.map((fact) => displayWidth(visible(fact.topic)))));
  const left = 2 + column + 2;
  const lines = facts.flatMap(({ topic, text }, index) => {
    const head = facts[index - 1]?.topic === topic ? "" : visible(topic);
    const paragraphs = text.split("\n").flatMap((line) => wrap(visible(line), Math.max(20, width - left)));
    return paragraphs.map((line, at) => `  ${paint.quiet(padEnd(at === 0 ? head : "", column))}  ${line}`.trimEnd());
  });
  return [visible(key), ...lines];
}
