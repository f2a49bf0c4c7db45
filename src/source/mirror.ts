/** One place of an archive that is asked for one interval, once. Repeating and choosing between places is `archive.ts`. */
import type { Interval } from "../model/calendar.ts";
import type { Fetched, Validator } from "./contract.ts";

export interface Mirror {
  /** Where the interval's bytes are, without credentials. */
  locate(interval: Interval): string;
  /** One try. Failures as the source's contract names them. */
  fetchOnce(request: MirrorRequest): Promise<MirrorAnswer>;
  /** How many of the interval's bytes `file` holds that `fetchOnce` could continue; 0 if it would begin anew. */
  resumable(interval: Interval, file: string): Promise<number>;
  /** One cheap request; the answer is for people. */
  probe(interval: Interval, signal: AbortSignal | undefined): Promise<string>;
  close(): Promise<void>;
}

export interface MirrorRequest {
  readonly interval: Interval;
  readonly file: string;
  /** Continue what `file` holds, if that is possible. */
  readonly resume: boolean;
  readonly unlessValidator: Validator | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((bytes: number, total: number | undefined) => void) | undefined;
}

type WithoutTries<T> = T extends { readonly tries: number } ? Omit<T, "tries"> : T;
export type MirrorAnswer = WithoutTries<Fetched>;
