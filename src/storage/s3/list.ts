/** Listings by pages of up to 1,000 keys, and the one of uploads that were never completed. */
import { Readable } from "node:stream";
import type { ListObjectsV2CommandInput, ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { Failure } from "../../errors.ts";
import type { ListOptions, ObjectInfo, StaleUpload, SweepUploadsOptions } from "../contract.ts";
import { checkPrefix, compareKeys, keyFault, quote, reservedNames } from "../keys.ts";
import { field } from "./answer.ts";
import { objectKey, request, type SendOptions, type Store } from "./client.ts";
import { sawBucket } from "./head.ts";
import { type ListingPage, parseListingPage } from "./listing-page.ts";
import { abortUpload } from "./upload.ts";
import { noStore, tokenOf } from "./version.ts";

/** Behind every name that begins with the text before it, in the order of the bytes. */
const behindAll = "\u{10ffff}";

export async function* listObjects(
  store: Store,
  prefix: string,
  { signal, leaf, stem = "", after }: ListOptions = {},
): AsyncGenerator<readonly ObjectInfo[]> {
  checkPrefix(store.name, prefix);
  if (reservedNames.has(prefix.split("/", 1)[0] ?? "")) return;
  const hidden = objectKey(store, `${prefix}_`);
  const start = objectKey(store, "").length;
  let from: From = after === undefined ? {} : { StartAfter: objectKey(store, after) };
  let last = "";
  for (;;) {
    const asked = {
      Bucket: store.bucket,
      Prefix: objectKey(store, prefix + stem),
      EncodingType: "url" as const,
      ...from,
    };
    const page = await request(store, { action: "list", signal }, (options) => pageOf(store, asked, options));
    sawBucket(store);
    const found: ObjectInfo[] = [];
    for (const entry of page.entries) {
      const whole = page.encoded ? decoded(entry.key) : entry.key;
      if (whole === undefined) continue;
      const key = whole.slice(start);
      if (last !== "" && compareKeys(whole, last) <= 0) throw outOfOrder(store, key);
      last = whole;
      if (whole.startsWith(hidden) || (leaf !== undefined && !isLeaf(key, prefix.length, leaf))) continue;
      // What other tools put there, such as `x/` for a directory, is not ours to name.
      if (keyFault(key) !== undefined) continue;
      // Headers give the time to the second only, so a listing must not say more.
      const modifiedMs = Math.floor(entry.modifiedMs / 1000) * 1000;
      found.push({ key, size: entry.size, token: tokenOf(entry.etag), modifiedMs });
    }
    if (found.length > 0) yield found;
    if (!page.truncated) return;
    const next = nextOf(page, last, hidden);
    if (next === undefined) throw noStore(store, undefined);
    from = next;
  }
}

type From = Pick<ListObjectsV2CommandInput, "StartAfter" | "ContinuationToken">;

/** Hidden names are skipped in one jump, however many there are. */
function nextOf({ continuation }: ListingPage, last: string, hidden: string): From | undefined {
  if (last.startsWith(hidden) && compareKeys(last, hidden + behindAll) < 0) return { StartAfter: hidden + behindAll };
  if (continuation !== undefined) return { ContinuationToken: continuation };
  return last === "" ? undefined : { StartAfter: last };
}

async function pageOf(store: Store, asked: ListObjectsV2CommandInput, options: SendOptions): Promise<ListingPage> {
  const command = new store.sdk.ListObjectsV2Command(asked);
  let page: ListingPage | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      page = await takePage(result.response);
      return result;
    },
    { step: "deserialize", priority: "low", name: "millraceListing" },
  );
  const output = await store.client.send(command, options);
  return page ?? pageOfSdk(store, output);
}

/** Reads the body of an answer before the SDK does, and leaves it what was not understood. */
async function takePage(response: unknown): Promise<ListingPage | undefined> {
  const body = field(response, "body");
  if (field(response, "statusCode") !== 200 || !(body instanceof Readable)) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const bytes = joined(chunks);
  const page = parseListingPage(bytes);
  if (typeof response === "object" && response !== null) {
    Reflect.set(response, "body", page === undefined ? bytes : new Uint8Array());
  }
  // The collector sees a small object and takes its time, while a hundred pages of half a megabyte pile up.
  if (page !== undefined) bytes.buffer.transfer(0);
  return page;
}

/** In memory of its own, unlike what `Buffer.concat` makes of little. */
function joined(chunks: readonly Uint8Array[]): Buffer<ArrayBuffer> {
  const bytes = Buffer.from(new ArrayBuffer(chunks.reduce((sum, chunk) => sum + chunk.length, 0)));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function pageOfSdk(store: Store, output: ListObjectsV2CommandOutput): ListingPage {
  const { Contents = [], IsTruncated, EncodingType, NextContinuationToken } = output;
  // Even an empty page says whether more follows; a stranger's answer does not.
  if (IsTruncated === undefined) throw noStore(store, undefined);
  return {
    entries: Contents.map(({ Key, ETag, Size, LastModified }) => {
      if (Key === undefined || ETag === undefined || Size === undefined || LastModified === undefined) {
        throw noStore(store, Key);
      }
      return { key: Key, etag: ETag, size: Size, modifiedMs: LastModified.getTime() };
    }),
    encoded: EncodingType === "url",
    truncated: IsTruncated,
    continuation: NextContinuationToken,
  };
}

/** Keys come encoded as in a URL, because XML cannot hold every character; some stores do not know of it and say so. */
function decoded(key: string): string | undefined {
  if (!key.includes("%") && !key.includes("+")) return key;
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch (error) {
    // Bytes that are no UTF-8: nobody's key but that of another tool.
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function isLeaf(key: string, at: number, leaf: string): boolean {
  const slash = key.indexOf("/", at);
  return slash !== -1 && key.length === slash + 1 + leaf.length && key.endsWith(leaf);
}

function outOfOrder(store: Store, key: string): Failure {
  return new Failure("corrupt", `${store.name}: the store lists ${quote(key)} behind a key that sorts after it`, {
    remedy: "use another store, or a bucket of the general kind: a lake needs listings in the order of the keys",
  });
}

/** Ends what was begun below the place before `beforeMs` and never completed. */
export async function sweepUploads(
  store: Store,
  beforeMs: number,
  { signal, dryRun = false }: SweepUploadsOptions = {},
): Promise<readonly StaleUpload[]> {
  const swept: StaleUpload[] = [];
  const start = store.prefix === "" ? 0 : store.prefix.length + 1;
  let from: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (;;) {
    const output = await request(store, { action: "list uploads", signal }, (options) =>
      store.client.send(
        new store.sdk.ListMultipartUploadsCommand({
          Bucket: store.bucket,
          ...(store.prefix === "" ? {} : { Prefix: `${store.prefix}/` }),
          ...from,
        }),
        options,
      ),
    );
    for (const { Key, UploadId, Initiated } of output.Uploads ?? []) {
      const key = Key?.slice(start) ?? "";
      const ours = Key?.startsWith(objectKey(store, "")) === true && keyFault(key) === undefined;
      if (!ours || UploadId === undefined || Initiated === undefined || Initiated.getTime() >= beforeMs) continue;
      if (!dryRun) await abortUpload(store, key, UploadId);
      swept.push({ key, begunMs: Initiated.getTime() });
    }
    if (output.IsTruncated !== true || output.NextKeyMarker === undefined) return swept;
    from = {
      KeyMarker: output.NextKeyMarker,
      ...(output.NextUploadIdMarker === undefined ? {} : { UploadIdMarker: output.NextUploadIdMarker }),
    };
  }
}
