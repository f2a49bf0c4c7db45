/** What a node of the column tree has in the module's memory: its entries and values. */
import type { Node, NodeStore } from "../node.ts";
import { type Flags, type FlagValues, type Numbers, type NumberValues, WideNumbers } from "../number-column.ts";
import type { SealedTexts, SealTexts } from "../seal-queue.ts";
import type { Strings, TextValues } from "../string-column.ts";
import type { Text } from "../text.ts";
import type { Layout } from "./layout.ts";
import type { ModuleInstance } from "./module.ts";

/** Answers are views of that memory: they are good until the module changes the column. */
export class ModuleNode implements NodeStore {
  readonly address: number;
  readonly #instance: ModuleInstance;
  readonly #layout: Layout;

  constructor(instance: ModuleInstance, layout: Layout, address: number) {
    this.#instance = instance;
    this.#layout = layout;
    this.address = address;
  }

  /** Present entries in this row group. */
  get count(): number {
    return this.#field(this.#layout.count);
  }

  addEntry(parentEntry: number): number {
    return this.#instance.exports.addPresent(this.address, parentEntry);
  }

  strings(): ModuleStrings {
    return new ModuleStrings(this.#instance, this.#layout, this.address);
  }

  numbers(): ModuleNumbers {
    return new ModuleNumbers(this.#instance, this.#layout, this.address);
  }

  flags(): ModuleFlags {
    return new ModuleFlags(this.#instance, this.#layout, this.address);
  }

  /** Tells the module what the node is. */
  decide(type: number, seen: number): void {
    this.#instance.set(this.address + this.#layout.type, type);
    this.#instance.set(this.address + this.#layout.seen, seen);
  }

  /** See `Node`. */
  positions(): Int32Array | null {
    const address = this.#field(this.#layout.positions);
    return address === 0 ? null : new Int32Array(this.#instance.memory.buffer, address, this.count);
  }

  /** See `Node`. */
  lengths(): Int32Array {
    return new Int32Array(this.#instance.memory.buffer, this.#field(this.#layout.lengths), this.count);
  }

  #field(offset: number): number {
    return this.#instance.get(this.address + offset);
  }
}

/** What the module has of a node that is attached to it. */
export function storeOf(node: Node): ModuleNode {
  if (node.store instanceof ModuleNode) return node.store;
  throw new RangeError(`column ${node.path} is not the module's`);
}

/** The strings of a column; pages that are sealed lie on this side. */
export class ModuleStrings implements Strings {
  readonly #instance: ModuleInstance;
  readonly #layout: Layout;
  readonly #node: number;
  #sealed: SealedTexts[] = [];

  constructor(instance: ModuleInstance, layout: Layout, node: number) {
    this.#instance = instance;
    this.#layout = layout;
    this.#node = node;
  }

  /** Strings that can be copied as they stand are the module's own business. */
  copy(): boolean {
    return false;
  }

  add(value: number, text: Text): void {
    const { exports, memory, bytes } = this.#instance;
    const { view, start, length } = text;
    if (view.buffer === memory.buffer || view.buffer instanceof SharedArrayBuffer) {
      exports.addText(this.#node, value, view.byteOffset + start, length);
      return;
    }
    const block = exports.allocate(length + SPILL_BYTES);
    const target = block + length > bytes.length ? this.#instance.bytes : bytes;
    target.set(new Uint8Array(view.buffer, view.byteOffset + start, length), block);
    exports.addText(this.#node, value, block, length);
    exports.release(block, length + SPILL_BYTES);
  }

  truncate(): void {
    // Rows are taken back by the module itself.
  }

  seal(seal: SealTexts, bytesMin: number): void {
    const { isPlain, used } = this.#layout;
    const column = this.#column();
    if (this.#instance.get(column + isPlain) === 0 || this.#instance.get(column + used) < bytesMin) return;
    const page = seal(this.#arena(column));
    this.#sealed.push(page);
    this.#instance.exports.sealedStrings(column, page.count);
  }

  values(count: number): TextValues {
    const { isPlain, entries, refs } = this.#layout;
    const column = this.#column();
    const arena = this.#arena(column);
    if (this.#sealed.length > 0) return { kind: "sealed", pages: this.#sealed, arena };
    const numbers = new Int32Array(this.#instance.memory.buffer, this.#instance.get(column + refs), count);
    if (this.#instance.get(column + isPlain) !== 0) return { kind: "texts", arena, offsets: numbers, count };
    return { kind: "dictionary", arena, entries: this.#instance.get(column + entries), indices: numbers, count };
  }

  release(): void {
    for (const { body } of this.#sealed) body.buffer.transfer(0);
    this.#instance.exports.releaseLeaf(this.#node);
    this.#sealed = [];
  }

  clear(): void {
    this.#sealed = [];
  }

  #column(): number {
    return this.#instance.get(this.#node + this.#layout.strings);
  }

  #arena(column: number): Uint8Array {
    const { arena, used } = this.#layout;
    const { memory } = this.#instance;
    return new Uint8Array(memory.buffer, this.#instance.get(column + arena), this.#instance.get(column + used));
  }
}

/** The module reads by blocks, which may reach behind a text. */
const SPILL_BYTES = 16;

/** The numbers of a column; those that a double cannot hold lie on this side. */
export class ModuleNumbers implements Numbers {
  readonly #instance: ModuleInstance;
  readonly #layout: Layout;
  readonly #node: number;
  readonly #wide = new WideNumbers();

  constructor(instance: ModuleInstance, layout: Layout, node: number) {
    this.#instance = instance;
    this.#layout = layout;
    this.#node = node;
  }

  add(index: number, value: number): void {
    this.#instance.exports.addNumber(this.#node, index, value);
  }

  addWide(index: number, value: bigint): void {
    this.add(index, 0);
    this.#wide.add(index, value);
  }

  truncate(keep: number): void {
    this.#wide.truncate(keep);
  }

  values(count: number): NumberValues {
    const address = this.#instance.get(this.#node + this.#layout.numbers);
    const values = new Float64Array(this.#instance.memory.buffer, address, count);
    return { kind: "numbers", values, wide: this.#wide.byIndex, count };
  }

  clear(): void {
    this.#wide.clear();
  }

  release(): void {
    this.#wide.clear();
  }
}

/** The booleans of a column. */
export class ModuleFlags implements Flags {
  readonly #instance: ModuleInstance;
  readonly #layout: Layout;
  readonly #node: number;

  constructor(instance: ModuleInstance, layout: Layout, node: number) {
    this.#instance = instance;
    this.#layout = layout;
    this.#node = node;
  }

  add(index: number, flag: number): void {
    this.#instance.exports.addFlag(this.#node, index, flag);
  }

  values(count: number): FlagValues {
    const address = this.#instance.get(this.#node + this.#layout.flags);
    return { kind: "flags", flags: new Uint8Array(this.#instance.memory.buffer, address, count), count };
  }
}
