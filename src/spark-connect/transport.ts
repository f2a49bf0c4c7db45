/**
 * One connection to a server: gRPC over HTTP/2, made when the first call needs it, made again when it was lost, watched by pings
 * while something runs. Calls fail with the library's `ConnectError`; `fault.ts` says what those mean.
 */
import {
  type ClientHttp2Stream,
  constants,
  type Http2Session,
  type IncomingHttpHeaders,
  type SecureClientSessionOptions,
} from "node:http2";
import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { hostAndPort } from "./url.ts";

export interface Wire {
  readonly transport: Transport;
  /** Whether anything there has ever answered in HTTP/2. */
  spoke(): boolean;
  /** Ends the connection and whatever still runs over it. */
  close(): void;
}

export interface WireTarget {
  readonly host: string;
  readonly port: number;
  /** Must be so for a token, unless the host is this machine; `parseConnectUrl` sees to it. */
  readonly tls: boolean;
  readonly token: string | undefined;
  readonly ca: string | undefined;
  readonly userAgent: string;
  readonly messageBytesMax: number;
}

/** For a connection (TCP and TLS), and then for the other side's first frame. */
const connectMsMax = 10_000;

/**
 * A server that keeps gRPC's rules answers the third untimely ping with disconnection, and pings within five minutes of each
 * other are untimely unless it sends something in between. An execution's stream ends after two minutes at the latest, so two
 * pings within that are safe. A connection that is dead without a sign is found after 75 seconds.
 */
const pingMs = 60_000;
const pingAnswerMsMax = 15_000;

/** How much may be under way before the reader has asked for it: enough for a distant server, little beside a batch. */
const streamWindowBytes = 1 << 20;
const connectionWindowBytes = 8 << 20;

/** Where a status's details are put, so that only `details.ts`, which takes them cut as well, reads them. */
export const detailsHeader = "x-status-details";

export function openWire(target: WireTarget): Wire {
  const baseUrl = `${target.tls ? "https" : "http"}://${hostAndPort(target)}`;
  const nodeOptions: SecureClientSessionOptions = {
    settings: { initialWindowSize: streamWindowBytes, enablePush: false },
    ...(target.ca === undefined ? {} : { ca: target.ca }),
  };
  const pings = { pingIntervalMs: pingMs, pingTimeoutMs: pingAnswerMsMax };
  const manager = new Http2SessionManager(baseUrl, pings, nodeOptions);
  const seen = new WeakSet<Http2Session>();
  let hasSpoken = false;

  function watch(session: Http2Session): void {
    if (seen.has(session)) return;
    seen.add(session);
    // The manager hears of errors and fails the calls; one that comes when it has stopped listening is nobody's.
    session.on("error", () => undefined);
    session.setLocalWindowSize(connectionWindowBytes);
    const timer = setTimeout(() => session.destroy(unanswered(target)), connectMsMax);
    session.once("remoteSettings", () => {
      hasSpoken = true;
      clearTimeout(timer);
    });
    session.once("close", () => clearTimeout(timer));
  }

  async function connected(): Promise<void> {
    if (manager.state() === "open" || manager.state() === "idle") return;
    const timer = setTimeout(() => {
      if (manager.state() === "connecting") manager.abort(unanswered(target));
    }, connectMsMax);
    try {
      // What went wrong must not be answered by another attempt, which nothing would bound.
      if ((await manager.connect()) === "error") throw manager.error();
    } finally {
      clearTimeout(timer);
    }
  }

  const authorized: Interceptor = (next) => (request) => {
    request.header.set("user-agent", target.userAgent);
    if (target.token !== undefined) request.header.set("authorization", `Bearer ${target.token}`);
    return next(request);
  };

  const transport = createGrpcTransport({
    baseUrl,
    readMaxBytes: target.messageBytesMax,
    interceptors: [authorized],
    acceptCompression: [],
    sessionManager: {
      authority: manager.authority,
      async request(method, path, headers, options) {
        await connected();
        const stream = await manager.request(method, path, headers, options);
        if (stream.session !== undefined) watch(stream.session);
        setDetailsAside(stream);
        sayThatItEnded(stream);
        return stream;
      },
      notifyResponseByteRead: (stream) => manager.notifyResponseByteRead(stream),
    },
  });
  return { transport, spoke: () => hasSpoken, close: () => manager.abort() };
}

function unanswered(target: WireTarget): ConnectError {
  const message = `no answer from ${hostAndPort(target)} within ${connectMsMax / 1000} s`;
  return new ConnectError(message, Code.DeadlineExceeded);
}

/** Before the library reads them: it would take a status whose details or message do not decode for a broken stream. */
function setDetailsAside(stream: ClientHttp2Stream): void {
  const repair = (headers: IncomingHttpHeaders): void => {
    const details = headers["grpc-status-details-bin"];
    if (details !== undefined) {
      headers[detailsHeader] = details;
      delete headers["grpc-status-details-bin"];
    }
    const message = headers["grpc-message"];
    if (typeof message === "string" && !isPercentEncoded(message))
      headers["grpc-message"] = encodeURIComponent(message);
  };
  stream.once("response", repair);
  stream.once("trailers", repair);
}

/**
 * A stream that the other side ends with the code for "no error" before it has answered just closes, and the library would wait
 * for the answer for ever.
 */
function sayThatItEnded(stream: ClientHttp2Stream): void {
  let isAnswered = false;
  stream.once("response", () => {
    isAnswered = true;
  });
  stream.once("close", () => {
    const isSilent = !isAnswered && stream.rstCode === constants.NGHTTP2_NO_ERROR;
    if (isSilent && stream.listenerCount("error") > 0) stream.emit("error", new Error("the call was ended unanswered"));
  });
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
