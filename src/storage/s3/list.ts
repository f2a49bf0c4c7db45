/** Listings by pages of up to 1,000 keys, and the one of uploads that were never completed. */
import type { ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import { Failure } from "../../errors.ts";
import type { ListOptions, ObjectInfo, StaleUpload, SweepUploadsOptions } from "../contract.ts";
import { checkPrefix, compareKeys, keyFault, quote, reservedNames } from "../keys.ts";
import { objectKey, request, type Store } from "./client.ts";
import { abortUpload } from "./upload.ts";
import { noStore, tokenOf, wholeSeconds } from "./version.ts";

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
  const start = store.prefix === "" ? 0 : store.prefix.length + 1;
  let from: { StartAfter?: string; ContinuationToken?: string } =
    after === undefined ? {} : { StartAfter: objectKey(store, after) };
  let last = "";
  for (;;) {
    const output = await request(store, { action: "list", signal }, (options) =>
      store.client.send(
        new store.sdk.ListObjectsV2Command({
          Bucket: store.bucket,
          Prefix: objectKey(store, prefix + stem),
          EncodingType: "url",
          ...from,
        }),
        options,
      ),
    );
    const decode = decoderOf(output);
    const page: ObjectInfo[] = [];
    for (const entry of contentsOf(store, output)) {
      const whole = decode(entry.Key ?? "");
      if (whole === undefined) continue;
      const key = whole.slice(start);
      if (last !== "" && compareKeys(whole, last) <= 0) throw outOfOrder(store, key);
      last = whole;
      if (whole.startsWith(hidden) || (leaf !== undefined && !isLeaf(key, prefix.length, leaf))) continue;
      // What other tools put there, such as `x/` for a directory, is not ours to name.
      if (keyFault(key) === undefined) page.push(infoOf(store, key, entry));
    }
    if (page.length > 0) yield page;
    if (output.IsTruncated !== true) return;
    const next = nextOf(output, last, hidden);
    if (next === undefined) throw noStore(store, undefined);
    from = next;
  }
}

/** Hidden names are skipped in one jump, however many there are. */
function nextOf(
  { NextContinuationToken }: ListObjectsV2CommandOutput,
  last: string,
  hidden: string,
): { StartAfter?: string; ContinuationToken?: string } | undefined {
  if (last.startsWith(hidden) && compareKeys(last, hidden + behindAll) < 0) return { StartAfter: hidden + behindAll };
  if (NextContinuationToken !== undefined) return { ContinuationToken: NextContinuationToken };
  return last === "" ? undefined : { StartAfter: last };
}

function contentsOf(store: Store, output: ListObjectsV2CommandOutput) {
  if (output.Contents !== undefined) return output.Contents;
  // An empty page names the bucket and counts; a stranger's answer does neither.
  if (output.Name === undefined && output.KeyCount === undefined && output.IsTruncated === undefined) {
    throw noStore(store, undefined);
  }
  return [];
}

/** Keys come encoded as in a URL, because XML cannot hold every character; some stores do not know of it and say so. */
function decoderOf({ EncodingType }: ListObjectsV2CommandOutput): (key: string) => string | undefined {
  if (EncodingType !== "url") return (key) => key;
  return (key) => {
    if (!key.includes("%") && !key.includes("+")) return key;
    try {
      return decodeURIComponent(key.replaceAll("+", " "));
    } catch (error) {
      // Bytes that are no UTF-8: nobody's key but that of another tool.
      if (error instanceof URIError) return undefined;
      throw error;
    }
  };
}

function isLeaf(key: string, at: number, leaf: string): boolean {
  const slash = key.indexOf("/", at);
  return slash !== -1 && key.length === slash + 1 + leaf.length && key.endsWith(leaf);
}

type Entry = NonNullable<ListObjectsV2CommandOutput["Contents"]>[number];

function infoOf(store: Store, key: string, { ETag, Size, LastModified }: Entry): ObjectInfo {
  if (ETag === undefined || Size === undefined || LastModified === undefined) throw noStore(store, key);
  return { key, size: Size, token: tokenOf(ETag), modifiedMs: wholeSeconds(LastModified) };
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
