/** Metadata of objects that others made: `_receipts/<key>.json`, read only where the object has none of its own. */
import { Failure } from "../../errors.ts";
import type { Metadata, ObjectInfo } from "../contract.ts";
import { statusOf } from "./answer.ts";
import { openBody } from "./body.ts";
import { objectKey, request, type Store } from "./client.ts";
import { sidecarKey, sidecarMetadata, sidecarText } from "./metadata.ts";
import { type Condition, upload } from "./upload.ts";
import { tokenOf } from "./version.ts";

export interface FoundSidecar {
  /** Of the sidecar's own object. */
  readonly token: string;
  /** `undefined`: it speaks of another version. */
  readonly metadata: Metadata | undefined;
}

/** Larger ones are none of ours. */
const sidecarBytesMax = 64 * 1024;

export async function readSidecar(
  store: Store,
  object: ObjectInfo,
  signal: AbortSignal | undefined,
): Promise<FoundSidecar | undefined> {
  const key = sidecarKey(object.key);
  return request(store, { action: "read", key, signal }, async (options) => {
    try {
      const {
        Body,
        ETag,
        ContentLength = 0,
      } = await store.client.send(
        new store.sdk.GetObjectCommand({
          Bucket: store.bucket,
          Key: objectKey(store, key),
          Range: `bytes=0-${sidecarBytesMax - 1}`,
        }),
        options,
      );
      const text = (await Body?.transformToString()) ?? "";
      const whole = ContentLength < sidecarBytesMax;
      return { token: tokenOf(ETag ?? ""), metadata: whole ? sidecarMetadata(text, object) : undefined };
    } catch (error) {
      // Absent, or empty and therefore without the range.
      const status = statusOf(error);
      if (status === 404 || status === 416) return undefined;
      throw error;
    }
  });
}

const triesMax = 5;

/** Creates the sidecar, or replaces that of an older version. Returns what is there instead if somebody was first. */
export async function addSidecar(
  store: Store,
  object: ObjectInfo,
  metadata: Metadata,
  conditions: "store" | "look",
  signal: AbortSignal | undefined,
): Promise<Metadata | undefined> {
  const key = sidecarKey(object.key);
  const bytes = Buffer.from(sidecarText({ size: object.size, token: object.token, metadata }));
  for (let tries = 1; ; tries++) {
    const there = await readSidecar(store, object, signal);
    if (there?.metadata !== undefined) return there.metadata;
    const condition: Condition =
      conditions === "look"
        ? { kind: "none" }
        : there === undefined
          ? { kind: "absent" }
          : { kind: "version", token: there.token };
    try {
      const body = await openBody(bytes, key);
      await upload(store, { key, body, metadata: {}, condition, signal });
      return undefined;
    } catch (error) {
      // Somebody else wrote or removed it between the two requests.
      const raced = error instanceof Failure && (error.kind === "conflict" || error.kind === "missing");
      if (!raced || tries >= triesMax) throw error;
    }
  }
}
