/** sha256 and length of an object's bytes as they are stored. A `conflict` failure says that it was replaced meanwhile. */
import { createHash } from "node:crypto";
import type { ObjectInfo, Storage } from "../storage/contract.ts";
import type { StoredBytes } from "./judge-raw.ts";

export async function hashStored(
  storage: Storage,
  { key, token }: Pick<ObjectInfo, "key" | "token">,
  signal?: AbortSignal,
): Promise<StoredBytes> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of storage.read(key, { token, ...(signal === undefined ? {} : { signal }) })) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { sha256: hash.digest("hex"), size };
}
