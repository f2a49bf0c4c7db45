/** Declared columns from texts, and what two declarations cannot say together. */
import { Failure } from "../errors.ts";
import { type ELEMENT, foldPath, parsePath } from "./column-path.ts";
import type { DeclaredColumns, DeclaredType } from "./schema.ts";
import { parseType } from "./type-text.ts";

/** From `payload.config` → `json` and the like. Throws a `usage` failure that names the column. */
export function declareColumns(texts: Iterable<readonly [path: string, type: string]>): DeclaredColumns {
  const columns = new Map<string, DeclaredType>();
  for (const [path, type] of texts) {
    parsePath(path);
    if (columns.has(path)) throw new Failure("usage", `column ${path}: is declared twice`);
    columns.set(path, typeOf(path, type));
  }
  const clash = clashingColumns(columns);
  if (clash !== undefined) throw new Failure("usage", clash.fact, { remedy: clash.remedy });
  return columns;
}

function typeOf(path: string, text: string): DeclaredType {
  try {
    return parseType(text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(error.kind, `column ${path}: ${error.message}`, error.detail);
  }
}

/** Two declarations of one path, or one below a column that has no members. */
export function clashingColumns(
  columns: DeclaredColumns,
): { readonly fact: string; readonly remedy: string } | undefined {
  const seen = new Map<string, string>();
  for (const path of columns.keys()) {
    const folded = foldPath(path);
    const before = seen.get(folded);
    if (before !== undefined) {
      return {
        fact: `"${before}" and "${path}" are one column`,
        remedy: "Names match in any case: remove one",
      };
    }
    seen.set(folded, path);
  }
  for (const [above, type] of columns) {
    if (type.kind === "struct" || type.kind === "list") continue;
    const steps = parsePath(foldPath(above));
    const below = [...seen].find(([folded, path]) => path !== above && isBelow(parsePath(folded), steps));
    if (below === undefined) continue;
    return {
      fact: `"${below[1]}" is declared inside "${above}", which is ${type.kind}`,
      remedy: "Remove one of the two",
    };
  }
  return undefined;
}

type Path = readonly (string | typeof ELEMENT)[];

function isBelow(path: Path, above: Path): boolean {
  return path.length > above.length && above.every((step, index) => step === path[index]);
}
