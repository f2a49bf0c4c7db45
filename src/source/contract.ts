/**
 * The law of a source: it answers for one interval of a calendar with the archive's own bytes, or says that it does not
 * have them. It downloads into a local file and never sees the lake. Verification (gzip to the last byte, magic bytes)
 * is the collect step's work; transport checks (status, length, validator, truncation, redirects) are the source's.
 *
 * Failures: `unavailable` (network, 5xx, 429, time-outs; `detail.retryAfterMs` when told), `denied` (401, 403),
 * `corrupt` (length differs, changed during a resume), `usage` (a certificate or header file cannot be read).
 */
import type { Interval } from "../model/calendar.ts";

export interface Source {
  readonly name: string;
  /** Where an interval's bytes come from first: the URL or path of the first mirror, without credentials. */
  locate(interval: Interval): string;
  /**
   * Fetches the interval's bytes into `file`. With `resume`, bytes left in `file` by an interrupted attempt are continued
   * with a range request under the same validator, if the source allows; otherwise the file is begun anew.
   * With `unlessValidator`, answers `unchanged` if the source still has that version.
   */
  fetch(interval: Interval, file: string, options?: FetchOptions): Promise<Fetched>;
  /** One cheap request that proves reachability and rights; used by `doctor`. Throws a Failure. */
  probe(options?: { readonly signal?: AbortSignal }): Promise<string>;
  close(): Promise<void>;
}

export interface FetchOptions {
  readonly signal?: AbortSignal;
  readonly resume?: boolean;
  readonly unlessValidator?: Validator;
  readonly onProgress?: (bytes: number, total: number | undefined) => void;
}

/** What identifies a version at the source. Both may be absent. */
export interface Validator {
  readonly etag?: string;
  readonly lastModified?: string;
}

export type Fetched =
  | {
      readonly kind: "fetched";
      /** Final URL or path, without credentials. */
      readonly url: string;
      readonly bytes: number;
      readonly sha256: string;
      readonly validator: Validator;
      readonly contentType?: string;
      /** How many bytes came from an earlier, interrupted attempt. */
      readonly resumedFrom: number;
      /** Tries made, counting from 1. */
      readonly tries: number;
    }
  | { readonly kind: "absent"; readonly url: string }
  | { readonly kind: "unchanged"; readonly url: string };
