import { stopIfAborted } from "../../pace/abort.ts";
import { objectKey, request, type Store } from "./client.ts";
import { sidecarKey } from "./metadata.ts";

/** The object first: a sidecar without its object says nothing, an object without its sidecar would be adopted again. */
export async function removeObject(
  store: Store,
  key: string,
  { adopts, signal }: { readonly adopts: boolean; readonly signal: AbortSignal | undefined },
): Promise<void> {
  stopIfAborted(signal);
  for (const each of adopts ? [key, sidecarKey(key)] : [key]) {
    await request(store, { action: "remove", key: each, signal }, (options) =>
      store.client.send(
        new store.sdk.DeleteObjectCommand({ Bucket: store.bucket, Key: objectKey(store, each) }),
        options,
      ),
    );
  }
}
