/**
 * The sample archive over HTTP: `/{yyyy}-{MM}-{dd}-{H}.json.gz`, the hour not padded, as GH Archive serves it, with every
 * fault of the table on request.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { asFailure, Failure } from "../src/errors.ts";
import { Archive, Exchange, type ServedRequest } from "./archive.ts";
import { FaultScript } from "./fault-script.ts";
import { parseFaults } from "./faults.ts";
import { type GeneratorOptions, openGenerator } from "./generator.ts";
import { HourStore } from "./hour-store.ts";

export interface ServerOptions extends GeneratorOptions {
  /** First hour there is (start, ms); default: no limit. */
  readonly from?: number;
  /** Hours that start here or later do not exist; default: no limit. */
  readonly until?: number;
  /** A clock (ms): hours appear five minutes after they have closed by it. Default: all hours are there. */
  readonly now?: () => number;
  /** Serve the files of this directory under the same names instead of generating hours. */
  readonly directory?: string;
  /** Texts as `parseFaults` reads them. */
  readonly faults?: readonly string[];
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port. */
  readonly port?: number;
  /** How much the temporary directory of packed hours may hold. Default 512 MiB. */
  readonly cacheBytes?: number;
  /** Where that directory is made. Default: the system's directory for such. */
  readonly temporary?: string;
  /** Called when a request has been answered or its connection is gone. */
  readonly onRequest?: (request: ServedRequest) => void;
}

export type { ServedRequest };

export interface SampleServer {
  /** `http://127.0.0.1:41873`, without a slash at the end. */
  readonly url: string;
  /** The latest 10,000 in the order they came; the ones being answered are among them. */
  readonly requests: readonly ServedRequest[];
  /** Drops open connections and removes the temporary directory. */
  close(): Promise<void>;
}

const keptRequests = 10_000;

export async function startServer(options: ServerOptions = {}): Promise<SampleServer> {
  const {
    host = "127.0.0.1",
    port = 0,
    cacheBytes = 512 * 1024 * 1024,
    directory,
    from,
    until,
    now,
    onRequest,
    temporary = tmpdir(),
  } = options;
  const generator = openGenerator(options);
  const script = new FaultScript({ faults: parseFaults(options.faults ?? []), now: now ?? Date.now });
  const store = new HourStore({ generator, cacheBytes, temporary, ...(directory === undefined ? {} : { directory }) });
  let otherHost = "";
  const archive = new Archive({ store, script, from, until, now, otherHost: () => otherHost });
  const requests: ServedRequest[] = [];
  const server = createServer((request, response) => {
    const exchange = new Exchange(request, response);
    requests.push(exchange.served);
    if (requests.length > keptRequests) requests.shift();
    response.once("close", () => onRequest?.(exchange.served));
    archive.answer(exchange).catch((error: unknown) => {
      const failure = asFailure(error, request.url);
      if (response.headersSent) response.destroy(failure);
      else exchange.send(500, {}, "text/plain; charset=utf-8", `${failure.message}\n`);
    });
  });
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    throw new Failure("unavailable", `sample server: cannot listen on ${host}:${port}`, {
      cause: error,
      remedy: "choose another port, or 0 for any free one",
    });
  }
  const address = server.address();
  if (address === null || typeof address === "string") throw new Failure("bug", "sample server: listens on no port");
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${address.port}`;
  otherHost = `http://localhost:${address.port}`;
  return {
    url,
    requests,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await store.close();
    },
  };
}
