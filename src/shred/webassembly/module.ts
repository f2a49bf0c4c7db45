/** The WebAssembly module of `assembly/`: how it is made, and what it gives and asks for. */
import { type CompiledModule, compileModule, instantiate, type ModuleMemory, newMemory } from "../../webassembly.ts";
import { moduleText } from "./binary.ts";

interface Global {
  readonly value: number;
}

/** Addresses are bytes of the module's memory, all numbers are unsigned. See `assembly/` for what each does. */
export interface ModuleExports {
  readonly allocate: (size: number) => number;
  readonly release: (block: number, size: number) => void;
  readonly configure: (lineBytesMax: number, depthMax: number, groupBytesMax: number) => void;
  readonly readLines: (start: number, end: number, firstLine: number) => number;
  readonly rollBack: () => void;
  readonly resume: (at: number) => void;
  readonly stopAfterLine: () => void;
  readonly supersede: (some: number) => void;
  readonly beginGroup: () => void;
  readonly clear: () => void;
  readonly newField: (parent: number, id: number, type: number, key: number, keyLength: number) => number;
  readonly newElement: (list: number, id: number, type: number) => number;
  readonly removeLastField: (parent: number) => void;
  readonly forgetPredictions: (node: number) => void;
  readonly forget: (node: number) => void;
  readonly addPresent: (node: number, parentEntry: number) => number;
  readonly addText: (node: number, value: number, text: number, length: number) => void;
  readonly addNumber: (node: number, index: number, value: number) => void;
  readonly addFlag: (node: number, index: number, flag: number) => void;
  readonly releaseLeaf: (node: number) => void;
  readonly beginStrings: () => void;
  readonly sealedStrings: (column: number, count: number) => void;
  readonly fullPages: () => number;
  readonly constantRuns: (level: number, entries: number) => number;
  readonly presenceRuns: (pairs: number, bytes: number, absent: number, child: number) => number;
  readonly elementRuns: (
    list: number,
    pairs: number,
    bytes: number,
    level: number,
    repeated: number,
    outerPairs: number,
    outerBytes: number,
  ) => number;
  readonly root: Global;
  readonly line: Global;
  readonly lineStart: Global;
  readonly rows: Global;
  readonly groupBytes: Global;
  readonly fullCount: Global;
  readonly runBytes: Global;
  readonly runEntries: Global;
  readonly repetitionRuns: Global;
  readonly repetitionBytes: Global;
  // Where fields stand in the records of nodes and of columns of strings.
  readonly TYPE: Global;
  readonly SEEN: Global;
  readonly COUNT: Global;
  readonly POSITIONS: Global;
  readonly LENGTHS: Global;
  readonly STRINGS: Global;
  readonly NUMBERS: Global;
  readonly FLAGS: Global;
  readonly ARENA: Global;
  readonly USED: Global;
  readonly IS_PLAIN: Global;
  readonly ENTRIES: Global;
  readonly REFS: Global;
  readonly SEALED_COUNT: Global;
}

/** What the module asks for in the middle of a row; whatever is thrown ends the row. */
export interface ModuleHost {
  /** The field, new or old, whose key stands behind the quote at `at`. */
  readonly field: (node: number, at: number) => number;
  /** A new element of the list. */
  readonly element: (list: number) => number;
  /** Decides what a node becomes by a value of the kind that begins at `at`. */
  readonly settle: (node: number, kind: number, at: number) => void;
  /** Shreds the value at `at`, of whatever kind; answers where it ends. */
  readonly value: (node: number, parentEntry: number, depth: number, at: number) => number;
  /** Where the member at `at` ends, if a later one replaces it; otherwise 0. */
  readonly superseded: (at: number, depth: number) => number;
  /** The field has stood in this object before. */
  readonly repeated: (field: number) => void;
  /** Rejects the line for what stands at `at` instead of what is wished for, by its number. */
  readonly fail: (at: number, wish: number) => void;
}

let compiled: CompiledModule | null | undefined;

/** The compiled module, or null where there is none: without SIMD. */
export function compiledModule(): CompiledModule | null {
  if (compiled === undefined) compiled = compileModule(moduleText);
  return compiled;
}

const FIRST_PAGES = 128;
/** All that 32 bits address, in pages of 64 KiB. */
export const PAGES_MAX = 1 << 16;

/** Memory that an instance of this thread is done with. */
let spare: { readonly memory: ModuleMemory; readonly pagesMax: number } | null = null;
/** Larger ones are left to the garbage collector. Of an archive hour it is 120 MiB. */
const SPARE_BYTES_MAX = 1 << 28;

/** Memory for one instance, of at most `pagesMax` pages, or null where so much address space is not to be had. */
export function takeMemory(pagesMax: number): ModuleMemory | null {
  if (spare?.pagesMax !== pagesMax) return newMemory(FIRST_PAGES, pagesMax);
  const { memory } = spare;
  spare = null;
  return memory;
}

/**
 * Gives memory back that `takeMemory` answered, whatever is in it. The next instance gets it: the collector sees a small
 * object and lets it lie, so that a process that converts file after file held three or four hours' memory, 534 MB instead of
 * 330.
 */
export function giveMemoryBack(memory: ModuleMemory, pagesMax: number): void {
  if (memory.buffer.byteLength <= SPARE_BYTES_MAX) spare = { memory, pagesMax };
}

/** The module with memory of its own. */
export class ModuleInstance {
  readonly memory: ModuleMemory;
  readonly exports: ModuleExports;
  #bytes: Uint8Array;
  #words: Uint32Array;

  constructor(module: CompiledModule, memory: ModuleMemory, host: ModuleHost) {
    this.memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#words = new Uint32Array(memory.buffer);
    // The one place where the module's side is believed: a test compiles it from `assembly/` and compares.
    this.exports = instantiate(module, { env: { memory }, host: { ...host } }) as ModuleExports;
  }

  /** All of the memory. */
  get bytes(): Uint8Array {
    this.#refresh();
    return this.#bytes;
  }

  /** The number at an address. */
  get(address: number): number {
    if (address >= this.#words.byteLength) this.#refresh();
    return this.#words[address >>> 2] ?? 0;
  }

  /** Writes the number at an address. */
  set(address: number, value: number): void {
    if (address >= this.#words.byteLength) this.#refresh();
    this.#words[address >>> 2] = value;
  }

  #refresh(): void {
    const { buffer } = this.memory;
    if (buffer.byteLength === this.#bytes.byteLength) return;
    this.#bytes = new Uint8Array(buffer);
    this.#words = new Uint32Array(buffer);
  }
}
