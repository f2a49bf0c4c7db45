/** What would make WebAssembly write other files than TypeScript does: bugs in the modules, which are compiled with them. */
import type { Edit, Mutant } from "./mutant.ts";

const hybrid = "assembly/parquet/hybrid.ts";
const numbers = "assembly/parquet/numbers.ts";
const texts = "assembly/parquet/texts.ts";
const levels = "assembly/shred/levels.ts";
const builder = "assembly/shred/run-builder.ts";
const strings = "assembly/shred/string-column.ts";
const dictionary = "assembly/shred/dictionary.ts";
const rows = "assembly/shred/rows.ts";
const text = "assembly/shred/text.ts";

const inLoops = (name: string, why: string, ...edits: readonly Edit[]): Mutant => ({
  ...{ name: `module-${name}`, why, edits },
  killedBy: ["src/parquet/webassembly/loops.test.ts"],
});

const inRows = (name: string, why: string, ...edits: readonly Edit[]): Mutant => ({
  ...{ name: `module-${name}`, why, edits },
  killedBy: ["test/webassembly.test.ts"],
  environment: { FC_RUNS: "100" },
});

export const moduleMutants: readonly Mutant[] = [
  inLoops("runs-of-seven-repeated", "a run of seven levels stands where a group of eight is expected", {
    ...{ file: hybrid, find: "if (left >= 8 || at + PAIR_BYTES >= end) {" },
    replace: "if (left >= 7 || at + PAIR_BYTES >= end) {",
  }),
  inLoops("group-not-completed", "the last levels of a page are lost", {
    ...{ file: hybrid, find: "store<u64>(to, group);", replace: "if (at < end) store<u64>(to, group);" },
  }),
  inLoops("too-many-groups", "the count of groups overflows its byte", {
    ...{ file: hybrid, find: "const GROUPS_MAX: u32 = 63;", replace: "const GROUPS_MAX: u32 = 64;" },
  }),
  inLoops("index-width-forgotten", "indices are read with another width", {
    ...{ file: hybrid, find: "store<u8>(target++, <u8>width);", replace: "target++;" },
  }),
  inLoops("eight-equal-reads-behind", "a run at the end of a page is packed with what stands behind it", {
    ...{ file: hybrid, find: "if (from + 32 > end) return false;", replace: "" },
  }),
  inLoops("flags-rest-lost", "the last booleans of a page are lost", {
    ...{ file: hybrid, find: "for (let i: u32 = 0; i < rest; i++)", replace: "for (let i: u32 = 1; i < rest; i++)" },
  }),
  inLoops("dictionary-share", "numbers have a dictionary where the reference gives it up", {
    ...{
      file: numbers,
      find: "<f64>entries > <f64>i * DISTINCT_SHARE_MAX",
      replace: "<f64>entries > <f64>(i + 1) * DISTINCT_SHARE_MAX",
    },
  }),
  inLoops("dictionary-without-enlarging-places", "the same number has two entries", {
    ...{
      file: numbers,
      find: "store<u32>(slots + ((<usize>index) << 2), i + 1);",
      replace: "store<u32>(slots + ((<usize>index) << 2), i);",
    },
  }),
  inLoops("greatest-number", "a reader skips rows that it should not", {
    ...{ file: numbers, find: "if (value > high) high = value;", replace: "else if (value > low) high = value;" },
  }),
  inLoops("shared-beginning-unchecked", "a reader skips texts that it should not", {
    ...{ file: texts, find: " && beginEqual(at, low, shared)", replace: "" },
  }),
  inLoops("word-behind-the-text", "the bytes behind a short text count", {
    ...{ file: texts, find: "if (length >= shared + 8) {", replace: "if (length >= shared) {" },
  }),
  inRows("presence-not-cut", "a value stands in another row", {
    ...{ file: levels, find: "const end = lastInRow(positions, entry, count, to - next);" },
    replace: "const end = lastInRow(positions, entry, count, count);",
  }),
  inRows("empty-list-has-an-element", "an empty list is read as one with a null", {
    ...{
      file: levels,
      find: "if (length === 0) addRun(builder, level, 1);",
      replace: "if (length === 0) addRun(builder, level + 1, 1);",
    },
  }),
  inRows("outer-repetition-not-moved", "lists in lists run into each other", {
    ...{ file: levels, find: "outer += 8;", replace: "outer += 0;" },
  }),
  inRows("runs-merged-by-count", "levels of columns get lost", {
    ...{ file: builder, find: "if (runs.used !== 0 && load<u32>(end - PAIR_BYTES) === level) {" },
    replace: "if (runs.used !== 0 && load<u32>(end - 4) === level) {",
  }),
  inRows("dictionary-given-up-late", "the file differs, though its values do not", {
    ...{ file: dictionary, find: "if (dictionary.entries >= <u32>ENTRIES_MAX) return true;", replace: "" },
  }),
  inRows("removed-entry-found", "a text of a rejected line stays in the dictionary", {
    ...{ file: dictionary, find: "slotAt(table, gap).entry = 0;", replace: "" },
  }),
  inRows("unpaid-after-rejection", "a dictionary ends by a line that was rejected", {
    ...{ file: strings, find: "if (keep < column.unpaidAt) column.unpaidAt = 0;", replace: "" },
  }),
  inRows("leading-zero", "01 is taken for a number", {
    ...{ file: rows, find: " || (digits > 1 && load<u8>(first) === 0x30)", replace: "" },
  }),
  inRows("lone-surrogate", "text that is not UTF-8 is written", {
    ...{ file: text, find: "if (low >= 0xdc00 && low < 0xe000) {", replace: "if (low >= 0xdc00) {" },
  }),
];
