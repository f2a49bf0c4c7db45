/** Values of the caller as the protocol's literals: what parameters of a statement and expressions of a plan are made of. */
import { create } from "@bufbuild/protobuf";
import type { Parameter } from "./contract.ts";
import { SparkError } from "./errors.ts";
import {
  DataType_NULLSchema,
  DataTypeSchema,
  type Expression,
  type Expression_Literal,
  Expression_LiteralSchema,
  ExpressionSchema,
} from "./gen/spark_connect_pb.ts";

/** The type follows from the value, as `Parameter` says. `SparkError` "usage" for a value that no type of Spark holds. */
export function literalOf(value: Parameter): Expression {
  const literal = create(Expression_LiteralSchema, { literalType: literalTypeOf(value) });
  return create(ExpressionSchema, { exprType: { case: "literal", value: literal } });
}

function literalTypeOf(value: Parameter): Expression_Literal["literalType"] {
  switch (typeof value) {
    case "boolean":
      return { case: "boolean", value };
    case "number":
      // A negative zero is none of the integers.
      return value === (value | 0) && !Object.is(value, -0) ? { case: "integer", value } : { case: "double", value };
    case "bigint":
      if (value !== BigInt.asIntN(64, value)) {
        throw unusable(`${value} is beyond BIGINT`, "pass it as a string and cast it to DECIMAL in the statement");
      }
      return { case: "long", value };
    case "string":
      if (!value.isWellFormed()) {
        throw unusable("a text holds half of a surrogate pair, which UTF-8 cannot express", "repair the text");
      }
      return { case: "string", value };
    default:
      if (value === null) return { case: "null", value: create(DataTypeSchema, nullKind) };
      if (value instanceof Uint8Array) return { case: "binary", value };
      if (value instanceof Date) {
        const ms = value.getTime();
        if (Number.isNaN(ms)) throw unusable("a date is invalid", "pass a valid one or null");
        return { case: "timestamp", value: BigInt(ms) * 1000n };
      }
      throw unusable(
        `${typeof value} is no value of a parameter`,
        "pass null, a boolean, number, bigint, string, Uint8Array or Date",
      );
  }
}

const nullKind = { kind: { case: "null", value: create(DataType_NULLSchema) } } as const;

function unusable(fact: string, remedy: string): SparkError {
  return new SparkError("usage", `parameter: ${fact}`, { remedy });
}
