/**
 * The ground that one probe stands on: names of its own below `_staging/`, requests for them that keep asking while the
 * store is merely busy, and the memory of everything that has to be removed at the end.
 */
import { randomBytes } from "node:crypto";
import type {
  CompleteMultipartUploadCommandInput,
  CompleteMultipartUploadCommandOutput,
  GetObjectCommandInput,
  GetObjectCommandOutput,
  HeadObjectCommandOutput,
  ListObjectsV2CommandInput,
  ListObjectsV2CommandOutput,
  PutObjectCommandInput,
  PutObjectCommandOutput,
} from "@aws-sdk/client-s3";
import { type Failure, isRetriable } from "../../errors.ts";
import { type Backoff, repeating } from "../../pace/backoff.ts";
import { realEffects } from "../../pace/effects.ts";
import { answerOf } from "./answer.ts";
import { objectKey, request, type SendOptions, type Store, type StoreCall } from "./client.ts";

/** What the store said: that it did it, or why it will not, however often it is asked. */
export type Reply<T> = Done<T> | Refused;

export interface Done<T> {
  readonly output: T;
  readonly refusal?: undefined;
  /** A try before this one ended without an answer and may have had its effect. */
  readonly repeated: boolean;
}

export interface Refused {
  readonly refusal: Refusal;
  readonly repeated: boolean;
}

export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly failure: Failure;
}

export interface Upload {
  readonly key: string;
  readonly id: string;
}

/** Three of four requests may fail for as long as it takes: a busy store is no bad store. */
export const patient: Backoff = { tries: 40, firstMs: 50, capMs: 1_000 };
/** Who cannot be connected to gets a second chance, not a minute. */
const connectTries = 3;
const internalTries = 4;
/** Without any progress. Milliseconds. */
const idleMs = 20_000;
/** Removing what was written must not hold up a stop for longer. Milliseconds. */
const clearMsMax = 8_000;
export const requestsMax = 32;

export type Ground = ReturnType<typeof makeGround>;

export function makeGround(store: Store, signal: AbortSignal | undefined) {
  const { client, sdk, bucket: Bucket } = store;
  const staging = objectKey(store, "_staging/probe-");
  const id = randomBytes(8).toString("hex");
  const root = `${staging}${id}/`;
  const written = new Set<string>();
  const uploads = new Map<string, Upload>();
  /** Keys with an upload whose making was not answered: its id is known to nobody here. */
  const doubtful = new Set<string>();

  let isKnown = false;

  /** `send` gets what every call of the client takes. Throws when there is no answer, and for a stop. */
  async function ask<T>(
    what: StoreCall,
    send: (options: SendOptions) => Promise<T>,
    by: { readonly signal: AbortSignal | undefined } = { signal },
  ): Promise<Reply<T>> {
    let repeated = false;
    let refusal: Refusal | undefined;
    const once = (): Promise<Reply<T>> =>
      request(store, { ...what, idleMs, signal: by.signal }, async (options): Promise<Reply<T>> => {
        refusal = undefined;
        try {
          const output = await send(options);
          isKnown = true;
          return { output, repeated };
        } catch (error) {
          refusal = refusalOf(error, store.describe(error, what));
          if (refusal === undefined || triesMax(refusal.status) > 1) throw error;
          isKnown = true;
          return { refusal, repeated };
        }
      });
    try {
      return await repeating(once, patient, realEffects, {
        signal: by.signal,
        again(error, failures) {
          repeated = true;
          const tries = refusal !== undefined ? triesMax(refusal.status) : isKnown ? patient.tries : connectTries;
          return isRetriable(error) && failures < tries;
        },
      });
    } catch (error) {
      if (refusal !== undefined && by.signal?.aborted !== true) return { refusal, repeated };
      throw error;
    }
  }

  async function put(
    name: string,
    Body: NonNullable<PutObjectCommandInput["Body"]>,
    more: Partial<PutObjectCommandInput> = {},
  ): Promise<Reply<PutObjectCommandOutput>> {
    const Key = root + name;
    const isNew = !written.has(Key);
    written.add(Key);
    const reply = await ask({ action: "put" }, (options) =>
      client.send(new sdk.PutObjectCommand({ Bucket, Key, Body, ...more }), options),
    );
    if (reply.refusal !== undefined && isNew && !reply.repeated) written.delete(Key);
    return reply;
  }

  async function remove(key: string, by: AbortSignal | undefined): Promise<Reply<unknown>> {
    const reply = await ask(
      { action: "remove" },
      (options) => client.send(new sdk.DeleteObjectCommand({ Bucket, Key: key }), options),
      { signal: by },
    );
    if (reply.refusal === undefined) written.delete(key);
    return reply;
  }

  async function abort(upload: Upload, by: AbortSignal | undefined): Promise<Reply<unknown>> {
    const reply = await ask(
      { action: "abort an upload" },
      (options) =>
        client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key: upload.key, UploadId: upload.id }), options),
      { signal: by },
    );
    if (reply.refusal === undefined || reply.refusal.status === 404) uploads.delete(upload.id);
    return reply;
  }

  async function findUploads(key: string, by: AbortSignal | undefined): Promise<void> {
    const reply = await ask(
      { action: "list uploads" },
      // One store lists uploads only to who names the whole key.
      (options) => client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: key }), options),
      { signal: by },
    );
    for (const { Key, UploadId } of reply.refusal === undefined ? (reply.output.Uploads ?? []) : []) {
      if (Key === key && UploadId !== undefined) uploads.set(UploadId, { key, id: UploadId });
    }
    doubtful.delete(key);
  }

  return {
    store,
    signal,
    /** The key in the bucket that every name of this probe begins with. */
    root,
    /** What the names of every probe in this place begin with. */
    staging,
    written,
    uploads,
    isClear: () => written.size + uploads.size + doubtful.size === 0,
    ask,
    put,
    remove: (name: string) => remove(root + name, signal),
    /** Outside of `_staging/`, where nobody has an object of this name. */
    removeElsewhere: () => remove(objectKey(store, `probe-${id}`), signal),
    abort: (upload: Upload) => abort(upload, signal),
    async get(
      name: string,
      more: Partial<GetObjectCommandInput> = {},
    ): Promise<Reply<GetObjectCommandOutput & { readonly bytes: Buffer }>> {
      return ask({ action: "read" }, async (options) => {
        const output = await client.send(new sdk.GetObjectCommand({ Bucket, Key: root + name, ...more }), options);
        const bytes = Buffer.from((await output.Body?.transformToByteArray()) ?? []);
        return { ...output, bytes };
      });
    },
    head: (name: string): Promise<Reply<HeadObjectCommandOutput>> =>
      ask({ action: "head" }, (options) =>
        client.send(new sdk.HeadObjectCommand({ Bucket, Key: root + name }), options),
      ),
    list: (Prefix: string, more: Partial<ListObjectsV2CommandInput> = {}): Promise<Reply<ListObjectsV2CommandOutput>> =>
      ask({ action: "list" }, (options) =>
        client.send(new sdk.ListObjectsV2Command({ Bucket, Prefix, ...more }), options),
      ),
    /** Opens a multipart upload and sends its parts. */
    async upload(
      name: string,
      parts: readonly Buffer[],
    ): Promise<Reply<{ readonly upload: Upload; readonly tags: readonly string[] }>> {
      const key = root + name;
      const made = await ask({ action: "put" }, (options) =>
        client.send(new sdk.CreateMultipartUploadCommand({ Bucket, Key: key }), options),
      );
      if (made.repeated) doubtful.add(key);
      if (made.refusal !== undefined) return made;
      const upload = { key, id: made.output.UploadId ?? "" };
      uploads.set(upload.id, upload);
      const tags: string[] = [];
      for (const [at, Body] of parts.entries()) {
        const sent = await ask({ action: "put" }, (options) =>
          client.send(
            new sdk.UploadPartCommand({ Bucket, Key: key, UploadId: upload.id, PartNumber: at + 1, Body }),
            options,
          ),
        );
        if (sent.refusal !== undefined) return sent;
        tags.push(sent.output.ETag ?? "");
      }
      return { output: { upload, tags }, repeated: false };
    },
    async complete(
      upload: Upload,
      tags: readonly string[],
      more: Partial<CompleteMultipartUploadCommandInput> = {},
    ): Promise<Reply<CompleteMultipartUploadCommandOutput>> {
      written.add(upload.key);
      const MultipartUpload = { Parts: tags.map((ETag, at) => ({ ETag, PartNumber: at + 1 })) };
      const reply = await ask({ action: "put" }, (options) =>
        client.send(
          new sdk.CompleteMultipartUploadCommand({
            ...{ Bucket, Key: upload.key, UploadId: upload.id, MultipartUpload },
            ...more,
          }),
          options,
        ),
      );
      if (reply.refusal === undefined) uploads.delete(upload.id);
      return reply;
    },
    /**
     * Removes what is left, also after a stop (then within `clearMsMax`). Without the right it is not tried a thousand
     * times. What could not be removed stays in `written` and `uploads`; the answer is why.
     */
    async clear(): Promise<Failure | undefined> {
      const by = signal?.aborted === true ? AbortSignal.timeout(clearMsMax) : signal;
      for (const key of doubtful) await findUploads(key, by);
      const aborting = await untilRefused([...uploads.values()], (upload) => abort(upload, by));
      const removing = await untilRefused([...written], (key) => remove(key, by));
      return removing ?? aborting;
    },
  };
}

async function untilRefused<T>(
  items: readonly T[],
  work: (item: T) => Promise<Reply<unknown>>,
): Promise<Failure | undefined> {
  let refused: Failure | undefined;
  await inParallel(items, async (item) => {
    if (refused !== undefined) return;
    const { refusal } = await work(item);
    if (refusal !== undefined && refusal.status !== 404) refused = refusal.failure;
  });
  return refused;
}

function refusalOf(error: unknown, failure: Failure): Refusal | undefined {
  const { status, code } = answerOf(error);
  return status === undefined ? undefined : { status, code: code === "" ? String(status) : code, failure };
}

/** Busy is not broken; what fails inside may be; everything else would be answered the same again. */
function triesMax(status: number): number {
  if (status === 503 || status === 429) return patient.tries;
  if (status === 501) return 1;
  return status >= 500 || status === 408 ? internalTries : 1;
}

/** The output, or the refusal as an error. */
export function must<T>(reply: Reply<T>): T {
  if (reply.refusal !== undefined) throw reply.refusal.failure;
  return reply.output;
}

/** The first error ends it, once the jobs that had begun are through. */
export async function inParallel<T>(
  items: Iterable<T>,
  work: (item: T) => Promise<unknown>,
  count = requestsMax,
): Promise<void> {
  const rest = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let next = rest.next(); next.done !== true && failures.length === 0; next = rest.next()) {
      try {
        await work(next.value);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: count }, worker));
  if (failures.length > 0) throw failures[0];
}
