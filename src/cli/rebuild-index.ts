import type { RebuildReport } from "../answers.ts";
import { type Command, noArguments } from "./command.ts";
import { withApp } from "./open.ts";
import { counted, duration } from "./terminal/numbers.ts";
import { visible } from "./terminal/text.ts";
import { startTicker } from "./terminal/ticker.ts";

export const rebuildIndex: Command = {
  name: "rebuild-index",
  purpose: "make everything again that is derived from the lake",
  usage: ["rebuild-index [options]"],
  arguments: noArguments,
  options: [],
  examples: [
    ["rebuild-index", "the index of this machine, and schemas that are missing or damaged"],
    ["rebuild-index --target server", "those of another place"],
  ],
  notes: [
    "The index is read anew from listings, receipts and footers; a table's schema is derived from the footers of its partitions. Nothing else is touched: not the catalog's log, not accepted gaps, not the record of what failed and when it is tried again.",
    "A rebuilt schema has the same columns and types. Which line widened a column stands in no footer and is no longer known then, nor is the number of a schema whose documents are all lost, unless a mart was built from it.",
  ],
  exitCodes: [
    [0, "done"],
    [1, "a partition cannot be read: millrace verify --repair"],
  ],
  run: (call) =>
    withApp(call, async (app) => {
      const ticker = startTicker(call, (ms) => `reading the lake for ${duration(ms)}   Ctrl-C stops`);
      const report = await app.rebuildIndex({ signal: call.signal }).finally(ticker.stop);
      if (call.common.json) call.out.printJson(report);
      else call.out.print(...renderRebuild(report));
      return 0;
    }),
};

const stateText: Readonly<Record<RebuildReport["schemas"][number]["state"], string>> = {
  kept: "is whole",
  completed: "its statements were written again",
  rebuilt: "derived again from the footers",
};

export function renderRebuild({ raw, partitions, schemas, ms }: RebuildReport): readonly string[] {
  return [
    `  index    ${counted(raw, "raw object")}, ${counted(partitions, "partition")}`,
    ...schemas.map(
      ({ table, version, state }) => `  schema   ${visible(table)} version ${version}: ${stateText[state]}`,
    ),
    "",
    `  Done in ${duration(ms)}.`,
  ];
}
