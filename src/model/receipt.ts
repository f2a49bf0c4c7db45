/** What is known of a raw object's origin; kept as the object's metadata, so every value is text. */
import { crc32 } from "node:zlib";
import { Failure } from "../errors.ts";

export interface Receipt {
  /** Lower-case hex of the object's bytes. */
  readonly sha256: string;
  /** Bytes. */
  readonly length: number;
  /** Counts from 1; a changed source adds a revision. */
  readonly revision: number;
  /** `false` for an object that another collector stored: hashed where it lay, never compared with the source. */
  readonly verified: boolean;
  /** ISO instant of fetching, or of adoption. */
  readonly at: string;
  /** Without credentials; absent for adopted objects. */
  readonly url?: string;
  readonly etag?: string;
  readonly lastModified?: string;
  /** A harmless oddity that verification met, for example trailing zeros. */
  readonly note?: string;
}

type Metadata = Readonly<Record<string, string>>;

export function receiptToMetadata(receipt: Receipt): Metadata {
  const facts = {
    sha256: receipt.sha256,
    length: String(receipt.length),
    revision: String(receipt.revision),
    verified: String(receipt.verified),
    at: receipt.at,
    ...(receipt.url === undefined ? {} : { url: receipt.url }),
    ...(receipt.etag === undefined ? {} : { etag: receipt.etag }),
    ...(receipt.lastModified === undefined ? {} : { "last-modified": receipt.lastModified }),
    ...(receipt.note === undefined ? {} : { note: receipt.note }),
  };
  return { ...facts, check: checkOf(facts) };
}

const factNames = ["sha256", "length", "revision", "verified", "at", "url", "etag", "last-modified", "note"];

/** CRC-32 over all facts, so that `verify` can tell a damaged receipt from a damaged object. */
function checkOf({ check: _, ...facts }: Metadata): string {
  const sorted = Object.entries(facts).sort(([a], [b]) => (a < b ? -1 : 1));
  return crc32(JSON.stringify(sorted)).toString(16).padStart(8, "0");
}

/** Whether the receipt is as it was written. One of an earlier version has nothing to compare with (`unchecked`). */
export function checkReceipt(metadata: Metadata): "whole" | "unchecked" | "changed" {
  if (metadata.check !== undefined) return metadata.check === checkOf(metadata) ? "whole" : "changed";
  // The name of the check could be what changed.
  return Object.keys(metadata).every((name) => factNames.includes(name)) ? "unchecked" : "changed";
}

/** `undefined` if there is no metadata that could be a receipt; `corrupt` if there is but it cannot be one. */
export function receiptFromMetadata(
  key: string,
  metadata: Readonly<Record<string, string>> | undefined,
): Receipt | undefined {
  if (metadata?.sha256 === undefined) return undefined;
  const { sha256, length, revision, verified, at, url, etag, note } = metadata;
  const bad = (what: string): Failure =>
    new Failure("corrupt", `receipt of ${key}: ${what}`, {
      remedy: "`millrace verify --repair` writes it again",
    });
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw bad("sha256 is not 64 hex digits");
  if (length === undefined || !/^\d{1,15}$/.test(length)) throw bad("length is not a number of bytes");
  if (revision === undefined || !/^[1-9]\d{0,3}$/.test(revision)) throw bad("revision is not a number from 1 to 9999");
  const lastModified = metadata["last-modified"];
  return {
    sha256,
    length: Number(length),
    revision: Number(revision),
    verified: verified === "true",
    at: at ?? "",
    ...(url === undefined ? {} : { url }),
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
    ...(note === undefined ? {} : { note }),
  };
}
