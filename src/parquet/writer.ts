/**
 * Writes a Parquet file from shredded columns. Chunks may be written in any order and anywhere in the file; the footer
 * says which row group and column each belongs to. That is what lets a converter stream: a column that first appears
 * late gets its empty chunks of earlier row groups at the end.
 */
import { createHash, type Hash } from "node:crypto";
import type { Schema } from "../model/schema.ts";
import { type ChunkInfo, ChunkWriter, type WriteBytes } from "./chunk-writer.ts";
import { COMPACT, CompactWriter } from "./compact-writer.ts";
import { type Compression, codecOf } from "./compression.ts";
import { sealSum } from "./file-sum.ts";
import type { ChunkLevels } from "./level-runs.ts";
import { type Loops, typescriptLoops } from "./loops.ts";
import { countElements, type LeafColumn, leafColumns, writeElements } from "./schema-elements.ts";
import { sealTexts } from "./sealed-texts.ts";
import type { ColumnValues, PhysicalType, SealedTexts } from "./values.ts";

const MAGIC = new TextEncoder().encode("PAR1");

export interface RowGroupInfo {
  readonly rows: number;
  /** In the order of the schema's leaf columns. */
  readonly chunks: readonly ChunkInfo[];
}

export interface FooterContent {
  /** As stored: no bottom types (see `storedSchema`). */
  readonly schema: Schema;
  readonly rowGroups: readonly RowGroupInfo[];
  readonly keyValues: readonly (readonly [key: string, value: string])[];
  readonly createdBy: string;
}

export interface WriterOptions {
  /** Whether the footer's provenance has room for the file's sum (`file-sum.ts`), which is filled in then. */
  readonly sum?: boolean;
  /** Default: `typescriptLoops`. */
  readonly loops?: Loops | undefined;
}

export class ParquetWriter {
  readonly #write: WriteBytes;
  readonly #codec: number;
  readonly #loops: Loops;
  readonly #chunks: ChunkWriter;
  readonly #hash: Hash | undefined;
  #sum: string | undefined;

  /** `write` takes bytes that are only valid during the call. */
  constructor(write: WriteBytes, compression: Compression, options: WriterOptions = {}) {
    this.#write = write;
    this.#codec = codecOf(compression);
    this.#loops = options.loops ?? typescriptLoops;
    this.#hash = options.sum === true ? createHash("sha256") : undefined;
    const writeBody = (bytes: Uint8Array): void => {
      this.#hash?.update(bytes);
      write(bytes);
    };
    this.#chunks = new ChunkWriter(writeBody, this.#codec, MAGIC.length, this.#loops);
    writeBody(MAGIC);
  }

  /** The sum that the finished file has inside, if it was asked for. */
  get sum(): string | undefined {
    return this.#sum;
  }

  /** Compresses a page of texts in PLAIN layout ahead of its chunk. The texts are only needed during the call. */
  sealTexts(texts: Uint8Array): SealedTexts {
    return sealTexts(texts, this.#codec, this.#loops);
  }

  writeChunk(levels: ChunkLevels, values: ColumnValues, physical: PhysicalType): ChunkInfo {
    return this.#chunks.writeChunk(levels, values, physical);
  }

  /** Writes the footer and answers the length of the whole file. */
  finish(content: FooterContent): number {
    const footer = encodeFooter(content);
    const end = new Uint8Array(8);
    new DataView(end.buffer).setUint32(0, footer.length, true);
    end.set(MAGIC, 4);
    if (this.#hash !== undefined) this.#sum = sealSum(this.#hash, footer, end);
    this.#write(footer);
    this.#write(end);
    return this.#chunks.offset + footer.length + end.length;
  }
}

/** FileMetaData. The key-value metadata comes after the row groups, so that it is found from the end of the file. */
function encodeFooter({ schema, rowGroups, keyValues, createdBy }: FooterContent): Uint8Array {
  const leaves = leafColumns(schema);
  const out = new CompactWriter(1 << 18);
  out.int32(1, 2);
  out.list(2, COMPACT.struct, countElements(schema));
  writeElements(out, schema);
  out.int64(
    3,
    rowGroups.reduce((sum, group) => sum + group.rows, 0),
  );
  out.list(4, COMPACT.struct, rowGroups.length);
  for (const group of rowGroups) out.structElement(() => writeRowGroup(out, group, leaves));
  out.list(5, COMPACT.struct, keyValues.length);
  for (const [key, value] of keyValues) {
    out.structElement(() => {
      out.binary(1, key);
      out.binary(2, value);
    });
  }
  out.binary(6, createdBy);
  // Column orders: without them readers must not trust the limits of a column. All are TYPE_DEFINED_ORDER.
  out.list(7, COMPACT.struct, leaves.length);
  for (let i = 0; i < leaves.length; i++) out.structElement(() => out.struct(1, () => undefined));
  return out.finish();
}

function writeRowGroup(out: CompactWriter, group: RowGroupInfo, leaves: readonly LeafColumn[]): void {
  if (group.chunks.length !== leaves.length) {
    throw new RangeError(`row group: ${group.chunks.length} chunks for ${leaves.length} columns`);
  }
  let uncompressedBytes = 0;
  let compressedBytes = 0;
  out.list(1, COMPACT.struct, leaves.length);
  for (const [i, leaf] of leaves.entries()) {
    const chunk = group.chunks[i];
    if (chunk === undefined) continue;
    uncompressedBytes += chunk.uncompressedBytes;
    compressedBytes += chunk.compressedBytes;
    out.structElement(() => {
      out.int64(2, 0);
      out.struct(3, () => writeColumnMetaData(out, leaf, chunk));
    });
  }
  out.int64(2, uncompressedBytes);
  out.int64(3, group.rows);
  out.int64(6, compressedBytes);
}

function writeColumnMetaData(out: CompactWriter, leaf: LeafColumn, chunk: ChunkInfo): void {
  out.int32(1, chunk.physical);
  out.list(2, COMPACT.i32, chunk.encodings.length);
  for (const encoding of chunk.encodings) out.int32Element(encoding);
  out.list(3, COMPACT.binary, leaf.path.length);
  for (const name of leaf.path) out.binaryElement(name);
  out.int32(4, chunk.codec);
  out.int64(5, chunk.entries);
  out.int64(6, chunk.uncompressedBytes);
  out.int64(7, chunk.compressedBytes);
  out.int64(9, chunk.dataOffset);
  if (chunk.dictionaryOffset !== undefined) out.int64(11, chunk.dictionaryOffset);
  out.struct(12, () => {
    out.int64(3, chunk.nulls);
    const { distinct, statistics } = chunk;
    if (distinct !== undefined) out.int64(4, distinct);
    if (statistics === undefined) return;
    if (statistics.max !== undefined) out.binary(5, statistics.max);
    out.binary(6, statistics.min);
    if (statistics.max !== undefined) out.bool(7, statistics.maxExact);
    out.bool(8, statistics.minExact);
  });
}
