/**
 * Stores that keep objects as files refuse a key below another one. They say so as well when a directory comes or goes
 * under their hands because another object in it is being put or removed; that passes.
 */
import { Failure } from "../../errors.ts";
import { objectKey, request, type Store } from "./client.ts";
import { headObject } from "./head.ts";

/** Whether a key above or below this one really is there. */
export async function hasClash(store: Store, key: string, signal: AbortSignal | undefined): Promise<boolean> {
  for (let at = key.lastIndexOf("/"); at > 0; at = key.lastIndexOf("/", at - 1)) {
    if ((await headObject(store, key.slice(0, at), signal)) !== undefined) return true;
  }
  const { KeyCount = 0 } = await request(store, { action: "list", signal }, (options) =>
    store.client.send(
      new store.sdk.ListObjectsV2Command({ Bucket: store.bucket, Prefix: objectKey(store, `${key}/`), MaxKeys: 1 }),
      options,
    ),
  );
  return KeyCount > 0;
}

export function passedClash({ name }: Store, key: string): Failure {
  return new Failure("unavailable", `${name}: ${key}: the store stumbled over another key, which is not there now`);
}
