/**
 * The connection text `sc://host:port/;key=value;key=value` of every Spark Connect client. A token may stand in it, so no
 * message here repeats a value.
 */
import type { ConnectTarget } from "./contract.ts";
import { SparkError } from "./errors.ts";

export const defaultPort = 15_002;

const keys = ["token", "use_ssl", "user_id", "user_agent", "session_id", "grpc_max_message_size"] as const;
type Key = (typeof keys)[number];

/** What comes before the URL, as far as it bears on whether the connection is made over TLS. */
export interface UrlOverrides {
  readonly token?: string;
  readonly ca?: string;
}

/**
 * A token implies TLS, except on loopback, where `use_ssl` decides as it does without one; authorities (`ca`) always imply it.
 * Numbers of bytes may be as large as a gRPC frame, 4 GiB. `SparkError` "usage" for whatever else is written.
 */
export function parseConnectUrl(text: string, overrides: UrlOverrides = {}): ConnectTarget {
  const rest = withoutScheme(text);
  const [authority, path] = splitOnce(rest, "/");
  const { host, port } = parseAuthority(authority);
  const values = parseParameters(path ?? "");
  const token = overrides.token ?? values.get("token");
  const useTls = flag(values.get("use_ssl"));
  if (useTls === false && overrides.ca !== undefined) {
    throw wrong("use_ssl=false, and yet there are authorities to trust", "leave out use_ssl=false or `ca`");
  }
  if (useTls === false && token !== undefined && !isLoopback(host)) {
    throw wrong(
      "a token would be sent in the clear",
      "leave out use_ssl=false, or use a tunnel that ends on this machine",
    );
  }
  return {
    host,
    port,
    tls: useTls ?? (overrides.ca !== undefined || (token !== undefined && !isLoopback(host))),
    token,
    userId: values.get("user_id"),
    userAgent: values.get("user_agent"),
    sessionId: uuid(values.get("session_id")),
    messageBytesMax: bytes(values.get("grpc_max_message_size")),
  };
}

/** Whether nothing that is sent there leaves this machine. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** `host:port` as it is written in messages and in other URLs. */
export function hostAndPort(target: Pick<ConnectTarget, "host" | "port">): string {
  return `${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`;
}

function withoutScheme(text: string): string {
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1];
  if (scheme === "sc") return text.slice("sc://".length);
  if (scheme === undefined) throw wrong("the scheme is missing", "write sc://HOST:15002");
  if (scheme === "spark") {
    throw wrong(
      "spark:// names a cluster's master, which only Spark itself can talk to",
      "start a Spark Connect server on it and name that one: sc://HOST:15002",
    );
  }
  throw wrong(`the scheme is ${scheme}`, "write sc://HOST:15002");
}

function parseAuthority(authority: string): { readonly host: string; readonly port: number } {
  if (authority.includes("@")) {
    throw wrong("a user stands before the host", "name the user as /;user_id=NAME and a token as /;token=TOKEN");
  }
  if (/[?#;]/.test(authority)) {
    throw wrong("parameters begin before the path", "write them behind /; as in sc://HOST:15002/;user_id=NAME");
  }
  const isBareV6 = !authority.includes("[") && authority.split(":").length > 2;
  const match = isBareV6 ? null : /^(?:\[([0-9A-Fa-f:.]+)\]|([^[\]:]*))(?::(.*))?$/.exec(authority);
  if (match === null) throw wrong("the host cannot be read", "write IPv6 addresses in brackets: sc://[::1]:15002");
  const host = (match[1] ?? match[2] ?? "").toLowerCase();
  if (host === "") throw wrong("the host is missing", "write sc://HOST:15002");
  if (match[1] === undefined && !/^[a-z0-9._-]+$/.test(host)) {
    throw wrong("the host holds characters that no host name has", "write its ASCII form");
  }
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  if (match[3] === "" || !/^\d*$/.test(match[3] ?? "") || port < 1 || port > 65_535) {
    throw wrong("the port is none", "write a number from 1 to 65535, or leave it out for 15002");
  }
  return { host, port };
}

function parseParameters(path: string): ReadonlyMap<Key, string> {
  const found = new Map<Key, string>();
  if (path === "") return found;
  if (!path.startsWith(";")) {
    const what = path.includes("?") ? "a query (?…)" : "a path";
    throw wrong(`${what} stands behind the host`, "write parameters as /;key=value;key=value");
  }
  for (const part of path.slice(1).split(";")) {
    if (part === "") continue;
    const [name, encoded] = splitOnce(part, "=");
    const key = keys.find((known) => known === name);
    if (key === undefined) throw unknownKey(name);
    if (encoded === undefined || encoded === "") throw wrong(`${key} has no value`, `write ${key}=VALUE`);
    if (found.has(key)) throw wrong(`${key} is given twice`, "keep one of them");
    found.set(key, decoded(key, encoded));
  }
  return found;
}

function unknownKey(name: string): SparkError {
  // What looks like no name may be a part of a token whose semicolon is not percent-encoded.
  if (!/^[A-Za-z0-9_.-]{1,64}$/.test(name)) {
    return wrong("a parameter is not key=value", "percent-encode ; and = in values, as %3B and %3D");
  }
  if (!name.includes("_") && name.length > 16) {
    return wrong("a parameter is unknown", `known are ${keys.join(", ")}`);
  }
  const meant = keys.find((known) => fold(known) === fold(name)) ?? nearest(name);
  return wrong(
    `the parameter ${name} is unknown`,
    meant === undefined ? `known are ${keys.join(", ")}` : `did you mean ${meant}?`,
  );
}

const fold = (text: string): string => text.toLowerCase().replaceAll(/[^a-z]/g, "");

/** The key that shares most pairs of letters with the name, if that is at least half of them. */
function nearest(name: string): Key | undefined {
  const pairs = (text: string): string[] => [...fold(text)].map((letter, at, all) => letter + (all[at + 1] ?? " "));
  const mine = pairs(name);
  const shares = keys.map((key) => {
    const theirs = pairs(key);
    const shared = mine.filter((pair) => theirs.includes(pair)).length;
    return { key, share: (2 * shared) / (mine.length + theirs.length) };
  });
  const best = shares.reduce((one, other) => (other.share > one.share ? other : one));
  return best.share >= 0.5 ? best.key : undefined;
}

function decoded(key: Key, encoded: string): string {
  try {
    const value = decodeURIComponent(encoded);
    if (/\p{Cc}/u.test(value)) throw wrong(`${key} holds a control character`, "leave it out");
    return value;
  } catch (error) {
    if (error instanceof SparkError) throw error;
    throw wrong(`${key} is not percent-encoded UTF-8`, "write % itself as %25");
  }
}

function flag(text: string | undefined): boolean | undefined {
  if (text === undefined) return undefined;
  if (text.toLowerCase() === "true") return true;
  if (text.toLowerCase() === "false") return false;
  throw wrong("use_ssl is neither true nor false", "write use_ssl=true or leave it out");
}

function uuid(text: string | undefined): string | undefined {
  if (text === undefined || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text?.toLowerCase();
  throw wrong("session_id is not a UUID", "leave it out for a new session");
}

function bytes(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= 0xffff_ffff) return value;
  throw wrong("grpc_max_message_size is no number of bytes", "write for example 268435456 for 256 MiB");
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

function wrong(fact: string, remedy: string): SparkError {
  return new SparkError("usage", `Spark Connect URL: ${fact}`, { remedy });
}
