/** The loops by the WebAssembly module, over columns that lie in its memory; others are copied there first. */
import type { CompiledModule, SharedMemory } from "../../webassembly.ts";
import type { ByteBuffer } from "../byte-buffer.ts";
import { appendRuns } from "../hybrid.ts";
import type { LevelRuns } from "../level-runs.ts";
import type { Loops } from "../loops.ts";
import type { NumberDictionary } from "../number-dictionary.ts";
import { PHYSICAL } from "../values.ts";
import { type LoopExports, loopsOn } from "./module.ts";

/** What the module may write behind the end of what it encodes. */
const SPILL_BYTES = 8;
/** A group of eight levels fits into a word. Wider levels, of columns nested more than 250 deep, are left to TypeScript. */
const LEVEL_BITS_MAX = 8;
const HEADER_BYTES_MAX = 6;

type Numbers = Int32Array | Float64Array | Uint8Array;

export class WebAssemblyLoops implements Loops {
  readonly #shared: SharedMemory;
  readonly #exports: LoopExports;

  constructor(module: CompiledModule, memory: SharedMemory) {
    this.#shared = memory;
    this.#exports = loopsOn(module, memory);
  }

  appendRuns(out: ByteBuffer, runs: LevelRuns, width: number): void {
    if (width < 1 || width > LEVEL_BITS_MAX) {
      appendRuns(out, runs, width);
      return;
    }
    const { pairs, used } = runs;
    // Each run takes a count and a level, or begins no more than one group of eight.
    const room = (used / 2 + 2) * (HEADER_BYTES_MAX + 1 + width);
    this.#at(pairs.subarray(0, used), (address) =>
      this.#append(out, room, (target) => this.#exports.encodeRuns(address, used * 4, width, target)),
    );
  }

  appendIndices(out: ByteBuffer, values: Int32Array, from: number, to: number, width: number): void {
    const count = to - from;
    // Of eight values, packed or repeated, and the last ones by themselves.
    const room = (count / 8 + 2) * (HEADER_BYTES_MAX + width) + 1;
    this.#at(values.subarray(from, to), (address) =>
      this.#append(out, room, (target) => this.#exports.encodeIndices(address, 0, count, width, target)),
    );
  }

  appendFlags(out: ByteBuffer, flags: Uint8Array, from: number, to: number): void {
    this.#at(flags.subarray(from, to), (address) =>
      this.#append(out, (to - from) / 8 + 1, (target) => this.#exports.packFlags(address, to - from, target)),
    );
  }

  appendNumbers(
    out: ByteBuffer,
    physical: typeof PHYSICAL.int64 | typeof PHYSICAL.double,
    values: Float64Array,
    from: number,
    to: number,
  ): void {
    const bytes = (to - from) * 8;
    if (physical === PHYSICAL.double) {
      // WebAssembly's memory is little-endian, as Parquet is.
      out.appendBytes(new Uint8Array(values.buffer, values.byteOffset + from * 8, bytes));
      return;
    }
    this.#at(values.subarray(from, to), (address) =>
      this.#append(out, bytes, (target) => {
        this.#exports.encodeInt64s(address, to - from, target);
        return target + bytes;
      }),
    );
  }

  numberDictionary(values: Float64Array, count: number): NumberDictionary | undefined {
    const { memory } = this.#shared;
    return this.#at(values.subarray(0, count), (address) => {
      const entries = this.#exports.makeDictionary(address, count);
      if (entries === 0) return undefined;
      const { distinct, indices } = this.#exports;
      return {
        distinct: new Float64Array(memory.buffer, distinct.value >>> 0, entries),
        entries,
        indices: new Int32Array(memory.buffer, indices.value >>> 0, count),
      };
    });
  }

  rangeOf(values: Float64Array, count: number): readonly [least: number, greatest: number] {
    return this.#at(values.subarray(0, count), (address) => {
      this.#exports.findRange(address, count);
      return [this.#exports.least.value, this.#exports.greatest.value];
    });
  }

  extremeTexts(texts: Uint8Array): readonly [least: number, greatest: number] {
    return this.#at(texts, (address) => {
      const least = this.#exports.findExtremes(address, texts.length) >>> 0;
      return [least - address, (this.#exports.greatestText.value >>> 0) - address];
    });
  }

  countTexts(texts: Uint8Array): number {
    return this.#at(texts, (address) => this.#exports.countTexts(address, texts.length));
  }

  /** Calls `work` with the address of what may have to be copied for it. */
  #at<T>(values: Numbers, work: (address: number) => T): T {
    const { memory, allocate, release } = this.#shared;
    const { byteLength } = values;
    if (values.buffer instanceof SharedArrayBuffer) return work(values.byteOffset);
    const block = allocate(byteLength + SPILL_BYTES) >>> 0;
    new Uint8Array(memory.buffer, block, byteLength).set(new Uint8Array(values.buffer, values.byteOffset, byteLength));
    const result = work(block);
    release(block, byteLength + SPILL_BYTES);
    return result;
  }

  /** Appends what `encode` writes, at most `bytesMax`; it answers where that ends. */
  #append(out: ByteBuffer, bytesMax: number, encode: (target: number) => number): void {
    const { memory, allocate, release } = this.#shared;
    const room = Math.ceil(bytesMax) + SPILL_BYTES;
    const block = allocate(room) >>> 0;
    const end = encode(block) >>> 0;
    out.appendBytes(new Uint8Array(memory.buffer, block, end - block));
    release(block, room);
  }
}
