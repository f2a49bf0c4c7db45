/**
 * Runs a bound statement: lists its files, lays them before a session (as they are, or as narrow copies of the touched
 * columns), and starts over when a file changed under it.
 */
import type { EngineOptions, QueryRequest, TableInput } from "../contract.ts";
import { type Inputs, sizeOf, withSettledInputs } from "../inputs.ts";
import { type BoundStatement, type BoundTable, SRC } from "./bind.ts";
import { passing } from "./prune.ts";
import { WIDE_FILES_MAX } from "./relation.ts";
import type { RunOptions, Session } from "./session.ts";
import { copyTouched, isWide, viewCopies, viewPartitions, viewParts } from "./tables.ts";
import type { Workspace } from "./workspace.ts";

/** What is done with the tables in place. */
export type Work<T> = (
  session: Session,
  context: {
    /** Everything is a copy of our own: nothing can change it, so the session may be used after `work` as well. */
    readonly isPrivate: boolean;
    /** Takes the statement's own share done. */
    readonly onProgress: RunOptions["onProgress"];
  },
) => Promise<T>;

/** Narrow copies by the table's name. */
type Copies = ReadonlyMap<string, readonly string[]>;

/** How much of a run's time the copying usually takes. */
const COPY_SHARE = 0.9;

/** Answers what `work` did, on the last attempt, and the size of the files it was for. */
export async function runStatement<T>(
  workspace: Workspace,
  bound: BoundStatement,
  request: QueryRequest,
  options: EngineOptions,
  work: Work<T>,
): Promise<{ readonly value: T; readonly bytesRead: number }> {
  const tables = readable(workspace, bound, request);
  const names = bound.tables.map((table) => table.name);
  const report = options.onProgress;
  const first = await withSettledInputs(
    tables,
    names,
    async (inputs): Promise<{ readonly bytesRead: number } & ({ readonly value: T } | { readonly copies: Copies })> => {
      const bytesRead = sizeOf(inputs);
      const wide = bound.tables.filter((table) => table.partitioned);
      // Every partitioned table brings its empty file as well.
      const isMany = countFiles(inputs, wide) + wide.length > WIDE_FILES_MAX;
      if (isMany) return { bytesRead, copies: await copyInputs(workspace, wide, inputs, options) };
      const session = await layTables(workspace, bound, inputs, new Map(), options.signal);
      return { bytesRead, value: await work(session, { isPrivate: false, onProgress: report }) };
    },
    options.signal,
  );
  if ("value" in first) return first;
  const { copies, bytesRead } = first;
  // The tables are copied, the marts beside them are still read where they lie.
  const rest = names.filter((name) => !copies.has(name));
  const onProgress =
    report === undefined ? undefined : (share: number) => report(COPY_SHARE + (1 - COPY_SHARE) * share);
  const value = await withSettledInputs(
    tables,
    rest,
    async (inputs) => {
      const session = await layTables(workspace, bound, inputs, copies, options.signal);
      return await work(session, { isPrivate: rest.length === 0, onProgress });
    },
    options.signal,
  );
  return { value, bytesRead };
}

/** The tables as this statement reads them: partitions that cannot contribute left out, names made literal. */
function readable(workspace: Workspace, bound: BoundStatement, request: QueryRequest): ReadonlyMap<string, TableInput> {
  const tables = new Map<string, TableInput>();
  for (const { name, condition } of bound.tables) {
    const table = request.tables.get(name);
    if (table === undefined) continue;
    const files: TableInput["files"] = async () => {
      const all = await table.files();
      const some = condition === undefined ? all : await passing(await workspace.open([]), condition, SRC, all);
      return await Promise.all(some.map(async (file) => ({ ...file, path: await workspace.literal(file.path) })));
    };
    tables.set(name, { ...table, files });
  }
  return tables;
}

/** Copies what has too many files. The copies are ours, so nothing can change them any more. */
async function copyInputs(
  workspace: Workspace,
  tables: readonly BoundTable[],
  inputs: Inputs,
  options: EngineOptions,
): Promise<Copies> {
  const total = countFiles(inputs, tables);
  const place = await workspace.place("copies");
  // Every thread holds buffers for every column; of thousands a second thread costs more than it gives.
  const session = await workspace.open(pathsOf(inputs, tables), isWide(tables) ? { threads: 1 } : {});
  const copies = new Map<string, readonly string[]>();
  let done = 0;
  const onFiles = (some: number): void => {
    done += some;
    options.onProgress?.((COPY_SHARE * done) / total);
  };
  for (const table of tables) {
    const files = inputs.get(table.name) ?? [];
    copies.set(table.name, await copyTouched(session, table, files, place, { signal: options.signal, onFiles }));
  }
  return copies;
}

async function layTables(
  workspace: Workspace,
  bound: BoundStatement,
  inputs: Inputs,
  copies: Copies,
  signal: AbortSignal | undefined,
): Promise<Session> {
  const directory = await workspace.place("empty");
  const direct = bound.tables.filter((table) => !copies.has(table.name));
  const session = await workspace.open(pathsOf(inputs, direct));
  for (const table of bound.tables) {
    const parts = copies.get(table.name);
    const files = inputs.get(table.name) ?? [];
    if (parts !== undefined) await viewCopies(session, table, parts);
    else if (table.partitioned) await viewPartitions(session, table, files, { directory, signal });
    else await viewParts(session, table, files, signal);
  }
  return session;
}

function countFiles(inputs: Inputs, tables: readonly BoundTable[]): number {
  return tables.reduce((sum, table) => sum + (inputs.get(table.name)?.length ?? 0), 0);
}

function pathsOf(inputs: Inputs, tables: readonly BoundTable[]): string[] {
  return tables.flatMap((table) => (inputs.get(table.name) ?? []).map((file) => file.path));
}
