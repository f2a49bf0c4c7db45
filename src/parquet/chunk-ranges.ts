/**
 * Where in a file the values of chosen columns lie, from its footer: what a reader of those columns will ask for.
 * Source: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 */
import { CompactReader, corrupt, type ThriftStruct, type ThriftValue, type WantedFields } from "./compact-reader.ts";

/** From `start` up to but excluding `end`, bytes from the beginning of the file. */
export interface FileRange {
  readonly start: number;
  readonly end: number;
}

/** Fields of FileMetaData, SchemaElement, RowGroup, ColumnChunk and ColumnMetaData. */
const FILE = { schema: 2, rowGroups: 4, createdBy: 6 } as const;
const ELEMENT = { repetition: 3, name: 4, children: 5, converted: 6 } as const;
const GROUP_COLUMNS = 1;
const CHUNK = { file: 1, meta: 3, offsets: 4, offsetsBytes: 5, index: 6, indexBytes: 7, crypto: 8 } as const;
const META = { bytes: 7, data: 9, indexPage: 10, dictionary: 11, bloom: 14, bloomBytes: 15 } as const;

const wantedFields: WantedFields = new Map<number, WantedFields | undefined>([
  [FILE.schema, new Set(Object.values(ELEMENT))],
  [
    FILE.rowGroups,
    new Map([
      [
        GROUP_COLUMNS,
        new Map<number, WantedFields | undefined>([
          ...Object.values(CHUNK).map((field) => [field, undefined] as const),
          [CHUNK.meta, new Set(Object.values(META))],
        ]),
      ],
    ]),
  ],
  [FILE.createdBy, undefined],
]);

const REPEATED = 2;
const CONVERTED_LIST = 3;
/** A file begins with its magic number. */
const FIRST_BYTE = 4;

/**
 * The writers whose chunks are known to lie where their footers say. Some old ones count a chunk's bytes without the header
 * of its dictionary (PARQUET-816); of a file by anybody else all is wanted.
 */
const KNOWN_WRITERS = /^(millrace|DuckDB) version /;

/**
 * The ranges of the chunks, and of what belongs to them (bloom filters, page indexes), of every leaf column that `wanted`
 * selects by its path: names as in the file, the levels of lists left out. `all` for a file of which that cannot be told.
 * `size` is the file's. Throws `corrupt` for a footer that contradicts itself.
 */
export function chunkRanges(
  footer: Uint8Array,
  size: number,
  wanted: (path: readonly string[]) => boolean,
): readonly FileRange[] | "all" {
  const file = new CompactReader(footer).struct(wantedFields);
  if (!KNOWN_WRITERS.test(textOf(file.get(FILE.createdBy) ?? new Uint8Array()))) return "all";
  const isWanted = leafPaths(structsOf(file.get(FILE.schema))).map(wanted);
  const ranges: FileRange[] = [];
  for (const group of structsOf(file.get(FILE.rowGroups))) {
    const chunks = structsOf(group.get(GROUP_COLUMNS));
    if (chunks.length !== isWanted.length) throw corrupt("a row group has not one chunk for each column");
    for (const [leaf, chunk] of chunks.entries()) {
      if (isWanted[leaf] !== true) continue;
      const found = rangesOf(chunk, size - footer.length);
      if (found === "all") return "all";
      ranges.push(...found);
    }
  }
  return ranges;
}

/** The leaves in the order of the chunks: the elements are the tree in depth-first order. */
function leafPaths(elements: readonly ThriftStruct[]): (readonly string[])[] {
  const found: (readonly string[])[] = [];
  let at = 0;
  const visit = (above: readonly string[], isListAbove: boolean, depth: number): void => {
    const element = elements[at++];
    if (element === undefined || depth > DEPTH_MAX) throw corrupt("the schema ends early");
    const children = numberOf(element.get(ELEMENT.children) ?? 0);
    // Below `optional group x (LIST)` stand `repeated group list` and in it `element`: neither is a name of the data.
    const isMiddle = isListAbove && element.get(ELEMENT.repetition) === REPEATED && children === 1;
    const path = depth === 0 || isListAbove ? above : [...above, textOf(element.get(ELEMENT.name))];
    const isList = isMiddle || element.get(ELEMENT.converted) === CONVERTED_LIST;
    if (children === 0 && depth > 0) found.push(path);
    for (let child = 0; child < children; child++) visit(path, isList, depth + 1);
  };
  visit([], false, 0);
  return found;
}

const DEPTH_MAX = 4096;

function rangesOf(chunk: ThriftStruct, end: number): readonly FileRange[] | "all" {
  const meta = chunk.get(CHUNK.meta);
  if (!(meta instanceof Map)) throw corrupt("a chunk is not described");
  if (chunk.has(CHUNK.file) || chunk.has(CHUNK.crypto)) throw corrupt("its chunks are encrypted or in other files");
  const starts = [META.data, META.indexPage, META.dictionary].flatMap((field) => meta.get(field) ?? []).map(numberOf);
  const start = Math.min(...starts.filter((offset) => offset >= FIRST_BYTE));
  const ranges = [rangeIn(start, numberOf(meta.get(META.bytes)), end)];
  const bloom = meta.get(META.bloom);
  // Without its length the filter could be brought in part, and bits that are not there say that a value is not either.
  if (bloom !== undefined && !meta.has(META.bloomBytes)) return "all";
  if (bloom !== undefined) ranges.push(rangeIn(numberOf(bloom), numberOf(meta.get(META.bloomBytes)), end));
  for (const [offset, length] of [
    [CHUNK.offsets, CHUNK.offsetsBytes],
    [CHUNK.index, CHUNK.indexBytes],
  ] as const) {
    if (chunk.has(offset)) ranges.push(rangeIn(numberOf(chunk.get(offset)), numberOf(chunk.get(length)), end));
  }
  return ranges;
}

function rangeIn(start: number, length: number, end: number): FileRange {
  const isInside = Number.isSafeInteger(start) && length >= 0 && start >= FIRST_BYTE && start + length <= end;
  if (!isInside) throw corrupt(`a chunk of ${length} bytes at ${start} does not lie before it`);
  return { start, end: start + length };
}

function structsOf(value: ThriftValue | undefined): readonly ThriftStruct[] {
  if (!Array.isArray(value)) throw corrupt("a list is missing");
  return value.map((item) => {
    if (!(item instanceof Map)) throw corrupt("a list holds no structs");
    return item;
  });
}

function numberOf(value: ThriftValue | undefined): number {
  if (typeof value !== "number") throw corrupt("a number is missing");
  return value;
}

function textOf(value: ThriftValue | undefined): string {
  if (!(value instanceof Uint8Array)) throw corrupt("a name is missing");
  return Buffer.from(value).toString("utf8");
}
