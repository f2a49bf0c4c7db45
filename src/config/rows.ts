/** What makes rows of JSON lines: for comparisons, and for where WebAssembly is not wanted. */
import { Failure } from "../errors.ts";
import type { Environment } from "./substitute.ts";

export const rowsVariable = "MILLRACE_SHRED";

/** As the variable says; where it says nothing, WebAssembly. Throws a `usage` failure for any other word. */
export function chosenRows(environment: Environment): "webassembly" | "typescript" {
  const text = environment[rowsVariable];
  if (text === undefined || text === "" || text === "webassembly") return "webassembly";
  if (text === "typescript") return "typescript";
  throw new Failure("usage", `${rowsVariable}: expected webassembly or typescript, got "${text}"`);
}
