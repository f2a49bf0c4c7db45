/** Which leaf columns of a file a statement's view of a table reads: what must be there of a file that lies elsewhere. */
import { foldName } from "../../model/column-path.ts";
import type { WantedLeaves } from "../contract.ts";
import type { ValueField, ValueType } from "../value-types.ts";

/**
 * The leaves below `kept` (the touched columns, as `narrowed` gives them of `full`). Names are compared as everywhere, also
 * where DuckDB would not find the column. Below a column that is kept as a whole, and below a list, all leaves count,
 * whether or not the schema knows them.
 */
export function wantedLeaves(full: readonly ValueField[], kept: readonly ValueField[]): WantedLeaves {
  const root = nodeOf(full, kept);
  return (path) => {
    let node = root;
    for (const name of path) {
      const found = node.get(foldName(name));
      if (found === undefined) return false;
      if (found === "whole") return true;
      node = found;
    }
    // The file has a value where the schema has a struct: it is looked at, and refused.
    return true;
  };
}

/** The leaves of these columns, whatever lies below them. */
export function wantedColumns(kept: readonly ValueField[]): WantedLeaves {
  const names = new Set(kept.map((field) => foldName(field.name)));
  return ([name]) => name !== undefined && names.has(foldName(name));
}

type Node = ReadonlyMap<string, Node | "whole">;

function nodeOf(full: readonly ValueField[], kept: readonly ValueField[]): Node {
  return new Map(kept.map(({ name, type }) => [foldName(name), below(full.find((f) => f.name === name)?.type, type)]));
}

function below(full: ValueType | undefined, kept: ValueType): Node | "whole" {
  const isPart = full !== kept && full?.kind === "struct" && kept.kind === "struct";
  return isPart ? nodeOf(full.fields, kept.fields) : "whole";
}
