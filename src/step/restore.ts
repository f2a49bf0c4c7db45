/**
 * Puts a damaged raw object or its receipt right: the source is asked again, and only bytes with the sha256 that was
 * recorded take the object's place, in one atomic put. Whatever cannot be proved stays as it is.
 */
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { asFailure, type Failure } from "../errors.ts";
import type { Interval } from "../model/calendar.ts";
import { intervalId } from "../model/calendar.ts";
import type { Receipt } from "../model/receipt.ts";
import { receiptToMetadata } from "../model/receipt.ts";
import type { Fetched, Source } from "../source/contract.ts";
import type { Body, Storage } from "../storage/contract.ts";
import { type FoundReceipt, type RawVerdict, type StoredBytes, short, type Witness } from "./judge-raw.ts";

export interface RestoreRequest {
  readonly source: string;
  readonly interval: Interval;
  /** Key of the revision that is damaged. */
  readonly key: string;
  readonly revision: number;
  readonly stored: (StoredBytes & { readonly token: string }) | undefined;
  readonly found: FoundReceipt | undefined;
  readonly witness: Witness | undefined;
  readonly verdict: Extract<RawVerdict, { kind: "object" | "receipt" }>;
}

export interface RestoreOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

export type Restored =
  | { readonly kind: "restored"; readonly how: string }
  | { readonly kind: "impossible"; readonly reason: string; readonly remedy: string };

type Answer = Fetched | Failure;

export async function restoreRaw(
  raw: Storage,
  source: () => Promise<Source>,
  request: RestoreRequest,
  options: RestoreOptions,
): Promise<Restored> {
  const call = options.signal === undefined ? {} : { signal: options.signal };
  const scratch = await raw.scratch(`repair-${request.source}-${intervalId(request.interval)}`);
  try {
    const file = join(scratch.directory, "fetched");
    const answer = await ask(source, request.interval, file, call);
    if (answer instanceof Error && request.verdict.kind === "object") throw answer;
    const put = async (receipt: Receipt, body: Body, how: string): Promise<Restored> => {
      await raw.put(request.key, body, { metadata: receiptToMetadata(receipt), ...call });
      return { kind: "restored", how };
    };
    const fetched = answer instanceof Error || answer.kind !== "fetched" ? undefined : answer;
    if (fetched !== undefined && isWanted(fetched.sha256, request)) {
      const receipt = receiptFor(fetched, request, options.clock());
      const how = request.verdict.kind === "object" ? "fetched again from" : "its receipt was written again from";
      return await put(receipt, { file }, `${how} ${fetched.url}`);
    }
    const receipt = request.verdict.kind === "object" ? undefined : receiptOfWitness(request, options.clock());
    if (receipt !== undefined && request.stored !== undefined) {
      const copy = join(scratch.directory, "stored");
      await copyStored(raw, { key: request.key, ...request.stored }, copy, options.signal);
      const from = request.found?.receipt === undefined ? (request.witness?.key ?? "") : "what it says";
      return await put(receipt, { file: copy }, `its receipt was written again from ${from}`);
    }
    return { kind: "impossible", ...whyNot(answer, request) };
  } finally {
    await scratch.dispose();
  }
}

/** The source's bytes or answer, or why it cannot be asked: a receipt may be put right without it. */
async function ask(
  source: () => Promise<Source>,
  interval: Interval,
  file: string,
  call: { readonly signal?: AbortSignal },
): Promise<Answer> {
  try {
    return await (await source()).fetch(interval, file, call);
  } catch (error) {
    call.signal?.throwIfAborted();
    return asFailure(error);
  }
}

/** Whether bytes of the source may take the object's place: only those that were recorded. */
function isWanted(sha256: string, { verdict, stored, found, witness }: RestoreRequest): boolean {
  if (verdict.kind === "receipt") return sha256 === stored?.sha256;
  if (verdict.expected.includes(sha256)) return true;
  // A receipt that was changed may have lost the sha256 itself; what is stored and what the source has agree against it.
  return found?.state === "changed" && witness === undefined && sha256 === stored?.sha256;
}

function receiptFor(fetched: Extract<Fetched, { kind: "fetched" }>, request: RestoreRequest, nowMs: number): Receipt {
  const { found, revision } = request;
  if (found?.state !== "changed" && found?.receipt?.sha256 === fetched.sha256) return found.receipt;
  return {
    sha256: fetched.sha256,
    length: fetched.bytes,
    revision,
    verified: true,
    at: new Date(nowMs).toISOString(),
    url: fetched.url,
    ...fetched.validator,
    note: "receipt restored",
  };
}

/** What is left of the receipt, or what a partition says of the bytes; `undefined` where neither fits what is stored. */
function receiptOfWitness(request: RestoreRequest, nowMs: number): Receipt | undefined {
  const { stored, found, witness, revision } = request;
  if (stored === undefined) return undefined;
  const old = found?.receipt;
  if (old?.sha256 !== stored.sha256 && witness?.sha256 !== stored.sha256) return undefined;
  if (old?.sha256 === stored.sha256 && found?.state !== "changed") return old;
  const kept = old ?? { verified: false, at: new Date(nowMs).toISOString() };
  return { ...kept, sha256: stored.sha256, length: stored.size, revision, note: "receipt restored" };
}

/** Copies what is stored, and makes sure that it is still what was judged. */
async function copyStored(
  raw: Storage,
  stored: StoredBytes & { readonly key: string; readonly token: string },
  file: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const call = signal === undefined ? {} : { signal };
  const hash = createHash("sha256");
  const summed = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      done(undefined, chunk);
    },
  });
  const chunks = raw.read(stored.key, { token: stored.token, ...call });
  await pipeline(Readable.from(chunks), summed, createWriteStream(file), call);
  const found = hash.digest("hex");
  if (found !== stored.sha256)
    throw new RangeError(`${stored.key}: ${short(found)} instead of ${short(stored.sha256)}`);
}

function whyNot(answer: Answer, { verdict, key, stored }: RestoreRequest): { reason: string; remedy: string } {
  const said =
    answer instanceof Error
      ? answer.message
      : answer.kind === "fetched"
        ? `${answer.url} has other bytes now (sha256 ${short(answer.sha256)})`
        : `${answer.url} is gone`;
  if (verdict.kind === "receipt") {
    return { reason: said, remedy: `remove the receipt of ${key}: the next run adopts the bytes as they are` };
  }
  const partitions = "partitions that were made from it stay as they are";
  return {
    reason: said,
    remedy:
      stored === undefined
        ? `restore ${key} with its receipt from a backup; ${partitions}`
        : `restore ${key} from a backup, or remove it to fetch what the source has now; ${partitions}`,
  };
}
