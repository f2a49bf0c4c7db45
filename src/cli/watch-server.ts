/** Health and metrics of `watch` over HTTP: `/healthz` (the process lives), `/readyz` (a pass has got through), `/metrics`. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Failure } from "../errors.ts";

export interface WatchServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** `undefined` when ready, otherwise why not. */
  readonly notReady: () => string | undefined;
  readonly metrics: () => string;
}

export interface WatchServer {
  /** `http://127.0.0.1:9464`, without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

export async function startWatchServer(options: WatchServerOptions): Promise<WatchServer> {
  const { host, port } = options;
  const server = createServer((request, response) => answer(request, response, options));
  // Nobody who asks for a page of metrics needs longer.
  server.requestTimeout = 10_000;
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw new Failure("unavailable", `watch: cannot listen on ${host}:${port}`, {
      cause: error,
      remedy: "another port: millrace watch --port 0 takes a free one, watch.port in the project file sets one",
    });
  }
  const address = server.address();
  if (address === null || typeof address === "string") throw new Failure("bug", "watch: listens on no port");
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, options: WatchServerOptions): void {
  const send = (status: number, text: string, type = "text/plain; charset=utf-8"): void => {
    response.writeHead(status, {
      "Content-Type": type,
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
    });
    response.end(request.method === "HEAD" ? undefined : text);
  };
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("Allow", "GET, HEAD");
    send(405, "only GET\n");
    return;
  }
  const why = options.notReady();
  switch ((request.url ?? "/").split("?")[0]) {
    case "/healthz":
      send(200, "ok\n");
      break;
    case "/readyz":
      send(why === undefined ? 200 : 503, `${why ?? "ready"}\n`);
      break;
    case "/metrics":
      send(200, options.metrics(), "text/plain; version=0.0.4; charset=utf-8");
      break;
    default:
      send(404, "there are /healthz, /readyz and /metrics\n");
  }
}
