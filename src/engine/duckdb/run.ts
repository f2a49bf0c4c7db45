/** One statement's life between binding and answer: its scratch directory, its session, its tables, its progress. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { EngineOptions, QueryRequest } from "../contract.ts";
import { type Inputs, sizeOf, withSettledInputs } from "../inputs.ts";
import type { BoundStatement, BoundTable } from "./bind.ts";
import { WIDE_FILES_MAX } from "./relation.ts";
import { openSession, type Session, type SessionSettings } from "./session.ts";
import { copyTouched, viewCopies, viewFiles } from "./tables.ts";

export interface Run extends AsyncDisposable {
  /**
   * Lays the tables before a session and calls `work`, again if files changed meanwhile. `isPrivate` says that everything
   * is a copy of our own, so that the session may be used after `work` as well.
   */
  execute<T>(work: (session: Session, isPrivate: boolean) => Promise<T>): Promise<T>;
  /** The session of the last `work`, open until the run is closed. */
  session(): Session;
  /** Size of the input files of the last `work`. */
  bytesRead(): number;
  /** Takes the statement's own share and reports the run's. */
  readonly onStatement: ((share: number) => void) | undefined;
  /** Closes the session and removes everything from scratch; repeating it does nothing. */
  close(): Promise<void>;
}

/** How much of a run's time the copying usually takes. */
const COPY_SHARE = 0.9;

/** `directories` may be written by the statement's session besides scratch. */
export async function startRun(
  settings: SessionSettings,
  bound: BoundStatement,
  request: QueryRequest,
  options: EngineOptions,
  directories: readonly string[],
): Promise<Run> {
  const directory = await mkdtemp(join(resolve(request.scratch), "duckdb-"));
  let current: Session | undefined;
  let bytesRead = 0;
  let copied = 0;
  const report = options.onProgress;
  const names = bound.tables.map((table) => table.name);
  const spill = join(directory, "spill");

  const replaceSession = async (files: readonly string[]): Promise<Session> => {
    current?.close();
    current = undefined;
    const lock = {
      files: files.map((file) => resolve(file)),
      directories: [directory, ...directories.map((path) => resolve(path))],
    };
    current = await openSession(settings, spill, lock);
    return current;
  };

  /** Copies what has too many files. The copies are ours, so nothing can change them any more. */
  const copyInputs = async (inputs: Inputs): Promise<Map<string, readonly string[]>> => {
    const tables = bound.tables.filter((table) => table.partitioned);
    const total = count(inputs, tables);
    const place = await freshDirectory(directory, "copies");
    const session = await replaceSession(paths(inputs, tables));
    const copies = new Map<string, readonly string[]>();
    let done = 0;
    for (const table of tables) {
      const onFiles = (some: number): void => {
        done += some;
        report?.((COPY_SHARE * done) / total);
      };
      copies.set(
        table.name,
        await copyTouched(session, table, inputs.get(table.name) ?? [], place, { signal: options.signal, onFiles }),
      );
    }
    copied = COPY_SHARE;
    return copies;
  };

  const layTables = async (inputs: Inputs, copies: ReadonlyMap<string, readonly string[]>): Promise<Session> => {
    const place = await freshDirectory(directory, "empty");
    const direct = bound.tables.filter((table) => !copies.has(table.name));
    const session = await replaceSession(paths(inputs, direct));
    for (const table of bound.tables) {
      const parts = copies.get(table.name);
      if (parts === undefined) await viewFiles(session, table, inputs.get(table.name) ?? [], place);
      else await viewCopies(session, table, parts);
    }
    return session;
  };

  const settled = <T>(some: readonly string[], work: (inputs: Inputs) => Promise<T>): Promise<T> =>
    withSettledInputs(request.tables, some, work, options.signal);

  const close = async (): Promise<void> => {
    current?.close();
    current = undefined;
    await rm(directory, { recursive: true, force: true });
  };

  return {
    execute: async (work) => {
      type Result = Awaited<ReturnType<typeof work>>;
      const first = await settled(
        names,
        async (inputs): Promise<{ copies: Map<string, readonly string[]> } | { value: Result }> => {
          bytesRead = sizeOf(inputs);
          const wide = bound.tables.filter((table) => table.partitioned);
          // Every partitioned table brings its empty file as well.
          if (count(inputs, wide) + wide.length > WIDE_FILES_MAX) return { copies: await copyInputs(inputs) };
          return { value: await work(await layTables(inputs, new Map()), false) };
        },
      );
      if ("value" in first) return first.value;
      const rest = names.filter((name) => !first.copies.has(name));
      return await settled(
        rest,
        async (inputs) => await work(await layTables(inputs, first.copies), rest.length === 0),
      );
    },
    session: () => {
      if (current === undefined) throw new Error("the run has no session");
      return current;
    },
    bytesRead: () => bytesRead,
    onStatement: report === undefined ? undefined : (share) => report(copied + (1 - copied) * share),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function count(inputs: Inputs, tables: readonly BoundTable[]): number {
  return tables.reduce((sum, table) => sum + (inputs.get(table.name)?.length ?? 0), 0);
}

function paths(inputs: Inputs, tables: readonly BoundTable[]): string[] {
  return tables.flatMap((table) => (inputs.get(table.name) ?? []).map((file) => file.path));
}

async function freshDirectory(parent: string, name: string): Promise<string> {
  const path = join(parent, name);
  await rm(path, { recursive: true, force: true });
  await mkdir(path);
  return path;
}
