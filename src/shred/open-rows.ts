/** The table of what makes rows. */

import type { RowState } from "./row-state.ts";
import type { Rows, RowsBy } from "./rows.ts";
import { TypeScriptRows } from "./typescript-rows.ts";
import { compiledModule, moduleMemory } from "./webassembly/module.ts";
import { WebAssemblyRows } from "./webassembly/webassembly-rows.ts";

export interface RowsOptions {
  readonly by: RowsBy;
  /** A row group ends with the row by which its lines reach so many bytes. */
  readonly groupBytes: number;
  /** See `moduleMemory`. */
  readonly memoryPagesMax: number;
}

/** Rows as they are asked for; by TypeScript where a module or memory for it is not to be had. */
export function openRows(state: RowState, { by, groupBytes, memoryPagesMax }: RowsOptions): Rows {
  const module = by === "webassembly" ? compiledModule() : null;
  const memory = module === null ? null : moduleMemory(memoryPagesMax);
  if (module === null || memory === null) return new TypeScriptRows(state);
  return new WebAssemblyRows(module, memory, state, groupBytes);
}
