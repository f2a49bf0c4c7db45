/** A statement's result as Parquet files, written by the server. */
import { readdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Failure } from "../../errors.ts";
import { quoteForSpark } from "../../model/ddl.ts";
import type { ExecuteOptions, Session } from "../../spark-connect/contract.ts";
import type { Relation } from "../../spark-connect/gen/spark_connect_pb.ts";
import type { SelectedFile, SelectRequest } from "../contract.ts";
import { readFileRows } from "../file-schema.ts";
import { sealPart, syncDirectory } from "../part-file.ts";
import type { BoundStatement } from "./bind.ts";
import { sparkFailure } from "./fault.ts";
import { coalesced, projection, sqlRelation } from "./relation.ts";

/** Input behind one file of a result that is not cut by a shuffle, in bytes: small results are then one file. */
const INPUT_BYTES_A_FILE = 128 << 20;

/** The rows to write: in types that a mart can have, and in few files unless their order decides which file they go to. */
export function resultRelation(bound: BoundStatement, inputBytes: number): Relation {
  const rows = sqlRelation(bound.sql);
  const isStored = bound.result.some(({ mapped }) => mapped.stored !== undefined);
  const columns = bound.result.map(({ name, mapped }) => {
    const column = quoteForSpark(name);
    return mapped.stored === undefined ? column : `CAST(${column} AS ${mapped.stored}) AS ${column}`;
  });
  const typed = isStored ? projection(rows, columns) : rows;
  return bound.isOrdered ? typed : coalesced(typed, Math.max(1, Math.ceil(inputBytes / INPUT_BYTES_A_FILE)));
}

/** Hadoop's own: no empty file that marks the end, which is in nobody's way but on a disk. */
const noMark = { "mapreduce.fileoutputcommitter.marksuccessfuljobs": "false" };

/** Writes into a directory of this machine, which is empty, and measures what came. */
export async function writeHere(
  session: Session,
  rows: Relation,
  request: SelectRequest,
  sql: string,
  options: ExecuteOptions,
): Promise<readonly SelectedFile[]> {
  const directory = resolve(request.directory);
  await write(session, rows, { path: fileUrl(directory), isEmpty: true, options: noMark, request, sql }, options);
  const written = (await readdir(directory)).filter((name) => /^part-.*\.parquet$/.test(name)).sort();
  if (written.length === 0) {
    throw new Failure("usage", `${directory}: the Spark server wrote its result elsewhere`, {
      remedy: "marts on a disk need a server on the same machine; keep them in a bucket otherwise",
    });
  }
  const files: SelectedFile[] = [];
  for (const [index, name] of written.entries()) {
    const path = join(request.directory, `part-${String(index).padStart(5, "0")}.parquet`);
    await rename(join(directory, name), path);
    files.push(await sealPart(path, await readFileRows(path)));
  }
  const kept = new Set(files.map(({ path }) => resolve(path)));
  for (const name of await readdir(directory)) {
    if (!kept.has(join(directory, name))) await rm(join(directory, name), { recursive: true });
  }
  await syncDirectory(directory);
  return files;
}

/** Writes to a place that only the server gets at. */
export async function writeThere(
  session: Session,
  rows: Relation,
  request: SelectRequest & { readonly location: string },
  sql: string,
  options: ExecuteOptions,
): Promise<void> {
  await write(session, rows, { path: request.location, isEmpty: false, options: {}, request, sql }, options);
}

interface Target {
  readonly path: string;
  /** Nothing is there, so that nothing is removed. */
  readonly isEmpty: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly request: SelectRequest;
  readonly sql: string;
}

async function write(session: Session, rows: Relation, target: Target, options: ExecuteOptions): Promise<void> {
  try {
    await session.write(
      rows,
      {
        format: "parquet",
        to: { path: target.path },
        mode: target.isEmpty ? "append" : "overwrite",
        options: { ...target.options, compression: target.request.compression },
      },
      options,
    );
  } catch (error) {
    throw sparkFailure(error, { phase: "run", sql: target.sql });
  }
}

/** As Hadoop writes paths: nothing is percent-encoded. */
function fileUrl(directory: string): string {
  const slashed = directory.replaceAll("\\", "/");
  return `file://${slashed.startsWith("/") ? "" : "/"}${slashed}`;
}
