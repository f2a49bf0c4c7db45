/** What a call is, by its path and by the message that the client sent. */
import { fromBinary } from "@bufbuild/protobuf";
import {
  ExecutePlanRequestSchema,
  InterruptRequestSchema,
  ReattachExecuteRequestSchema,
  ReleaseExecuteRequestSchema,
} from "../../../src/spark-connect/gen/spark_connect_pb.ts";

export const rpcNames = [
  "ExecutePlan",
  "AnalyzePlan",
  "Config",
  "AddArtifacts",
  "ArtifactStatus",
  "Interrupt",
  "ReattachExecute",
  "ReleaseExecute",
  "ReleaseSession",
  "FetchErrorDetails",
  "CloneSession",
  "GetStatus",
] as const;
export type RpcName = (typeof rpcNames)[number];

/** `/spark.connect.SparkConnectService/ExecutePlan` → `ExecutePlan`. */
export function rpcNameOf(path: string): RpcName {
  const found = rpcNames.find((name) => path === `/spark.connect.SparkConnectService/${name}`);
  if (found === undefined) throw new Error(`no RPC of Spark Connect: ${path}`);
  return found;
}

export function operationIdOf(rpc: RpcName, request: Uint8Array): string | undefined {
  switch (rpc) {
    case "ExecutePlan":
      return fromBinary(ExecutePlanRequestSchema, request).operationId;
    case "ReattachExecute":
      return fromBinary(ReattachExecuteRequestSchema, request).operationId;
    case "ReleaseExecute":
      return fromBinary(ReleaseExecuteRequestSchema, request).operationId;
    case "Interrupt": {
      const { interrupt } = fromBinary(InterruptRequestSchema, request);
      return interrupt.case === "operationId" ? interrupt.value : undefined;
    }
    default:
      return undefined;
  }
}
