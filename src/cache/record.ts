/**
 * The record beside a copy: which version of which object it is, in which file it lies, and which ranges of it are there.
 * It is written after those ranges were synced, in one atomic step, and names the file by a name that is never used again.
 * So a record that can be read never claims what a power failure took: at worst it is older than the copy, or names a
 * file that is not there.
 */
import { createHash } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { isAbsent } from "../storage/durable.ts";
import type { StoredObject } from "./contract.ts";
import { type RangeSet, rangeSet } from "./ranges.ts";

/** One version of an object in one place. */
export interface CopyIdentity extends StoredObject {
  readonly place: string;
}

export interface CopyRecord {
  /** Tells the copy's file from every other one that ever was or will be made for the object. */
  readonly file: string;
  readonly ranges: RangeSet;
}

/** The name of everything that belongs to this version of the object: 40 hex digits. */
export function copyName({ place, key, token, size }: CopyIdentity): string {
  return createHash("sha256")
    .update(JSON.stringify([place, key, token, size]))
    .digest("hex")
    .slice(0, 40);
}

export function encodeRecord({ place, key, token, size }: CopyIdentity, { file, ranges }: CopyRecord): string {
  const pairs = ranges.map(({ start, end }) => [start, end]);
  const facts = { format: 1, place, key, token, size, file, ranges: pairs };
  return `${JSON.stringify({ ...facts, sum: sumOf(facts) })}\n`;
}

/** `undefined` for anything but a whole record of this version. */
export function decodeRecord(identity: CopyIdentity, text: string): CopyRecord | undefined {
  const value = parse(text);
  if (typeof value !== "object" || value === null) return undefined;
  const { sum, ...facts } = { sum: undefined, ...value };
  if (sum !== sumOf(facts)) return undefined;
  const { format, place, key, token, size, file, ranges } = {
    ...{ format: undefined, place: undefined, key: undefined, token: undefined, size: undefined },
    ...{ file: undefined, ranges: undefined },
    ...facts,
  };
  const isSame =
    format === 1 &&
    place === identity.place &&
    key === identity.key &&
    token === identity.token &&
    size === identity.size;
  if (!isSame || typeof file !== "string" || !FILE.test(file)) return undefined;
  const set = readRanges(ranges, identity.size);
  return set === undefined ? undefined : { file, ranges: set };
}

const FILE = /^[0-9a-f]{16}$/;

function readRanges(value: unknown, size: number): RangeSet | undefined {
  if (!Array.isArray(value)) return undefined;
  const ranges = value.map((pair: unknown) => {
    const [start, end]: unknown[] = Array.isArray(pair) ? pair : [];
    const isRange = Number.isSafeInteger(start) && Number.isSafeInteger(end);
    return isRange ? { start: Number(start), end: Number(end) } : undefined;
  });
  const whole = ranges.filter((range) => range !== undefined && 0 <= range.start && range.end <= size);
  if (whole.length < ranges.length) return undefined;
  return rangeSet(
    whole.flatMap((range) => range ?? []),
    size,
  );
}

function sumOf(facts: object): string {
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 16);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export async function readRecord(path: string, identity: CopyIdentity): Promise<CopyRecord | undefined> {
  try {
    return decodeRecord(identity, await readFile(path, "utf8"));
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** `temporary` is a name in the same directory that nobody else uses. */
export async function writeRecord(
  path: string,
  temporary: string,
  identity: CopyIdentity,
  record: CopyRecord,
): Promise<void> {
  try {
    await writeFile(temporary, encodeRecord(identity, record));
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
