/** The module of `assembly/parquet/`: what it asks for and gives. */
import { type CompiledModule, compileModule, instantiate, type SharedMemory } from "../../webassembly.ts";
import { moduleText } from "./binary.ts";

interface Global {
  readonly value: number;
}

/** Addresses are bytes of the shared memory, all numbers but limits are unsigned. See `assembly/parquet/` for what each does. */
export interface LoopExports {
  readonly encodeRuns: (pairs: number, bytes: number, width: number, out: number) => number;
  readonly encodeIndices: (values: number, from: number, to: number, width: number, out: number) => number;
  readonly packFlags: (flags: number, count: number, out: number) => number;
  readonly encodeInt64s: (values: number, count: number, out: number) => void;
  readonly makeDictionary: (values: number, count: number) => number;
  readonly releaseDictionary: () => void;
  readonly findRange: (values: number, count: number) => void;
  readonly findExtremes: (texts: number, bytes: number) => number;
  readonly countTexts: (texts: number, bytes: number) => number;
  readonly distinct: Global;
  readonly indices: Global;
  readonly least: Global;
  readonly greatest: Global;
  readonly greatestText: Global;
}

let compiled: CompiledModule | null | undefined;

/** The compiled module, or null where there is none. */
export function loopsModule(): CompiledModule | null {
  if (compiled === undefined) compiled = compileModule(moduleText);
  return compiled;
}

/** The module's functions on that memory. */
export function loopsOn(module: CompiledModule, { memory, allocate, release }: SharedMemory): LoopExports {
  // The one place where the module's side is believed: a test compiles it from `assembly/` and compares.
  return instantiate(module, { env: { memory }, host: { allocate, release } }) as LoopExports;
}
