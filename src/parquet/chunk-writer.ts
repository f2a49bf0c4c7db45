/** Writes column chunks: an optional dictionary page and data pages (version 1), one after the other. */
import { ByteBuffer } from "./byte-buffer.ts";
import { CompactWriter } from "./compact-writer.ts";
import { appendCompressed, CODEC, joinCompressed } from "./compression.ts";
import { bitWidth } from "./hybrid.ts";
import {
  type ChunkLevels,
  countLevel,
  type LevelRuns,
  pageStarts,
  pageStartsByValues,
  RunCutter,
} from "./level-runs.ts";
import type { Loops } from "./loops.ts";
import { sealTexts } from "./sealed-texts.ts";
import { mergedTextStatistics, type Statistics } from "./statistics.ts";
import { ENCODING, type ValueEncoder, valueEncoder } from "./value-encoder.ts";
import { type ColumnValues, PHYSICAL, type PhysicalType, type SealedTexts } from "./values.ts";

const PAGE_TYPE = { data: 0, dictionary: 2 } as const;

/**
 * A page is cut at the first row after about this many bytes. Not also after 20,000 rows, as some writers do: on an
 * archive hour that took 0.1 s more (each page is a call of the compressor) and made the file 2 % larger.
 */
const PAGE_BYTES = 1 << 20;
/** Smaller chunks are not compressed: the compressor's own frame and the call cost more than is saved. */
const COMPRESS_BYTES_MIN = 400;

/** What the footer says about a chunk. */
export interface ChunkInfo {
  readonly physical: PhysicalType;
  readonly encodings: readonly number[];
  readonly codec: number;
  readonly entries: number;
  readonly nulls: number;
  /** How many different values there are, where a dictionary has counted them. */
  readonly distinct: number | undefined;
  readonly dataOffset: number;
  readonly dictionaryOffset: number | undefined;
  readonly uncompressedBytes: number;
  readonly compressedBytes: number;
  readonly statistics: Statistics | undefined;
}

/** Takes bytes that are only valid during the call. */
export type WriteBytes = (bytes: Uint8Array) => void;

type Sealed = Extract<ColumnValues, { kind: "sealed" }>;

/** The levels of a page, as runs of its own or of the whole chunk. */
type PageLevels = Pick<ChunkLevels, "definition" | "repetition">;

interface Progress {
  readonly codec: number;
  uncompressedBytes: number;
  compressedBytes: number;
}

export class ChunkWriter {
  readonly #write: WriteBytes;
  readonly #codec: number;
  readonly #loops: Loops;
  readonly #page = new ByteBuffer(1 << 16);
  readonly #body = new ByteBuffer(1 << 16);
  readonly #header = new CompactWriter();
  /** The encoded levels of a page, before their length is known. */
  readonly #levels = new ByteBuffer(1 << 10);
  /** Encoded levels by runs and bit width: the dense children of a struct share their runs, and so these bytes. */
  readonly #encodedLevels = new WeakMap<LevelRuns, Map<number, Uint8Array>>();
  #offset: number;

  /** `offset` is where in the file the next byte will stand. */
  constructor(write: WriteBytes, codec: number, offset: number, loops: Loops) {
    this.#write = write;
    this.#codec = codec;
    this.#loops = loops;
    this.#offset = offset;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Writes one chunk of a column of the type `physical`. */
  writeChunk(levels: ChunkLevels, values: ColumnValues, physical: PhysicalType): ChunkInfo {
    if (values.kind === "sealed") return this.#writeSealedChunk(levels, values);
    const encoder = valueEncoder(values, physical, this.#loops);
    const levelBytes = estimateLevelBytes(levels);
    const { dictionary } = encoder;
    const size = encoder.dataBytes + levelBytes + (dictionary?.bytes.length ?? 0);
    const codec = size < COMPRESS_BYTES_MIN ? CODEC.uncompressed : this.#codec;
    const progress: Progress = { codec, uncompressedBytes: 0, compressedBytes: 0 };
    let dictionaryOffset: number | undefined;
    if (dictionary !== undefined) {
      dictionaryOffset = this.#offset;
      this.#writePage(PAGE_TYPE.dictionary, dictionary.bytes, dictionary.entries, ENCODING.plain, progress);
    }
    const dataOffset = this.#offset;
    const present = this.#writeDataPages(levels, encoder, encoder.dataBytes + levelBytes, progress);
    const { entries } = levels.definition;
    return {
      physical: encoder.physical,
      encodings: dictionary === undefined ? [ENCODING.plain, ENCODING.rle] : dictionaryEncodings,
      codec,
      entries,
      nulls: entries - present,
      distinct: dictionary === undefined ? undefined : Math.min(dictionary.entries, present),
      dataOffset,
      dictionaryOffset,
      uncompressedBytes: progress.uncompressedBytes,
      compressedBytes: progress.compressedBytes,
      statistics: encoder.statistics,
    };
  }

  #writeSealedChunk(levels: ChunkLevels, { pages: sealed, arena }: Sealed): ChunkInfo {
    const pages = arena.length === 0 ? sealed : [...sealed, sealTexts(arena, this.#codec, this.#loops)];
    const progress: Progress = { codec: this.#codec, uncompressedBytes: 0, compressedBytes: 0 };
    const dataOffset = this.#offset;
    const { entries } = levels.definition;
    const counts = pages.map(({ count }) => count);
    const starts = pageStartsByValues(levels, counts);
    const definition = new RunCutter(levels.definition);
    const repetition = levels.repetition === undefined ? undefined : new RunCutter(levels.repetition);
    for (const [i, page] of pages.entries()) {
      const length = (starts[i + 1] ?? entries) - (starts[i] ?? 0);
      const cut = { definition: definition.cut(length), repetition: repetition?.cut(length) };
      this.#writeSealedPage(page, cut, levels, progress);
    }
    return {
      physical: PHYSICAL.byteArray,
      encodings: [ENCODING.plain, ENCODING.rle],
      codec: this.#codec,
      entries,
      nulls: entries - counts.reduce((sum, count) => sum + count, 0),
      distinct: undefined,
      dataOffset,
      dictionaryOffset: undefined,
      uncompressedBytes: progress.uncompressedBytes,
      compressedBytes: progress.compressedBytes,
      statistics: mergedTextStatistics(pages.map(({ statistics }) => statistics)),
    };
  }

  /** The levels are compressed by themselves, since the values are already. */
  #writeSealedPage(page: SealedTexts, cut: PageLevels, levels: ChunkLevels, progress: Progress): void {
    const { entries } = cut.definition;
    const out = this.#page;
    out.clear();
    this.#appendLevels(out, cut, levels);
    const { body, uncompressedBytes } = page;
    const bytes = out.length + uncompressedBytes;
    const pieces = joinCompressed(this.#compressed(out.written(), progress.codec), body, bytes, progress.codec);
    this.#writePieces(PAGE_TYPE.data, pieces, bytes, entries, ENCODING.plain, progress);
  }

  /** Answers how many values were written. */
  #writeDataPages(levels: ChunkLevels, encoder: ValueEncoder, bytes: number, progress: Progress): number {
    const starts = bytes <= PAGE_BYTES ? [0] : pageStarts(levels, rowsPerPage(levels, bytes));
    const definition = new RunCutter(levels.definition);
    const repetition = levels.repetition === undefined ? undefined : new RunCutter(levels.repetition);
    let present = 0;
    for (const [i, start] of starts.entries()) {
      const entries = (starts[i + 1] ?? levels.definition.entries) - start;
      const page = this.#page;
      page.clear();
      const cut = { definition: definition.cut(entries), repetition: repetition?.cut(entries) };
      const until = present + countLevel(cut.definition, levels.definitionMax);
      this.#appendLevels(page, cut, levels);
      encoder.append(page, present, until);
      present = until;
      this.#writePage(PAGE_TYPE.data, page.written(), entries, encoder.encoding, progress);
    }
    return present;
  }

  #writePage(type: number, bytes: Uint8Array, entries: number, encoding: number, progress: Progress): void {
    this.#writePieces(type, [this.#compressed(bytes, progress.codec)], bytes.length, entries, encoding, progress);
  }

  /** Valid until the next call. */
  #compressed(bytes: Uint8Array, codec: number): Uint8Array {
    if (codec === CODEC.uncompressed) return bytes;
    this.#body.clear();
    appendCompressed(this.#body, bytes, codec);
    return this.#body.written();
  }

  /** Writes a page whose body is in pieces. `bytes` is its length uncompressed. */
  #writePieces(
    type: number,
    body: readonly Uint8Array[],
    bytes: number,
    entries: number,
    encoding: number,
    progress: Progress,
  ): void {
    const bodyBytes = body.reduce((sum, piece) => sum + piece.length, 0);
    const out = this.#header;
    out.clear();
    out.int32(1, type);
    out.int32(2, bytes);
    out.int32(3, bodyBytes);
    out.struct(type === PAGE_TYPE.data ? 5 : 7, () => {
      out.int32(1, entries);
      out.int32(2, encoding);
      if (type === PAGE_TYPE.data) {
        out.int32(3, ENCODING.rle);
        out.int32(4, ENCODING.rle);
      }
    });
    const header = out.finish();
    this.#write(header);
    for (const piece of body) this.#write(piece);
    this.#offset += header.length + bodyBytes;
    progress.uncompressedBytes += header.length + bytes;
    progress.compressedBytes += header.length + bodyBytes;
  }

  /** Appends the levels of a page, which were cut from those of its chunk and may not be read any more. */
  #appendLevels(page: ByteBuffer, cut: PageLevels, levels: ChunkLevels): void {
    if (cut.repetition !== undefined) {
      this.#appendRuns(page, cut.repetition, cut.repetition === levels.repetition, levels.repetitionMax);
    }
    this.#appendRuns(page, cut.definition, cut.definition === levels.definition, levels.definitionMax);
  }

  /**
   * Runs that are not the whole chunk's are of no use to any other. Their memory is given back at once: to the garbage
   * collector they are small objects of which there is no hurry to get rid, and those of an archive hour's sealed pages were
   * 15 MB at the peak.
   */
  #appendRuns(page: ByteBuffer, runs: LevelRuns, isWhole: boolean, max: number): void {
    if (isWhole) {
      appendBlock(page, this.#encoded(runs, max));
      return;
    }
    const levels = this.#levels;
    levels.clear();
    this.#loops.appendRuns(levels, runs, bitWidth(max));
    appendBlock(page, levels.written());
    if (runs.pairs.buffer instanceof ArrayBuffer) runs.pairs.buffer.transfer(0);
  }

  #encoded(runs: LevelRuns, max: number): Uint8Array {
    const width = bitWidth(max);
    let byWidth = this.#encodedLevels.get(runs);
    if (byWidth === undefined) {
      byWidth = new Map();
      this.#encodedLevels.set(runs, byWidth);
    }
    let bytes = byWidth.get(width);
    if (bytes === undefined) {
      const out = new ByteBuffer(64);
      this.#loops.appendRuns(out, runs, width);
      bytes = out.written();
      byWidth.set(width, bytes);
    }
    return bytes;
  }
}

const dictionaryEncodings = [ENCODING.plain, ENCODING.rle, ENCODING.rleDictionary];

/** At most so many bytes: packed, or four for each run. */
function estimateLevelBytes({ definition, definitionMax, repetition, repetitionMax }: ChunkLevels): number {
  const bytes = (runs: LevelRuns, max: number): number => Math.min((runs.entries * bitWidth(max)) / 8, runs.used * 2);
  return bytes(definition, definitionMax) + (repetition === undefined ? 0 : bytes(repetition, repetitionMax));
}

function appendBlock(page: ByteBuffer, bytes: Uint8Array): void {
  page.appendUint32(bytes.length);
  page.appendBytes(bytes);
}

function rowsPerPage(levels: ChunkLevels, bytes: number): number {
  const rows = levels.repetition === undefined ? levels.definition.entries : countLevel(levels.repetition, 0);
  return Math.max(Math.ceil(rows / Math.ceil(bytes / PAGE_BYTES)), 1);
}
