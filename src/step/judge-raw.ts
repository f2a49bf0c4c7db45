/**
 * Tells what is wrong with a raw object: three witnesses say what its bytes should be, and any of them may be the one that
 * was damaged. Pure.
 */
import type { Receipt } from "../model/receipt.ts";

/** What the bytes that are stored turned out to be; absent where nothing is stored. */
export interface StoredBytes {
  readonly sha256: string;
  readonly size: number;
}

/** What is in the place of the object's receipt, as far as it can be read. */
export interface FoundReceipt {
  readonly receipt: Receipt | undefined;
  /** `unchecked`: written by an earlier version, with nothing to tell a change by. */
  readonly state: "whole" | "unchecked" | "changed";
  /** It lies in its place and belongs to other bytes: nobody finds it who looks for the object's receipt. */
  readonly isStray: boolean;
}

/**
 * What a partition says that it was made from. It may be damaged itself: a sum that bytes turn out to have is right however
 * it was come by.
 */
export interface Witness {
  readonly key: string;
  readonly sha256: string;
  readonly length: number;
}

export type RawVerdict =
  | { readonly kind: "good" }
  /** Nothing says what the bytes should be: an object of another collector that was not adopted yet. */
  | { readonly kind: "unknown" }
  /** The bytes are what they should be, as far as anything can tell; the receipt is not. */
  | { readonly kind: "receipt"; readonly reason: string }
  /** The bytes are not the ones that were stored. */
  | { readonly kind: "object"; readonly reason: string; readonly expected: readonly string[] };

export function judgeRaw(
  stored: StoredBytes | undefined,
  found: FoundReceipt | undefined,
  witness: Witness | undefined,
): RawVerdict {
  const receipt = found?.receipt;
  if (stored !== undefined) {
    const fits = receipt?.sha256 === stored.sha256 && receipt.length === stored.size;
    const isLost = found?.state === "changed" || found?.isStray === true;
    if (fits) return isLost ? { kind: "receipt", reason: "its receipt was changed" } : { kind: "good" };
    if (witness?.sha256 === stored.sha256 && found?.state !== "whole") {
      const what = found === undefined ? "has no receipt" : "its receipt is damaged";
      return { kind: "receipt", reason: `${what}; its bytes are those that ${witness.key} was made from` };
    }
  }
  if (found === undefined && witness === undefined) return { kind: "unknown" };
  // A receipt that was not changed is the better witness: it was written when the object was.
  const trusted = found?.state === "changed" ? undefined : receipt;
  const expected = (trusted === undefined ? [witness, receipt] : [trusted]).flatMap((each) => each?.sha256 ?? []);
  const [first] = expected;
  if (first === undefined) return { kind: "receipt", reason: "its receipt cannot be read" };
  const by = trusted !== undefined || witness === undefined ? "its receipt says" : `${witness.key} was made from`;
  const length = (trusted ?? witness ?? receipt)?.length;
  return { kind: "object", expected, reason: difference(stored, first, length, by) };
}

function difference(stored: StoredBytes | undefined, expected: string, length: number | undefined, by: string): string {
  if (stored === undefined) return `is missing, ${by} sha256 ${short(expected)}`;
  if (length !== undefined && stored.size !== length) return `${stored.size} bytes, ${by} ${length}`;
  return otherSum(stored.sha256, expected, by);
}

export const short = (sha256: string): string => `${sha256.slice(0, 12)}…`;

/** `sha256 0123…, its receipt says 4567…`: as much of both as tells them apart. */
export function otherSum(found: string, wanted: string, by: string): string {
  if (short(found) !== short(wanted)) return `sha256 ${short(found)}, ${by} ${short(wanted)}`;
  return `sha256 ${found}, ${by} ${wanted}`;
}
