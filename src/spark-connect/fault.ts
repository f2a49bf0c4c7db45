/**
 * What a failed call means. The library's errors are read once, here: a status that the server sent, or a connection that
 * could not be made, was lost, or carried something else than gRPC.
 */
import { Code, ConnectError } from "@connectrpc/connect";
import { detailsOfTrailer, readDetails, type StatusDetails } from "./details.ts";
import { detailsHeader } from "./transport.ts";

export interface Fault {
  /** `server`: it answered with this status. Otherwise nothing of the sort arrived. */
  readonly origin: "server" | "connection";
  readonly code: Code;
  readonly message: string;
  readonly details: StatusDetails;
  /** Of the error that Node gave, for example `ECONNREFUSED`. */
  readonly systemCode: string | undefined;
  readonly cause: unknown;
}

export function faultOf(error: unknown): Fault {
  const failed = ConnectError.from(error, Code.Internal);
  const header = failed.metadata.get(detailsHeader);
  const details = header === null ? failed.details.flatMap(packed) : detailsOfTrailer(header);
  return {
    origin: failed.metadata.has("grpc-status") ? "server" : "connection",
    code: failed.code,
    message: failed.rawMessage,
    details: readDetails(details),
    systemCode: systemCodeOf(error),
    cause: error,
  };
}

/** Details of an error that came over the wire; those of one that was made in this process have no bytes. */
function packed(detail: ConnectError["details"][number]): { readonly type: string; readonly value: Uint8Array }[] {
  return "type" in detail ? [{ type: detail.type, value: detail.value }] : [];
}

function systemCodeOf(error: unknown): string | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < 8 && at instanceof Error; depth++) {
    if ("code" in at && typeof at.code === "string") return at.code;
    // Both families of addresses were tried, and both refused.
    if (at instanceof AggregateError && at.errors.length > 0) at = at.errors[0];
    else at = at.cause;
  }
  return undefined;
}

/** What went wrong with a connection, as far as remedies differ. */
export type ConnectionTrouble =
  | "refused"
  | "unknown-host"
  | "certificate"
  | "certificate-name"
  | "no-tls"
  | "no-http2"
  | "no-grpc"
  | "too-large"
  | "undecodable"
  /** It did not answer in time. */
  | "silent"
  /** It ended the connection before it ever answered. */
  | "hung-up"
  | "lost";

/** Beside all that begin with `CERT_`. */
const certificateCodes = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "INVALID_CA",
  "INVALID_PURPOSE",
]);

/** `spoke`: whether the other side ever answered in HTTP/2. */
export function troubleOf(fault: Fault, spoke: boolean): ConnectionTrouble {
  const { systemCode = "", message, code } = fault;
  if (systemCode === "ECONNREFUSED") return "refused";
  if (systemCode === "ENOTFOUND" || systemCode === "EAI_AGAIN") return "unknown-host";
  if (certificateCodes.has(systemCode) || systemCode.startsWith("CERT_")) return "certificate";
  if (systemCode === "ERR_TLS_CERT_ALTNAME_INVALID") return "certificate-name";
  if (systemCode === "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL") return "no-http2";
  if (systemCode === "EPROTO" || systemCode.startsWith("ERR_SSL_")) return "no-tls";
  if (systemCode === "ERR_HTTP2_ERROR" && !spoke) return "no-http2";
  // The library says the rest by its messages alone.
  if (message.includes("readMaxBytes") || message.includes("writeMaxBytes")) return "too-large";
  if (message.startsWith("parse binary") || message.startsWith("serialize binary")) return "undecodable";
  const isAnswer = message.startsWith("HTTP ") || message.startsWith("unsupported content type");
  if (isAnswer && code !== Code.Unavailable) return "no-grpc";
  if (code === Code.DeadlineExceeded) return "silent";
  return spoke || code === Code.Unavailable ? "lost" : "hung-up";
}

/** Whether the official clients make such a call again. */
export function isTransient(fault: Fault, spoke: boolean): boolean {
  if (fault.details.retryAfterMs !== undefined) return true;
  if (fault.origin === "connection") {
    const trouble = troubleOf(fault, spoke);
    if (trouble === "unknown-host" || trouble === "silent") return spoke;
    return trouble === "lost" || trouble === "hung-up" || trouble === "refused";
  }
  if (fault.code === Code.Unavailable) return true;
  return fault.code === Code.Internal && hasClass(fault, "INVALID_CURSOR.DISCONNECTED");
}

/** The class may arrive as a detail, or in the message alone. */
export function hasClass(fault: Fault, errorClass: string): boolean {
  return fault.details.error?.errorClass === errorClass || fault.message.includes(`[${errorClass}]`);
}
