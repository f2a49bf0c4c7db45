/** `millrace/spark`: a client of Apache Spark Connect. */
export { Failure, type FailureKind } from "./errors.ts";
export { Column, type ColumnLike, call, callDistinct, col, expr, lit, type Operand } from "./spark-connect/column.ts";
export type {
  Artifact,
  CallOptions,
  ConnectOptions,
  ExecuteOptions,
  ExecutionFigures,
  ExplainMode,
  Parameter,
  Progress,
  Result,
  Session,
  SessionConfig,
  SqlOptions,
  Value,
  ValueOptions,
  WriteTarget,
} from "./spark-connect/contract.ts";
export {
  DataFrame,
  type DataFrameReader,
  type DataFrames,
  type DataFrameWriter,
  dataFrames,
  type JoinType,
  type ReadOptions,
  type WriteOptions,
} from "./spark-connect/dataframe.ts";
export { type QueryContext, SparkError, type SparkErrorDetail } from "./spark-connect/errors.ts";
export { functions } from "./spark-connect/functions.ts";
export { connect } from "./spark-connect/session.ts";
export type { AtomicKind, SparkType, StructField, StructType } from "./spark-connect/types.ts";
