/**
 * What an engine of many machines left in a version's directory of a bucket. Its tasks write side by side, some of them twice,
 * and a committer decides which files become visible, all together. Only one of the committers does that on S3 without a
 * rename, and the engine takes another one without a word where its jars are missing; what it took stands in `_SUCCESS`.
 * Sources: https://hadoop.apache.org/docs/current/hadoop-aws/tools/hadoop-aws/committers.html,
 * `org.apache.hadoop.fs.s3a.commit.files.SuccessData`.
 */
import { createHash } from "node:crypto";
import { Failure } from "../errors.ts";
import { partKey, successFile, versionPrefix } from "../model/layout.ts";
import { footerLength, readRows } from "../parquet/read.ts";
import type { CallOptions, ObjectInfo, Storage } from "../storage/contract.ts";
import type { ManifestFile } from "./manifest.ts";
import { readWhole } from "./read-whole.ts";

export type CommittedPart = ManifestFile & Pick<ObjectInfo, "token">;

interface Version {
  readonly mart: string;
  readonly version: string;
}

/** With its figures about the job `_SUCCESS` has some kilobytes. */
const successBytesMax = 16 * 1024 * 1024;

/** A summary of so many files or more is cut short. */
const namedFilesMax = 100;

/** Most footers are far smaller; of a larger one the rest is read again. */
const tailBytes = 256 * 1024;

/** Parts that are read side by side. */
const readersMax = 4;

const partName = /^part-[^/]+\.parquet$/;

/**
 * The parts of the version, summed. Whatever else the job left beside them is removed. Throws `denied` if another committer
 * than S3A's magic one was at work: then nobody can tell that the parts are all that was written, and once.
 */
export async function settleCommit(
  storage: Storage,
  version: Version,
  call: CallOptions,
): Promise<readonly CommittedPart[]> {
  const prefix = versionPrefix(version.mart, version.version);
  const found: ObjectInfo[] = [];
  for await (const page of storage.list(`${version.mart}/`, { stem: version.version, ...call })) found.push(...page);
  const nameOf = ({ key }: ObjectInfo): string => key.slice(prefix.length);
  const parts = found.filter((object) => partName.test(nameOf(object)));
  const named = await committedFiles(storage, version, found, call);
  checkNames(storage, version, parts.map(nameOf), named);
  for (const object of found) if (!partName.test(nameOf(object))) await removeIfMay(storage, object.key, call);
  return await sumEach(storage, parts, nameOf, call);
}

/** No reader takes it for data, and a collection of garbage takes it with its version: who may not remove it leaves it there. */
async function removeIfMay(storage: Storage, key: string, call: CallOptions): Promise<void> {
  try {
    await storage.remove(key, call);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "denied") throw error;
  }
}

/** The names of the files that the committer made visible; `undefined` if the list may be cut short. */
async function committedFiles(
  storage: Storage,
  version: Version,
  found: readonly ObjectInfo[],
  call: CallOptions,
): Promise<readonly string[] | undefined> {
  const key = partKey(version.mart, version.version, successFile);
  const info = found.find((object) => object.key === key);
  if (info === undefined)
    throw refused(version, `Spark left no ${successFile}, so nobody knows how it wrote the files`);
  if (info.size === 0) {
    throw refused(
      version,
      `Spark wrote with the classic committer, which on S3 can lose rows or have them twice (${successFile} is empty)`,
    );
  }
  const text = new TextDecoder().decode(await readWhole(storage, key, successBytesMax, call.signal));
  const success = parsed(text);
  const committer: unknown = success === undefined ? undefined : Reflect.get(success, "committer");
  if (committer !== "magic") {
    const name = typeof committer === "string" && /^[\w-]{1,40}$/.test(committer) ? `"${committer}"` : "unknown";
    throw refused(version, `Spark wrote with another committer (${name}) than S3A's "magic"`);
  }
  if (success === undefined || Reflect.get(success, "success") === false)
    throw refused(version, `Spark says in ${successFile} that the job failed`);
  const names: unknown = Reflect.get(success, "filenames");
  if (!Array.isArray(names) || names.length >= namedFilesMax) return undefined;
  return names.map((name: unknown) => String(name).slice(String(name).lastIndexOf("/") + 1));
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function refused({ mart }: Version, fact: string): Failure {
  return new Failure("denied", `mart ${mart}: ${fact}; the version is not published`, {
    remedy:
      "give the Spark server hadoop-aws and spark-hadoop-cloud of its own versions, and leave the magic committer on " +
      "(spark.hadoop.fs.s3a.committer.name=magic); `millrace doctor` shows what it lacks",
  });
}

function checkNames(
  storage: Storage,
  { mart, version }: Version,
  found: readonly string[],
  named: readonly string[] | undefined,
): void {
  const fault = (fact: string): Failure =>
    new Failure("corrupt", `${storage.name}/${versionPrefix(mart, version)}: ${fact}; the version is not published`, {
      remedy: "run again: the version is written anew",
    });
  if (found.length === 0) throw fault("Spark left no file there");
  if (named === undefined) return;
  const lost = named.find((name) => !found.includes(name));
  if (lost !== undefined) throw fault(`${lost} was committed and is not there`);
  const stranger = found.find((name) => !named.includes(name));
  if (stranger !== undefined) throw fault(`${stranger} is there, but was not committed`);
}

async function sumEach(
  storage: Storage,
  parts: readonly ObjectInfo[],
  nameOf: (object: ObjectInfo) => string,
  call: CallOptions,
): Promise<readonly CommittedPart[]> {
  const sums: CommittedPart[] = [];
  for (let at = 0; at < parts.length; at += readersMax) {
    const some = parts.slice(at, at + readersMax);
    sums.push(
      ...(await Promise.all(
        some.map(async (part) => ({ name: nameOf(part), ...(await sumPart(storage, part, call)) })),
      )),
    );
  }
  return sums;
}

/** Reads a part once: its bytes' sum, and its rows from the footer at its end. */
async function sumPart(
  storage: Storage,
  { key, size, token }: ObjectInfo,
  call: CallOptions,
): Promise<Omit<CommittedPart, "name">> {
  const hash = createHash("sha256");
  let length = 0;
  let tail: Uint8Array = new Uint8Array();
  for await (const chunk of storage.read(key, { token, ...call })) {
    hash.update(chunk);
    length += chunk.length;
    tail = chunk.length >= tailBytes ? chunk.subarray(-tailBytes) : Buffer.concat([tail, chunk]).subarray(-tailBytes);
  }
  if (length !== size) throw new Failure("corrupt", `${storage.name}/${key}: ${length} of ${size} bytes could be read`);
  const needed = Math.min(size, footerLength(tail));
  const end = needed <= tail.length ? tail : await readEnd(storage, { key, token }, needed, call);
  return { rows: readRows(end), size, sha256: hash.digest("hex"), token };
}

async function readEnd(
  storage: Storage,
  { key, token }: Pick<ObjectInfo, "key" | "token">,
  length: number,
  call: CallOptions,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of storage.read(key, { range: { start: -length }, token, ...call })) chunks.push(chunk);
  return Buffer.concat(chunks);
}
