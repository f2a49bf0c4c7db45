/** The numbers of one column, and the booleans. */
import { grownBytes, grownDoubles } from "./room.ts";

/** Numbers as a row group takes them. */
export interface NumberValues {
  readonly kind: "numbers";
  readonly values: Float64Array;
  /** By value number: the integers that a double cannot hold. */
  readonly wide: ReadonlyMap<number, bigint> | null;
  readonly count: number;
}

/** The numbers of a column, wherever they are kept. */
export interface Numbers {
  /** Notes value number `index`. */
  add(index: number, value: number): void;
  /** The same for an integer that a double cannot hold. */
  addWide(index: number, value: bigint): void;
  /** Forgets all values from number `keep` on. */
  truncate(keep: number): void;
  /** The first `count` values, in memory that they share with the column. */
  values(count: number): NumberValues;
  /** Begins again, without a value. */
  clear(): void;
  /** Gives the memory back as soon as the values are written. What `values` answered may not be read any more. */
  release(): void;
}

/** The integers among a column's numbers that a double cannot hold. */
export class WideNumbers {
  #byIndex: Map<number, bigint> | null = null;

  /** By the value's number; null without any. */
  get byIndex(): Map<number, bigint> | null {
    return this.#byIndex;
  }

  add(index: number, value: bigint): void {
    this.#byIndex ??= new Map();
    this.#byIndex.set(index, value);
  }

  /** Forgets those from number `keep` on. */
  truncate(keep: number): void {
    if (this.#byIndex === null) return;
    for (const index of this.#byIndex.keys()) if (index >= keep) this.#byIndex.delete(index);
  }

  clear(): void {
    this.#byIndex = null;
  }
}

/** Numbers kept here. */
export class NumberColumn implements Numbers {
  #values: Float64Array<ArrayBuffer> = new Float64Array(16);
  readonly #wide = new WideNumbers();

  add(index: number, value: number): void {
    if (index >= this.#values.length) this.#values = grownDoubles(this.#values, index + 1);
    this.#values[index] = value;
  }

  addWide(index: number, value: bigint): void {
    this.add(index, 0);
    this.#wide.add(index, value);
  }

  truncate(keep: number): void {
    this.#wide.truncate(keep);
  }

  values(count: number): NumberValues {
    return { kind: "numbers", values: this.#values, wide: this.#wide.byIndex, count };
  }

  clear(): void {
    this.#wide.clear();
  }

  release(): void {
    this.#values.buffer.transfer(0);
    this.#values = new Float64Array(16);
    this.#wide.clear();
  }
}

/** Booleans as a row group takes them. */
export interface FlagValues {
  readonly kind: "flags";
  /** One byte a value: 0 or 1. */
  readonly flags: Uint8Array;
  readonly count: number;
}

/** The booleans of a column, wherever they are kept. */
export interface Flags {
  /** Notes value number `index`: 0 or 1. */
  add(index: number, flag: number): void;
  /** The first `count` values, in memory that they share with the column. */
  values(count: number): FlagValues;
}

/** Booleans kept here. */
export class FlagColumn implements Flags {
  #flags: Uint8Array<ArrayBuffer> = new Uint8Array(32);

  add(index: number, flag: number): void {
    if (index >= this.#flags.length) this.#flags = grownBytes(this.#flags, index + 1);
    this.#flags[index] = flag;
  }

  values(count: number): FlagValues {
    return { kind: "flags", flags: this.#flags, count };
  }
}
