/**
 * Signs a request anew with Signature Version 4, for a proxy that changed a signed header.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 */
import { createHash, createHmac } from "node:crypto";

export interface SignedRequest {
  readonly method: string;
  /** Path and query as they are sent. */
  readonly target: string;
  /** By lower-case name, without `authorization`; `host` and `x-amz-content-sha256` are there. */
  readonly headers: ReadonlyMap<string, string>;
}

export interface SigningKeys {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
}

/** The value of `authorization`; every header whose name is in `signed` is part of it, and so must `x-amz-date` be. */
export function authorizationOf(request: SignedRequest, signed: readonly string[], keys: SigningKeys): string {
  const names = signed.filter((name) => request.headers.has(name)).sort();
  const date = headerOf(request, "x-amz-date");
  const scope = `${date.slice(0, 8)}/${keys.region}/s3/aws4_request`;
  const [path = "", search = ""] = request.target.split(/\?(.*)/s, 2);
  const canonical = [
    request.method,
    path,
    canonicalQuery(search),
    ...names.map((name) => `${name}:${headerOf(request, name).trim().replace(/ +/g, " ")}`),
    "",
    names.join(";"),
    headerOf(request, "x-amz-content-sha256"),
  ].join("\n");
  const text = ["AWS4-HMAC-SHA256", date, scope, createHash("sha256").update(canonical).digest("hex")].join("\n");
  const key = scope.split("/").reduce<Buffer | string>((key, part) => hmac(key, part), `AWS4${keys.secretKey}`);
  const signature = hmac(key, text).toString("hex");
  return `AWS4-HMAC-SHA256 Credential=${keys.accessKey}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
}

/** The names that the client signed. */
export function signedHeaders(authorization: string): string[] {
  return /SignedHeaders=([^,\s]+)/.exec(authorization)?.[1]?.split(";") ?? [];
}

function canonicalQuery(search: string): string {
  const encoded = [...new URLSearchParams(search)].map(([name, value]): [string, string] => [
    encode(name),
    encode(value),
  ]);
  return encoded
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const hmac = (key: Buffer | string, text: string): Buffer => createHmac("sha256", key).update(text).digest();

function headerOf({ headers }: SignedRequest, name: string): string {
  const value = headers.get(name);
  if (value === undefined) throw new Error(`a signed request without ${name}`);
  return value;
}
