/** The table of what makes rows. */

import type { RowState } from "./row-state.ts";
import type { Rows, RowsOptions } from "./rows.ts";
import { TypeScriptRows } from "./typescript-rows.ts";
import { compiledModule, takeMemory } from "./webassembly/module.ts";
import { WebAssemblyRows } from "./webassembly/webassembly-rows.ts";

/** Rows as they are asked for; by TypeScript where a module or memory for it is not to be had. */
export function openRows(state: RowState, options: RowsOptions): Rows {
  const { by, memoryPagesMax } = options;
  const module = by === "webassembly" ? compiledModule() : null;
  const memory = module === null ? null : takeMemory(memoryPagesMax);
  if (module === null || memory === null) return new TypeScriptRows(state);
  return new WebAssemblyRows(module, memory, state, options);
}
