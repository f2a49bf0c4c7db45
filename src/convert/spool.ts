/**
 * Bytes that are needed again: the first in memory, and what is more in a temporary file without a name.
 *
 * A conversion of a stream needs two of them. The input may have to be read a second time, because a column's last
 * value can decide how its first one is written. And a sink cannot take bytes back, so that it gets none before the whole
 * Parquet file is there. Files need neither.
 */
import { closeSync, mkdtempSync, openSync, read, rmSync, writevSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BLOCK_BYTES = 1 << 20;
/** An hour of the archive fits, compressed: 17 MB in, 15 MB out. */
const MEMORY_BLOCKS = 24;

export class Spool {
  readonly #memoryBlocks: number;
  /** Full blocks in memory; empty once there is a file, which then holds what comes before `#block`. */
  readonly #full: Buffer[] = [];
  #block: Buffer = Buffer.alloc(0);
  #used = 0;
  #file: { readonly handle: number; readonly folder: string; bytes: number } | undefined;

  /** `memoryBlocks` of 1 MiB stay in memory; other than the default only in tests. */
  constructor(memoryBlocks = MEMORY_BLOCKS) {
    this.#memoryBlocks = memoryBlocks;
  }

  /** Takes bytes that are only valid during the call. */
  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      if (this.#used === this.#block.length) this.#nextBlock();
      const taken = Math.min(bytes.length - at, this.#block.length - this.#used);
      this.#block.set(bytes.subarray(at, at + taken), this.#used);
      this.#used += taken;
      at += taken;
    }
  }

  /** All bytes so far, from the first on. They are valid until the next is asked for. */
  async *chunks(): AsyncGenerator<Buffer> {
    if (this.#file !== undefined) yield* readAll(this.#file.handle, this.#file.bytes);
    yield* this.#full;
    if (this.#used > 0) yield this.#block.subarray(0, this.#used);
  }

  /** Forgets everything. Harmless when called again. */
  dispose(): void {
    this.#full.length = 0;
    this.#block = Buffer.alloc(0);
    this.#used = 0;
    if (this.#file === undefined) return;
    const { handle, folder } = this.#file;
    this.#file = undefined;
    closeSync(handle);
    rmSync(folder, { recursive: true, force: true });
  }

  #nextBlock(): void {
    if (this.#block.length > 0) this.#full.push(this.#block);
    if (this.#full.length >= this.#memoryBlocks || this.#file !== undefined) {
      for (const block of this.#full.splice(0)) this.#spill(block);
    }
    this.#block = Buffer.allocUnsafe(BLOCK_BYTES);
    this.#used = 0;
  }

  #spill(block: Buffer): void {
    this.#file ??= namelessFile();
    for (let at = 0; at < block.length; ) at += writevSync(this.#file.handle, [block.subarray(at)]);
    this.#file.bytes += block.length;
  }
}

/** Removed from its folder at once where the system allows that, so that not even a kill leaves it behind. */
function namelessFile(): { readonly handle: number; readonly folder: string; bytes: number } {
  const folder = mkdtempSync(join(tmpdir(), "millrace-spool-"));
  const handle = openSync(join(folder, "bytes"), "wx+", 0o600);
  if (process.platform !== "win32") rmSync(folder, { recursive: true, force: true });
  return { handle, folder, bytes: 0 };
}

async function* readAll(handle: number, bytes: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes; ) {
    const buffer = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, bytes - at));
    const count = await new Promise<number>((resolve, reject) => {
      read(handle, buffer, 0, buffer.length, at, (error, found) => (error === null ? resolve(found) : reject(error)));
    });
    if (count === 0) throw new RangeError(`a spool of ${bytes} bytes ended after ${at}`);
    yield buffer.subarray(0, count);
    at += count;
  }
}
