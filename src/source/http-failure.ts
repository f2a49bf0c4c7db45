/** What can go wrong between us and an HTTP server, as failures. Nothing here shows a header or a credential. */
import { STATUS_CODES } from "node:http";
import { Failure, type FailureKind } from "../errors.ts";

/** `Retry-After` in milliseconds: a number of seconds, or a date that is compared with the server's own clock. */
export function retryAfterMs(
  value: string | undefined,
  serverDate: string | undefined,
  nowMs: number,
): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value.trim()) * 1000;
  // Date.parse takes much that is no HTTP date, a negative number for example.
  const atMs = /^[A-Z][a-z]+, /.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(atMs)) return undefined;
  const serverMs = serverDate === undefined ? Number.NaN : Date.parse(serverDate);
  return Math.max(0, atMs - (Number.isNaN(serverMs) ? nowMs : serverMs));
}

/** Statuses that pass by themselves: too many requests, too early, and everything that the server blames itself for. */
function mayPass(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** The failure that a status means which is neither a body nor an absence. */
export function statusFailure(
  url: string,
  status: number,
  told: { readonly code?: string | undefined; readonly retryAfterMs?: number | undefined },
): Failure {
  const name = STATUS_CODES[status];
  const code = told.code === undefined ? "" : ` (${told.code})`;
  const message = `${url}: the server answers ${status}${name === undefined ? "" : ` ${name}`}${code}`;
  if (mayPass(status)) {
    return new Failure(
      "unavailable",
      message,
      told.retryAfterMs === undefined ? {} : { retryAfterMs: told.retryAfterMs },
    );
  }
  if (status >= 400) {
    const remedy =
      status === 407
        ? "give the proxy's URL with its credentials as a secret reference under `proxy`"
        : "check the address, and the credentials under `headers`";
    return new Failure("denied", message, { remedy });
  }
  return new Failure("corrupt", `${message}, which is no answer to this request`);
}

const networkKinds: ReadonlyMap<string, readonly [FailureKind, string]> = new Map([
  ["UND_ERR_CONNECT_TIMEOUT", ["unavailable", "no connection within the time allowed"]],
  ["UND_ERR_HEADERS_TIMEOUT", ["unavailable", "no answer within the time allowed"]],
  ["UND_ERR_BODY_TIMEOUT", ["unavailable", "no progress within the time allowed"]],
  ["UND_ERR_SOCKET", ["unavailable", "the connection was closed before the body was complete"]],
  ["UND_ERR_RES_CONTENT_LENGTH_MISMATCH", ["unavailable", "the body is not as long as announced"]],
  ["UND_ERR_HEADERS_OVERFLOW", ["corrupt", "the answer's headers are too large"]],
  ["UND_ERR_PRX_TLS", ["denied", "the proxy's certificate is not trusted"]],
  ["ECONNREFUSED", ["unavailable", "the connection is refused"]],
  ["ECONNRESET", ["unavailable", "the connection was reset"]],
  ["EPIPE", ["unavailable", "the connection was reset"]],
  ["ETIMEDOUT", ["unavailable", "no connection within the time allowed"]],
  ["ENOTFOUND", ["unavailable", "the host's name is not known"]],
  ["EAI_AGAIN", ["unavailable", "the host's name cannot be looked up now"]],
  ["EHOSTUNREACH", ["unavailable", "the host cannot be reached"]],
  ["ENETUNREACH", ["unavailable", "the network cannot be reached"]],
  ["EADDRNOTAVAIL", ["unavailable", "the address cannot be reached"]],
]);

/** OpenSSL's and Node's names for a certificate that cannot be trusted or does not fit. */
const certificateCode =
  /^(?:CERT_|CRL_|ERR_TLS_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|ERR_SSL_)/;

/** Converts what the HTTP client threw. Its own text is left out: it could repeat parts of the request. */
export function networkFailure(error: unknown, url: string): Failure {
  if (error instanceof Failure) return error;
  const code = codeOf(error) ?? (error instanceof Error && error.name === "HTTPParserError" ? "HPE_" : undefined);
  if (code === undefined)
    return new Failure("bug", `${url}: ${error instanceof Error ? error.name : "an error"} in the HTTP client`);
  const known = networkKinds.get(code);
  if (known !== undefined) return new Failure(known[0], `${url}: ${known[1]}`);
  if (certificateCode.test(code)) {
    return new Failure("denied", `${url}: the server's certificate is not trusted (${code})`, {
      remedy: "name a PEM file with the certificate authority under `ca`",
    });
  }
  if (code.startsWith("HPE_")) {
    const fact =
      code === "HPE_INVALID_EOF_STATE"
        ? "the connection was closed before the body was complete"
        : "the answer is not HTTP";
    return new Failure("unavailable", `${url}: ${fact}`);
  }
  if (code === "UND_ERR_INVALID_ARG") {
    return new Failure("denied", `${url}: the request cannot be made, or the proxy wants credentials`, {
      remedy: "check the values under `headers` and `proxy`: a header's value is one line of printable characters",
    });
  }
  return new Failure("unavailable", `${url}: the connection failed (${code})`);
}

/** The code of the error, or of what caused it: the client wraps some, and several addresses give several errors. */
function codeOf(error: unknown, depth = 0): string | undefined {
  if (!(error instanceof Error) || depth > 4) return undefined;
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  if (error instanceof AggregateError) return codeOf(error.errors[0], depth + 1) ?? code;
  // "other side closed" may hide the reason, for example a certificate.
  const inner = code === undefined || code === "UND_ERR_SOCKET" ? codeOf(error.cause, depth + 1) : undefined;
  return inner ?? code;
}
