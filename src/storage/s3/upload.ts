/**
 * Puts one object: in one request, or in parts that become visible together when the last request completes them. An
 * upload that fails on the way or loses against its condition is aborted, so that no part stays behind and is paid for.
 */
import { Readable } from "node:stream";
import { Failure } from "../../errors.ts";
import { makeSlots } from "../../pace/rate.ts";
import type { Checksum, OpenBody } from "./body.ts";
import { objectKey, request, type Store, type Watch } from "./client.ts";
import { noStore, tokenOf } from "./version.ts";

/** Larger bodies go in parts. */
export const singlePutBytesMax = 64 << 20;
const partBytesMin = 16 << 20;
/** Stores take 10,000. */
const partsMax = 9_000;
const partsAtOnce = 4;
/** Stores that keep objects as files copy all parts before they answer. */
const completeIdleMs = 5 * 60_000;
const abortIdleMs = 30_000;

export interface Upload {
  readonly key: string;
  readonly body: OpenBody;
  /** User metadata by name, ASCII. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly condition: Condition;
  readonly signal?: AbortSignal | undefined;
}

/** What must be true of the key for the object to appear; otherwise the upload fails as `conflict`. */
export type Condition =
  | { readonly kind: "none" }
  | { readonly kind: "absent" }
  | { readonly kind: "version"; readonly token: string };

export interface Uploaded {
  readonly token: string;
  /** By the store's clock, as the answer was sent. */
  readonly modifiedMs: number;
}

export interface UploadSizes {
  readonly singleBytesMax: number;
  readonly partBytes: number;
}

export async function upload(
  store: Store,
  wanted: Upload,
  sizes: UploadSizes = { singleBytesMax: singlePutBytesMax, partBytes: partBytesMin },
): Promise<Uploaded> {
  return wanted.body.size <= sizes.singleBytesMax
    ? putWhole(store, wanted)
    : putInParts(store, wanted, sizes.partBytes);
}

function conditionHeaders(condition: Condition): { IfNoneMatch?: string; IfMatch?: string } {
  switch (condition.kind) {
    case "none":
      return {};
    case "absent":
      return { IfNoneMatch: "*" };
    case "version":
      return { IfMatch: `"${condition.token}"` };
  }
}

async function putWhole(store: Store, wanted: Upload): Promise<Uploaded> {
  const { key, body, metadata, condition, signal } = wanted;
  const checksum = await body.checksum(store.profile.checksum, 0, body.size, signal);
  return request(store, { action: "put", key, signal }, async (options, watch) => {
    const output = await sending(body.bytes(0, body.size, watch), watch, (bytes) =>
      store.client.send(
        new store.sdk.PutObjectCommand({
          Bucket: store.bucket,
          Key: objectKey(store, key),
          Body: bytes,
          ContentLength: body.size,
          Metadata: metadata,
          ...checksum,
          ...conditionHeaders(condition),
        }),
        options,
      ),
    );
    return uploaded(store, key, output);
  });
}

/** Sends a body; a stream that the store did not take to its end is given up together with its connection. */
async function sending<T>(
  bytes: Uint8Array | Readable,
  watch: Watch,
  send: (bytes: Uint8Array | Readable) => Promise<T>,
): Promise<T> {
  try {
    return await send(bytes);
  } catch (error) {
    if (bytes instanceof Readable) watch.drop();
    throw error;
  } finally {
    if (bytes instanceof Readable) bytes.destroy();
  }
}

function uploaded(store: Store, key: string, output: { readonly ETag?: string | undefined }): Uploaded {
  if (output.ETag === undefined) throw noStore(store, key);
  return { token: tokenOf(output.ETag), modifiedMs: store.sentMs(output) };
}

interface Part {
  readonly PartNumber: number;
  readonly ETag: string;
  readonly ChecksumCRC32?: string;
}

async function putInParts(store: Store, wanted: Upload, partBytesWanted: number): Promise<Uploaded> {
  const { key, signal } = wanted;
  const names = { Bucket: store.bucket, Key: objectKey(store, key) };
  const { UploadId } = await request(store, { action: "put", key, signal }, (options) =>
    store.client.send(
      new store.sdk.CreateMultipartUploadCommand({
        ...names,
        Metadata: wanted.metadata,
        ...(store.profile.checksum === "crc32" ? { ChecksumAlgorithm: "CRC32" } : {}),
      }),
      options,
    ),
  );
  if (UploadId === undefined) throw noStore(store, key);
  try {
    const parts = await sendParts(store, wanted, UploadId, partBytesFor(wanted.body.size, partBytesWanted));
    return await request(store, { action: "put", key, signal, idleMs: completeIdleMs }, async (options) =>
      uploaded(
        store,
        key,
        await store.client.send(
          new store.sdk.CompleteMultipartUploadCommand({
            ...names,
            UploadId,
            MultipartUpload: { Parts: parts },
            ...conditionHeaders(wanted.condition),
          }),
          options,
        ),
      ),
    );
  } catch (error) {
    await abortUpload(store, key, UploadId).catch((second: unknown) => {
      // What went wrong first is what the caller must know; `sweepUploads` and lifecycle rules find what is left.
      if (!(second instanceof Failure)) throw second;
    });
    throw error;
  }
}

function partBytesFor(size: number, wanted: number): number {
  const mebibyte = 1 << 20;
  return Math.max(wanted, Math.ceil(size / partsMax / mebibyte) * mebibyte);
}

/** Also after the caller's stop, so without its signal. */
export async function abortUpload(store: Store, key: string, UploadId: string): Promise<void> {
  await request(store, { action: "abort an upload", key, idleMs: abortIdleMs }, (options) =>
    store.client.send(
      new store.sdk.AbortMultipartUploadCommand({ Bucket: store.bucket, Key: objectKey(store, key), UploadId }),
      options,
    ),
  );
}

/** All parts, some at a time. The first failure stops the others, and all have ended when it is thrown. */
async function sendParts(store: Store, wanted: Upload, uploadId: string, partBytes: number): Promise<Part[]> {
  const { body, signal } = wanted;
  const failed = new AbortController();
  const stop = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const slots = makeSlots(partsAtOnce);
  const sent = await Promise.allSettled(
    Array.from({ length: Math.ceil(body.size / partBytes) }, (_, at) =>
      slots
        .run(
          () =>
            sendPart(store, { ...wanted, signal: stop }, uploadId, at + 1, {
              start: at * partBytes,
              end: Math.min(body.size, (at + 1) * partBytes),
            }),
          stop,
        )
        .catch((error: unknown) => {
          failed.abort(error);
          throw error;
        }),
    ),
  );
  if (failed.signal.aborted) throw failed.signal.reason;
  return sent.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
}

async function sendPart(
  store: Store,
  { key, body, signal }: Upload,
  UploadId: string,
  PartNumber: number,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<Part> {
  const checksum: Checksum = await body.checksum(store.profile.checksum, start, end, signal);
  return request(store, { action: "put", key, signal }, async (options, watch) => {
    const { ETag } = await sending(body.bytes(start, end, watch), watch, (bytes) =>
      store.client.send(
        new store.sdk.UploadPartCommand({
          Bucket: store.bucket,
          Key: objectKey(store, key),
          UploadId,
          PartNumber,
          Body: bytes,
          ContentLength: end - start,
          ...checksum,
        }),
        options,
      ),
    );
    if (ETag === undefined) throw noStore(store, key);
    return { PartNumber, ETag, ...("ChecksumCRC32" in checksum ? { ChecksumCRC32: checksum.ChecksumCRC32 } : {}) };
  });
}
