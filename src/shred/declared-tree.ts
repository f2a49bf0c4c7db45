/** The declared columns as a tree, which is walked along with the values. */
import { type ColumnPath, ELEMENT, keyOfName, parsePath } from "../model/column-path.ts";
import { expandDeclared } from "../model/merge.ts";
import type { DeclaredColumns, DeclaredType } from "../model/schema.ts";

export interface DeclaredTree {
  /** A scalar, `json` or `drop`; declared lists and structs act as types that the table knows. */
  readonly type: DeclaredType | undefined;
  /** By folded key. */
  readonly fields: ReadonlyMap<string, DeclaredTree>;
  readonly element: DeclaredTree | undefined;
}

interface GrowingTree {
  type: DeclaredType | undefined;
  readonly fields: Map<string, GrowingTree>;
  element: GrowingTree | undefined;
}

export function declaredTree(declared: DeclaredColumns): DeclaredTree {
  const root = newTree();
  for (const [path, type] of expandDeclared(declared)) {
    if (type.kind !== "list" && type.kind !== "struct") treeAt(root, parsePath(path)).type = type;
  }
  return root;
}

function newTree(): GrowingTree {
  return { type: undefined, fields: new Map(), element: undefined };
}

function treeAt(root: GrowingTree, path: ColumnPath): GrowingTree {
  let tree = root;
  for (const step of path) {
    if (step === ELEMENT) {
      tree.element ??= newTree();
      tree = tree.element;
    } else {
      const key = keyOfName(step);
      const inner = tree.fields.get(key) ?? newTree();
      tree.fields.set(key, inner);
      tree = inner;
    }
  }
  return tree;
}
