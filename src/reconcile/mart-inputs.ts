/** The tables of the lake as an engine reads them: the published schema, and a fresh list of files. */
import type { StoredObject } from "../cache/contract.ts";
import type { Engine, InputFile } from "../engine/contract.ts";
import type { Every } from "../model/calendar.ts";
import { intervalId } from "../model/calendar.ts";
import { partitionFile, partitionKey, partitionStem } from "../model/layout.ts";
import { boundSchema } from "../model/stand-in.ts";
import type { MartInput } from "../step/mart.ts";
import { type FooterGuess, locatedInput, storedInput, tokensByListing } from "../step/stored-input.ts";
import { callOptions, observeTable } from "./observe.ts";
import type { Parts } from "./parts.ts";
import type { Seen, TableSeen } from "./seen.ts";
import { tableInput } from "./table-input.ts";

/** Tables without a schema yet are left out: nothing can be read from them. `opens` is what the engine does with files. */
export function martInputs(
  parts: Parts,
  seen: Seen,
  { opens }: Pick<Engine, "opens">,
  signal: AbortSignal | undefined,
): ReadonlyMap<string, MartInput> {
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
        const files = opens === "paths" ? inputFiles : locatedFiles;
        return { files: files(parts, fresh, every, signal), record: tableInput(fresh) };
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
  const guess: FooterGuess = { bytes: undefined };
  return storedPartitions(table, every).map(({ src, ...object }) =>
    storedInput(parts.tables, parts.cache, object, { src, guess, ...callOptions(signal) }),
  );
}

/** What an engine opens by itself nobody holds for it: that the files are still those is seen by listing them again. */
function locatedFiles(
  parts: Parts,
  table: TableSeen,
  every: Every,
  signal: AbortSignal | undefined,
): readonly InputFile[] {
  const only = { leaf: partitionFile, stem: partitionStem, ...callOptions(signal) };
  const tokenOf = tokensByListing(() => parts.tables.list(`${table.settings.name}/`, only));
  return storedPartitions(table, every).map(({ src, ...object }) =>
    locatedInput(parts.tables, object, { src, tokenOf }),
  );
}

function storedPartitions(table: TableSeen, every: Every): readonly (StoredObject & { readonly src: string })[] {
  const ordered = [...table.partitions].sort(([a], [b]) => a - b);
  return ordered.map(([startMs, { size, token }]) => {
    const src = intervalId({ every, startMs });
    return { key: partitionKey(table.settings.name, src), size, token, src };
  });
}
