/** Reads a small object into memory; larger than promised is a `corrupt` failure, not an exhausted heap. */
import { Failure } from "../errors.ts";
import type { Storage } from "../storage/contract.ts";

export async function readWhole(
  storage: Storage,
  key: string,
  bytesMax: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of storage.read(key, signal === undefined ? {} : { signal })) {
    length += chunk.length;
    if (length > bytesMax) throw new Failure("corrupt", `${storage.name}/${key}: larger than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}
