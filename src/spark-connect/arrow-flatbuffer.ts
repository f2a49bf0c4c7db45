/**
 * Reads FlatBuffers, which Arrow's messages are described by, with every bound checked: they come from outside, and an offset
 * that points beyond its bytes must end as an error, not as whatever stands there.
 * Source: https://flatbuffers.dev/internals/
 */
import { SparkError } from "./errors.ts";

/** Positions count bytes from the start of `view`. */
export class FlatTable {
  readonly #view: DataView;
  readonly #at: number;
  readonly #vtable: number;
  readonly #vtableBytes: number;

  constructor(view: DataView, at: number) {
    within(view, at, 4);
    this.#view = view;
    this.#at = at;
    this.#vtable = at - view.getInt32(at, true);
    within(view, this.#vtable, 4);
    this.#vtableBytes = view.getUint16(this.#vtable, true);
    within(view, this.#vtable, this.#vtableBytes);
  }

  /** Whether the field was written; one that holds its default need not be. */
  has(field: number): boolean {
    return this.#slot(field, 0) !== undefined;
  }

  int8(field: number, absent: number): number {
    const at = this.#slot(field, 1);
    return at === undefined ? absent : this.#view.getInt8(at);
  }

  int16(field: number, absent: number): number {
    const at = this.#slot(field, 2);
    return at === undefined ? absent : this.#view.getInt16(at, true);
  }

  int32(field: number, absent: number): number {
    const at = this.#slot(field, 4);
    return at === undefined ? absent : this.#view.getInt32(at, true);
  }

  /** A length or count: not negative, and exact as a number. Absent means 0. */
  size(field: number): number {
    const at = this.#slot(field, 8);
    return at === undefined ? 0 : sizeAt(this.#view, at);
  }

  /** A table, or a union's member. */
  table(field: number): FlatTable | undefined {
    const at = this.#slot(field, 4);
    return at === undefined ? undefined : new FlatTable(this.#view, this.#target(at));
  }

  tables(field: number): readonly FlatTable[] {
    const { at, length } = this.structs(field, 4);
    return Array.from({ length }, (_, index) => new FlatTable(this.#view, this.#target(at + 4 * index)));
  }

  /** Where a vector of structs of that many bytes stands. Absent is empty. */
  structs(field: number, structBytes: number): { readonly at: number; readonly length: number } {
    const slot = this.#slot(field, 4);
    if (slot === undefined) return { at: 0, length: 0 };
    const at = this.#target(slot);
    within(this.#view, at, 4);
    const length = this.#view.getUint32(at, true);
    within(this.#view, at + 4, length * structBytes);
    return { at: at + 4, length };
  }

  text(field: number): string {
    const { at, length } = this.structs(field, 1);
    return Buffer.from(this.#view.buffer, this.#view.byteOffset + at, length).toString("utf8");
  }

  #slot(field: number, bytes: number): number | undefined {
    const entry = 4 + 2 * field;
    if (entry + 2 > this.#vtableBytes) return undefined;
    const offset = this.#view.getUint16(this.#vtable + entry, true);
    if (offset === 0) return undefined;
    within(this.#view, this.#at + offset, bytes);
    return this.#at + offset;
  }

  #target(at: number): number {
    return at + this.#view.getUint32(at, true);
  }
}

/** The table that a FlatBuffer begins with. */
export function rootTable(view: DataView): FlatTable {
  within(view, 0, 4);
  return new FlatTable(view, view.getUint32(0, true));
}

/** A 64-bit length, count or offset: not negative, and exact as a number. */
export function sizeAt(view: DataView, at: number): number {
  within(view, at, 8);
  const high = view.getUint32(at + 4, true);
  if (high >= 2 ** 21) throw new SparkError("corrupt", "Arrow: a length is negative or beyond all memory");
  return high * 2 ** 32 + view.getUint32(at, true);
}

function within(view: DataView, at: number, bytes: number): void {
  if (at < 0 || at + bytes > view.byteLength) {
    throw new SparkError("corrupt", `Arrow: a message's description points beyond its ${view.byteLength} bytes`);
  }
}
