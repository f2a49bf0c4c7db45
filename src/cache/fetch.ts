/** Brings byte ranges of an object into its copy: several requests side by side, each written where it belongs. */
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { Failure } from "../errors.ts";
import type { Slots } from "../pace/rate.ts";
import type { Storage } from "../storage/contract.ts";
import type { ByteRange, StoredObject } from "./contract.ts";

export interface FetchOptions {
  readonly slots: Slots;
  /** Called with the bytes of each piece that arrived, and once for each request with 0. */
  readonly onBytes: (bytes: number) => void;
  readonly onRequest: () => void;
  readonly signal: AbortSignal | undefined;
}

/** When it returns, all ranges are on the disk, synced. After a failure some of them may be. */
export async function fetchInto(
  path: string,
  storage: Storage,
  object: StoredObject,
  ranges: readonly ByteRange[],
  options: FetchOptions,
): Promise<void> {
  const file = await open(path, "r+");
  try {
    const stop = new AbortController();
    const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
    let first: { readonly error: unknown } | undefined;
    // All of them end before the file is closed; the first failure is the one that is told, the others follow from it.
    await Promise.all(
      ranges.map(async (range) => {
        try {
          await options.slots.run(() => fetchRange(file, storage, object, range, { ...options, signal }), signal);
        } catch (error) {
          first ??= { error };
          stop.abort();
        }
      }),
    );
    if (first !== undefined) throw first.error;
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function fetchRange(
  file: FileHandle,
  storage: Storage,
  object: StoredObject,
  range: ByteRange,
  { onBytes, onRequest, signal }: FetchOptions,
): Promise<void> {
  let at = range.start;
  onRequest();
  const call = { range, token: object.token, ...(signal === undefined ? {} : { signal }) };
  for await (const chunk of storage.read(object.key, call)) {
    onBytes(chunk.length);
    if (at + chunk.length > range.end) throw wrongLength(storage, object, range, "more");
    await writeAll(file, chunk, at);
    at += chunk.length;
  }
  if (at < range.end) throw wrongLength(storage, object, range, "fewer");
}

async function writeAll(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

function wrongLength({ name }: Storage, { key }: StoredObject, { start, end }: ByteRange, what: string): Failure {
  return new Failure("corrupt", `${name}/${key}: bytes ${start} to ${end} were asked for, ${what} came`, {
    remedy: "run again; `millrace doctor` tests what the store does with ranges",
  });
}
