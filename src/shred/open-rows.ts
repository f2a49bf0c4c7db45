/** The table of what makes rows. */
import { nativeMemory, nativeModule } from "./native/module.ts";
import { NativeRows } from "./native/native-rows.ts";
import type { RowState } from "./row-state.ts";
import type { Rows, RowsBy } from "./rows.ts";
import { TypeScriptRows } from "./typescript-rows.ts";

export interface RowsOptions {
  readonly by: RowsBy;
  /** A row group ends with the row by which its lines reach so many bytes. */
  readonly groupBytes: number;
  /** See `nativeMemory`. */
  readonly memoryPagesMax: number;
}

/** Rows as they are asked for; by TypeScript where a module or memory for it is not to be had. */
export function openRows(state: RowState, { by, groupBytes, memoryPagesMax }: RowsOptions): Rows {
  const module = by === "webassembly" ? nativeModule() : null;
  const memory = module === null ? null : nativeMemory(memoryPagesMax);
  if (module === null || memory === null) return new TypeScriptRows(state);
  return new NativeRows(module, memory, state, groupBytes);
}
