/** Reading one object or a range of it as a stream whose every end but the right one is an error. */
import { Readable } from "node:stream";
import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { Failure } from "../../errors.ts";
import { stopIfAborted } from "../../pace/abort.ts";
import type { ReadOptions } from "../contract.ts";
import { spanOf } from "../span.ts";
import { statusOf } from "./answer.ts";
import { objectKey, type Store, type Watch, watchProgress } from "./client.ts";
import { noStore } from "./version.ts";

/** What a request for a range needs to know of the object beforehand. */
export type Look = () => Promise<{ readonly size: number; readonly token: string } | undefined>;

export async function* readObject(
  store: Store,
  key: string,
  options: ReadOptions,
  look: Look,
): AsyncGenerator<Uint8Array> {
  const { signal } = options;
  const wanted = await spanWanted(store, key, options, look);
  if (wanted === undefined) return;
  const watch = watchProgress(store.name, { action: "read", key, signal });
  try {
    const output = await ask(store, key, wanted, watch);
    if (output === undefined) return;
    for await (const chunk of wholeBody(store, key, output, wanted, options.onVersion)) {
      watch.pause();
      stopIfAborted(signal);
      yield chunk;
      watch.touch();
    }
  } catch (error) {
    throw watch.why() ?? store.describe(error, { action: "read", key });
  } finally {
    watch.end();
  }
}

interface Wanted {
  /** Negative: that many bytes from the end. */
  readonly start: number;
  /** Exclusive. */
  readonly end: number | undefined;
  readonly token: string | undefined;
}

/** `undefined`: an empty range of an object that is there. */
async function spanWanted(
  store: Store,
  key: string,
  { range = { start: 0 }, token }: ReadOptions,
  look: Look,
): Promise<Wanted | undefined> {
  const { start, end } = range;
  if (end === undefined || (start >= 0 && start < end)) return { start, end, token };
  const found = await look();
  if (found === undefined) throw new Failure("missing", `${store.name}: ${key} does not exist`);
  if (token !== undefined && token !== found.token) throw replaced(store, key);
  const span = spanOf(found.size, range);
  return span.start < span.end ? { ...span, token: found.token } : undefined;
}

const replaced = (store: Store, key: string): Failure =>
  new Failure("conflict", `${store.name}: ${key} was replaced meanwhile`);

/** `undefined`: nothing of the object lies in the range. */
async function ask(
  store: Store,
  key: string,
  { start, end, token }: Wanted,
  watch: Watch,
): Promise<GetObjectCommandOutput | undefined> {
  const whole = start === 0 && end === undefined;
  const Range = start < 0 ? `bytes=${start}` : `bytes=${start}-${end === undefined ? "" : end - 1}`;
  try {
    const output = await store.client.send(
      new store.sdk.GetObjectCommand({
        Bucket: store.bucket,
        Key: objectKey(store, key),
        ...(whole ? {} : { Range }),
        ...(token === undefined ? {} : { IfMatch: `"${token}"` }),
      }),
      { abortSignal: watch.signal },
    );
    watch.touch();
    return output;
  } catch (error) {
    if (!whole && statusOf(error) === 416) return undefined;
    throw error;
  }
}

/** The bytes that were asked for, all of them. A store that does not know ranges answers with everything. */
async function* wholeBody(
  store: Store,
  key: string,
  output: GetObjectCommandOutput,
  wanted: Wanted,
  onVersion: ReadOptions["onVersion"],
): AsyncGenerator<Uint8Array> {
  const { Body, ContentLength, ContentRange, ETag } = output;
  if (!(Body instanceof Readable)) throw noStore(store, key);
  try {
    if (ETag === undefined || ContentLength === undefined) throw noStore(store, key);
    const token = ETag.replaceAll('"', "");
    if (wanted.token !== undefined && token !== wanted.token) throw replaced(store, key);
    const sent = sentSpan(ContentRange, ContentLength);
    onVersion?.({ token, size: sent.size });
    const { start, end } = spanOf(sent.size, {
      start: wanted.start,
      ...(wanted.end === undefined ? {} : { end: wanted.end }),
    });
    if (sent.start > start || (sent.end < end && sent.start < sent.end)) {
      throw new Failure(
        "corrupt",
        `${store.name}: ${key}: asked for bytes ${start} to ${end}, was sent ${sent.start} to ${sent.end}`,
      );
    }
    let at = sent.start;
    for await (const piece of Body) {
      const chunk: Uint8Array = piece;
      const from = Math.max(0, start - at);
      const to = Math.min(chunk.length, end - at);
      at += chunk.length;
      if (from < to) yield from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to);
      // More than was asked for is not waited for; what ends here is read to its end, which frees the connection.
      if (at >= end && at < sent.end) break;
    }
    if (at < end) throw new Failure("corrupt", `${store.name}: ${key} ended at byte ${at} of ${sent.size}`);
  } finally {
    Body.destroy();
  }
}

function sentSpan(contentRange: string | undefined, length: number): { start: number; end: number; size: number } {
  const found = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(contentRange ?? "");
  if (found === null) return { start: 0, end: length, size: length };
  return { start: Number(found[1]), end: Number(found[2]) + 1, size: Number(found[3]) };
}
