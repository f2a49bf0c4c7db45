/** Where fields stand in the module's records, read once. */
import type { ModuleExports } from "./module.ts";

/** Offsets in bytes: of a node's record, and from `arena` on of that of a column of strings. */
export interface Layout {
  readonly type: number;
  readonly seen: number;
  readonly count: number;
  readonly positions: number;
  readonly lengths: number;
  readonly strings: number;
  readonly numbers: number;
  readonly flags: number;
  readonly arena: number;
  readonly used: number;
  readonly isPlain: number;
  readonly entries: number;
  readonly refs: number;
  readonly sealedCount: number;
}

/** Asks the module. */
export function layoutOf(exports: ModuleExports): Layout {
  return {
    type: exports.TYPE.value,
    seen: exports.SEEN.value,
    count: exports.COUNT.value,
    positions: exports.POSITIONS.value,
    lengths: exports.LENGTHS.value,
    strings: exports.STRINGS.value,
    numbers: exports.NUMBERS.value,
    flags: exports.FLAGS.value,
    arena: exports.ARENA.value,
    used: exports.USED.value,
    isPlain: exports.IS_PLAIN.value,
    entries: exports.ENTRIES.value,
    refs: exports.REFS.value,
    sealedCount: exports.SEALED_COUNT.value,
  };
}
