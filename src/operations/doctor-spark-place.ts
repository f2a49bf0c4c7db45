/** What a Spark server may do in a place of the lake, tried out by one read and two small writes. */
import { asFailure, Failure } from "../errors.ts";
import { successFile } from "../model/layout.ts";
import { keysBelow, removeWritten, writtenPrefix } from "../step/written-elsewhere.ts";
import type { Storage } from "../storage/contract.ts";
import type { PlaceFacts, WriteFacts } from "./doctor-spark-facts.ts";
import { type Ask, errorClassOf, quoted, tried } from "./doctor-spark-session.ts";
import type { PlaceName } from "./roles.ts";

export interface SparkPlace {
  readonly place: PlaceName;
  readonly kind: "directory" | "s3";
  readonly storage: Pick<Storage, "name" | "list" | "read" | "remove" | "location">;
  readonly access: "read" | "write";
}

export async function askPlace(
  ask: Ask,
  place: SparkPlace,
  id: string,
  signal: AbortSignal | undefined,
): Promise<PlaceFacts> {
  const { place: which, kind, storage } = place;
  const sample = await tried(() => firstKey(place, signal), signal);
  const key = "value" in sample ? sample.value : undefined;
  return {
    place: which,
    name: storage.name,
    kind,
    read: key === undefined ? undefined : { key, ...(await tried(() => readByServer(ask, place, key, id), signal)) },
    write: place.access === "read" ? undefined : await tried(() => writeByServer(ask, place, id, signal), signal),
  };
}

/** Of the many objects that a place may hold, one that Spark takes for a file's name and not for a pattern. */
async function firstKey({ storage }: SparkPlace, signal: AbortSignal | undefined): Promise<string | undefined> {
  for await (const page of storage.list("", signal === undefined ? {} : { signal })) {
    const found = page.find(({ key, size }) => size > 0 && !/[{}[\]*?\\,]/.test(key) && !/(^|\/)[_.]/.test(key));
    return found?.key;
  }
  return undefined;
}

function locationIn({ storage }: SparkPlace, key: string): string {
  const location = storage.location(key);
  if (location === undefined) throw new Failure("denied", `${storage.name} is only known to this process`);
  return location;
}

async function readByServer(ask: Ask, place: SparkPlace, key: string, id: string): Promise<"read" | "absent"> {
  const view = `millrace_doctor_${id}`;
  const format = key.endsWith(".parquet") ? "parquet" : "text";
  try {
    // A view, since a path in FROM wraps every error into one that tells nothing.
    await ask(
      `CREATE OR REPLACE TEMPORARY VIEW ${view} USING ${format} OPTIONS (path ${quoted(locationIn(place, key))}, mergeSchema 'false')`,
    );
    await ask(`SELECT 1 AS one FROM ${view} LIMIT 1`);
    return "read";
  } catch (error) {
    if (errorClassOf(error) === "PATH_NOT_FOUND") return "absent";
    throw error;
  }
}

async function writeByServer(
  ask: Ask,
  place: SparkPlace,
  id: string,
  signal: AbortSignal | undefined,
): Promise<WriteFacts> {
  const directory = writtenPrefix(`doctor-${id}`);
  const write = (value: number): Promise<unknown> =>
    ask(
      `INSERT OVERWRITE DIRECTORY ${quoted(locationIn(place, directory))} USING parquet
        OPTIONS ('mapreduce.fileoutputcommitter.marksuccessfuljobs' 'true') SELECT ${value} AS one`,
    );
  const facts = await tried(async () => {
    await write(1);
    const first = await partsBelow(place, directory, signal);
    return {
      seen: first.length === 0 ? ("nothing" as const) : ("all" as const),
      success: await textAt(place, `${directory}${successFile}`, signal),
      replaced: await tried(async () => {
        await write(2);
        const second = await partsBelow(place, directory, signal);
        return !first.some((key) => second.includes(key));
      }, signal),
    };
  }, undefined);
  const cleared = await tried(() => removeWritten(place.storage, directory), undefined);
  signal?.throwIfAborted();
  if ("failure" in facts) throw facts.failure;
  return { ...facts.value, left: "value" in cleared ? cleared.value : [directory] };
}

async function partsBelow(
  place: SparkPlace,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  return (await keysBelow(place.storage, prefix, signal === undefined ? {} : { signal })).filter((key) =>
    key.endsWith(".parquet"),
  );
}

/** A committer's account of a job is a few thousand bytes. */
const successBytesMax = 1 << 20;

/** `undefined` if there is no such object. */
async function textAt(
  { storage }: SparkPlace,
  key: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of storage.read(key, signal === undefined ? {} : { signal })) {
      pieces.push(piece);
      if (pieces.reduce((sum, { length }) => sum + length, 0) > successBytesMax) break;
    }
  } catch (error) {
    if (asFailure(error).kind === "missing") return undefined;
    throw error;
  }
  return Buffer.concat(pieces).toString("utf8");
}
