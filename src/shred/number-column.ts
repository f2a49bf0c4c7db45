/** The numbers of one column, and the booleans. */
import { grownBytes, grownDoubles } from "./room.ts";

export interface NumberValues {
  readonly kind: "numbers";
  readonly values: Float64Array;
  /** By value number: the integers that a double cannot hold. */
  readonly wide: ReadonlyMap<number, bigint> | null;
  readonly count: number;
}

/** The numbers of a column, wherever they are kept. */
export interface Numbers {
  add(index: number, value: number): void;
  addWide(index: number, value: bigint): void;
  truncate(keep: number): void;
  values(count: number): NumberValues;
  clear(): void;
  release(): void;
}

export class NumberColumn implements Numbers {
  #values: Float64Array<ArrayBuffer> = new Float64Array(16);
  #wide: Map<number, bigint> | null = null;

  add(index: number, value: number): void {
    if (index >= this.#values.length) this.#values = grownDoubles(this.#values, index + 1);
    this.#values[index] = value;
  }

  addWide(index: number, value: bigint): void {
    this.add(index, 0);
    this.#wide ??= new Map();
    this.#wide.set(index, value);
  }

  truncate(keep: number): void {
    if (this.#wide === null) return;
    for (const index of this.#wide.keys()) if (index >= keep) this.#wide.delete(index);
  }

  values(count: number): NumberValues {
    return { kind: "numbers", values: this.#values, wide: this.#wide, count };
  }

  clear(): void {
    this.#wide = null;
  }

  /** Gives the memory back as soon as the values are written. What `values` answered may not be read any more. */
  release(): void {
    this.#values.buffer.transfer(0);
    this.#values = new Float64Array(16);
    this.#wide = null;
  }
}

export interface FlagValues {
  readonly kind: "flags";
  /** One byte a value: 0 or 1. */
  readonly flags: Uint8Array;
  readonly count: number;
}

/** The booleans of a column, wherever they are kept. */
export interface Flags {
  add(index: number, flag: number): void;
  values(count: number): FlagValues;
}

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
