/**
 * Takes over a raw object that another collector stored: its bytes are hashed where they lie and the receipt says that
 * they were never compared with the source. It is not fetched again.
 */
import { createHash } from "node:crypto";
import { Failure } from "../errors.ts";
import type { Receipt } from "../model/receipt.ts";
import { receiptToMetadata } from "../model/receipt.ts";
import type { Storage } from "../storage/contract.ts";

export interface AdoptRequest {
  readonly key: string;
  readonly size: number;
  readonly token: string;
  readonly revision: number;
}

export async function adopt(
  raw: Storage,
  request: AdoptRequest,
  options: { readonly signal?: AbortSignal; readonly clock: () => number },
): Promise<Receipt> {
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  await refuseChanged(raw, request, signal);
  const hash = createHash("sha256");
  let length = 0;
  for await (const chunk of raw.read(request.key, { token: request.token, ...signal })) {
    hash.update(chunk);
    length += chunk.length;
  }
  if (length !== request.size)
    throw new Failure("conflict", `${request.key}: ${length} bytes read, ${request.size} listed`);
  const receipt: Receipt = {
    sha256: hash.digest("hex"),
    length,
    revision: request.revision,
    verified: false,
    at: new Date(options.clock()).toISOString(),
    note: "adopted",
  };
  await raw.annotate(request.key, request.token, receiptToMetadata(receipt), signal);
  return receipt;
}

/** An object beside whose name a receipt of other bytes lies was ours: hashing it now would make its damage the truth. */
async function refuseChanged(
  raw: Storage,
  { key, size }: AdoptRequest,
  signal: { readonly signal?: AbortSignal },
): Promise<void> {
  const stray = (await raw.head(key, signal))?.stray;
  if (stray === undefined) return;
  const fact = stray === "unreadable" ? "its receipt cannot be read" : `${size} bytes, its receipt says ${stray.size}`;
  throw new Failure("corrupt", `${key}: ${fact}`, {
    remedy: "`millrace verify --repair` fetches its bytes again; if it was replaced on purpose, remove its receipt",
  });
}
