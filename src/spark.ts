/** `millrace/spark`: a client of Apache Spark Connect. */
export { Failure, type FailureKind } from "./errors.ts";
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
export { type QueryContext, SparkError, type SparkErrorDetail } from "./spark-connect/errors.ts";
export { connect } from "./spark-connect/session.ts";
export type { AtomicKind, SparkType, StructField, StructType } from "./spark-connect/types.ts";
