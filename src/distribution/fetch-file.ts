/** One file by HTTP, into a file, up to a size that is known. */
import { createWriteStream } from "node:fs";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { EnvHttpProxyAgent } from "undici";
import { asFailure, Failure, isRetriable } from "../errors.ts";
import type { Environment } from "./contract.ts";
import { cancelled } from "./programs.ts";

export interface Fetching {
  readonly agent: EnvHttpProxyAgent;
  close(): Promise<void>;
}

/** Connections, through the proxy that the usual variables name. */
export async function openFetching(environment: Environment): Promise<Fetching> {
  const { EnvHttpProxyAgent } = await import("undici");
  const of = (name: string): string => environment[name.toLowerCase()] ?? environment[name] ?? "";
  const agent = new EnvHttpProxyAgent({
    httpProxy: of("HTTP_PROXY"),
    httpsProxy: of("HTTPS_PROXY"),
    noProxy: of("NO_PROXY"),
    headersTimeout: 60_000,
    bodyTimeout: 60_000,
  });
  return { agent, close: () => agent.destroy() };
}

interface FetchOptions {
  readonly bytesMax: number;
  readonly signal: AbortSignal | undefined;
}

const triesMax = 4;
const firstPauseMs = 500;

/** Throws `missing` for 404, `denied` for 401 and 403, `corrupt` for more bytes than there should be, else `unavailable`. */
export async function fetchFile(fetching: Fetching, url: string, file: string, options: FetchOptions): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await fetchOnce(fetching, url, file, options);
      return;
    } catch (error) {
      if (options.signal?.aborted === true) throw cancelled(options.signal);
      if (tries === triesMax || !isRetriable(error)) throw error;
      await pause(
        firstPauseMs * 2 ** (tries - 1),
        undefined,
        options.signal === undefined ? {} : { signal: options.signal },
      );
    }
  }
}

async function fetchOnce(
  fetching: Fetching,
  url: string,
  file: string,
  { bytesMax, signal }: FetchOptions,
): Promise<void> {
  const { fetch } = await import("undici");
  try {
    const answer = await fetch(url, { dispatcher: fetching.agent, ...(signal === undefined ? {} : { signal }) });
    if (!answer.ok || answer.body === null) throw notThere(url, answer.status);
    await pipeline(Readable.fromWeb(answer.body), noMoreThan(bytesMax, url), createWriteStream(file));
  } catch (error) {
    if (error instanceof Failure) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const failure = asFailure(cause, url);
    // Whatever goes wrong on the way to a repository may go right the next time.
    throw failure.kind === "bug" ? new Failure("unavailable", failure.message, { cause: error }) : failure;
  }
}

function notThere(url: string, status: number): Failure {
  const remedy = "check the address: in front of org/apache/… stands the repository's own path, often /maven2";
  if (status === 404) return new Failure("missing", `${url}: not there (404)`, { remedy });
  if (status === 401 || status === 403) return new Failure("denied", `${url}: refused (${status})`, { remedy });
  return new Failure("unavailable", `${url}: answered ${status}`);
}

function noMoreThan(bytesMax: number, url: string): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= bytesMax) done(null, chunk);
      else done(new Failure("corrupt", `${url}: more than the ${bytesMax} bytes that it should have`));
    },
  });
}
