/**
 * Walks the columns of a record batch in the order of its schema, handing out each one's buffers as typed views. No view
 * reaches beyond its buffer, and no length is believed that the buffers do not bear.
 */
import { zstdDecompressSync } from "node:zlib";
import type { ArrowBatch, ArrowNode } from "./arrow-stream.ts";
import { SparkError } from "./errors.ts";

/** Bits of values that are not null, the lowest first; `undefined` where none is null. */
export type Validity = Uint8Array | undefined;

/** Columns without buffers, such as those of nulls, may claim any length: no batch of a server comes near this one. */
const unbackedRowsMax = 2 ** 24;

/** A batch that says it inflates to more than this is taken for damage, or for an attack on our memory. */
const inflatedBytesMax = 2 ** 29;

export class ArrowColumns {
  readonly #batch: ArrowBatch;
  #node = 0;
  #region = 0;
  #inflatedBytes = 0;

  constructor(batch: ArrowBatch) {
    if (batch.nodes.length === 0 && batch.rows > unbackedRowsMax) throw overlong(batch.rows);
    this.#batch = batch;
  }

  get rows(): number {
    return this.#batch.rows;
  }

  /** The next column, which must have this length if one is given. */
  node(length?: number): ArrowNode {
    const node = this.#batch.nodes[this.#node++];
    if (node === undefined) throw corrupt("a batch has fewer columns than its schema");
    if (length !== undefined && node.length !== length) {
      throw corrupt(`a column has ${node.length} values where ${length} are due`);
    }
    if (node.nulls > node.length) throw corrupt(`a column has ${node.nulls} nulls among ${node.length} values`);
    return node;
  }

  /** A column that has no buffers at all. */
  unbackedNode(length?: number): ArrowNode {
    const node = this.node(length);
    if (node.length > unbackedRowsMax) throw overlong(node.length);
    return node;
  }

  validity(node: ArrowNode): Validity {
    const bits = this.#buffer();
    if (bits.byteLength === 0) {
      if (node.nulls > 0) throw corrupt(`a column has ${node.nulls} nulls, and does not say which`);
      return undefined;
    }
    demand(bits, Math.ceil(node.length / 8));
    const nulls = node.length - bitsSet(bits, node.length);
    if (nulls !== node.nulls) throw corrupt(`a column has ${nulls} nulls and says ${node.nulls}`);
    return nulls === 0 ? undefined : bits;
  }

  bits(length: number): Uint8Array {
    return demand(this.#buffer(), Math.ceil(length / 8));
  }

  /** Values of that many bytes each; the buffer may be longer. */
  values(length: number, bytesEach: number): Uint8Array<ArrayBuffer> {
    return demand(this.#buffer(), length * bytesEach);
  }

  /**
   * `length + 1` positions among `limit` things, none before the one in front of it. They are 32 bits wide or, if `large`, 64.
   * A column of no values need not have any.
   */
  offsets(length: number, large: boolean): Int32Array {
    const bytes = this.#buffer();
    if (length === 0 && bytes.byteLength === 0) return new Int32Array(1);
    const count = length + 1;
    demand(bytes, count * (large ? 8 : 4));
    const offsets = large ? narrowed(bytes, count) : new Int32Array(bytes.buffer, bytes.byteOffset, count);
    let previous = 0;
    for (const offset of offsets) {
      if (offset < previous) throw corrupt("positions of a column's values do not ascend");
      previous = offset;
    }
    return offsets;
  }

  /** The bytes that such positions point into. */
  bytes(offsets: Int32Array): Uint8Array<ArrayBuffer> {
    return demand(this.#buffer(), offsets[offsets.length - 1] ?? 0);
  }

  /** To be called behind the last column. */
  end(): void {
    const { nodes, regions } = this.#batch;
    if (this.#node !== nodes.length || this.#region !== regions.length) {
      throw corrupt("a batch has more columns than its schema");
    }
  }

  #buffer(): Uint8Array<ArrayBuffer> {
    const { regions, body, compression } = this.#batch;
    const region = regions[this.#region++];
    if (region === undefined) throw corrupt("a batch has fewer buffers than its schema");
    const bytes = body.subarray(region.offset, region.offset + region.bytes);
    return compression === "none" || bytes.byteLength === 0 ? bytes : this.#inflate(bytes, compression);
  }

  /** A compressed buffer begins with the length that it inflates to; -1 says that it is not compressed. */
  #inflate(bytes: Uint8Array<ArrayBuffer>, codec: "lz4" | "zstd"): Uint8Array<ArrayBuffer> {
    demand(bytes, 8);
    const inflated = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(0, true));
    const packed = bytes.subarray(8);
    if (inflated === -1) return packed;
    this.#inflatedBytes += inflated;
    if (inflated < 0 || this.#inflatedBytes > inflatedBytesMax)
      throw corrupt("a buffer's inflated length is impossible");
    if (inflated === 0) return new Uint8Array(0);
    if (codec === "lz4") {
      throw new SparkError(
        "usage",
        "Arrow: the server compresses its answers by LZ4, which this client does not read",
        {
          remedy: 'set "spark.sql.execution.arrow.compression.codec" to "zstd" or "none"',
        },
      );
    }
    const plain = unpacked(packed, inflated);
    if (plain.byteLength !== inflated) throw corrupt(`a buffer inflates to ${plain.byteLength} bytes, not ${inflated}`);
    return new Uint8Array(plain);
  }
}

function unpacked(packed: Uint8Array, inflated: number): Uint8Array {
  try {
    return zstdDecompressSync(packed, { maxOutputLength: inflated });
  } catch (error) {
    throw new SparkError("corrupt", "Arrow: a compressed buffer does not inflate", { cause: error });
  }
}

function narrowed(bytes: Uint8Array<ArrayBuffer>, count: number): Int32Array {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, 2 * count);
  const offsets = new Int32Array(count);
  for (let index = 0; index < count; index++) {
    if (words[2 * index + 1] !== 0) throw corrupt("a position of a column's values is beyond 2 GiB");
    offsets[index] = words[2 * index] ?? 0;
  }
  return offsets;
}

function bitsSet(bits: Uint8Array, length: number): number {
  const whole = length >> 3;
  let count = 0;
  for (let index = 0; index < whole; index++) count += bitsOfByte[bits[index] ?? 0] ?? 0;
  const rest = length & 7;
  return rest === 0 ? count : count + (bitsOfByte[(bits[whole] ?? 0) & ((1 << rest) - 1)] ?? 0);
}

const bitsOfByte = Uint8Array.from({ length: 256 }, (_, byte) => {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1;
  return count;
});

function demand(bytes: Uint8Array<ArrayBuffer>, least: number): Uint8Array<ArrayBuffer> {
  if (bytes.byteLength < least) throw corrupt(`a buffer has ${bytes.byteLength} bytes where ${least} are due`);
  return bytes;
}

function overlong(rows: number): SparkError {
  return corrupt(`a batch declares ${rows} values without any bytes for them`);
}

function corrupt(fact: string): SparkError {
  return new SparkError("corrupt", `Arrow: ${fact}`);
}
