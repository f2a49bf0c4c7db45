/**
 * A Parquet object of the lake as a file for an engine: where it lies if that is a local disk, otherwise a local copy with
 * the footer and the chunks of the columns that a statement reads; or, for an engine that opens locations, its location.
 */
import { open } from "node:fs/promises";
import type { ByteRange, HeldObject, ObjectCache, StoredObject } from "../cache/contract.ts";
import type { InputFile, WantedLeaves } from "../engine/contract.ts";
import { Failure } from "../errors.ts";
import { chunkRanges } from "../parquet/chunk-ranges.ts";
import type { CallOptions, ObjectInfo, Storage } from "../storage/contract.ts";

/** How long the footers of a table's files are: one that was read foretells the next. */
export interface FooterGuess {
  bytes: number | undefined;
}

export interface InputOptions extends CallOptions {
  /** The partition's value of `src`; `undefined` for marts. */
  readonly src: string | undefined;
  /** Shared by files that are alike. */
  readonly guess?: FooterGuess;
}

/** Answers the token of what lies at a key now, `undefined` if it is gone. */
export type TokenOf = (key: string) => Promise<string | undefined>;

/**
 * For an engine that opens locations. It reads the object itself, whatever that is by then, so that `tokenOf` is asked before and
 * after. Throws `usage` for a place that only this process gets at.
 */
export function locatedInput(
  storage: Storage,
  object: StoredObject,
  { src, tokenOf }: { readonly src: string | undefined; readonly tokenOf: TokenOf },
): InputFile {
  const { key, size, token } = object;
  const location = storage.location(key);
  if (location === undefined) throw unreachable(storage);
  return { path: storage.locate(key) ?? location, location, src, size, token, check: () => tokenOf(key) };
}

export function unreachable(storage: Storage): Failure {
  return new Failure("usage", `${storage.name}: no engine but the embedded one gets at it`, {
    remedy: "keep tables and marts in directories or buckets, or leave engine.spark out",
  });
}

/**
 * Tokens by one listing for many objects: the n-th time that an object is asked for, the answer is in the n-th listing. What
 * was asked for once a statement began is thereby not asked again by everybody, and still looked at again at its end.
 */
export function tokensByListing(list: () => AsyncIterable<readonly ObjectInfo[]>): TokenOf {
  const looks: Promise<ReadonlyMap<string, string>>[] = [];
  const asked = new Map<string, number>();
  const look = async (): Promise<ReadonlyMap<string, string>> => {
    const tokens = new Map<string, string>();
    for await (const page of list()) for (const { key, token } of page) tokens.set(key, token);
    return tokens;
  };
  return async (key) => {
    const at = asked.get(key) ?? 0;
    asked.set(key, at + 1);
    looks[at] ??= look();
    return (await looks[at]).get(key);
  };
}

export function storedInput(
  storage: Storage,
  cache: ObjectCache,
  object: StoredObject,
  options: InputOptions,
): InputFile {
  const { size, token } = object;
  const { src, signal } = options;
  const path = storage.locate(object.key);
  const location = storage.location(object.key);
  const place = location === undefined ? {} : { location };
  if (path !== undefined) {
    const call = signal === undefined ? {} : { signal };
    return { path, ...place, src, size, token, check: async () => (await storage.head(object.key, call))?.token };
  }
  let held: HeldObject | undefined;
  let isGone = false;
  return {
    path: cache.pathOf(storage, object),
    ...place,
    ...{ src, size, token },
    // The copy is this version whatever becomes of the object, so that only a failure to complete it is a change.
    check: async () => (isGone ? undefined : token),
    async bring(wanted, call = {}) {
      held ??= cache.hold(storage, object);
      try {
        await bringColumns(held, size, wanted, { ...call, guess: options.guess ?? { bytes: undefined } });
      } catch (error) {
        isGone ||= error instanceof Failure && (error.kind === "conflict" || error.kind === "missing");
        throw error instanceof Failure && error.kind === "corrupt" ? damaged(storage, object, error) : error;
      }
    },
    async release() {
      await held?.release();
      held = undefined;
    },
  };
}

interface BringOptions extends CallOptions {
  readonly guess: FooterGuess;
}

async function bringColumns(
  held: HeldObject,
  size: number,
  wanted: WantedLeaves,
  options: BringOptions,
): Promise<void> {
  const isOld = await held.has([endOf(size, END_BYTES)]);
  let ranges: readonly ByteRange[];
  try {
    ranges = await rangesOf(held, size, wanted, options);
  } catch (error) {
    // What lay in the cache from earlier may have been damaged there; what comes from the store now is what it has.
    if (!isOld || !(error instanceof Failure) || error.kind !== "corrupt") throw error;
    await held.discard();
    ranges = await rangesOf(held, size, wanted, options);
  }
  await held.bring(ranges, callOf(options));
}

async function rangesOf(
  held: HeldObject,
  size: number,
  wanted: WantedLeaves,
  options: BringOptions,
): Promise<readonly ByteRange[]> {
  const footer = await bringFooter(held, size, options);
  const whole = [{ start: 0, end: size }];
  if (wanted === "all") return whole;
  const ranges = chunkRanges(footer, size, wanted);
  return ranges === "all" ? whole : ranges;
}

/** The footer's length and the magic number. */
const END_BYTES = 8;
/** The footer of a file without many columns fits the one, that of a thousand columns the other. */
const GUESS_MIN = 64 * 1024;
const GUESS_MAX = 256 * 1024;
/** What is asked for is a multiple of this, so that footers of slightly different lengths are foretold. */
const GUESS_STEP = 8 * 1024;
const GUESS_DECAY = 0.9;

async function bringFooter(held: HeldObject, size: number, options: BringOptions): Promise<Uint8Array> {
  const { guess } = options;
  const end = endOf(size, END_BYTES);
  if (!(await held.has([end]))) await held.bring([endOf(size, guess.bytes ?? firstGuess(size))], callOf(options));
  const bytes = await readRange(held.path, end);
  if (bytes.length < END_BYTES || bytes.toString("latin1", 4) !== "PAR1") {
    throw new Failure("corrupt", "it does not end like a Parquet file");
  }
  const length = bytes.readUInt32LE(0);
  if (length > size - END_BYTES) throw new Failure("corrupt", `its footer is said to be ${length} bytes long`);
  const needed = Math.ceil((length + END_BYTES) / GUESS_STEP) * GUESS_STEP;
  // One long footer among many short ones is soon forgotten.
  guess.bytes = Math.max(needed, Math.floor((guess.bytes ?? 0) * GUESS_DECAY));
  const footer = { start: size - END_BYTES - length, end: size - END_BYTES };
  await held.bring([footer], callOf(options));
  return await readRange(held.path, footer);
}

/** Of a small file much is footer. */
function firstGuess(size: number): number {
  return Math.max(GUESS_MIN, Math.min(GUESS_MAX, Math.ceil(size / 4)));
}

function endOf(size: number, bytes: number): ByteRange {
  return { start: Math.max(0, size - bytes), end: size };
}

async function readRange(path: string, { start, end }: ByteRange): Promise<Buffer> {
  const buffer = Buffer.alloc(end - start);
  const file = await open(path, "r");
  try {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

const callOf = ({ signal }: CallOptions): CallOptions => (signal === undefined ? {} : { signal });

function damaged(storage: Storage, { key }: StoredObject, failure: Failure): Failure {
  const remedy = failure.detail.remedy ?? "run `millrace verify`, which names every damaged object";
  return new Failure("corrupt", `${storage.name}/${key}: ${failure.message}`, { remedy, cause: failure });
}
