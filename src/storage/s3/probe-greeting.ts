/** First contact: whether the store answers, over which connection, by which clock, and whether it knows our key. */

import { X509Certificate } from "node:crypto";
import { getCACertificates, TLSSocket } from "node:tls";
import type { ListObjectsV2CommandOutput } from "@aws-sdk/client-s3";
import type { ProbeFinding } from "../contract.ts";
import { bad, good, type Verdict } from "../probe.ts";
import { field } from "./answer.ts";
import type { Ground } from "./probe-ground.ts";
import type { Reply } from "./probe-requests.ts";

/** What was seen of the connection beside the answer. */
export interface Wire {
  readonly secure: boolean;
  readonly host: string;
  readonly latencyMs: number;
  readonly server: string;
  /** By how much the store's clock is ahead of ours, milliseconds; its header counts seconds. */
  readonly aheadMs: number | undefined;
  readonly tls: TlsSeen | undefined;
}

interface TlsSeen {
  readonly protocol: string;
  readonly name: string;
  readonly valid: { readonly fromMs: number; readonly toMs: number } | undefined;
  readonly authority: string;
  /** Whether the authority is known without any setting of ours. */
  readonly usual: boolean;
}

export interface Greeting {
  readonly wire: Wire | undefined;
  readonly reply: Reply<ListObjectsV2CommandOutput>;
}

/** One listing of a single name: the request that a mere reader may make, and whose errors have a body. */
export async function greet(ground: Ground): Promise<Greeting> {
  const { client, sdk, bucket } = ground.store;
  let wire: Wire | undefined;
  const reply = await ground.ask({ action: "list" }, (options) => {
    const command = new sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: ground.root, MaxKeys: 1 });
    command.middlewareStack.add(
      (next) => async (args) => {
        const [begunMs, begun] = [Date.now(), performance.now()];
        const result = await next(args);
        const latencyMs = performance.now() - begun;
        wire = wireOf(args.request, result.response, begunMs + latencyMs / 2, latencyMs);
        return result;
      },
      // Nearest to the socket: refusals pass here as well.
      { step: "deserialize", priority: "low", name: "seeWire" },
    );
    return client.send(command, options);
  });
  return { wire, reply };
}

function wireOf(request: unknown, response: unknown, atMs: number, latencyMs: number): Wire {
  const headers = field(response, "headers");
  const text = (of: unknown, name: string): string => {
    const value = field(of, name);
    return typeof value === "string" ? value : "";
  };
  const dateMs = Date.parse(text(headers, "date"));
  const socket = field(field(response, "body"), "socket");
  return {
    secure: text(request, "protocol") === "https:",
    host: text(request, "hostname"),
    latencyMs,
    server: text(headers, "server"),
    // The header leaves out the part of the second that has passed.
    aheadMs: Number.isNaN(dateMs) ? undefined : dateMs + 500 - atMs,
    tls: socket instanceof TLSSocket ? tlsOf(socket) : undefined,
  };
}

function tlsOf(socket: TLSSocket): TlsSeen {
  const own = socket.getPeerX509Certificate();
  let last = own;
  // Servers send their chain, mostly without its end: the authority itself, which we have.
  for (let depth = 0; depth < chainMax && last?.issuerCertificate !== undefined; depth++) last = last.issuerCertificate;
  const end = last;
  return {
    protocol: socket.getProtocol() ?? "TLS",
    name: own === undefined ? "" : commonName(own.subject),
    valid: own === undefined ? undefined : { fromMs: Date.parse(own.validFrom), toMs: Date.parse(own.validTo) },
    authority: end === undefined ? "" : commonName(end.issuer),
    usual: end !== undefined && usualAuthorities().some((authority) => end.checkIssued(authority)),
  };
}

const chainMax = 10;

let usual: readonly X509Certificate[] | undefined;

function usualAuthorities(): readonly X509Certificate[] {
  usual ??= getCACertificates("default").map((text) => new X509Certificate(text));
  return usual;
}

/** `CN=name` of a subject in lines, else its first line's value. */
function commonName(subject: string): string {
  const lines = subject.split("\n");
  const line = lines.find((each) => each.startsWith("CN=")) ?? lines[0] ?? "";
  return line.slice(line.indexOf("=") + 1);
}

export function reachableFinding({ server, latencyMs }: Wire, latenciesMs: readonly number[]): ProbeFinding {
  const all = [latencyMs, ...latenciesMs].sort((a, b) => a - b);
  const middle = all[Math.floor(all.length / 2)] ?? latencyMs;
  const who = server === "" ? "the store" : server;
  const how = all.length === 1 ? "" : ` (median of ${all.length} requests)`;
  return {
    subject: "reachable",
    needed: "everyone",
    ...good(`${who} answers in ${msText(middle)}${how}`),
    remedy: undefined,
    server,
  };
}

const msText = (ms: number): string => (ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`);

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Nobody has renewed it yet; one that lives for a day only is renewed by a program, and later. */
const renewalMs = 14 * dayMs;
const renewalShare = 0.2;

export function tlsVerdict({ secure, host, tls }: Pick<Wire, "secure" | "host" | "tls">, nowMs = Date.now()): Verdict {
  if (!secure) {
    return isLoopback(host)
      ? good("none: plain http over this machine's loopback")
      : bad(
          `none: data, names and metadata go to ${host} readable and unprotected`,
          "use an https:// endpoint; a certificate of your own authority is named with s3.ca or ca:",
        );
  }
  if (tls?.valid === undefined) return good("the certificate was verified");
  const { fromMs, toMs } = tls.valid;
  const by = `${tls.authority} (${tls.usual ? "a usual authority" : "by ca"})`;
  const until = new Date(toMs).toISOString().slice(0, 10);
  const seen = `${tls.protocol}, certificate of ${tls.name === "" ? host : tls.name} until ${until}, verified by ${by}`;
  const leftMs = toMs - nowMs;
  if (leftMs > Math.min(renewalMs, (toMs - fromMs) * renewalShare)) return good(seen);
  const left = leftMs < 2 * dayMs ? `${Math.floor(leftMs / hourMs)} hours` : `${Math.floor(leftMs / dayMs)} days`;
  return bad(`${seen}: ends in ${left}`, "renew the store's certificate");
}

function isLoopback(host: string): boolean {
  return (
    host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || host === "::1" || /^127\./.test(host)
  );
}

const skewNotedMs = 30_000;
const skewMsMax = 300_000;

export function clockVerdict(aheadMs: number | undefined): Verdict {
  if (aheadMs === undefined) return good("the store does not tell its time, so it was not compared");
  const ms = Math.abs(aheadMs);
  if (ms < 2_000) return good("this machine's and the store's agree");
  const seconds = Math.round(ms / 1000);
  const by = seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
  const seen = `this machine's is ${by} ${aheadMs > 0 ? "behind" : "ahead of"} the store's`;
  if (ms > skewMsMax) return bad(seen, "set this machine's clock (NTP), or the store's");
  return good(ms > skewNotedMs ? `${seen}; from 5 min on requests may be refused` : seen);
}

/** Sends a request whose signature is not the one that our secret makes: the store must not take it. */
export async function signatureVerdict(ground: Ground, access: "read" | "write"): Promise<Verdict> {
  const { client, sdk, bucket: Bucket } = ground.store;
  const Key = `${ground.root}wrong-signature`;
  const name = "spoilSignature";
  const reply = await ground.ask({ action: access === "write" ? "put" : "list" }, (options) => {
    if (access === "read") {
      const command = new sdk.ListObjectsV2Command({ Bucket, Prefix: ground.root, MaxKeys: 1 });
      command.middlewareStack.add((next) => (args) => next(spoiled(args)), { step: "deserialize", name });
      return client.send(command, options);
    }
    ground.written.add(Key);
    const command = new sdk.PutObjectCommand({ Bucket, Key, Body: Buffer.from("x") });
    command.middlewareStack.add((next) => (args) => next(spoiled(args)), { step: "deserialize", name });
    return client.send(command, options);
  });
  if (reply.refusal !== undefined) {
    ground.written.delete(Key);
    return good(`a request with a wrong signature is refused (${reply.refusal.code})`);
  }
  const may = access === "write" ? "write" : "read";
  return bad(
    `a request with a wrong signature was carried out: anyone who reaches the store may ${may}`,
    "let the store check signatures, or make sure that nobody else can reach it",
  );
}

/** The request with another signature than the one it had: what a wrong secret would have made. */
function spoiled<T extends { request: unknown }>(args: T): T {
  const headers = field(args.request, "headers");
  const signed = field(headers, "authorization");
  if (typeof headers === "object" && headers !== null && typeof signed === "string") {
    const wrong = signed.replace(/Signature=([0-9a-f]{64})/, (_, hex: string) => `Signature=${reversed(hex)}`);
    Reflect.set(headers, "authorization", wrong);
  }
  return args;
}

const reversed = (hex: string): string => {
  const turned = [...hex].reverse().join("");
  return turned === hex ? `${hex.slice(0, -1)}${hex.endsWith("0") ? "1" : "0"}` : turned;
};
