/**
 * A storage in a bucket of any store that speaks S3. One object is one key below the place's prefix; scratch space is a
 * local directory. Retries and limits are wrapped around it (`open.ts`).
 */
import { realpath, rm } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { asFailure, Failure } from "../../errors.ts";
import type { BucketPlace } from "../../model/project.ts";
import { stopIfAborted } from "../../pace/abort.ts";
import type { Body, CallOptions, Metadata, ObjectDetail, ObjectInfo, PutOptions, Storage } from "../contract.ts";
import { directoryTree, isAbsent } from "../durable.ts";
import { checkKey, checkName, metadataText } from "../keys.ts";
import { openScratch, stagingName, sweepScratch } from "../local-scratch.ts";
import { openBody } from "./body.ts";
import { hasClash, passedClash } from "./clash.ts";
import { openStore, type ResolveSecret, type Store } from "./client.ts";
import { isClash } from "./errors.ts";
import { headObject, type StoredObject } from "./head.ts";
import { listObjects, sweepUploads } from "./list.ts";
import { headersOf, sameMetadata } from "./metadata.ts";
import { readObject } from "./read.ts";
import { removeObject } from "./remove.ts";
import { addSidecar, readSidecar } from "./sidecar.ts";
import { sweepStaging } from "./staging.ts";
import { type Condition, type Uploaded, type UploadSizes, upload } from "./upload.ts";

export interface S3Options {
  readonly resolveSecret: ResolveSecret;
  /** A local directory for the bodies of objects; made when first needed. */
  readonly scratchRoot: string;
  /**
   * `store`: the store decides which of several racing writers creates an object. `look`: it cannot, and nobody else
   * writes (`lake.writers: one`), so that a look beforehand does.
   */
  readonly conditions?: "store" | "look";
  /** Whether objects of others are adopted here: `false` never looks for a receipt beside an object. */
  readonly adopts?: boolean;
  /** Where uploads in parts begin, for tests. */
  readonly sizes?: UploadSizes;
}

export async function s3Storage(place: BucketPlace, options: S3Options): Promise<Storage> {
  return storageOf(await openStore(place, options.resolveSecret), options);
}

function storageOf(store: Store, own: Omit<S3Options, "resolveSecret">): Storage {
  const { scratchRoot, conditions = "store", adopts = true, sizes } = own;
  const { name } = store;
  const tree = directoryTree(scratchRoot, scratchRoot);

  async function publish(
    key: string,
    body: Body,
    options: PutOptions = {},
    condition: Condition,
  ): Promise<Uploaded & { readonly size: number }> {
    const { metadata, putId, signal } = options;
    const text = metadata === undefined ? undefined : metadataText(name, key, metadata);
    const opened = await openBody(body, `${name}: ${key}`);
    try {
      // Losing costs one small request instead of a whole body, which some stores will not even hear to its end.
      if (condition.kind === "absent" && (opened.streamed || conditions === "look")) {
        if ((await headObject(store, key, signal)) !== undefined)
          throw new Failure("conflict", `${name}: ${key} exists`);
      }
      const wanted = { key, body: opened, metadata: headersOf(text, putId), signal };
      const applied: Condition = conditions === "look" ? { kind: "none" } : condition;
      const made = await upload(store, { ...wanted, condition: applied }, sizes).catch(async (error: unknown) => {
        throw isClash(error) && !(await hasClash(store, key, signal)) ? passedClash(store, key) : error;
      });
      return { ...made, size: opened.size };
    } finally {
      await opened.close();
    }
  }

  async function put(key: string, body: Body, options?: PutOptions): Promise<ObjectInfo> {
    checkKey(name, key);
    stopIfAborted(options?.signal);
    const info = await publish(key, body, options, { kind: "none" });
    await consume(scratchRoot, body);
    return { key, ...info };
  }

  async function putIfAbsent(key: string, body: Body, options: PutOptions = {}): Promise<ObjectInfo | undefined> {
    checkKey(name, key);
    stopIfAborted(options.signal);
    let info: ObjectInfo | undefined;
    try {
      info = { key, ...(await publish(key, body, options, { kind: "absent" })) };
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "conflict") throw error;
      info = await madeBy(key, options);
      if (info === undefined) return undefined;
    }
    await consume(scratchRoot, body);
    return info;
  }

  /** The object in the way, if an earlier try of the same wish made it. */
  async function madeBy(key: string, { putId, signal }: PutOptions): Promise<ObjectInfo | undefined> {
    if (putId === undefined) return undefined;
    const found = await headObject(store, key, signal);
    return found?.putId === putId ? found.info : undefined;
  }

  async function head(key: string, { signal }: CallOptions = {}): Promise<ObjectDetail | undefined> {
    checkKey(name, key);
    const found = await headObject(store, key, signal);
    return found === undefined ? undefined : { ...found.info, metadata: await metadataOf(found, signal) };
  }

  async function metadataOf(
    { info, metadata }: StoredObject,
    signal: AbortSignal | undefined,
  ): Promise<Metadata | undefined> {
    return metadata ?? (adopts ? (await readSidecar(store, info, signal))?.metadata : undefined);
  }

  async function annotate(key: string, token: string, metadata: Metadata, { signal }: CallOptions = {}): Promise<void> {
    checkKey(name, key);
    if (!adopts) throw new Failure("bug", `${name}: nothing is adopted here`);
    metadataText(name, key, metadata);
    const found = await headObject(store, key, signal);
    if (found === undefined) throw new Failure("missing", `${name}: ${key} does not exist`);
    if (found.info.token !== token) throw new Failure("conflict", `${name}: ${key} was replaced meanwhile`);
    const there = found.metadata ?? (await addSidecar(store, found.info, metadata, conditions, signal));
    // The same again is a repetition whose first answer was lost.
    if (there !== undefined && !sameMetadata(there, metadata)) {
      throw new Failure("conflict", `${name}: ${key} has other metadata already`);
    }
  }

  const storage: Storage = {
    name,
    knowsPutIds: true,
    put,
    putIfAbsent,
    head,
    annotate,
    list: (prefix, options) => listObjects(store, prefix, options),
    async *read(key, options = {}) {
      checkKey(name, key);
      yield* readObject(store, key, options, async () => (await headObject(store, key, options.signal))?.info);
    },
    async remove(key, options) {
      checkKey(name, key);
      await removeObject(store, key, { adopts, signal: options?.signal });
    },
    locate(key) {
      checkKey(name, key);
      return undefined;
    },
    location(key) {
      checkName(name, key);
      return `s3a://${store.bucket}/${store.prefix === "" ? "" : `${store.prefix}/`}${key}`;
    },
    scratch: (attempt) => local(scratchRoot, () => openScratch(tree, name, attempt)),
    sweep: (ageMs) =>
      local(scratchRoot, async () => {
        const root = await tree.root();
        return root === undefined ? 0 : sweepScratch(root, ageMs, Date.now());
      }),
    sweepUploads: async (beforeMs, options) => [
      ...(await sweepUploads(store, beforeMs, options)),
      ...(await sweepStaging(store, beforeMs, options)),
    ],
    async *probe(options) {
      const { probeStore } = await import("./probe.ts");
      yield* probeStore(store, (other) => storageOf(other, own), options);
    },
  };
  return storage;
}

async function local<T>(scratchRoot: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw asFailure(error, scratchRoot);
  }
}

/** A body in scratch space has done its duty: a lake's worth of them need not lie about until the attempt ends. */
async function consume(scratchRoot: string, body: Body): Promise<void> {
  if (body instanceof Uint8Array) return;
  const file = resolve(body.file);
  const roots = [resolve(scratchRoot), await realRoot(scratchRoot)];
  if (!roots.some((root) => root !== undefined && file.startsWith(`${root}${sep}${stagingName}${sep}`))) return;
  await local(file, () => rm(file, { force: true }));
}

async function realRoot(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
