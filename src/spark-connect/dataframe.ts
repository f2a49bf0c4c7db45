/**
 * A small DataFrame: a query that is built step by step and executed when its rows are asked for. A step sends nothing; whether
 * columns exist and types fit is said when the query is executed, or its schema asked for.
 *
 *     const spark = dataFrames(await connect("sc://localhost"));
 *     const events = spark.read.parquet("s3a://lake/events", { schema: "id BIGINT, type STRING, size INT" });
 *     await events.filter(col("size").gt(10)).groupBy("type").agg("count(*) AS events").orderBy("events DESC").collect();
 */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Column, type ColumnLike, columnOf, expressionOf, orderOf } from "./column.ts";
import type {
  CallOptions,
  ExecuteOptions,
  ExecutionFigures,
  ExplainMode,
  Result,
  Session,
  SqlOptions,
  Value,
  WriteTarget,
} from "./contract.ts";
import { SparkError } from "./errors.ts";
import {
  Aggregate_GroupType,
  Join_JoinType,
  type Relation,
  RelationSchema,
  SetOperation_SetOpType,
} from "./gen/spark_connect_pb.ts";
import { sqlRelation } from "./plans.ts";
import { columnsText, type StructType } from "./types.ts";

type RelationType = NonNullable<MessageInitShape<typeof RelationSchema>["relType"]>;

export type JoinType = "inner" | "left" | "right" | "full" | "semi" | "anti" | "cross";

const joinTypes: Readonly<Record<JoinType, Join_JoinType>> = {
  inner: Join_JoinType.INNER,
  left: Join_JoinType.LEFT_OUTER,
  right: Join_JoinType.RIGHT_OUTER,
  full: Join_JoinType.FULL_OUTER,
  semi: Join_JoinType.LEFT_SEMI,
  anti: Join_JoinType.LEFT_ANTI,
  cross: Join_JoinType.CROSS,
};

export interface ReadOptions {
  /** Its columns, as SQL lists them or as a result's schema; without it the server looks into the files. */
  readonly schema?: string | StructType;
  readonly options?: Readonly<Record<string, string>>;
}

export interface DataFrameReader {
  parquet(paths: string | readonly string[], options?: ReadOptions): DataFrame;
  /** For example `csv` or `json`. */
  format(name: string, paths: string | readonly string[], options?: ReadOptions): DataFrame;
}

/** Where data frames come from. */
export interface DataFrames {
  /** What the catalog, or a temporary view, has under this name. */
  table(name: string): DataFrame;
  /** The rows of a query, which is not executed yet; a command is executed with the data frame. */
  sql(text: string, options?: Pick<SqlOptions, "parameters">): DataFrame;
  /** `id` from `start` (0 unless given) to below `end`. */
  range(end: number | bigint): DataFrame;
  range(start: number | bigint, end: number | bigint, step?: number | bigint): DataFrame;
  readonly read: DataFrameReader;
}

export function dataFrames(session: Session): DataFrames {
  let plans = 0n;
  // Numbers tell which data frame a column is of, where two have columns of one name.
  const make: Make = (relType) => {
    plans++;
    return new DataFrame(session, create(RelationSchema, { common: { planId: plans }, relType }), make);
  };
  function read(format: string, paths: string | readonly string[], { schema, options = {} }: ReadOptions = {}) {
    const readType = {
      case: "dataSource",
      value: {
        format,
        paths: typeof paths === "string" ? [paths] : [...paths],
        options: { ...options },
        ...(schema === undefined ? {} : { schema: typeof schema === "string" ? schema : columnsText(schema) }),
      },
    } as const;
    return make({ case: "read", value: { readType } });
  }
  return {
    table: (name) =>
      make({ case: "read", value: { readType: { case: "namedTable", value: { unparsedIdentifier: name } } } }),
    sql: (text, options = {}) => make(sqlRelation(text, options).relType),
    range(first: number | bigint, end?: number | bigint, step: number | bigint = 1) {
      const [from, to] = end === undefined ? [0, first] : [first, end];
      return make({ case: "range", value: { start: BigInt(from), end: BigInt(to), step: BigInt(step) } });
    },
    read: { parquet: (paths, options) => read("parquet", paths, options), format: read },
  };
}

type Make = (relType: RelationType) => DataFrame;

/** It never changes; every step answers another. */
export class DataFrame {
  readonly #session: Session;
  readonly #make: Make;
  /** The protocol's message, for `Session.execute` and its like. */
  readonly relation: Relation;

  /** `dataFrames` makes them. */
  constructor(session: Session, relation: Relation, make: Make) {
    this.#session = session;
    this.relation = relation;
    this.#make = make;
  }

  /** A column of this data frame, where another one has a column of the same name. */
  col(name: string): Column {
    const planId = this.relation.common?.planId;
    return columnOf({
      case: "unresolvedAttribute",
      value: { unparsedIdentifier: name, ...(planId === undefined ? {} : { planId }) },
    });
  }

  select(...columns: readonly ColumnLike[]): DataFrame {
    return this.#make({ case: "project", value: { input: this.relation, expressions: columns.map(expressionOf) } });
  }

  filter(condition: ColumnLike): DataFrame {
    return this.#make({ case: "filter", value: { input: this.relation, condition: expressionOf(condition) } });
  }

  /** With this column behind the others, or in the place of the one that has its name. */
  withColumn(name: string, column: ColumnLike): DataFrame {
    const aliases = [{ expr: expressionOf(column), name: [name] }];
    return this.#make({ case: "withColumns", value: { input: this.relation, aliases } });
  }

  /** Without the columns of these names; those that it does not have are passed over. */
  drop(...names: readonly string[]): DataFrame {
    return this.#make({ case: "drop", value: { input: this.relation, columnNames: [...names] } });
  }

  /** By nothing: one group of all rows. */
  groupBy(...columns: readonly ColumnLike[]): { agg(...aggregates: readonly ColumnLike[]): DataFrame } {
    return {
      agg: (...aggregates) =>
        this.#make({
          case: "aggregate",
          value: {
            input: this.relation,
            groupType: Aggregate_GroupType.GROUPBY,
            groupingExpressions: columns.map(expressionOf),
            aggregateExpressions: aggregates.map(expressionOf),
          },
        }),
    };
  }

  /** `on`: a condition, or the names of columns that both have and that are equal; the result has those once. */
  join(other: DataFrame, on: ColumnLike | { readonly using: readonly string[] } | undefined, type: JoinType = "inner") {
    if ((on === undefined) !== (type === "cross")) {
      throw new SparkError("usage", `join: ${type} ${on === undefined ? "needs a condition" : "takes no condition"}`);
    }
    const isUsing = typeof on === "object" && "using" in on;
    return this.#make({
      case: "join",
      value: {
        left: this.relation,
        right: other.relation,
        joinType: joinTypes[type],
        ...(isUsing ? { usingColumns: [...on.using] } : {}),
        ...(isUsing || on === undefined ? {} : { joinCondition: expressionOf(on) }),
      },
    });
  }

  /** Texts as in SQL: `a DESC NULLS LAST`. */
  orderBy(...columns: readonly ColumnLike[]): DataFrame {
    return this.#make({
      case: "sort",
      value: { input: this.relation, order: columns.map(orderOf), isGlobal: true },
    });
  }

  limit(rows: number): DataFrame {
    return this.#make({ case: "limit", value: { input: this.relation, limit: rows } });
  }

  /** All rows of both, column by column as they stand, or by name. */
  union(other: DataFrame, { byName = false } = {}): DataFrame {
    return this.#make({
      case: "setOp",
      value: {
        leftInput: this.relation,
        rightInput: other.relation,
        setOpType: SetOperation_SetOpType.UNION,
        isAll: true,
        byName,
      },
    });
  }

  distinct(): DataFrame {
    return this.#make({ case: "deduplicate", value: { input: this.relation, allColumnsAsKeys: true } });
  }

  /** Under this name its columns are called `name.column` in SQL texts. */
  as(name: string): DataFrame {
    return this.#make({ case: "subqueryAlias", value: { input: this.relation, alias: name } });
  }

  execute(options: ExecuteOptions = {}): Promise<Result> {
    return this.#session.execute(this.relation, options);
  }

  async collect(options: ExecuteOptions = {}): Promise<Record<string, Value>[]> {
    return (await this.execute(options)).collect();
  }

  async count(options: ExecuteOptions = {}): Promise<number> {
    return Number(await this.groupBy().agg("count(1)").#cell(options));
  }

  schema(options: CallOptions = {}): Promise<StructType> {
    return this.#session.schema(this.relation, options);
  }

  explain(mode: ExplainMode = "simple", options: CallOptions = {}): Promise<string> {
    return this.#session.explain(this.relation, mode, options);
  }

  /** Its first rows, drawn as a table. Texts longer than `truncate` are cut; 0 cuts none. */
  async show(rows = 20, { truncate = 20, vertical = false } = {}): Promise<string> {
    const value = { input: this.relation, numRows: rows, truncate, vertical };
    return String(await this.#make({ case: "showString", value }).#cell({}));
  }

  createTempView(name: string, options: { readonly replace?: boolean } & CallOptions = {}): Promise<void> {
    return this.#session.createView(name, this.relation, options);
  }

  get write(): DataFrameWriter {
    const write = (to: WriteTarget["to"], format: string | undefined, { execution = {}, ...how }: WriteOptions) =>
      this.#session.write(
        this.relation,
        { to, mode: "error", ...(format === undefined ? {} : { format }), ...how },
        execution,
      );
    return {
      parquet: (path, how = {}) => write({ path }, "parquet", how),
      format: (name, path, how = {}) => write({ path }, name, how),
      saveAsTable: (table, { format, ...how } = {}) => write({ table, method: "save" }, format, how),
      insertInto: (table, how = {}) => write({ table, method: "insert" }, undefined, { mode: "append", ...how }),
    };
  }

  async #cell(options: ExecuteOptions): Promise<Value> {
    for await (const row of (await this.execute(options)).rows()) return row[0] ?? null;
    return null;
  }
}

export interface WriteOptions {
  /** What to do if there is something already. Default: `error`; of `insertInto`: `append`. */
  readonly mode?: WriteTarget["mode"];
  readonly partitionBy?: readonly string[];
  /** Of the format, for example `compression`. */
  readonly options?: Readonly<Record<string, string>>;
  readonly execution?: ExecuteOptions;
}

/** Each resolves when the server has written. */
export interface DataFrameWriter {
  parquet(path: string, how?: WriteOptions): Promise<ExecutionFigures>;
  format(name: string, path: string, how?: WriteOptions): Promise<ExecutionFigures>;
  saveAsTable(name: string, how?: WriteOptions & { readonly format?: string }): Promise<ExecutionFigures>;
  insertInto(name: string, how?: WriteOptions): Promise<ExecutionFigures>;
}
