/**
 * Shreds rows by the WebAssembly module. The module reads what is common; here is what it asks for in the middle of a row,
 * which is done by the same functions as without it, and what brings both sides' nodes together.
 */
import { type CompiledModule, isMemoryExhausted, type ModuleMemory, type SharedMemory } from "../../webassembly.ts";
import { BadLine, type Cursor, unexpected } from "../cursor.ts";
import type { AllocateLines } from "../line-buffer.ts";
import type { Node } from "../node.ts";
import { LIST, UNKNOWN } from "../node-type.ts";
import { restore } from "../rollback.ts";
import { clearColumns } from "../row-group.ts";
import type { RowState } from "../row-state.ts";
import { type Rows, type RowsOptions, tooLong } from "../rows.ts";
import { settle } from "../settle.ts";
import { readKey, repeatedKey, shredValue } from "../shred-values.ts";
import { tooDeep } from "../skip.ts";
import {
  WISH_END,
  WISH_KEY,
  WISH_LIST_END,
  WISH_OBJECT,
  WISH_OBJECT_END,
  WISH_SHALLOWER,
  WISH_SHORTER,
} from "../wish.ts";
import { type Layout, layoutOf } from "./layout.ts";
import { giveMemoryBack, ModuleInstance } from "./module.ts";
import { ModuleLevels } from "./module-levels.ts";
import { ModuleNode, ModuleStrings, storeOf } from "./module-node.ts";

interface CreatedNode {
  readonly parent: Node;
  readonly node: Node;
}

/** Rows by the module. */
export class WebAssemblyRows implements Rows {
  readonly #state: RowState;
  readonly #instance: ModuleInstance;
  readonly #layout: Layout;
  /** By number; a number is used again once its node was taken back. */
  readonly #nodes: Node[];
  readonly #numbers = new Map<number, Node>();
  #enteredLine = -1;
  /** What the line being read brought about and changed. */
  readonly #created: CreatedNode[] = [];
  readonly #changed = new Set<Node>();

  readonly #memoryPagesMax: number;
  readonly levels: ModuleLevels;
  readonly memory: SharedMemory;

  constructor(module: CompiledModule, memory: ModuleMemory, state: RowState, options: Omit<RowsOptions, "by">) {
    const { groupBytes, memoryPagesMax } = options;
    this.#memoryPagesMax = memoryPagesMax;
    this.#state = state;
    this.#instance = new ModuleInstance(module, memory, {
      field: (node, at) => this.#field(this.#nodeAt(node), at >>> 0),
      element: (list) => this.#element(this.#nodeAt(list)),
      settle: (node, kind, at) => this.#settle(this.#nodeAt(node), kind, at >>> 0),
      value: (node, parentEntry, depth, at) => this.#value(this.#nodeAt(node), parentEntry, depth, at >>> 0),
      superseded: (at, depth) => this.#passSuperseded(at >>> 0, depth),
      repeated: (field) => this.#repeated(this.#nodeAt(field)),
      fail: (at, wish) => this.#fail(at >>> 0, wish),
    });
    const { exports } = this.#instance;
    this.levels = new ModuleLevels(this.#instance);
    this.memory = { memory, allocate: exports.allocate, release: exports.release };
    const { settings, root } = state;
    exports.configure(settings.lineBytesMax, settings.depthMax, groupBytes);
    this.#layout = layoutOf(exports);
    this.#nodes = [root];
    this.#attach(root, exports.root.value >>> 0);
  }

  get #cursor(): Cursor {
    return this.#state.cursor;
  }

  get count(): number {
    return this.#instance.exports.rows.value;
  }

  get groupBytes(): number {
    return this.#instance.exports.groupBytes.value;
  }

  /** The module reads the text where it is. */
  readonly allocate: AllocateLines = (bytes, old, used) => {
    const { exports, memory } = this.#instance;
    const address = exports.allocate(bytes) >>> 0;
    const buffer = Buffer.from(memory.buffer, address, bytes);
    if (old === null) return buffer;
    old.copy(buffer, 0, 0, used);
    exports.release(old.byteOffset, old.length);
    return buffer;
  };

  read(end: number): void {
    const state = this.#state;
    const { bytes, at } = this.#cursor;
    const { byteOffset } = bytes;
    const { exports } = this.#instance;
    exports.supersede(state.superseded === null ? 0 : 1);
    try {
      const next = exports.readLines(byteOffset + at, byteOffset + end, state.line) >>> 0;
      this.#cursor.at = next - byteOffset;
      state.line = exports.line.value;
    } catch (error) {
      if (!isMemoryExhausted(error)) this.#enter(this.#cursor.at + byteOffset);
      throw error;
    }
    state.root.count = storeOf(state.root).count;
    state.takePages(this.#takeFullPages());
  }

  rollBack(): void {
    const { exports } = this.#instance;
    const state = this.#state;
    const { line } = state;
    exports.rollBack();
    const removed = new Set(this.#created.map(({ node }) => node));
    const parents = new Set<Node>();
    for (const { parent, node } of this.#created.toReversed()) {
      this.#numbers.delete(storeOf(node).address);
      this.#nodes.pop();
      if (parent.element === node) continue;
      exports.removeLastField(storeOf(parent).address);
      // Those of a node that is removed itself stay, as without the module: a report may still tell how many there were.
      if (removed.has(parent)) continue;
      parent.fields.pop();
      parent.fieldsByKey.delete(node.key);
      parents.add(parent);
    }
    for (const parent of parents) exports.forgetPredictions(storeOf(parent).address);
    for (const node of this.#changed) {
      if (removed.has(node)) continue;
      node.numbers?.truncate(storeOf(node).count);
      if (node.undo?.line !== line) continue;
      const { type } = node.undo;
      restore(node, node.undo);
      if (type === UNKNOWN) exports.forget(storeOf(node).address);
      storeOf(node).decide(node.type, node.seen);
    }
    this.#created.length = 0;
    this.#changed.clear();
    state.root.count = storeOf(state.root).count;
    state.rollBackRow();
  }

  /** Entries and values become views of the module's memory. */
  sync(): void {
    this.#syncNode(this.#state.root);
  }

  #syncNode(node: Node): void {
    const store = storeOf(node);
    const { count } = store;
    node.count = count;
    node.positions = store.positions();
    if (node.type === LIST) node.lengths = store.lengths();
    for (const field of node.fields) this.#syncNode(field);
    if (node.element !== null) this.#syncNode(node.element);
  }

  clear(): void {
    const { exports } = this.#instance;
    this.sync();
    clearColumns(this.#state.root);
    exports.clear();
    exports.beginGroup();
  }

  close(): void {
    giveMemoryBack(this.#instance.memory, this.#memoryPagesMax);
  }

  /** Columns with pages that the last line completed, once for each page. */
  #takeFullPages(): ModuleStrings[] {
    const { exports } = this.#instance;
    const count = exports.fullCount.value;
    const found: ModuleStrings[] = [];
    if (count === 0) return found;
    const pages = exports.fullPages() >>> 0;
    for (let i = 0; i < count; i++) {
      const node = this.#nodes[this.#instance.get(pages + 4 * i)];
      if (node === undefined) throw new RangeError("a page of no column");
      node.strings ??= storeOf(node).strings();
      if (node.strings instanceof ModuleStrings) found.push(node.strings);
    }
    exports.beginStrings();
    return found;
  }

  #nodeAt(address: number): Node {
    const node = this.#numbers.get(address >>> 0);
    if (node === undefined) throw new RangeError("no such node");
    return node;
  }

  /** Before anything is done for the line being read, at address `at`. */
  #enter(at: number): void {
    const state = this.#state;
    const { exports } = this.#instance;
    const cursor = this.#cursor;
    const line = exports.line.value;
    cursor.at = at - cursor.bytes.byteOffset;
    if (line === this.#enteredLine) return;
    this.#enteredLine = line;
    this.#created.length = 0;
    this.#changed.clear();
    state.line = line;
    state.lineStart = (exports.lineStart.value >>> 0) - cursor.bytes.byteOffset;
    state.beginRow();
  }

  /** After a node may have become something else. */
  #leave(node: Node): void {
    if (node.undo?.line === this.#state.line || node.numbers !== null) this.#changed.add(node);
    storeOf(node).decide(node.type, node.seen);
    if (this.#state.hasFindings) this.#instance.exports.stopAfterLine();
  }

  #attach(node: Node, address: number): ModuleNode {
    const store = new ModuleNode(this.#instance, this.#layout, address);
    node.store = store;
    this.#numbers.set(address, node);
    store.decide(node.type, node.seen);
    return store;
  }

  #field(parent: Node, at: number): number {
    this.#enter(at);
    const { exports } = this.#instance;
    const { byteOffset } = this.#cursor.bytes;
    const node = readKey(this.#state, parent);
    exports.resume(byteOffset + this.#cursor.at);
    if (node.store !== null) return storeOf(node).address;
    const id = this.#nodes.push(node) - 1;
    const address = exports.newField(storeOf(parent).address, id, node.type, at, node.keyLength) >>> 0;
    this.#created.push({ parent, node });
    this.#attach(node, address);
    this.#leave(node);
    return address;
  }

  #element(list: Node): number {
    this.#enter(this.#cursor.at + this.#cursor.bytes.byteOffset);
    const node = this.#state.createElement(list);
    const id = this.#nodes.push(node) - 1;
    const address = this.#instance.exports.newElement(storeOf(list).address, id, node.type) >>> 0;
    this.#created.push({ parent: list, node });
    this.#attach(node, address);
    this.#leave(node);
    return address;
  }

  #settle(node: Node, kind: number, at: number): void {
    this.#enter(at);
    settle(this.#state, node, kind, this.#cursor.at);
    this.#leave(node);
  }

  #value(node: Node, parentEntry: number, depth: number, at: number): number {
    this.#enter(at);
    const store = storeOf(node);
    node.count = store.count;
    try {
      shredValue(this.#state, node, parentEntry, depth);
    } finally {
      this.#leave(node);
    }
    return this.#cursor.bytes.byteOffset + this.#cursor.at;
  }

  #passSuperseded(at: number, depth: number): number {
    this.#enter(at);
    const cursor = this.#cursor;
    if (this.#state.superseded?.has(cursor.at) !== true) return 0;
    this.#state.skipper.passMember(cursor, depth);
    return cursor.bytes.byteOffset + cursor.at;
  }

  #repeated(field: Node): never {
    this.#enter(this.#cursor.at + this.#cursor.bytes.byteOffset);
    repeatedKey(this.#state, field);
  }

  #fail(at: number, wish: number): never {
    this.#enter(at);
    switch (wish) {
      case WISH_OBJECT:
        throw new BadLine("not an object");
      case WISH_END:
        throw new BadLine("second value on the line");
      case WISH_SHORTER:
        throw tooLong(this.#state.settings.lineBytesMax);
      case WISH_SHALLOWER:
        throw tooDeep(this.#state.settings.depthMax);
      case WISH_LIST_END:
        throw unexpected(this.#cursor, '"," or "]"');
      case WISH_OBJECT_END:
        throw unexpected(this.#cursor, '"," or "}"');
      case WISH_KEY:
        throw unexpected(this.#cursor, "a key");
      default:
        throw new RangeError(`no such wish: ${wish}`);
    }
  }
}
