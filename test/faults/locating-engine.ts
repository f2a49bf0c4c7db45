/**
 * An engine that opens locations, as Spark does, without a Spark: DuckDB does the work, and the directories of a local lake play
 * the buckets. What it leaves behind a statement is what Spark's jobs leave: parts with names of its own, and a `_SUCCESS` of
 * the committer that it is told to have.
 */
import { randomUUID } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engine, InputFile, SelectResult, TableInput } from "../../src/engine/contract.ts";
import type { Storage } from "../../src/storage/contract.ts";

/** The places as buckets: nobody but an engine gets at the files, and that by their locations. */
export function locatingStorage(place: string, storage: Storage): Storage {
  const bucket = `s3a://${place}/`;
  return {
    ...storage,
    locate: () => undefined,
    location: (key) => {
      // The grammar of keys is the storage's own matter.
      storage.location(key);
      return `${bucket}${key}`;
    },
  };
}

/**
 * - `magic`: as it should be.
 * - `classic`, `staging`: another committer has written, which only `_SUCCESS` tells.
 * - `silent`: no `_SUCCESS`.
 * - `dies`: half of the parts are there, and the statement fails.
 * - `untidy`: `magic`, with what tasks that were given up left behind.
 * - `forgetful`: one of the committed parts is not there; `doubled`: there is one that was not committed.
 */
export type Committer = "magic" | "classic" | "staging" | "silent" | "dies" | "untidy" | "forgetful" | "doubled";

export interface Locating {
  /** The directory that plays the bucket of a place. */
  readonly directoryOf: (place: string) => string;
  readonly committer?: Committer;
  /** Called between the write and the answer. */
  readonly written?: () => Promise<void>;
}

export function locatingEngine(engine: Engine, options: Locating): Engine {
  const pathOf = (location: string): string => {
    const [, place = "", key = ""] = /^s3a:\/\/(\w+)\/(.*)$/.exec(location) ?? [];
    return join(options.directoryOf(place), key);
  };
  const near = (tables: ReadonlyMap<string, TableInput>): ReadonlyMap<string, TableInput> =>
    new Map(
      [...tables].map(([name, table]) => [name, { ...table, files: async () => (await table.files()).map(nearFile) }]),
    );
  const nearFile = (file: InputFile): InputFile => {
    if (file.bring !== undefined || file.location === undefined) throw new Error(`${file.path}: has no location`);
    return { ...file, path: pathOf(file.location) };
  };
  return {
    ...engine,
    opens: "locations",
    query: (request, call) => engine.query({ ...request, tables: near(request.tables) }, call),
    async select(request, call) {
      const { location } = request;
      if (location === undefined) throw new Error("a location was expected");
      const scratch = await mkdtemp(join(tmpdir(), "millrace-locating-"));
      try {
        const result = await engine.select({ ...request, directory: scratch, tables: near(request.tables) }, call);
        await commit(pathOf(location), result, options.committer ?? "magic");
        await options.written?.();
        return { ...result, files: [] };
      } finally {
        await rm(scratch, { recursive: true });
      }
    },
  };
}

async function commit(directory: string, result: SelectResult, committer: Committer): Promise<void> {
  await mkdir(directory, { recursive: true });
  const parts = result.files.map(
    (_file, at) => `part-${String(at).padStart(5, "0")}-${randomUUID()}-c000.zstd.parquet`,
  );
  for (const [at, { path }] of result.files.entries()) await copyFile(path, join(directory, parts[at] ?? ""));
  if (committer === "dies") throw new Error("the server died");
  const names = committer === "forgetful" ? [...parts, "part-00009-lost-c000.zstd.parquet"] : parts;
  if (committer === "doubled")
    await copyFile(join(directory, parts[0] ?? ""), join(directory, "part-00000-twice.parquet"));
  if (committer === "untidy") {
    for (const name of ["__magic_job-1/tasks", "_temporary/0"]) {
      await mkdir(join(directory, name), { recursive: true });
      await writeFile(join(directory, name, "part-00000-left-c000.zstd.parquet"), "half of a part");
    }
  }
  if (committer === "silent") return;
  const success = {
    name: "org.apache.hadoop.fs.s3a.commit.files.SuccessData/1",
    ...{ success: true, committer: committer === "staging" ? "directory" : "magic" },
    filenames: names.map((name) => `/marts/${name}`),
  };
  await writeFile(join(directory, "_SUCCESS"), committer === "classic" ? "" : JSON.stringify(success));
}

/** The files of a directory of the lake, by name. */
export async function namesIn(directory: string): Promise<readonly string[]> {
  return (await readdir(directory, { recursive: true })).sort();
}
