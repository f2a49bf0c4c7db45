/**
 * A proxy between an S3 client and a real server that speaks plain HTTP, which makes what stores and networks do on bad
 * days: throttles, drops answers after the effect, lists what is new too late, ignores conditions, hands out a page of its
 * own. The client's Host header is passed on, so its signatures stay valid; where the proxy changes what was signed, it
 * signs anew.
 *
 *     const proxy = await startS3Proxy(server, { seed: 1 });
 *     proxy.faults = { slowDown: 0.75 };
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, request as requestPlain, type ServerResponse } from "node:http";
import { mix } from "../../sample/random.ts";
import { hideKeys } from "./s3-listing.ts";
import { type RequestKind, readRequest, type S3Request } from "./s3-request.ts";
import { authorizationOf, signedHeaders } from "./s3-signature.ts";

/** What goes wrong from now on. Shares lie between 0 and 1 and are drawn for every request that `only` lets in. */
export interface S3Faults {
  /** Answers 503 SlowDown and does nothing. */
  readonly slowDown?: number;
  /** Cuts the connection before the store hears of the request. */
  readonly resetBefore?: number;
  /** The store does what it was asked to, and the connection is cut instead of the answer. */
  readonly resetAfter?: number;
  /** Never answers; the store hears nothing. */
  readonly stall?: number;
  /** A GET's body ends in the middle, by a cut connection. */
  readonly truncated?: number;
  /** A GET's body has half of its bytes, and the answer says that this is all. */
  readonly shortened?: number;
  /** Answers an error of the store's kind. */
  readonly error?: { readonly share: number; readonly status: number; readonly code: string; readonly message: string };
  /** Which requests the above strike; all of them unless told. */
  readonly only?: (request: S3Request) => boolean;
  /** Listings leave out keys that were created through the proxy less than this ago (milliseconds), or the last so many. */
  readonly hidden?: { readonly youngerMs: number } | { readonly last: number };
  /** A store that has never heard of If-Match and If-None-Match on writes. */
  readonly ignoresConditions?: boolean;
  /** A page of HTML with that status instead of the store. */
  readonly page?: number;
  /** The store's clock is ahead by this many milliseconds, and it refuses what is signed 15 minutes off. */
  readonly skewMs?: number;
}

export interface S3Proxy {
  readonly endpoint: string;
  faults: S3Faults;
  /** Requests that arrived, by kind. */
  readonly counts: Readonly<Record<RequestKind, number>>;
  /** Faults that struck. */
  readonly struck: number;
  resetCounts(): void;
  stop(): Promise<void>;
}

export interface ProxiedServer {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

const skewMsMax = 15 * 60_000;
const pageText = "<!DOCTYPE html><html><head><title>Sign in to the network</title></head><body>Sign in</body></html>";

/** What may strike a single request, in the order of the draws. */
const strikes = ["slowDown", "resetBefore", "resetAfter", "stall", "truncated", "shortened", "error"] as const;
type Strike = (typeof strikes)[number];

/** When the keys that were made through the proxy were made, oldest first; a key is `bucket/key`. */
type Created = Map<string, number>;

export async function startS3Proxy(server: ProxiedServer, { seed = 1 } = {}): Promise<S3Proxy> {
  const created: Created = new Map();
  const counts = noRequests();
  let faults: S3Faults = {};
  let draws = 0;
  let struck = 0;

  const http = createServer((incoming, answer) => {
    const asked = readRequest(incoming.method ?? "GET", incoming.url ?? "/");
    counts[asked.kind]++;
    const hit = strikeOf(asked, faults, () => mix(seed, draws++) / 2 ** 32);
    if (hit !== undefined) struck++;
    serve({ server, created, incoming, answer, asked, faults, hit }).catch(() => incoming.socket.destroy());
  });
  // A connection that the proxy closes by itself would be a fault that nobody ordered.
  http.keepAliveTimeout = 600_000;
  http.listen(0, "127.0.0.1");
  await once(http, "listening");
  const address = http.address();
  if (address === null || typeof address === "string") throw new Error("a port without a number");

  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    get faults() {
      return faults;
    },
    set faults(next) {
      faults = next;
    },
    counts,
    get struck() {
      return struck;
    },
    resetCounts() {
      Object.assign(counts, noRequests());
      struck = 0;
    },
    async stop() {
      http.close();
      http.closeAllConnections();
      await once(http, "close");
    },
  };
}

function strikeOf(asked: S3Request, faults: S3Faults, draw: () => number): Strike | undefined {
  if (faults.only?.(asked) === false) return undefined;
  return strikes.find((name) => {
    if ((name === "truncated" || name === "shortened") && asked.kind !== "get") return false;
    const share = name === "error" ? faults.error?.share : faults[name];
    return share !== undefined && draw() < share;
  });
}

interface Exchange {
  readonly server: ProxiedServer;
  readonly created: Created;
  readonly incoming: IncomingMessage;
  readonly answer: ServerResponse;
  readonly asked: S3Request;
  /** Those at the time when the request arrived. */
  readonly faults: S3Faults;
  readonly hit: Strike | undefined;
}

async function serve(exchange: Exchange): Promise<void> {
  const { incoming, asked, faults, hit } = exchange;
  const { page, skewMs = 0, error } = faults;
  if (page !== undefined) return refuse(exchange, page, "text/html", pageText);
  if (Math.abs(clockDifference(incoming, skewMs)) > skewMsMax) {
    return refuse(exchange, 403, "application/xml", skewText(skewMs));
  }
  if (hit === "slowDown") {
    return refuse(exchange, 503, "application/xml", errorText("SlowDown", "Reduce your request rate."));
  }
  if (hit === "error" && error !== undefined) {
    return refuse(exchange, error.status, "application/xml", errorText(error.code, error.message));
  }
  if (hit === "stall") {
    incoming.resume();
    return;
  }
  if (hit === "resetBefore") {
    incoming.socket.resetAndDestroy();
    return;
  }
  const response = await forward(exchange);
  if (isMade(asked, response)) noteMade(exchange.created, asked);
  if (hit === "resetAfter") {
    response.resume();
    await once(response, "end");
    incoming.socket.resetAndDestroy();
  } else await pass(exchange, response);
}

async function forward({ server, incoming, answer, faults }: Exchange): Promise<IncomingMessage> {
  const { hostname, port } = new URL(server.endpoint);
  const { ignoresConditions = false, skewMs } = faults;
  const request = requestPlain({
    // Connections are not kept: one that the store closes in the wrong moment would be a fault that nobody ordered.
    agent: false,
    host: hostname,
    port,
    method: incoming.method,
    path: incoming.url,
    headers: forwardedHeaders(incoming, server, { ignoresConditions, anew: skewMs !== undefined }),
  });
  answer.on("close", () => {
    if (!answer.writableFinished) request.destroy();
  });
  incoming.pipe(request);
  const [response]: IncomingMessage[] = await once(request, "response");
  if (response === undefined) throw new Error("an answer without a response");
  return response;
}

async function pass({ created, answer, asked, faults, hit }: Exchange, response: IncomingMessage): Promise<void> {
  const { hidden, skewMs } = faults;
  const headers = headersOf(response.rawHeaders);
  if (skewMs !== undefined) headers.set("date", new Date(Date.now() + skewMs).toUTCString());
  let body: Buffer | undefined;
  if (asked.kind === "list" && hidden !== undefined) {
    const isHidden = hiddenKeys(created, asked.bucket, hidden);
    body = Buffer.from(hideKeys((await bytesOf(response)).toString(), isHidden));
    headers.set("content-length", String(body.length));
  } else if (hit === "shortened" || hit === "truncated") {
    const whole = await bytesOf(response);
    body = whole.subarray(0, whole.length >> 1);
    if (hit === "shortened") headers.set("content-length", String(body.length));
  }
  answer.writeHead(response.statusCode ?? 502, [...headers].flat());
  if (body === undefined) response.pipe(answer);
  else if (hit === "truncated") answer.write(body, () => answer.socket?.resetAndDestroy());
  else answer.end(body);
}

/** By how much the request's signature is off for a store whose clock is ahead; 0 without a date. Milliseconds. */
function clockDifference(incoming: IncomingMessage, skewMs: number): number {
  const date = incoming.headers["x-amz-date"];
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(typeof date === "string" ? date : "");
  if (parts === null) return 0;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.slice(1).map(Number);
  return Date.now() + skewMs - Date.UTC(year, month - 1, day, hour, minute, second);
}

function refuse({ incoming, answer }: Exchange, status: number, type: string, text: string): void {
  incoming.resume();
  const at = /<ServerTime>(.*?)<\/ServerTime>/.exec(text)?.[1];
  answer.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(text),
    ...(at === undefined ? {} : { date: new Date(at).toUTCString() }),
  });
  answer.end(incoming.method === "HEAD" ? undefined : text);
}

const errorText = (code: string, message: string, more = ""): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${more}<RequestId>proxy</RequestId></Error>`;

function skewText(skewMs: number): string {
  const at = new Date(Date.now() + skewMs).toISOString();
  return errorText(
    "RequestTimeTooSkewed",
    "The difference between the request time and the server's time is too large.",
    `<ServerTime>${at}</ServerTime>`,
  );
}

const conditions: ReadonlySet<string> = new Set(["if-match", "if-none-match"]);

/** What goes on to the store: the client's own headers, or those of a request that is signed anew. */
function forwardedHeaders(
  incoming: IncomingMessage,
  server: ProxiedServer,
  change: { readonly ignoresConditions: boolean; readonly anew: boolean },
): string[] {
  const { method = "GET", rawHeaders, headers } = incoming;
  const isConditional = method !== "GET" && method !== "HEAD" && [...conditions].some((name) => name in headers);
  const drops = change.ignoresConditions && isConditional;
  const { authorization } = headers;
  if (authorization === undefined || !(drops || change.anew)) return rawHeaders;
  const sent = headersOf(rawHeaders);
  sent.delete("authorization");
  if (drops) for (const name of conditions) sent.delete(name);
  if (change.anew) sent.set("x-amz-date", new Date().toISOString().replace(/[-:]|\.\d+/g, ""));
  const request = { method, target: incoming.url ?? "/", headers: sent };
  sent.set("authorization", authorizationOf(request, signedHeaders(authorization), server));
  return [...sent].flat();
}

function headersOf(raw: readonly string[]): Map<string, string> {
  const headers = new Map<string, string>();
  for (let at = 0; at + 1 < raw.length; at += 2) headers.set((raw[at] ?? "").toLowerCase(), raw[at + 1] ?? "");
  return headers;
}

const idOf = ({ bucket, key }: S3Request): string => `${bucket}/${key}`;

function isMade({ kind }: S3Request, { statusCode = 0 }: IncomingMessage): boolean {
  return statusCode < 300 && (kind === "put" || kind === "complete" || kind === "delete");
}

function noteMade(created: Created, asked: S3Request): void {
  if (asked.kind === "delete") created.delete(idOf(asked));
  else if (!created.has(idOf(asked))) created.set(idOf(asked), Date.now());
}

function hiddenKeys(
  created: Readonly<Created>,
  bucket: string,
  hidden: NonNullable<S3Faults["hidden"]>,
): (key: string) => boolean {
  const all = [...created];
  const chosen =
    "last" in hidden
      ? all.slice(Math.max(0, all.length - hidden.last))
      : all.filter(([, atMs]) => Date.now() - atMs < hidden.youngerMs);
  const ids = new Set(chosen.map(([id]) => id));
  return (key) => ids.has(`${bucket}/${key}`);
}

async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

const noRequests = (): Record<RequestKind, number> => ({
  list: 0,
  get: 0,
  head: 0,
  put: 0,
  delete: 0,
  upload: 0,
  part: 0,
  complete: 0,
  other: 0,
});
