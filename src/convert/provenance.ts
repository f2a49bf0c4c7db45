/** What a file says of its origin, written into its footer as JSON under the key `millrace`. */
import { fingerprint } from "../model/merge.ts";
import type { Schema } from "../model/schema.ts";
import { columnNotes } from "../parquet/column-notes.ts";
import { FILE_SUM_KEY, textWithRoom } from "../parquet/file-sum.ts";
import { NOTES_KEY, PROVENANCE_KEY } from "../parquet/names.ts";

/**
 * The provenance must be found in a file's last 64 KiB, which it shares with three bytes for each column (10,000 by
 * default). Longer notes about columns move to a key of their own, which only readers of the whole footer see.
 */
const NOTES_BYTES_MAX = 20 << 10;
/** Of notes that moved, so many of each kind stay to be shown. */
const NOTES_SHOWN = 20;

export interface Findings {
  readonly rows: number;
  readonly rejected: number;
  /** sha256 of the file of rejected lines; absent where none was written. */
  readonly rejectedSum: string | undefined;
  readonly schema: Schema;
  readonly converter: string;
}

export interface WrittenProvenance {
  readonly provenance: Readonly<Record<string, unknown>>;
  readonly keyValues: readonly (readonly [key: string, value: string])[];
}

/** Completes what the caller knows of the origin (`given`) by what the conversion found; the text has room for the sum. */
export function completeProvenance(given: Readonly<Record<string, unknown>>, findings: Findings): WrittenProvenance {
  const { rows, rejected, rejectedSum, schema, converter } = findings;
  const facts = {
    ...given,
    rows_in: rows + rejected,
    rows_out: rows,
    rejected,
    ...(rejectedSum === undefined ? {} : { rejected_sha256: rejectedSum }),
    schema_fingerprint: fingerprint(schema),
    converter,
  };
  const notes = columnNotes(schema);
  const text = JSON.stringify(notes);
  if (Buffer.byteLength(text) <= NOTES_BYTES_MAX) {
    const provenance = { ...facts, ...notes };
    return { provenance, keyValues: [[PROVENANCE_KEY, textWithRoom(provenance)]] };
  }
  const provenance = { ...facts, notes_cut: true, ...cutNotes(notes) };
  return {
    provenance,
    keyValues: [
      [NOTES_KEY, text],
      [PROVENANCE_KEY, textWithRoom(provenance)],
    ],
  };
}

/** The provenance as it stands in the file, once its sum is known. */
export function withSum(provenance: Readonly<Record<string, unknown>>, sum: string): Readonly<Record<string, unknown>> {
  return { ...provenance, [FILE_SUM_KEY]: sum };
}

/** The first notes of each kind, as far as they are short. */
function cutNotes(notes: ReturnType<typeof columnNotes>): Record<string, readonly unknown[]> {
  const cut: Record<string, readonly unknown[]> = {};
  for (const [kind, entries] of Object.entries(notes)) {
    const shown: unknown[] = [];
    let bytes = 0;
    for (const entry of entries) {
      bytes += Buffer.byteLength(JSON.stringify(entry));
      if (shown.length === NOTES_SHOWN || bytes > NOTES_BYTES_MAX / 5) break;
      shown.push(entry);
    }
    cut[kind] = shown;
  }
  return cut;
}
