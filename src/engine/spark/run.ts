/** Runs a bound statement: lists its files, lays them before a session, and starts over when one changed under it. */
import type { CallOptions, Session } from "../../spark-connect/contract.ts";
import type { QueryRequest, TableInput } from "../contract.ts";
import { type Inputs, sizeOf, withSettledInputs } from "../inputs.ts";
import type { BoundStatement } from "./bind.ts";
import { filesPassing } from "./prune.ts";
import { guarded } from "./session.ts";
import { settingsOver } from "./settings.ts";
import { layTable, locationsOf } from "./tables.ts";

/** What is done with the tables in place. */
export type Work<T> = (context: {
  /** Size of the input files together, in bytes. */
  readonly inputBytes: number;
  /** There is no file that could change under it. */
  readonly isPrivate: boolean;
}) => Promise<T>;

export async function runStatement<T>(
  session: Session,
  bound: BoundStatement,
  request: QueryRequest,
  call: CallOptions,
  work: Work<T>,
): Promise<{ readonly value: T; readonly bytesRead: number }> {
  const names = bound.tables.map((table) => table.name);
  const run = async (inputs: Inputs): Promise<{ readonly value: T; readonly bytesRead: number }> => {
    const locations = bound.tables.flatMap((table) => locationsOf(table, inputs.get(table.name) ?? []));
    await guarded(() => session.config.set(settingsOver(locations), call));
    for (const table of bound.tables) await layTable(session, table, inputs.get(table.name) ?? [], call);
    const bytesRead = sizeOf(inputs);
    return { value: await work({ inputBytes: bytesRead, isPrivate: locations.length === 0 }), bytesRead };
  };
  return await withSettledInputs(needed(bound, request), names, run, call.signal);
}

/** The tables as this statement reads them: partitions that cannot contribute left out. */
function needed(bound: BoundStatement, request: QueryRequest): ReadonlyMap<string, TableInput> {
  const tables = new Map<string, TableInput>();
  for (const { name, condition } of bound.tables) {
    const table = request.tables.get(name);
    if (table !== undefined)
      tables.set(name, { ...table, files: async () => filesPassing(condition, await table.files()) });
  }
  return tables;
}
