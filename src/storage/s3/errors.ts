/**
 * Whatever a store, its network or the SDK has to say becomes one Failure that names the bucket and the key, what is
 * wrong, and the right or the setting to change. Nothing of a request is repeated in it: an answer may quote the session
 * token or the signature back at us, so neither the SDK's error nor its fields go along as a cause.
 */
import { Failure, type FailureDetail, type FailureKind } from "../../errors.ts";
import type { BucketPlace } from "../../model/project.ts";
import { prefixClash } from "../keys.ts";
import { type Answer, answerOf, ownText, retryAfterMsOf, skewMinutes } from "./answer.ts";

/** What was being done; decides which right a denial is about. */
export type StoreAction = keyof typeof rights;

const rights = {
  put: "s3:PutObject",
  read: "s3:GetObject",
  head: "s3:GetObject",
  remove: "s3:DeleteObject",
  list: "s3:ListBucket",
  "find the bucket": "s3:ListBucket",
  "abort an upload": "s3:AbortMultipartUpload",
  "list uploads": "s3:ListBucketMultipartUploads",
  "list parts": "s3:ListMultipartUploadParts",
} as const;

const ofTheBucket: ReadonlySet<StoreAction> = new Set(["list", "find the bucket", "list uploads"]);

export interface DescribedCall {
  readonly action: StoreAction;
  readonly key?: string | undefined;
}

interface Case extends Answer {
  readonly place: BucketPlace;
  readonly call: DescribedCall;
  /** `s3://bucket/prefix: key`, how every message begins. */
  readonly subject: string;
}

export function describeError(place: BucketPlace, error: unknown, call: DescribedCall): Failure {
  if (error instanceof Failure) return error;
  const subject = call.key === undefined ? place.name : `${place.name}: ${call.key}`;
  const answer = answerOf(error);
  const found: Case = { ...answer, place, call, subject };
  if (answer.aborted) return new Failure("cancelled", `${subject}: stopped`);
  return credentialsFailure(found) ?? connectionFailure(found) ?? answerFailure(found) ?? unknownFailure(found, error);
}

const failure = (found: Case, kind: FailureKind, fact: string, detail: FailureDetail = {}): Failure =>
  new Failure(kind, `${found.subject}: ${fact}`, detail);

/** How messages call the other side. */
const storeText = ({ place: { store } }: Case): string => store.endpoint ?? `Amazon S3 in ${store.region}`;

/** The setting as the project file has it: below `buckets:` it can differ from bucket to bucket. */
const option = ({ place }: Case, name: string): string => `s3.${name} (or s3.buckets.${place.bucket}.${name})`;

const credentialErrors: ReadonlySet<string> = new Set([
  "CredentialsProviderError",
  "TokenProviderError",
  "ProviderError",
]);

function credentialsFailure(found: Case): Failure | undefined {
  if (!credentialErrors.has(found.name)) return undefined;
  const { credentials } = found.place.store;
  if (credentials.kind === "profile") {
    return failure(found, "denied", `no credentials were found in profile "${credentials.name}"`, {
      remedy: `write that profile into ~/.aws/credentials, or name another one with ${option(found, "profile")}`,
    });
  }
  return failure(found, "denied", "no credentials were found in the environment, shared files, container or instance", {
    remedy: `name them with s3.access_key and s3.secret_key (env:NAME or file:PATH), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with s3.profile`,
  });
}

const unknownAuthorities: ReadonlySet<string> = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_UNTRUSTED",
  "CERT_SIGNATURE_FAILURE",
]);

const certificateFacts: Readonly<Record<string, readonly [fact: string, remedy: string]>> = {
  CERT_HAS_EXPIRED: ["its certificate has expired", "renew the certificate, or set this machine's clock"],
  CERT_NOT_YET_VALID: [
    "its certificate is not valid yet",
    "set this machine's clock, or that of the certificate's issuer",
  ],
  ERR_TLS_CERT_ALTNAME_INVALID: [
    "its certificate is for another name",
    "use the name in the certificate as s3.endpoint, or issue one with that name (and try s3.path_style: true)",
  ],
  CERT_REVOKED: ["its certificate was revoked", "have a new certificate issued"],
};

/** A store that gives no answer: TLS, names, sockets. */
function connectionFailure(found: Case): Failure | undefined {
  const { systemCode: code } = found;
  if (found.status !== undefined || code === undefined) return undefined;
  const at = storeText(found);
  if (unknownAuthorities.has(code)) {
    return failure(found, "denied", `${at} shows a certificate of an authority that is not known here (${code})`, {
      remedy: "name the authority's certificate with s3.ca, or with the project's ca: (file:PATH or env:NAME, PEM)",
    });
  }
  const certificate = certificateFacts[code];
  if (certificate !== undefined) {
    return failure(found, "denied", `${at}: ${certificate[0]} (${code})`, { remedy: certificate[1] });
  }
  if (code === "EPROTO" || code.startsWith("ERR_SSL_") || code.startsWith("HPE_")) {
    return failure(found, "denied", `${at} does not speak what its address says (${code})`, {
      remedy: "check s3.endpoint: http:// or https://, and the port",
    });
  }
  const fact = networkFacts[code];
  if (fact === undefined) return undefined;
  return failure(found, "unavailable", `${at} ${fact} (${code})`, {
    remedy: "check s3.endpoint, the network, and that the store is running",
  });
}

const networkFacts: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refuses the connection",
  ECONNRESET: "broke the connection off",
  ECONNABORTED: "broke the connection off",
  EPIPE: "broke the connection off",
  ERR_STREAM_PREMATURE_CLOSE: "broke the connection off",
  ETIMEDOUT: "does not answer",
  TimeoutError: "does not answer",
  ENOTFOUND: "is a name that is not known here",
  EAI_AGAIN: "is a name that cannot be looked up now",
  EHOSTUNREACH: "cannot be reached",
  ENETUNREACH: "cannot be reached",
  EHOSTDOWN: "cannot be reached",
  ENETDOWN: "cannot be reached",
  EADDRNOTAVAIL: "cannot be reached: no local port is free",
};

function answerFailure(found: Case): Failure | undefined {
  if (found.status === undefined) return undefined;
  if (found.page !== undefined) return pageFailure(found, found.page);
  const byCode = codes[found.code];
  if (byCode !== undefined) return byCode(found);
  return byStatus(found, found.status);
}

/** What answered is no store: a proxy's or a load balancer's page, a console, a web server. */
function pageFailure(found: Case, page: string): Failure {
  const { status = 0 } = found;
  const kind = status >= 500 || status === 429 || status === 408 ? "unavailable" : "denied";
  const what = page === "" ? "a page" : `a page "${page}"`;
  const asked = kind === "unavailable" ? retryAfterMsOf(found) : undefined;
  return failure(found, kind, `${storeText(found)} answers ${status} with ${what}, which no S3 store does`, {
    remedy: "check s3.endpoint (the S3 port, not the console's) and whether a proxy stands between",
    ...(asked === undefined ? {} : { retryAfterMs: asked }),
  });
}

function byStatus(found: Case, status: number): Failure {
  if (status === 301 || status === 307 || status === 308) return wrongRegion(found);
  if (status === 401 || status === 403) return denied(found);
  if (status === 404) return found.call.key === undefined ? noBucket(found) : noKey(found);
  if (status === 407) {
    return failure(found, "denied", "a proxy between here and the store demands credentials of its own");
  }
  if (status === 412) return changed(found);
  if (status === 416) return failure(found, "corrupt", `the object is shorter than what was asked of it`);
  if (status === 429 || status === 503) return busy(found);
  if (status === 507) return full(found);
  if (status === 501) return cannot(found);
  if (status >= 500 || status === 408 || status === 409) return passing(found);
  return failure(found, "denied", `${storeText(found)} refuses to ${found.call.action}: ${ownText(found)}`);
}

type Describe = (found: Case) => Failure;

const denied: Describe = (found) => {
  const { action } = found.call;
  const right = rights[action];
  const { bucket, prefix } = found.place;
  const objects = `${bucket}/${prefix === "" ? "" : `${prefix}/`}*`;
  const what = ofTheBucket.has(action) ? `${right} on ${bucket}` : `${right} on ${objects}`;
  const also =
    action === "head" || action === "read"
      ? ` (and s3:ListBucket on ${bucket}, without which an absent object is denied too)`
      : "";
  return failure(found, "denied", `the right ${what} is missing: ${ownText(found)}`, {
    remedy: `give these credentials ${what}${also}`,
  });
};

const noKey: Describe = (found) =>
  new Failure("missing", `${found.place.name}: ${found.call.key ?? "the object"} does not exist`);

const noBucket: Describe = (found) =>
  failure(found, "denied", `bucket ${found.place.bucket} does not exist at ${storeText(found)}`, {
    remedy: "create the bucket, or correct its name in lake: or s3.endpoint",
  });

const changed: Describe = (found) =>
  new Failure("conflict", `${found.place.name}: ${found.call.key ?? "the object"} was replaced meanwhile`);

const busy: Describe = (found) =>
  failure(found, "unavailable", `${storeText(found)} asks to slow down: ${ownText(found)}`, {
    retryAfterMs: retryAfterMsOf(found) ?? 0,
    remedy: `lower ${option(found, "parallel")} if this goes on`,
  });

const passing: Describe = (found) => {
  const asked = retryAfterMsOf(found);
  return failure(
    found,
    "unavailable",
    `${storeText(found)} could not ${found.call.action} just now: ${ownText(found)}`,
    asked === undefined ? {} : { retryAfterMs: asked },
  );
};

const full: Describe = (found) =>
  failure(found, "full", `the store has no room: ${ownText(found)}`, {
    remedy: "free space in the store or raise the quota, then run again: nothing half-written was left behind",
  });

const cannot: Describe = (found) =>
  failure(found, "denied", `the store cannot ${found.call.action} in the way it was asked to: ${ownText(found)}`, {
    remedy: "check s3.store, and what doctor says of this store; with lake.writers: one less is asked of it",
  });

const wrongRegion: Describe = (found) => {
  const asked = found.place.store.region;
  const { region } = found;
  return region === undefined || region === asked
    ? failure(found, "denied", `bucket ${found.place.bucket} is not served by ${storeText(found)}: ${ownText(found)}`, {
        remedy: `check ${option(found, "region")} and s3.endpoint`,
      })
    : failure(found, "denied", `bucket ${found.place.bucket} lies in region ${region}, not in ${asked}`, {
        remedy: `set ${option(found, "region")} to ${region}`,
      });
};

const unknownKey: Describe = (found) =>
  failure(found, "denied", `${storeText(found)} does not know this access key: ${ownText(found)}`, {
    remedy: `check ${option(found, "access_key")}`,
  });

const wrongSecret: Describe = (found) =>
  failure(found, "denied", `the secret key does not fit the access key: ${ownText(found)}`, {
    remedy: `check ${option(found, "secret_key")}, and that no proxy changes requests on their way`,
  });

const expired: Describe = (found) =>
  failure(found, "denied", `the session token has expired or is not valid: ${ownText(found)}`, {
    remedy: `renew the credentials (${option(found, "session_token")}, or log in again with the tool that made them)`,
  });

const skewed: Describe = (found) => {
  const minutes = skewMinutes(found);
  const by =
    minutes === undefined
      ? ""
      : ` by ${Math.abs(minutes)} minutes (this one ${minutes > 0 ? "is behind" : "is ahead"})`;
  return failure(found, "denied", `the clocks of this machine and of the store differ${by}`, {
    remedy: "set this machine's clock (NTP), or the store's",
  });
};

const clashes = new WeakSet<Failure>();

const clash: Describe = (found) => {
  const failure = prefixClash(found.place.name, found.call.key ?? "the object", "one that is there");
  clashes.add(failure);
  return failure;
};

/** Whether a store said that one key would be a directory of another. */
export function isClash(error: unknown): boolean {
  return error instanceof Failure && clashes.has(error);
}

const archived: Describe = (found) =>
  failure(found, "denied", "the object lies in an archive class and cannot be read now", {
    remedy: "restore it, and keep lifecycle rules of archive classes away from the lake",
  });

const tooLong: Describe = (found) => failure(found, "usage", `the store does not take this key: ${ownText(found)}`);

/** What arrived was not what was sent: something on the way or in memory changed it. Sending it again may help. */
const damaged: Describe = (found) =>
  failure(found, "unavailable", `the bytes that arrived were not those that were sent: ${ownText(found)}`);

/** Codes whose status alone would say something else or less. Several stores have names of their own. */
const codes: Readonly<Record<string, Describe>> = {
  AccessDenied: denied,
  AllAccessDisabled: denied,
  NoSuchKey: noKey,
  NoSuchVersion: noKey,
  NoSuchBucket: noBucket,
  NoSuchUpload: passing,
  InvalidPart: passing,
  PreconditionFailed: changed,
  ConditionalRequestConflict: passing,
  OperationAborted: passing,
  SlowDown: busy,
  SlowDownRead: busy,
  SlowDownWrite: busy,
  ServiceUnavailable: busy,
  Throttling: busy,
  ThrottlingException: busy,
  RequestLimitExceeded: busy,
  BandwidthLimitExceeded: busy,
  TooManyRequests: busy,
  RequestTimeout: passing,
  RequestTimeoutException: passing,
  IncompleteBody: passing,
  BadDigest: damaged,
  XAmzContentSHA256Mismatch: damaged,
  XAmzContentChecksumMismatch: damaged,
  InvalidAccessKeyId: unknownKey,
  InvalidAccessKey: unknownKey,
  SignatureDoesNotMatch: wrongSecret,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  TokenRefreshRequired: expired,
  InvalidToken: expired,
  InvalidTokenId: expired,
  RequestTimeTooSkewed: skewed,
  RequestExpired: skewed,
  AuthorizationHeaderMalformed: wrongRegion,
  PermanentRedirect: wrongRegion,
  Redirect: passing,
  TemporaryRedirect: passing,
  IllegalLocationConstraintException: wrongRegion,
  IncorrectEndpoint: wrongRegion,
  InvalidObjectState: archived,
  KeyTooLongError: tooLong,
  XMinioInvalidObjectName: tooLong,
  XMinioParentIsObject: clash,
  XMinioObjectExistsAsDirectory: clash,
  ExistingObjectIsDirectory: clash,
  ObjectParentIsFile: clash,
  QuotaExceeded: full,
  XMinioStorageFull: full,
  XMinioAdminBucketQuotaExceeded: full,
  InsufficientStorage: full,
  NotImplemented: cannot,
};

/** Neither an answer nor a connection: either the network in a form that is new to us, or a mistake of our own. */
function unknownFailure(found: Case, error: unknown): Failure {
  const words = error instanceof Error ? error.message.split("\n", 1)[0] : String(error);
  if (found.systemCode !== undefined) {
    return failure(found, "unavailable", `${storeText(found)}: ${words} (${found.systemCode})`);
  }
  return failure(found, "bug", `${words}`, { cause: error });
}
