/** The relations that stand for a statement and for its tables. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { quoteForSpark } from "../../model/ddl.ts";
import {
  type Expression,
  ExpressionSchema,
  type Relation,
  RelationSchema,
} from "../../spark-connect/gen/spark_connect_pb.ts";
import type { ValueField } from "../value-types.ts";
import { declaredColumns } from "./types.ts";

export interface FilesSource {
  /** `undefined`: as the first file's footer says. */
  readonly fields: readonly ValueField[] | undefined;
  /** As Hadoop writes paths. */
  readonly paths: readonly string[];
  /** Directories `name=value` below it are columns. */
  readonly basePath?: string;
  readonly format?: "parquet" | "orc";
}

type RelationType = NonNullable<MessageInitShape<typeof RelationSchema>["relType"]>;

const relation = (relType: RelationType): Relation => create(RelationSchema, { relType });

/** Reads exactly these files; none of them is a relation without rows. */
export function filesRelation({ fields, paths, basePath, format = "parquet" }: FilesSource): Relation {
  return relation({
    case: "read",
    value: {
      readType: {
        case: "dataSource",
        value: {
          format,
          paths: paths.map(literalPath),
          options: basePath === undefined ? {} : { basePath },
          ...(fields === undefined ? {} : { schema: declaredColumns(fields) }),
        },
      },
    },
  });
}

/** Hadoop takes these characters in a path for a pattern unless they are escaped. */
function literalPath(path: string): string {
  return path.replace(/[{}[\]*?\\]/g, "\\$&");
}

export function sqlRelation(query: string): Relation {
  return relation({ case: "sql", value: { query } });
}

/** All columns of `input`, and `expression` as a column of that name behind them. */
export function withColumn(input: Relation, name: string, expression: string): Relation {
  return projection(input, ["*", `${expression} AS ${quoteForSpark(name)}`]);
}

/** Each expression as SQL. */
export function projection(input: Relation, expressions: readonly string[]): Relation {
  return relation({ case: "project", value: { input, expressions: expressions.map(expressionOf) } });
}

function expressionOf(expression: string): Expression {
  return create(ExpressionSchema, {
    exprType:
      expression === "*" ? { case: "unresolvedStar", value: {} } : { case: "expressionString", value: { expression } },
  });
}

/** At most so many partitions, without a shuffle. */
export function coalesced(input: Relation, numPartitions: number): Relation {
  return relation({ case: "repartition", value: { input, numPartitions, shuffle: false } });
}
