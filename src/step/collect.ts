/**
 * One raw object: source → verified local bytes → storage. Nothing is visible before the last byte was checked; what an
 * interrupted download left behind is continued by the next run.
 */
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { Failure, isRetriable } from "../errors.ts";
import { verifyBody } from "../gzip/verify.ts";
import type { Interval } from "../model/calendar.ts";
import { intervalId } from "../model/calendar.ts";
import { formatKey } from "../model/key-pattern.ts";
import { revisionKey } from "../model/layout.ts";
import type { SourceSettings } from "../model/project.ts";
import type { Receipt } from "../model/receipt.ts";
import { receiptFromMetadata, receiptToMetadata } from "../model/receipt.ts";
import type { Source, Validator } from "../source/contract.ts";
import type { ObjectInfo, Storage } from "../storage/contract.ts";

export interface CollectRequest {
  readonly settings: SourceSettings;
  readonly interval: Interval;
  /** The newest revision that is stored, when the source is asked whether it changed. */
  readonly stored: { readonly key: string; readonly revision: number } | undefined;
}

export interface CollectOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytes: number, total: number | undefined) => void;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

export type Collected =
  | {
      readonly kind: "stored";
      readonly info: ObjectInfo;
      readonly receipt: Receipt;
      readonly tries: number;
      readonly resumedFrom: number;
    }
  /** The source still has the stored version. */
  | { readonly kind: "unchanged" }
  | { readonly kind: "absent"; readonly url: string }
  /** Another writer stored the object meanwhile. */
  | { readonly kind: "exists" };

export async function collect(
  raw: Storage,
  source: Source,
  request: CollectRequest,
  options: CollectOptions,
): Promise<Collected> {
  const { settings, interval, stored } = request;
  const id = intervalId(interval);
  const before = stored === undefined ? undefined : await storedReceipt(raw, stored.key, options.signal);
  // The same name every time, so that the next attempt finds what an interrupted one left.
  const scratch = await raw.scratch(`fetch-${settings.name}-${id}`);
  let keep = false;
  try {
    const file = join(scratch.directory, "body");
    const fetched = await source.fetch(interval, file, {
      resume: true,
      ...(before === undefined ? {} : { unlessValidator: validatorOf(before) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.onProgress === undefined ? {} : { onProgress: options.onProgress }),
    });
    if (fetched.kind !== "fetched")
      return fetched.kind === "absent" ? { kind: "absent", url: fetched.url } : { kind: "unchanged" };
    if (before?.sha256 === fetched.sha256) return { kind: "unchanged" };
    const key = formatKey(settings.object, interval);
    const note = await verify(file, key, settings, fetched.url, options.signal);
    const receipt: Receipt = {
      sha256: fetched.sha256,
      length: fetched.bytes,
      revision: (stored?.revision ?? 0) + 1,
      verified: true,
      at: new Date(options.clock()).toISOString(),
      url: fetched.url,
      ...fetched.validator,
      ...(note === undefined ? {} : { note }),
    };
    const info = await raw.putIfAbsent(
      revisionKey(key, receipt.revision),
      { file },
      {
        metadata: receiptToMetadata(receipt),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
    );
    if (info === undefined) return { kind: "exists" };
    return { kind: "stored", info, receipt, tries: fetched.tries, resumedFrom: fetched.resumedFrom };
  } catch (error) {
    // What a broken connection or a stop left is continued next time; whatever failed verification is not.
    keep = isRetriable(error) || options.signal?.aborted === true;
    throw error;
  } finally {
    await (keep ? scratch.release() : scratch.dispose());
  }
}

async function verify(
  file: string,
  key: string,
  settings: SourceSettings,
  url: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const chunks = createReadStream(file, { highWaterMark: 1 << 20 });
  try {
    const verified = await verifyBody(chunks, {
      key,
      expandedBytesMax: settings.expandedBytesMax,
      ratioMax: settings.ratioMax,
      ...(signal === undefined ? {} : { signal }),
    });
    return verified.trailingZeros > 0 ? `${verified.trailingZeros} trailing zero bytes` : undefined;
  } catch (error) {
    if (error instanceof Failure && error.kind === "corrupt") {
      throw new Failure("corrupt", `${url}: ${error.message}`, {
        cause: error,
        remedy:
          error.detail.remedy ?? "nothing was stored; it is fetched again later, and a mirror can be added under `url`",
      });
    }
    throw error;
  } finally {
    chunks.destroy();
  }
}

async function storedReceipt(raw: Storage, key: string, signal: AbortSignal | undefined): Promise<Receipt | undefined> {
  const detail = await raw.head(key, signal === undefined ? {} : { signal });
  return receiptFromMetadata(key, detail?.metadata);
}

const validatorOf = (receipt: Receipt): Validator => ({
  ...(receipt.etag === undefined ? {} : { etag: receipt.etag }),
  ...(receipt.lastModified === undefined ? {} : { lastModified: receipt.lastModified }),
});
