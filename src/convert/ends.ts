/** The two ends of a conversion as users name them: paths, streams, iterables, sinks. */
import { createReadStream, createWriteStream } from "node:fs";
import { open, realpath, stat } from "node:fs/promises";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ReadableStream } from "node:stream/web";
import { fileURLToPath } from "node:url";
import { asFailure, Failure } from "../errors.ts";
import { sniff, sniffBytes } from "../gzip/sniff.ts";
import type { ConvertInput, ConvertOutput } from "./contract.ts";

export type From =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "stream"; readonly bytes: AsyncIterable<Uint8Array>; readonly name: string };

export type To =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "sink"; readonly drain: Drain; readonly name: string };

/** Hands all bytes on, no faster than they are taken. */
export type Drain = (bytes: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined) => Promise<void>;

/** `name` is what messages call an input that has none. */
export async function fromOf(input: ConvertInput, name: string): Promise<From> {
  if (typeof input === "string" || input instanceof URL) return fromPath(pathOf(input));
  return { kind: "stream", bytes: input instanceof ReadableStream ? input.values() : input, name };
}

async function fromPath(path: string): Promise<From> {
  const info = await stat(path).catch((error: unknown) => {
    const failure = asFailure(error, path);
    throw failure.kind === "missing" ? new Failure("missing", `${path}: no such file`, { cause: error }) : failure;
  });
  if (info.isDirectory()) throw new Failure("usage", `${path}: is a directory`);
  // A pipe's bytes are there only once.
  if (!info.isFile()) return { kind: "stream", bytes: createReadStream(path), name: path };
  refuseForeign(await firstBytes(path), path);
  return { kind: "file", path };
}

export async function toOf(output: ConvertOutput): Promise<To> {
  if (typeof output === "string" || output instanceof URL) return toPath(pathOf(output));
  if (typeof output === "function")
    return { kind: "sink", drain: (bytes) => intoFunction(bytes, output), name: "sink" };
  if (output instanceof Writable) return { kind: "sink", drain: intoWritable(output), name: "stream" };
  return { kind: "sink", drain: intoWritable(Writable.fromWeb(output)), name: "stream" };
}

async function toPath(path: string): Promise<To> {
  const info = await stat(path).catch((error: unknown) => {
    const failure = asFailure(error, path);
    if (failure.kind === "missing") return undefined;
    throw failure;
  });
  if (info === undefined) return { kind: "file", path };
  if (info.isDirectory()) throw new Failure("usage", `${path}: is a directory`);
  // A link stays, and what it points to is replaced; a device or a pipe is written to and never replaced.
  if (info.isFile()) return { kind: "file", path: await realpath(path) };
  return { kind: "sink", drain: (bytes, signal) => intoWritable(createWriteStream(path))(bytes, signal), name: path };
}

const pathOf = (path: string | URL): string => (path instanceof URL ? fileURLToPath(path) : path);

async function intoFunction(
  bytes: AsyncIterable<Uint8Array>,
  take: (bytes: Uint8Array) => void | Promise<void>,
): Promise<void> {
  for await (const chunk of bytes) await take(chunk);
}

const intoWritable =
  (writable: Writable): Drain =>
  (bytes, signal) =>
    pipeline(Readable.from(bytes, { highWaterMark: 1 }), writable, signal === undefined ? {} : { signal });

/** A Parquet file in would be thousands of rejected lines out: better one sentence. */
export function refuseForeign(first: Uint8Array, name: string): void {
  const { kind, what } = sniff(first);
  if (kind !== "foreign" && kind !== "document") return;
  throw new Failure("corrupt", `${name}: is ${what}, not lines of JSON (plain, gzip or zstd)`);
}

async function firstBytes(path: string): Promise<Uint8Array> {
  const handle = await open(path, "r").catch((error: unknown) => {
    throw asFailure(error, path);
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(sniffBytes), 0, sniffBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/**
 * The bytes as they arrive, until `signal` aborts: also a source that never answers again is left then. Each is looked
 * at by `onChunk` first.
 */
export async function* arriving(
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
  onChunk: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  const iterator = bytes[Symbol.asyncIterator]();
  let isEnded = false;
  try {
    for (;;) {
      const next = await unlessAborted(iterator.next(), signal);
      isEnded = next.done === true;
      if (next.done === true) return;
      const chunk: unknown = next.value;
      if (!(chunk instanceof Uint8Array)) {
        throw new Failure("usage", `input: expected chunks of bytes, got ${typeof chunk}`, {
          remedy: "leave the stream's encoding unset",
        });
      }
      onChunk(chunk);
      yield chunk;
    }
  } finally {
    // Not awaited: a source that does not answer need not hear it now. It may fail, and nobody asks any more.
    if (!isEnded) iterator.return?.()?.then(undefined, () => undefined);
  }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
