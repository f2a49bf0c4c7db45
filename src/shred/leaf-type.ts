/** The column type of a node that holds values itself. */
import type { ColumnType } from "../model/schema.ts";
import type { Node } from "./node.ts";
import {
  BOOL,
  DECIMAL,
  DECLARED_BOOL,
  DECLARED_DOUBLE,
  DECLARED_INT,
  DOUBLE,
  INT,
  JSON_TEXT,
  SEEN_BIG,
  STRING,
  TEXT,
  TIMESTAMP,
} from "./node-type.ts";

/** Whether a text is `mixed` is not told here: it depends on the table too. */
export function leafType(node: Node): ColumnType {
  switch (node.type) {
    case BOOL:
    case DECLARED_BOOL:
      return { kind: "bool" };
    case INT:
      return (node.seen & SEEN_BIG) === 0 ? { kind: "int64" } : { kind: "int64", big: true };
    case DECLARED_INT:
      return { kind: "int64" };
    case DOUBLE:
    case DECLARED_DOUBLE:
      return { kind: "double" };
    case STRING:
    case TEXT:
      return { kind: "string" };
    case JSON_TEXT:
      return { kind: "json" };
    case TIMESTAMP:
      return { kind: "timestamp" };
    case DECIMAL:
      if (node.declared?.type?.kind === "decimal") return node.declared.type;
  }
  throw new RangeError(`column ${node.path}: type ${node.type} holds no values`);
}
