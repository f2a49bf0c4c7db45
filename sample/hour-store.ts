/**
 * The packed hours the server hands out, as files: those of a directory as they are, generated ones (and versions that
 * have to be packed anew) in a temporary directory, made once and forgotten, oldest use first, when it grows too large.
 */
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline as pipelineOf } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { asFailure } from "../src/errors.ts";
import type { Version } from "./faults.ts";
import type { HourGenerator } from "./generator.ts";
import { hourFileName, hourMs } from "./hours.ts";
import { isRepacked, packed } from "./versions.ts";

export interface StoredHour {
  readonly file: string;
  readonly bytes: number;
  /** Quoted, as the header has it. */
  readonly etag: string;
  readonly modifiedMs: number;
}

/** A stored hour that stays on disk until it is released. */
export interface Lease {
  readonly hour: StoredHour;
  release(): void;
}

interface Entry {
  readonly hour: StoredHour;
  readers: number;
}

/** The archive publishes some minutes after the hour has closed. */
export const publicationDelayMs = 5 * 60_000;

export interface HourStoreOptions {
  readonly generator: HourGenerator;
  /** Serve these files instead of generating. */
  readonly directory?: string;
  /** How much the temporary directory may hold, apart from what is being read. */
  readonly cacheBytes: number;
  /** Where it is made. */
  readonly temporary: string;
}

export class HourStore {
  readonly #options: HourStoreOptions;
  /** In order of last use. */
  readonly #entries = new Map<string, Entry>();
  readonly #making = new Map<string, Promise<Entry>>();
  /** Validators of the directory's files by what was hashed, so that a large file is not hashed for every request. */
  readonly #hashed = new Map<string, { readonly bytes: number; readonly modifiedMs: number; readonly etag: string }>();
  /** Stops what is being packed when the store closes. */
  readonly #closing = new AbortController();
  #temporary: Promise<string> | undefined;
  #made = 0;

  constructor(options: HourStoreOptions) {
    this.#options = options;
  }

  /** `undefined` if there is no such hour. */
  async lease(startMs: number, version: Version | undefined): Promise<Lease | undefined> {
    const original =
      this.#options.directory === undefined ? undefined : await this.#fromDirectory(this.#options.directory, startMs);
    if (this.#options.directory !== undefined && original === undefined) return undefined;
    if (original === undefined && this.#options.generator.eventsIn(startMs) === 0) return undefined;
    const repack = version !== undefined && isRepacked(version);
    if (original !== undefined && !repack) return { hour: original, release: () => undefined };
    const key = `${startMs} ${repack ? version : ""} ${original?.etag ?? ""}`;
    let entry: Entry;
    do {
      entry = await this.#entry(key, () => this.#make(startMs, repack ? version : undefined, original));
      // While this waited, another hour may have pushed the entry out of the cache.
    } while (this.#entries.get(key) !== entry);
    entry.readers += 1;
    const release = (): void => {
      entry.readers -= 1;
    };
    return { hour: entry.hour, release };
  }

  /** Removes the temporary directory. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#making.values());
    const temporary = await this.#temporary;
    if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
  }

  async #entry(key: string, make: () => Promise<StoredHour>): Promise<Entry> {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const running = this.#making.get(key);
    if (running !== undefined) return await running;
    const made = make().then(async (hour) => {
      const entry: Entry = { hour, readers: 0 };
      await this.#forget(hour.bytes);
      this.#entries.set(key, entry);
      return entry;
    });
    this.#making.set(key, made);
    try {
      return await made;
    } finally {
      this.#making.delete(key);
    }
  }

  async #forget(needed: number): Promise<void> {
    let held = needed;
    for (const { hour } of this.#entries.values()) held += hour.bytes;
    for (const [key, entry] of this.#entries) {
      if (held <= this.#options.cacheBytes) return;
      if (entry.readers > 0) continue;
      this.#entries.delete(key);
      held -= entry.hour.bytes;
      await rm(entry.hour.file, { force: true });
    }
  }

  async #make(startMs: number, version: Version | undefined, original: StoredHour | undefined): Promise<StoredHour> {
    this.#temporary ??= mkdtemp(join(this.#options.temporary, "millrace-sample-"));
    const file = join(await this.#temporary, `${this.#made++}.json.gz`);
    const json = original === undefined ? this.#options.generator.hour(startMs) : unpacked(original.file);
    const hash = createHash("sha256");
    let bytes = 0;
    async function* counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    }
    await pipeline(counted(packed(version, json)), createWriteStream(`${file}.part`), { signal: this.#closing.signal });
    await rename(`${file}.part`, file);
    const modifiedMs =
      (original?.modifiedMs ?? startMs + hourMs + publicationDelayMs) + (version === "changed" ? 24 * hourMs : 0);
    return { file, bytes, etag: `"${hash.digest("hex").slice(0, 32)}"`, modifiedMs };
  }

  async #fromDirectory(directory: string, startMs: number): Promise<StoredHour | undefined> {
    const file = join(directory, hourFileName(startMs));
    let status: Awaited<ReturnType<typeof stat>>;
    try {
      status = await stat(file);
    } catch (error) {
      const failure = asFailure(error, file);
      if (failure.kind === "missing") return undefined;
      throw failure;
    }
    const { size: bytes, mtimeMs: modifiedMs } = status;
    const known = this.#hashed.get(file);
    if (known !== undefined && known.bytes === bytes && known.modifiedMs === modifiedMs) return { file, ...known };
    const hash = createHash("sha256");
    await pipeline(createReadStream(file), hash);
    const hashed = { bytes, modifiedMs, etag: `"${hash.digest("hex").slice(0, 32)}"` };
    this.#hashed.set(file, hashed);
    return { file, ...hashed };
  }
}

function unpacked(file: string): AsyncIterable<Buffer> {
  return pipelineOf(createReadStream(file), createGunzip(), () => {
    // A damaged file fails the loop that reads from here.
  });
}
