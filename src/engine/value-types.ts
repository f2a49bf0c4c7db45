/** Types of columns as engines bind them: those of the lattice, and the few more that a mart may have. */
import { isSqlType } from "../model/column-type-text.ts";
import type { ColumnType } from "../model/schema.ts";
import { boundSchema } from "../model/stand-in.ts";
import type { EngineType, ShapeSchema } from "./contract.ts";

export type ValueType = ColumnType | EngineType;

export interface ValueField {
  readonly name: string;
  readonly type: ValueType;
}

/** Columns as SQL binds them: every path has a type, and bottoms are the text that files hold for them. */
export function boundFields(schema: ShapeSchema): ValueField[] {
  return schema.fields.map(({ name, type }) => ({ name, type: boundOf(type) }));
}

function boundOf(type: ValueType): ValueType {
  if (isEngineType(type)) return type;
  return boundSchema({ fields: [{ name: "", type }] }).fields[0]?.type ?? type;
}

export function isEngineType(type: ValueType): type is EngineType {
  return isSqlType(type);
}

/** How many columns a file has for these fields: the leaves of their structs and lists. */
export function countLeaves(fields: readonly ValueField[]): number {
  return fields.reduce((sum, field) => sum + leavesOf(field.type), 0);
}

function leavesOf(type: ValueType): number {
  if (type.kind === "list") return leavesOf(type.element);
  return type.kind === "struct" ? countLeaves(type.fields) : 1;
}
