/**
 * The index: what was learned about objects by reading them, kept beside the project so that the next pass only lists.
 * It is a cache. Every record is bound to the size and token that the listing showed; whatever does not match is read
 * again, and deleting the whole directory costs time and nothing else.
 *
 * A file is one line of JSON (format, lake, length and CRC32 of what follows) and then the packed records. Ten years of
 * hours are 15 MB that need not be parsed: a record is decoded when its object is listed.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { asFailure } from "../errors.ts";
import type { PartitionFacts } from "../step/partition.ts";
import type { Attempt, Attempts } from "./attempts.ts";
import { type DocumentMemory, documentMemory, type RememberedDocument } from "./documents.ts";
import type { Lookup } from "./lookup.ts";
import { type Codec, partitionCodec, rawCodec, readRecords, SharedTexts, writeRecords } from "./packed.ts";
import type { PartitionSeen, RawFacts, RawSeen } from "./seen.ts";

const formatNumber = 3;

/** What the last pass knew of a source or a table. */
export interface Remembered<Facts> {
  /** What is known of the object in this size and with this token. */
  find(startMs: number, size: number, token: string): Facts | undefined;
}

export interface IndexFile {
  raw(source: string): Promise<Remembered<RawFacts>>;
  saveRaw(source: string, raw: Lookup<RawSeen>): Promise<void>;
  partitions(table: string): Promise<Remembered<PartitionFacts>>;
  savePartitions(table: string, partitions: Lookup<PartitionSeen>): Promise<void>;
  attempts(): Promise<Attempts>;
  saveAttempts(attempts: Attempts): Promise<void>;
  /** Small objects of the lake that were read before. */
  documents(): Promise<DocumentMemory>;
  saveDocuments(documents: DocumentMemory): Promise<void>;
  /**
   * Removes all that was learned by reading the lake, and answers the names of the files. What was tried and when to try
   * again is written nowhere else, and stays.
   */
  forget(): Promise<readonly string[]>;
}

/** `directory` is `.millrace` beside the project file; `lake` names the lake, so that another one has its own rows. */
export function openIndex(directory: string, lake: string): IndexFile {
  const path = (name: string): string => join(directory, `${name}.index`);
  const read = (name: string): Promise<Contents | undefined> => readContents(path(name), lake);
  const write = (name: string, texts: readonly string[], body: Buffer): Promise<void> =>
    replaceFile(directory, path(name), [header(lake, texts, body), body]);
  return {
    raw: async (source) => remember(await read(`raw-${source}`), () => rawCodec),
    saveRaw: (source, raw) => write(`raw-${source}`, [], writeRecords(rawCodec, withFacts(raw))),
    partitions: async (table) => remember(await read(`table-${table}`), partitionCodec),
    savePartitions(table, partitions) {
      const texts = new SharedTexts();
      const body = writeRecords(partitionCodec(texts), withFacts(partitions));
      return write(`table-${table}`, texts.texts, body);
    },
    attempts: async () => readAttempts((await read("attempts"))?.body),
    saveAttempts: (attempts) => write("attempts", [], Buffer.from(JSON.stringify([...attempts]))),
    documents: async () => documentMemory(readDocuments((await read("documents"))?.body)),
    saveDocuments: (documents) => write("documents", [], Buffer.from(JSON.stringify(documents.used()))),
    forget: () => forget(directory),
  };
}

async function forget(directory: string): Promise<readonly string[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    if (asFailure(error).kind === "missing") return [];
    throw asFailure(error, directory);
  }
  const derived = names.filter((name) => name.endsWith(".index") && name !== "attempts.index").sort();
  for (const name of derived) await rm(join(directory, name), { force: true });
  return derived;
}

interface Listed {
  readonly size: number;
  readonly token: string;
  readonly facts: object | undefined;
}

function* withFacts<T extends Listed>(objects: Lookup<T>): Generator<readonly [number, T]> {
  for (const entry of objects) if (entry[1].facts !== undefined) yield entry;
}

const nothing = { find: () => undefined } as const;

function remember<Facts>(
  contents: Contents | undefined,
  codecFor: (
    texts: SharedTexts,
  ) => Codec<{ readonly size: number; readonly token: string; readonly facts: Facts | undefined }>,
): Remembered<Facts> {
  if (contents === undefined) return nothing;
  const record = readRecords(codecFor(new SharedTexts(contents.texts)), contents.body);
  return {
    find(startMs, size, token) {
      const known = record(startMs);
      return known?.size === size && known.token === token ? known.facts : undefined;
    },
  };
}

interface Contents {
  readonly texts: readonly string[];
  readonly body: Buffer;
}

function header(lake: string, texts: readonly string[], body: Buffer): Buffer {
  const fields = { format: formatNumber, lake, texts, bytes: body.length, crc32: crc32(body) };
  return Buffer.from(`${JSON.stringify(fields)}\n`);
}

/** `undefined` for a file that is absent, of another format or lake, cut by a crash, or changed: it is read anew from the lake. */
async function readContents(path: string, lake: string): Promise<Contents | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if (asFailure(error).kind === "missing") return undefined;
    throw asFailure(error, path);
  }
  const end = bytes.indexOf(10);
  const fields = parseObject(bytes.toString("utf8", 0, Math.max(0, end)));
  const body = bytes.subarray(end + 1);
  if (fields === undefined || fields.format !== formatNumber || fields.lake !== lake) return undefined;
  if (fields.bytes !== body.length || fields.crc32 !== crc32(body)) return undefined;
  const { texts } = fields;
  const areTexts = Array.isArray(texts) && texts.every((text) => typeof text === "string");
  return areTexts ? { texts, body } : undefined;
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function readAttempts(body: Buffer | undefined): Attempts {
  const value: unknown = body === undefined ? [] : JSON.parse(body.toString());
  return new Map(Array.isArray(value) ? value.filter(isAttemptRow) : []);
}

function readDocuments(body: Buffer | undefined): readonly RememberedDocument[] {
  const value: unknown = body === undefined ? [] : JSON.parse(body.toString());
  return Array.isArray(value) ? value.filter(isDocument) : [];
}

const isDocument = (row: unknown): row is RememberedDocument =>
  typeof row === "object" &&
  row !== null &&
  ["key", "token", "text"].every((name) => typeof Reflect.get(row, name) === "string");

const isAttemptRow = (row: unknown): row is [string, Attempt] =>
  Array.isArray(row) &&
  row.length === 2 &&
  typeof row[0] === "string" &&
  typeof row[1] === "object" &&
  row[1] !== null &&
  typeof Reflect.get(row[1], "nextMs") === "number";

async function replaceFile(directory: string, path: string, pieces: readonly Buffer[]): Promise<void> {
  await mkdir(directory, { recursive: true });
  // Two queries of one process may save at a time, and so may containers in which every process has the number 1.
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      for (const piece of pieces) await file.writeFile(piece);
    } finally {
      await file.close();
    }
    // Not synced: after a crash an empty or old cache is as good as any.
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
