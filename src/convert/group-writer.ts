/** Writes row groups as they fill and, in the end, the chunks that no one knew would be needed, and the footer. */
import type { Schema } from "../model/schema.ts";
import { storedSchema } from "../model/stand-in.ts";
import type { ChunkInfo, WriteBytes } from "../parquet/chunk-writer.ts";
import type { Compression } from "../parquet/compression.ts";
import type { Loops } from "../parquet/loops.ts";
import { PLACEHOLDER_COLUMN } from "../parquet/names.ts";
import { type LeafColumn, leafColumns, physicalType } from "../parquet/schema-elements.ts";
import type { SealedTexts } from "../parquet/values.ts";
import { ParquetWriter } from "../parquet/writer.ts";
import { type PlannedLeaf, planLeaves } from "../shred/file-schema.ts";
import type { NodeLevels } from "../shred/levels.ts";
import type { Node } from "../shred/node.ts";
import { PackedLevels } from "../shred/packed-levels.ts";
import { missingChunk, type RowGroup, releaseValues } from "../shred/row-group.ts";

interface WrittenGroup {
  readonly rows: number;
  readonly chunks: ReadonlyMap<Node, ChunkInfo>;
  /** Of the last group as they are, since most files have only one; of those before it packed. */
  levels: ReadonlyMap<Node, NodeLevels> | PackedLevels;
  readonly freeLevels: () => void;
}

export class GroupWriter {
  readonly #parquet: ParquetWriter;
  readonly #groups: WrittenGroup[] = [];

  /** `write` takes bytes that are only valid during the call. */
  constructor(write: WriteBytes, compression: Compression, loops: Loops) {
    this.#parquet = new ParquetWriter(write, compression, { sum: true, loops });
  }

  /** The sum of the finished file, which stands in its provenance. */
  get sum(): string {
    if (this.#parquet.sum === undefined) throw new RangeError("the file is not finished");
    return this.#parquet.sum;
  }

  /** Compresses a page of texts ahead of its row group. */
  sealTexts(texts: Uint8Array): SealedTexts {
    return this.#parquet.sealTexts(texts);
  }

  writeGroup(group: RowGroup): void {
    const chunks = new Map<Node, ChunkInfo>();
    for (const { node, type, levels, values } of group.leaves) {
      chunks.set(node, this.#parquet.writeChunk(levels, values, physicalType(type)));
      releaseValues(node);
    }
    const before = this.#groups.at(-1);
    if (before !== undefined && !(before.levels instanceof PackedLevels)) {
      before.levels = new PackedLevels(before.levels);
      before.freeLevels();
    }
    const { rows, levels, freeLevels } = group;
    this.#groups.push({ rows, chunks, levels, freeLevels });
  }

  /** Completes the file; answers its length. `schema` is the logical schema of the tree below `root`. */
  finish(
    root: Node,
    schema: Schema,
    keyValues: readonly (readonly [key: string, value: string])[],
    createdBy: string,
  ): number {
    const stored = withoutNoColumns(storedSchema(schema));
    const planned = planLeaves(root, schema);
    const columns = leafColumns(stored).map((column, i) => ({ column, plan: planned[i] ?? placeholderPlan(root) }));
    const rowGroups = this.#groups.map((group) => {
      const levels = group.levels instanceof PackedLevels ? group.levels.unpack() : group.levels;
      const chunks = columns.map(({ column, plan }) => this.#chunkOf(group, levels, column, plan));
      return { rows: group.rows, chunks };
    });
    return this.#parquet.finish({ schema: stored, rowGroups, keyValues, createdBy });
  }

  /** The chunk that was written, or one without values, which is written now. */
  #chunkOf(
    group: WrittenGroup,
    groupLevels: ReadonlyMap<Node, NodeLevels>,
    column: LeafColumn,
    plan: PlannedLeaf,
  ): ChunkInfo {
    const written = plan.node === undefined ? undefined : group.chunks.get(plan.node);
    if (written !== undefined) return written;
    const { definitionMax, repetitionMax, physical } = column;
    const { levels, values } = missingChunk({ ...plan, definitionMax, repetitionMax }, groupLevels);
    return this.#parquet.writeChunk(levels, values, physical);
  }
}

function withoutNoColumns(stored: Schema): Schema {
  return stored.fields.length > 0 ? stored : { fields: [{ name: PLACEHOLDER_COLUMN, type: { kind: "string" } }] };
}

function placeholderPlan(root: Node): PlannedLeaf {
  return { node: undefined, containers: [root], emptyStruct: undefined };
}

/** Writes a file with the columns of a bound schema and no row. */
export function writeEmpty(write: WriteBytes, bound: Schema, createdBy: string): void {
  const parquet = new ParquetWriter(write, "zstd");
  parquet.finish({ schema: withoutNoColumns(bound), rowGroups: [], keyValues: [], createdBy });
}
