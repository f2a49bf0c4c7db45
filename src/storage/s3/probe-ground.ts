/**
 * The ground that one probe stands on: names of its own below `_staging/`, requests for them, and the memory of everything
 * that has to be removed at the end.
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
import type { Failure } from "../../errors.ts";
import { objectKey, type Store } from "./client.ts";
import { inParallel, makeRequests, type Reply, type Signals } from "./probe-requests.ts";

export interface Upload {
  readonly key: string;
  readonly id: string;
}

/** Removing what was written must not hold up a stop for longer. Milliseconds. */
const clearMsMax = 8_000;

export type Ground = ReturnType<typeof makeGround>;

export function makeGround(store: Store, signal: AbortSignal | undefined) {
  const { client, sdk, bucket: Bucket } = store;
  const staging = objectKey(store, "_staging/probe-");
  const id = randomBytes(8).toString("hex");
  const root = `${staging}${id}/`;
  const written = new Set<string>();
  const uploads = new Map<string, Upload>();
  /** Keys for which so many uploads were asked for whose making was not answered: nobody here knows their ids. */
  const doubtful = new Map<string, number>();

  const requests = makeRequests(store, signal);
  const { ask } = requests;

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

  async function remove(key: string, signals?: Signals): Promise<Reply<unknown>> {
    const reply = await ask(
      { action: "remove" },
      (options) => client.send(new sdk.DeleteObjectCommand({ Bucket, Key: key }), options),
      signals,
    );
    if (reply.refusal === undefined) written.delete(key);
    return reply;
  }

  async function abort(upload: Upload, signals?: Signals): Promise<Reply<unknown>> {
    const reply = await ask(
      { action: "abort an upload" },
      (options) =>
        client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key: upload.key, UploadId: upload.id }), options),
      signals,
    );
    if (reply.refusal === undefined || reply.refusal.status === 404) uploads.delete(upload.id);
    return reply;
  }

  async function findUploads(key: string, signals: Signals | undefined): Promise<void> {
    const reply = await ask(
      { action: "list uploads" },
      // One store lists uploads only to who names the whole key.
      (options) => client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: key }), options),
      signals,
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
    /** Breaks requests off a while after a stop. */
    cut: requests.cut,
    isClear: () => written.size + uploads.size === 0 && [...doubtful.values()].every((count) => count === 0),
    ask,
    put,
    remove: (name: string) => remove(root + name),
    /** Outside of `_staging/`, where nobody has an object of this name. */
    removeElsewhere: () => remove(objectKey(store, `probe-${id}`)),
    abort: (upload: Upload) => abort(upload),
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
      doubtful.set(key, (doubtful.get(key) ?? 0) + 1);
      const made = await ask({ action: "put" }, (options) =>
        client.send(new sdk.CreateMultipartUploadCommand({ Bucket, Key: key }), options),
      );
      if (!made.repeated) doubtful.set(key, (doubtful.get(key) ?? 1) - 1);
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
      await requests.settled();
      const signals = signal?.aborted === true ? within(clearMsMax) : undefined;
      for (const [key, count] of doubtful) if (count > 0) await findUploads(key, signals);
      const aborting = await untilRefused([...uploads.values()], (upload) => abort(upload, signals));
      const removing = await untilRefused([...written], (key) => remove(key, signals));
      return removing ?? aborting;
    },
    end: requests.end,
  };
}

function within(ms: number): Signals {
  const signal = AbortSignal.timeout(ms);
  return { stop: signal, cut: signal };
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
