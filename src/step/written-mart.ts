/**
 * A mart's new version as the engine wrote it, before anybody can see it: in scratch space, from where its files are put, or
 * in the version's own directory of a bucket, where an engine of many machines has to write.
 */
import { basename } from "node:path";
import type { Engine, EngineOptions, InputFile, SelectRequest, SelectResult, TableInput } from "../engine/contract.ts";
import { partKey, versionPrefix } from "../model/layout.ts";
import type { CallOptions, Storage } from "../storage/contract.ts";
import { settleCommit } from "./committed-parts.ts";
import type { ManifestFile } from "./manifest.ts";
import { writtenInput } from "./scratch-input.ts";
import { unreachable } from "./stored-input.ts";

export interface WrittenMart {
  readonly columns: SelectResult["columns"];
  readonly rows: number;
  readonly files: readonly ManifestFile[];
  /** The same files for statements that check them. */
  readonly inputs: readonly InputFile[];
  /** Brings the files to where the version lies. They are complete, and no reader is shown them. */
  place(): Promise<void>;
}

export interface WriteRequest {
  readonly mart: string;
  readonly version: string;
  readonly sql: string;
  readonly tables: ReadonlyMap<string, TableInput>;
  /** An empty directory for the result, and one for what the engine keeps in between. */
  readonly files: string;
  readonly work: string;
}

export async function writeMart(
  storage: Storage,
  engine: Engine,
  request: WriteRequest,
  options: EngineOptions,
): Promise<WrittenMart> {
  const { sql, tables, work: scratch, files: directory } = request;
  const select: SelectRequest = { sql, tables, scratch, directory, compression: "zstd" };
  const isLocal = storage.locate(versionPart(request, "part")) !== undefined;
  return engine.opens === "paths" || isLocal
    ? await writeHere(storage, engine, request, select, options)
    : await writeThere(storage, engine, request, select, options);
}

const versionPart = ({ mart, version }: WriteRequest, part: string): string => partKey(mart, version, part);

const callOf = ({ signal }: CallOptions): CallOptions => (signal === undefined ? {} : { signal });

async function writeHere(
  storage: Storage,
  engine: Engine,
  request: WriteRequest,
  select: SelectRequest,
  options: EngineOptions,
): Promise<WrittenMart> {
  const result = await engine.select(select, options);
  return {
    columns: result.columns,
    rows: result.files.reduce((sum, file) => sum + file.rows, 0),
    files: result.files.map(({ path, rows, size, sha256 }) => ({ name: basename(path), rows, size, sha256 })),
    inputs: await Promise.all(result.files.map(({ path, size }) => writtenInput(path, size))),
    async place() {
      for (const { path } of result.files)
        await storage.put(versionPart(request, basename(path)), { file: path }, callOf(options));
    },
  };
}

/** The engine's own parts are the version's: what is left to do is to make sure of them. */
async function writeThere(
  storage: Storage,
  engine: Engine,
  request: WriteRequest,
  select: SelectRequest,
  options: EngineOptions,
): Promise<WrittenMart> {
  const location = storage.location(versionPrefix(request.mart, request.version));
  if (location === undefined) throw unreachable(storage);
  const result = await engine.select({ ...select, location }, options);
  const call = callOf(options);
  const parts = await settleCommit(storage, request, call);
  const inputs = parts.map(({ name, size, token }): InputFile => {
    const key = versionPart(request, name);
    const check = async (): Promise<string | undefined> => (await storage.head(key, call))?.token;
    return { path: `${location}${name}`, location: `${location}${name}`, src: undefined, size, token, check };
  });
  return {
    columns: result.columns,
    rows: parts.reduce((sum, part) => sum + part.rows, 0),
    files: parts.map(({ name, rows, size, sha256 }) => ({ name, rows, size, sha256 })),
    inputs,
    place: async () => undefined,
  };
}
