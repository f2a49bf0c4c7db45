/** The table of loops. */
import type { SharedMemory } from "../webassembly.ts";
import { type Loops, typescriptLoops } from "./loops.ts";
import { WebAssemblyLoops } from "./webassembly/loops.ts";
import { loopsModule } from "./webassembly/module.ts";

/** Loops for columns in a module's memory, or in any. */
export function openLoops(memory: SharedMemory | null): Loops {
  const module = memory === null ? null : loopsModule();
  return memory === null || module === null ? typescriptLoops : new WebAssemblyLoops(module, memory);
}
