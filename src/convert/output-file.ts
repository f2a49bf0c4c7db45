/** A file that appears under its name only when it is complete and synced. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writevSync } from "node:fs";

/** Small pieces are collected up to here, since a system call for each page header would cost more than the page. */
const BATCH_BYTES = 1 << 20;

/** Where the file stands while it is written. */
export function partialPath(path: string): string {
  return `${path}.partial`;
}

/** Where the bytes of a file go. */
export interface Output {
  /** Takes bytes that are only valid during the call. */
  write(bytes: Uint8Array): void;
  /** Makes what was written visible; called once, after everything. */
  finish(): void;
  /** Undoes what was written. Harmless after `finish` and when called again. */
  discard(): void;
}

export class OutputFile implements Output {
  readonly #path: string;
  readonly #partial: string;
  readonly #handle: number;
  readonly #batch = Buffer.alloc(BATCH_BYTES);
  #batched = 0;
  #isOpen = true;

  constructor(path: string) {
    this.#path = path;
    this.#partial = partialPath(path);
    this.#handle = openSync(this.#partial, "w");
  }

  /** Takes bytes that are only valid during the call. */
  write(bytes: Uint8Array): void {
    if (bytes.length >= BATCH_BYTES) {
      this.#flush();
      this.#writeAll(bytes);
      return;
    }
    if (this.#batched + bytes.length > BATCH_BYTES) this.#flush();
    this.#batch.set(bytes, this.#batched);
    this.#batched += bytes.length;
  }

  /** Syncs the file and gives it its name. */
  finish(): void {
    this.#flush();
    fsyncSync(this.#handle);
    this.#close();
    renameSync(this.#partial, this.#path);
  }

  /** Removes what was written. Harmless after `finish` and when called again. */
  discard(): void {
    if (!this.#isOpen) return;
    this.#close();
    rmSync(this.#partial, { force: true });
  }

  #close(): void {
    this.#isOpen = false;
    closeSync(this.#handle);
  }

  #flush(): void {
    this.#writeAll(this.#batch.subarray(0, this.#batched));
    this.#batched = 0;
  }

  #writeAll(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) at += writevSync(this.#handle, [bytes.subarray(at)]);
  }
}
