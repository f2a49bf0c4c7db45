/** What a file's columns turned out to be: its schema, which column comes from where, and how it differs from the table. */
import { foldName, keyOfName } from "../model/column-path.ts";
import { type ConflictRule, joinTypes } from "../model/merge.ts";
import type { ColumnType, Field, Schema } from "../model/schema.ts";
import { hasColumn, leastType } from "../model/stand-in.ts";
import { leafType } from "./leaf-type.ts";
import type { Node, Offense } from "./node.ts";
import { DROP, LIST, SEEN_LIST, SEEN_STRUCT, STRING, STRUCT, TEXT } from "./node-type.ts";
import type { Hint, Hints } from "./settle.ts";

/** A column as it will stand in the file. Leaves come in the order of the stored schema (see `storedSchema`). */
export interface PlannedLeaf {
  /** Where its values are; absent for a column that only the table knows, and for stand-ins of lists. */
  readonly node: Node | undefined;
  /** The structs and lists around it, from the root down; row groups without its values take their levels. */
  readonly containers: readonly Node[];
  /** If set, the column stands for this struct without fields: the text `{}` wherever the struct is present. */
  readonly emptyStruct: Node | undefined;
}

export interface Departure {
  readonly path: string;
  readonly table: ColumnType;
  readonly file: ColumnType;
  readonly first: Offense;
}

export class FileSchema {
  readonly #root: Node;
  readonly #conflicts: ConflictRule;

  constructor(root: Node, conflicts: ConflictRule) {
    this.#root = root;
    this.#conflicts = conflicts;
  }

  /**
   * The logical schema: bottoms as they are, except where the table knows a type, which then stands here as in the file.
   * In every struct the fields that were only null come last.
   */
  schema(): Schema {
    return { fields: this.#fieldsOf(this.#root) };
  }

  #typeOf(node: Node): ColumnType {
    if (!node.hasValues) return { kind: "null" };
    if (node.type === STRUCT) return this.#structType(node);
    if (node.type === LIST) return this.#listType(node);
    return this.#isMixed(node) ? { kind: "string", mixed: true } : leafType(node);
  }

  #isMixed(node: Node): boolean {
    if ((node.type !== TEXT && node.type !== STRING) || node.declared?.type?.kind === "string") return false;
    if (node.type === TEXT && (node.seen & (SEEN_LIST | SEEN_STRUCT)) !== 0) return true;
    if (node.known === undefined) return false;
    const joined = joinTypes(node.known, { kind: "string" }, this.#conflicts);
    return "type" in joined && joined.type.kind === "string" && joined.type.mixed === true;
  }

  #structType(node: Node): ColumnType {
    const fields = this.#fieldsOf(node);
    const own: ColumnType = { kind: "struct", fields };
    return hasColumn(own) ? own : withKnownField(fields, node.known);
  }

  #fieldsOf(node: Node): Field[] {
    const fields = node.fields
      .filter((field) => field.type !== DROP)
      .map((field) => ({ name: field.name, type: this.#typeOf(field) }));
    const untyped = fields.filter((field) => field.type.kind === "null");
    return [...fields.filter((field) => field.type.kind !== "null"), ...untyped];
  }

  #listType(node: Node): ColumnType {
    const element = node.element === null || node.element.type === DROP ? nothing : this.#typeOf(node.element);
    const known = node.known?.kind === "list" ? leastType(node.known.element) : nothing;
    return { kind: "list", element: element.kind === "null" ? known : element };
  }

  /** Where the file's columns are other than the table knows them, in the order of columns. */
  departures(): Departure[] {
    const found: Departure[] = [];
    const visit = (node: Node): void => {
      if (node.offense !== null && node.known !== undefined) {
        const file = this.#typeOf(node);
        if (!isSameColumn(node.known, file)) {
          found.push({ path: node.path, table: node.known, file, first: node.offense });
        }
      }
      if (node.type === LIST && node.element !== null) visit(node.element);
      if (node.type === STRUCT) for (const field of node.fields) visit(field);
    };
    visit(this.#root);
    return found;
  }
}

const nothing: ColumnType = { kind: "null" };

/** A struct without any column takes the table's first one by name (T3), so that it is told from null. */
function withKnownField(fields: readonly Field[], known: ColumnType | undefined): ColumnType {
  const least = known?.kind === "struct" ? leastType(known) : nothing;
  const [first] = least.kind === "struct" ? least.fields : [];
  if (first === undefined) return { kind: "struct", fields };
  const folded = foldName(first.name);
  const own = fields.find((field) => foldName(field.name) === folded);
  const others = fields.filter((field) => field !== own);
  return { kind: "struct", fields: [{ name: own?.name ?? first.name, type: first.type }, ...others] };
}

function isSameColumn(left: ColumnType, right: ColumnType): boolean {
  if (left.kind === "string" && right.kind === "string") return left.mixed === right.mixed;
  return left.kind === right.kind;
}

/** For each leaf column of the stored form of `schema`, in order, where its values and levels come from. */
export function planLeaves(root: Node, schema: Schema): PlannedLeaf[] {
  const planned: PlannedLeaf[] = [];
  const plan = (type: ColumnType, node: Node | undefined, containers: readonly Node[]): void => {
    const inner = node === undefined ? containers : [...containers, node];
    if (type.kind === "list") {
      if (type.element.kind === "null") planned.push({ node: undefined, containers: inner, emptyStruct: undefined });
      else plan(type.element, node?.element ?? undefined, inner);
    } else if (type.kind === "struct" && hasColumn(type)) planFields(type.fields, node, inner);
    else planned.push({ node, containers, emptyStruct: type.kind === "struct" ? node : undefined });
  };
  const planFields = (fields: readonly Field[], node: Node | undefined, containers: readonly Node[]): void => {
    for (const field of fields) {
      if (field.type.kind === "null") continue;
      plan(field.type, node?.fieldsByKey.get(keyOfName(field.name)), containers);
    }
  };
  planFields(schema.fields, root, [root]);
  return planned;
}

/**
 * Columns that were read as text because the table knows them as mixed, though the file has nothing but structs or
 * nothing but lists there: with these hints the next pass gives them their own shape.
 */
export function missedShapes(root: Node, hints: Hints): Map<string, Hint> {
  const missed = new Map<string, Hint>();
  const visit = (node: Node): void => {
    const isOneShape = node.seen === SEEN_LIST || node.seen === SEEN_STRUCT;
    if (node.type === TEXT && isOneShape && (node.offending & node.seen) !== 0 && !hints.has(node.foldedPath)) {
      missed.set(node.foldedPath, "shape");
    }
    if (node.type === LIST && node.element !== null) visit(node.element);
    if (node.type === STRUCT) for (const field of node.fields) visit(field);
  };
  visit(root);
  return missed;
}
