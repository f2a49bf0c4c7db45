/** What tests of the store leave below `_staging/` when their process dies; no listing of the place shows it. */
import type { StaleUpload, SweepUploadsOptions } from "../contract.ts";
import { stagingName } from "../local-scratch.ts";
import { objectKey, request, type Store } from "./client.ts";
import { removeObject } from "./remove.ts";

export async function sweepStaging(
  store: Store,
  beforeMs: number,
  { signal, dryRun = false }: SweepUploadsOptions = {},
): Promise<readonly StaleUpload[]> {
  const swept: StaleUpload[] = [];
  const start = objectKey(store, "").length;
  let token: string | undefined;
  do {
    const asked = {
      Bucket: store.bucket,
      Prefix: objectKey(store, `${stagingName}/`),
      ...(token === undefined ? {} : { ContinuationToken: token }),
    };
    const page = await request(store, { action: "list", signal }, (options) =>
      store.client.send(new store.sdk.ListObjectsV2Command(asked), options),
    );
    for (const { Key, LastModified } of page.Contents ?? []) {
      if (Key === undefined || LastModified === undefined || LastModified.getTime() >= beforeMs) continue;
      const key = Key.slice(start);
      if (!dryRun) await removeObject(store, key, { adopts: false, signal });
      swept.push({ key, begunMs: LastModified.getTime() });
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
  return swept;
}
