/** The tables of the lake as an engine reads them: the published schema, and a fresh list of files. */
import type { InputFile } from "../engine/contract.ts";
import type { Every } from "../model/calendar.ts";
import { intervalId } from "../model/calendar.ts";
import { partitionKey } from "../model/layout.ts";
import { boundSchema } from "../model/stand-in.ts";
import type { MartInput } from "../step/mart.ts";
import { type FooterGuess, storedInput } from "../step/stored-input.ts";
import { tableInput } from "./mart-steps.ts";
import { callOptions, observeTable } from "./observe.ts";
import type { Parts } from "./parts.ts";
import type { Seen, TableSeen } from "./seen.ts";

/** Tables without a schema yet are left out: nothing can be read from them. */
export function martInputs(parts: Parts, seen: Seen, signal: AbortSignal | undefined): ReadonlyMap<string, MartInput> {
  const tables = new Map<string, MartInput>();
  for (const [name, table] of seen.tables) {
    if (table.schema === undefined) continue;
    const source = seen.sources.get(table.settings.from);
    const every = source?.settings.every ?? "hour";
    let current: TableSeen | undefined = table;
    tables.set(name, {
      shape: { schema: boundSchema(table.schema.state.schema), partitioned: true },
      async snapshot() {
        // What this pass saw is good for the first look; a second one is asked for because something changed since.
        const fresh = current ?? (await observeTable(parts, table.settings, source, signal));
        current = undefined;
        return { files: inputFiles(parts, fresh, every, signal), record: tableInput(fresh) };
      },
    });
  }
  return tables;
}

function inputFiles(
  parts: Parts,
  table: TableSeen,
  every: Every,
  signal: AbortSignal | undefined,
): readonly InputFile[] {
  const ordered = [...table.partitions].sort(([a], [b]) => a - b);
  const guess: FooterGuess = { bytes: undefined };
  return ordered.map(([startMs, { size, token }]) => {
    const src = intervalId({ every, startMs });
    const object = { key: partitionKey(table.settings.name, src), size, token };
    return storedInput(parts.tables, parts.cache, object, { src, guess, ...callOptions(signal) });
  });
}
