/** Answers one request: which file, which version, which part of it, and what goes wrong on the way. */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { announcedLength, deliver } from "./delivery.ts";
import type { FaultScript, FaultsOfRequest } from "./fault-script.ts";
import type { Fault, Version } from "./faults.ts";
import { type HourStore, publicationDelayMs, type StoredHour } from "./hour-store.ts";
import { hourMs, parseHourFileName } from "./hours.ts";
import { requestedRange, unchangedFor, type Validators } from "./http-rules.ts";
import { htmlPage, noSuchKey, welcome } from "./pages.ts";
import { pieceLength, pieces } from "./versions.ts";

export interface ArchiveOptions {
  readonly store: HourStore;
  readonly script: FaultScript;
  readonly from: number | undefined;
  readonly until: number | undefined;
  /** Given: hours appear when they have closed by this clock. */
  readonly now: (() => number) | undefined;
  /** The server under another host name. */
  readonly otherHost: () => string;
}

/** What a client asked and got, for tests and for the command's log. It fills up while the request is answered. */
export interface ServedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** 0 until the head of the answer was written. */
  status: number;
  /** Bytes of the body that were handed to the connection; also for an answer that broke off. */
  bytes: number;
  /** Names of the faults that were applied. */
  faults: readonly string[];
}

/** One request, its answer and the record of both. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly served: ServedRequest;

  constructor(request: IncomingMessage, response: ServerResponse) {
    const { method = "GET", url = "/", headers } = request;
    this.request = request;
    this.response = response;
    this.served = { method, path: url, headers, status: 0, bytes: 0, faults: [] };
  }

  get isHead(): boolean {
    return this.served.method === "HEAD";
  }

  /** Writes the head; further headers may have been set on the response before. */
  head(status: number, headers: Readonly<Record<string, string>> = {}): void {
    this.served.status = status;
    this.response.writeHead(status, headers);
  }

  /** Sends a short body, without it for HEAD. */
  send(status: number, headers: Readonly<Record<string, string>>, type: string, body: string): void {
    const bytes = Buffer.from(body);
    this.head(status, { "Content-Type": type, "Content-Length": String(bytes.length), ...headers });
    if (!this.isHead) this.served.bytes = bytes.length;
    this.response.end(this.isHead ? undefined : bytes);
  }
}

const xml = "application/xml; charset=UTF-8";
const plain = "text/plain; charset=utf-8";

export class Archive {
  readonly #options: ArchiveOptions;

  constructor(options: ArchiveOptions) {
    this.#options = options;
  }

  async answer(exchange: Exchange): Promise<void> {
    const { method } = exchange.served;
    if (method !== "GET" && method !== "HEAD") {
      exchange.send(405, { Allow: "GET, HEAD" }, plain, "only GET and HEAD\n");
      return;
    }
    const [path = "/"] = exchange.served.path.split("?");
    if (path === "/") {
      exchange.send(200, {}, plain, welcome(this.#options.from, this.#options.until));
      return;
    }
    const redirected = /^\/redirected\/(\d{1,3})\/(.+)$/.exec(path);
    const name = redirected?.[2] ?? path.slice(1);
    const startMs = parseHourFileName(name);
    if (startMs === undefined) {
      exchange.send(404, {}, xml, noSuchKey(name));
      return;
    }
    const hops = Number(redirected?.[1] ?? 0);
    if (hops > 1) {
      exchange.send(302, { Location: `/redirected/${hops - 1}/${name}` }, plain, "moved\n");
      return;
    }
    const faults = this.#options.script.request(startMs, !exchange.isHead, redirected !== null);
    exchange.served.faults = faults.names;
    const instead = faults.take("answer");
    if (instead !== undefined) this.#answerInstead(exchange, instead, name);
    else await this.#file(exchange, faults, startMs, name);
  }

  #answerInstead(exchange: Exchange, fault: Fault, name: string): void {
    const { answer } = fault.kind.effect;
    if (answer === undefined || "silent" in answer) return;
    if ("redirect" in answer) {
      const target = answer.redirect === "loop" ? `/${name}` : `/redirected/${fault.hops ?? 1}/${name}`;
      const location = answer.redirect === "host" ? this.#options.otherHost() + target : target;
      exchange.send(302, { Location: location }, plain, "moved\n");
    } else if ("page" in answer) {
      if (answer.page === "html") exchange.send(200, {}, "text/html; charset=utf-8", htmlPage("Welcome"));
      else if (answer.page === "xml") exchange.send(200, {}, xml, noSuchKey(name));
      else exchange.send(200, {}, "application/gzip", "");
    } else if (answer.status === 404) {
      exchange.send(404, {}, xml, noSuchKey(name));
    } else {
      const usual = answer.status === 429 || answer.status === 503 ? 1000 : undefined;
      const retryMs = fault.durationMs ?? usual;
      const headers = retryMs === undefined ? undefined : { "Retry-After": String(Math.ceil(retryMs / 1000)) };
      exchange.send(answer.status, { ...headers }, plain, `sample fault ${answer.status}\n`);
    }
  }

  #published(startMs: number): boolean {
    const { from, until, now } = this.#options;
    if (startMs < (from ?? startMs) || startMs >= (until ?? Number.POSITIVE_INFINITY)) return false;
    return now === undefined || startMs + hourMs + publicationDelayMs <= now();
  }

  async #file(exchange: Exchange, faults: FaultsOfRequest, startMs: number, name: string): Promise<void> {
    const version = this.#published(startMs) ? faults.take("version")?.kind.effect.version : undefined;
    const lease = this.#published(startMs) ? await this.#options.store.lease(startMs, version) : undefined;
    if (lease === undefined) {
      exchange.send(404, {}, xml, noSuchKey(name));
      return;
    }
    try {
      await this.#serve(exchange, faults, lease.hour, version, startMs);
    } finally {
      lease.release();
    }
  }

  async #serve(
    exchange: Exchange,
    faults: FaultsOfRequest,
    hour: StoredHour,
    version: Version | undefined,
    startMs: number,
  ): Promise<void> {
    const { request, response } = exchange;
    const body = { file: hour.file, pieces: await pieces(version, hour.file, hour.bytes) };
    const length = body.pieces.reduce((sum, piece) => sum + pieceLength(piece), 0);
    const omit = faults.take("omit")?.kind.effect.omit ?? [];
    const validators = validatorsOf(hour, version, omit);
    setValidators(response, validators);
    if (unchangedFor(request.headers, validators)) {
      exchange.head(304);
      response.end();
      return;
    }
    const asked = omit.includes("ranges") ? "whole" : requestedRange(request.headers, length, validators);
    if (asked === "none") {
      exchange.send(416, { "Content-Range": `bytes */${length}` }, plain, "no such range\n");
      return;
    }
    const range = asked === "whole" ? { from: 0, to: length } : asked;
    const delivery = exchange.isHead ? undefined : faults.take("delivery");
    const plan = { body, range, how: delivery?.kind.effect.delivery, bytesPerSecond: delivery?.bytesPerSecond };
    const encoding = faults.take("contentEncoding")?.kind.effect.contentEncoding;
    if (encoding !== undefined) response.setHeader("Content-Encoding", encoding);
    response.setHeader("Content-Type", "application/gzip");
    if (!omit.includes("ranges")) response.setHeader("Accept-Ranges", "bytes");
    if (asked !== "whole") response.setHeader("Content-Range", `bytes ${range.from}-${range.to - 1}/${length}`);
    const announced = announcedLength(plan);
    if (announced !== undefined) response.setHeader("Content-Length", announced);
    // Without a length the body must end with the connection instead of in chunks that say where they end.
    else response.useChunkedEncodingByDefault = false;
    if (announced !== range.to - range.from) response.shouldKeepAlive = false;
    exchange.head(asked === "whole" ? 200 : 206);
    if (exchange.isHead) {
      response.end();
      return;
    }
    const done = plan.how === undefined || plan.how === "slow";
    await deliver(response, plan, (bytes) => {
      exchange.served.bytes += bytes;
      if (done && range.from + exchange.served.bytes === length) this.#options.script.downloaded(startMs);
    });
  }
}

function validatorsOf(hour: StoredHour, version: Version | undefined, omit: readonly string[]): Validators {
  // An edit of the packed bytes is served from the true file but is another version of it.
  const etag = version === undefined ? hour.etag : `${hour.etag.slice(0, -1)}-${version}"`;
  return {
    etag: omit.includes("etag") ? undefined : etag,
    lastModified: omit.includes("last-modified") ? undefined : new Date(hour.modifiedMs).toUTCString(),
  };
}

function setValidators(response: ServerResponse, { etag, lastModified }: Validators): void {
  if (etag !== undefined) response.setHeader("ETag", etag);
  if (lastModified !== undefined) response.setHeader("Last-Modified", lastModified);
}
