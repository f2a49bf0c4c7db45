/**
 * The sum of a file inside the file: its provenance begins with `{"file_sha256":"…"`, and those 64 digits are the sha256
 * of the whole file with zeros in their place. The writer hashes while it writes and fills the digits into the footer
 * that it is about to write, so that nothing is read twice; whoever reads every byte can tell whether it is the byte that
 * was written.
 */
import { createHash, type Hash } from "node:crypto";
import { PROVENANCE_KEY } from "./names.ts";

/** Name of the sum within the provenance. */
export const FILE_SUM_KEY = "file_sha256";

const DIGITS = 64;
const noDigits = Buffer.alloc(DIGITS, "0");
/** The sum comes first, so that its place does not depend on what the other facts say. */
const opening = Buffer.from(`{"${FILE_SUM_KEY}":"`);

/** The JSON of a provenance with room for the sum. */
export function textWithRoom(facts: Readonly<Record<string, unknown>>): string {
  const rest = Object.entries(facts).filter(([name]) => name !== FILE_SUM_KEY);
  const text = JSON.stringify(Object.fromEntries(rest));
  return `${opening}${noDigits}"${rest.length === 0 ? "" : ","}${text.slice(1)}`;
}

/** Field 1, binary, of the key's length; the key; field 2, binary. */
const marker = Buffer.from(`\u0018${String.fromCharCode(PROVENANCE_KEY.length)}${PROVENANCE_KEY}\u0018`, "latin1");

/**
 * Where the key-value pair of the provenance begins in the last bytes of a footer. Nothing before the key-value metadata
 * needs to be there: our key with the bytes that Thrift puts around it cannot occur after the metadata, so the last
 * occurrence is the one.
 */
export function provenancePlace(tail: Uint8Array): number | undefined {
  const at = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength).lastIndexOf(marker);
  return at < 0 ? undefined : at;
}

/** Where the first digit of the sum stands in the last bytes of a file; absent in a file that has none. */
export function sumPlace(tail: Uint8Array): number | undefined {
  const pair = provenancePlace(tail);
  if (pair === undefined) return undefined;
  let at = pair + marker.length;
  // The value's length, a varint, stands between.
  while (((tail[at] ?? 0) & 0x80) !== 0) at++;
  const first = at + 1 + opening.length;
  const begins = opening.equals(tail.subarray(at + 1, first));
  return begins && first + DIGITS < tail.length && tail[first + DIGITS] === 0x22 ? first : undefined;
}

/** Takes the pieces of a file in order and answers the sum, whatever stands in the sum's own place. */
export class FileSum {
  readonly #hash: Hash = createHash("sha256");
  /** Offset in the file of the first digit. */
  readonly #place: number;
  #at = 0;

  constructor(place: number) {
    this.#place = place;
  }

  update(piece: Uint8Array): void {
    const from = Math.min(Math.max(this.#place - this.#at, 0), piece.length);
    const until = Math.min(Math.max(this.#place + DIGITS - this.#at, 0), piece.length);
    this.#hash.update(piece.subarray(0, from));
    this.#hash.update(noDigits.subarray(0, until - from));
    this.#hash.update(piece.subarray(until));
    this.#at += piece.length;
  }

  digest(): string {
    return this.#hash.digest("hex");
  }
}

/**
 * Completes the sum of a file whose bytes so far went through `hash`, and fills it into its place in `footer`. Throws a
 * RangeError for a footer that has no room for it.
 */
export function sealSum(hash: Hash, footer: Uint8Array, end: Uint8Array): string {
  const place = sumPlace(footer);
  if (place === undefined) throw new RangeError("the footer has no room for the file's sum");
  const sum = hash.update(footer).update(end).digest("hex");
  footer.set(Buffer.from(sum, "latin1"), place);
  return sum;
}
