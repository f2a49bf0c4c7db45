/** How a gRPC server says that a call failed: a status in the trailers, with details as google.rpc messages. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** The codes that occur here, by their numbers. */
export const codes = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  permissionDenied: 7,
  resourceExhausted: 8,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

export interface Status {
  readonly code: number;
  readonly message: string;
  /** google.rpc.RetryInfo: how long to wait, in milliseconds. */
  readonly retryMs?: number;
  /** google.rpc.ErrorInfo: what Spark says about its errors. */
  readonly info?: Readonly<Record<string, string>>;
}

/** The trailers that carry a status; without it, those of success. */
export function trailersOf(status?: Status): Record<string, string> {
  if (status === undefined) return { "grpc-status": "0" };
  const plain = { "grpc-status": String(status.code), "grpc-message": encodeURIComponent(status.message) };
  const details = [...retryDetails(status), ...infoDetails(status)];
  if (details.length === 0) return plain;
  return { ...plain, "grpc-status-details-bin": Buffer.from(statusBytes(status, details)).toString("base64") };
}

/** google.rpc.Status, whose details are google.protobuf.Any. */
function statusBytes({ code, message }: Status, details: readonly Uint8Array[]): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int32(code);
  writer.tag(2, WireType.LengthDelimited).string(message);
  for (const detail of details) writer.tag(3, WireType.LengthDelimited).bytes(detail);
  return writer.finish();
}

function anyOf(type: string, value: Uint8Array): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).string(`type.googleapis.com/google.rpc.${type}`);
  writer.tag(2, WireType.LengthDelimited).bytes(value);
  return writer.finish();
}

function retryDetails({ retryMs }: Status): readonly Uint8Array[] {
  if (retryMs === undefined) return [];
  const duration = new BinaryWriter();
  duration.tag(1, WireType.Varint).int64(Math.trunc(retryMs / 1000));
  duration.tag(2, WireType.Varint).int32((retryMs % 1000) * 1_000_000);
  const info = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(duration.finish());
  return [anyOf("RetryInfo", info.finish())];
}

function infoDetails({ info }: Status): readonly Uint8Array[] {
  if (info === undefined) return [];
  const writer = new BinaryWriter();
  writer.tag(1, WireType.LengthDelimited).string("org.apache.spark.SparkException");
  writer.tag(2, WireType.LengthDelimited).string("org.apache.spark");
  for (const [key, value] of Object.entries(info)) {
    writer.tag(3, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(key);
    writer.tag(2, WireType.LengthDelimited).string(value);
    writer.join();
  }
  return [anyOf("ErrorInfo", writer.finish())];
}
