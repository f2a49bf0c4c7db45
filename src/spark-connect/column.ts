/**
 * Expressions as values, for those who build plans instead of writing SQL. Wherever a data frame takes a column, it takes the
 * SQL text of one as well, which can say everything that Spark can.
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import type { Parameter } from "./contract.ts";
import {
  type Expression,
  type Expression_SortOrder,
  type Expression_SortOrderSchema,
  ExpressionSchema,
  Expression_SortOrder_NullOrdering as NullOrdering,
  Expression_SortOrder_SortDirection as SortDirection,
} from "./gen/spark_connect_pb.ts";
import { literalOf } from "./literals.ts";
import { type SparkType, typeText } from "./types.ts";

/** A column, or the SQL of one: `a`, `a + 1 AS b`, `*`. */
export type ColumnLike = Column | string;

/** What stands beside a column in an operation: a column, or a value (a string is a text, not SQL). */
export type Operand = Column | Parameter;

type ExprType = NonNullable<MessageInitShape<typeof ExpressionSchema>["exprType"]>;

/** An expression over the columns of a data frame. It never changes; every method answers another. */
export class Column {
  readonly expression: Expression;

  /** `col`, `lit`, `expr` and `call` make them. */
  constructor(expression: Expression) {
    this.expression = expression;
  }

  as(name: string): Column {
    return columnOf({ case: "alias", value: { expr: this.expression, name: [name] } });
  }

  /** `type` as SQL writes it, for example `DECIMAL(10,2)`. */
  cast(type: string | SparkType): Column {
    const value = typeof type === "string" ? type : typeText(type);
    return columnOf({ case: "cast", value: { expr: this.expression, castToType: { case: "typeStr", value } } });
  }

  /** Nulls come first unless said otherwise. */
  asc(nulls: "first" | "last" = "first"): Column {
    return this.#sorted(SortDirection.ASCENDING, nulls);
  }

  /** Nulls come last unless said otherwise. */
  desc(nulls: "first" | "last" = "last"): Column {
    return this.#sorted(SortDirection.DESCENDING, nulls);
  }

  eq(other: Operand): Column {
    return call("==", this, operand(other));
  }

  ne(other: Operand): Column {
    return this.eq(other).not();
  }

  /** Equal, or both null. */
  eqNullSafe(other: Operand): Column {
    return call("<=>", this, operand(other));
  }

  lt(other: Operand): Column {
    return call("<", this, operand(other));
  }

  le(other: Operand): Column {
    return call("<=", this, operand(other));
  }

  gt(other: Operand): Column {
    return call(">", this, operand(other));
  }

  ge(other: Operand): Column {
    return call(">=", this, operand(other));
  }

  plus(other: Operand): Column {
    return call("+", this, operand(other));
  }

  minus(other: Operand): Column {
    return call("-", this, operand(other));
  }

  times(other: Operand): Column {
    return call("*", this, operand(other));
  }

  dividedBy(other: Operand): Column {
    return call("/", this, operand(other));
  }

  and(other: Column): Column {
    return call("and", this, other);
  }

  or(other: Column): Column {
    return call("or", this, other);
  }

  not(): Column {
    return call("not", this);
  }

  isNull(): Column {
    return call("isnull", this);
  }

  isNotNull(): Column {
    return call("isnotnull", this);
  }

  isIn(...values: readonly Operand[]): Column {
    return call("in", this, ...values.map(operand));
  }

  #sorted(direction: SortDirection, nulls: "first" | "last"): Column {
    return columnOf({ case: "sortOrder", value: sortOrder(this.expression, direction, nulls) });
  }
}

/** A column by its name, which may lead into structs (`a.b`); what SQL would take for something else stands in back quotes. */
export function col(name: string): Column {
  return columnOf({ case: "unresolvedAttribute", value: { unparsedIdentifier: name } });
}

/** A value, of the type that `Parameter` says. */
export function lit(value: Parameter): Column {
  return new Column(literalOf(value));
}

/** The expression that a SQL text says. */
export function expr(sql: string): Column {
  return columnOf({ case: "expressionString", value: { expression: sql } });
}

/** Any function of the server's, by its name. */
export function call(name: string, ...args: readonly ColumnLike[]): Column {
  return columnOf({ case: "unresolvedFunction", value: { functionName: name, arguments: args.map(expressionOf) } });
}

/** The same over distinct values. */
export function callDistinct(name: string, ...args: readonly ColumnLike[]): Column {
  const value = { functionName: name, arguments: args.map(expressionOf), isDistinct: true };
  return columnOf({ case: "unresolvedFunction", value });
}

export function columnOf(exprType: ExprType): Column {
  return new Column(create(ExpressionSchema, { exprType }));
}

export function expressionOf(column: ColumnLike): Expression {
  return typeof column === "string" ? expr(column).expression : column.expression;
}

/** An order's column: as `asc` and `desc` answer it, ascending otherwise. A text may end as in SQL: `a DESC NULLS LAST`. */
export function orderOf(
  column: ColumnLike,
): MessageInitShape<typeof Expression_SortOrderSchema> | Expression_SortOrder {
  if (typeof column !== "string") {
    const { exprType } = column.expression;
    if (exprType.case === "sortOrder") return exprType.value;
    return sortOrder(column.expression, SortDirection.ASCENDING, "first");
  }
  const [, text = column, direction = "asc", nulls] =
    /^(.*?)(?:\s+(asc|desc))?(?:\s+nulls\s+(first|last))?\s*$/is.exec(column) ?? [];
  const isDescending = direction.toLowerCase() === "desc";
  const isLast = nulls === undefined ? isDescending : nulls.toLowerCase() === "last";
  return sortOrder(
    expr(text).expression,
    isDescending ? SortDirection.DESCENDING : SortDirection.ASCENDING,
    isLast ? "last" : "first",
  );
}

function sortOrder(child: Expression, direction: SortDirection, nulls: "first" | "last") {
  return {
    child,
    direction,
    nullOrdering: nulls === "first" ? NullOrdering.SORT_NULLS_FIRST : NullOrdering.SORT_NULLS_LAST,
  };
}

function operand(value: Operand): Column {
  return value instanceof Column ? value : lit(value);
}
