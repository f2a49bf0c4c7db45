/** What a store knows of one object without its bytes. */
import type { HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import { stopIfAborted } from "../../pace/abort.ts";
import type { ObjectInfo } from "../contract.ts";
import { answerOf, statusOf } from "./answer.ts";
import { objectKey, request, type SendOptions, type Store } from "./client.ts";
import { type OwnMetadata, ownMetadata } from "./metadata.ts";
import { noStore, tokenOf, wholeSeconds } from "./version.ts";

export interface StoredObject extends OwnMetadata {
  readonly info: ObjectInfo;
}

export async function headObject(
  store: Store,
  key: string,
  signal: AbortSignal | undefined,
): Promise<StoredObject | undefined> {
  stopIfAborted(signal);
  const output = await request(store, { action: "head", key, signal }, (options) => ask(store, key, options));
  if (output === undefined) {
    await checkBucket(store, signal);
    return undefined;
  }
  sawBucket(store);
  const { ETag, ContentLength, LastModified, Metadata } = output;
  if (ETag === undefined || ContentLength === undefined || LastModified === undefined) throw noStore(store, key);
  const info = { key, size: ContentLength, token: tokenOf(ETag), modifiedMs: wholeSeconds(LastModified) };
  return { info, ...ownMetadata(Metadata) };
}

async function ask(store: Store, key: string, options: SendOptions): Promise<HeadObjectCommandOutput | undefined> {
  const { HeadObjectCommand, GetObjectCommand } = store.sdk;
  const names = { Bucket: store.bucket, Key: objectKey(store, key) };
  try {
    return await store.client.send(new HeadObjectCommand(names), options);
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    const { status, code } = answerOf(error);
    if (status === undefined || code !== "" || status >= 500) throw error;
  }
  // An answer to HEAD has no body and so no reason; the same question as a GET is refused with one.
  try {
    const { Body } = await store.client.send(new GetObjectCommand({ ...names, Range: "bytes=0-0" }), options);
    await Body?.transformToByteArray();
  } catch (error) {
    const status = statusOf(error);
    if (status === 404) return undefined;
    if (status !== 416) throw error;
  }
  return store.client.send(new HeadObjectCommand(names), options);
}

const found = new WeakSet<Store>();

/** The bucket answered, so it is there. */
export function sawBucket(store: Store): void {
  found.add(store);
}

/** A HEAD cannot say whether the object or the whole bucket is absent, so that is asked once. */
async function checkBucket(store: Store, signal: AbortSignal | undefined): Promise<void> {
  if (found.has(store)) return;
  await request(store, { action: "find the bucket", signal }, async (options) => {
    try {
      await store.client.send(new store.sdk.HeadBucketCommand({ Bucket: store.bucket }), options);
    } catch (error) {
      // Without the right to list it, a bucket that exists may not be looked at.
      if (statusOf(error) !== 403) throw error;
    }
  });
  found.add(store);
}
