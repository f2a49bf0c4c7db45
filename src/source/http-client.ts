/** One HTTP exchange: redirects followed by our own rules, credentials kept at home, time limits on every phase. */
import { getCACertificates } from "node:tls";
import { Agent, type Dispatcher, EnvHttpProxyAgent, ProxyAgent } from "undici";
import { asFailure, Failure } from "../errors.ts";
import { sniff } from "../gzip/sniff.ts";
import type { HeaderValue, SecretReference, SourceSettings } from "../model/project.ts";
import { stopIfAborted, stopped } from "../pace/abort.ts";
import type { Rate } from "../pace/rate.ts";
import { networkFailure, retryAfterMs, statusFailure } from "./http-failure.ts";
import { shownUrl } from "./redact.ts";

export const redirectsMax = 5;

/** Longer timers end at once. */
const timerMsMax = 2 ** 31 - 1;

export interface HttpSettings {
  readonly settings: Pick<SourceSettings, "headers" | "ca" | "proxy" | "timeouts">;
  readonly resolveSecret: (reference: SecretReference) => string | Promise<string>;
  readonly userAgent: string;
  /** Taken once for each request, redirects included. */
  readonly requests: Rate;
}

export interface HttpAnswer {
  /** Where the answer came from, after redirects, without credentials. */
  readonly url: string;
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  /** Reads a small rest of the body, so that the connection can be used again; drops a large one. */
  discard(): Promise<void>;
  /** Drops the body and the connection at once. */
  drop(): void;
  /** What went wrong, for a status that is no success; reads the beginning of the body for its error code. */
  failure(): Promise<Failure>;
}

export interface HttpClient {
  /** `signal` ends it at any time; the total time of an exchange with its body is the caller's (`withTotal`). */
  ask(
    method: "GET" | "HEAD",
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpAnswer>;
  /** Runs `work` with a signal that aborts with the caller's or when the total time is over; converts what it throws. */
  withTotal<T>(url: string, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function httpClient(http: HttpSettings): HttpClient {
  const { timeouts } = http.settings;
  let opened: Promise<Dispatcher> | undefined;

  function dispatcher(): Promise<Dispatcher> {
    if (opened === undefined) {
      opened = openDispatcher(http);
      opened.catch(() => {
        opened = undefined;
      });
    }
    return opened;
  }

  async function askOnce(
    method: "GET" | "HEAD",
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    await http.requests.take(1, signal);
    const { origin, pathname, search } = url;
    return (await dispatcher()).request({
      origin,
      path: pathname + search,
      method,
      headers,
      signal,
      headersTimeout: timeouts.headersMs,
      bodyTimeout: timeouts.idleMs,
    });
  }

  async function ask(
    method: "GET" | "HEAD",
    first: URL,
    own: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpAnswer> {
    const users = await usersHeaders(http);
    let url = first;
    for (let redirects = 0; ; redirects++) {
      stopIfAborted(signal);
      // The user's headers may hold credentials: they go to the archive's own origin and nowhere else.
      const given = url.origin === first.origin ? users : {};
      const headers = { ...given, ...own, "accept-encoding": "identity", "user-agent": http.userAgent };
      const response = await askOnce(method, url, headers, signal);
      const answer = answerOf(response, shownUrl(url));
      const location = isRedirect(response.statusCode) ? answer.header("location") : undefined;
      if (location === undefined) return answer;
      await answer.discard();
      if (redirects === redirectsMax) {
        throw new Failure("unavailable", `${shownUrl(first)}: more than ${redirectsMax} redirects`);
      }
      url = redirectTarget(url, location);
    }
  }

  async function withTotal<T>(
    url: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    stopIfAborted(signal);
    const total = AbortSignal.timeout(Math.min(timeouts.totalMs, timerMsMax));
    const both = signal === undefined ? total : AbortSignal.any([signal, total]);
    try {
      return await work(both);
    } catch (error) {
      if (signal?.aborted === true) throw stopped(signal);
      if (total.aborted) throw new Failure("unavailable", `${url}: not complete after ${timeouts.totalMs / 1000} s`);
      throw networkFailure(error, url);
    }
  }

  return {
    ask,
    withTotal,
    async close() {
      if (opened !== undefined) await (await opened).destroy();
    },
  };
}

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

function redirectTarget(from: URL, location: string): URL {
  const shown = shownUrl(from);
  if (!URL.canParse(location, from.href)) throw new Failure("corrupt", `${shown}: redirects to what is no URL`);
  const to = new URL(location, from);
  if (to.protocol !== "http:" && to.protocol !== "https:") {
    throw new Failure("corrupt", `${shown}: redirects to ${to.protocol}, which is not HTTP`);
  }
  if (from.protocol === "https:" && to.protocol === "http:") {
    throw new Failure("denied", `${shown}: redirects from https to http, to ${shownUrl(to)}`, {
      remedy: "name that address as the source's `url` if it is to be trusted",
    });
  }
  to.username = "";
  to.password = "";
  return to;
}

async function usersHeaders({ settings, resolveSecret }: HttpSettings): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const [name, value] of settings.headers) headers[name.toLowerCase()] = await textOf(value, resolveSecret);
  return headers;
}

async function textOf(value: HeaderValue, resolve: HttpSettings["resolveSecret"]): Promise<string> {
  return value.kind === "text" ? value.text : await resolve(value);
}

async function openDispatcher({ settings, resolveSecret }: HttpSettings): Promise<Dispatcher> {
  const { connectMs } = settings.timeouts;
  const ca =
    settings.ca === undefined
      ? undefined
      : [...getCACertificates("default"), await readAuthorities(settings.ca, resolveSecret)];
  const tls = { timeout: connectMs, ...(ca === undefined ? {} : { ca }) };
  // HTTP/1.1 only: one failure mode less, and archives are served as well by it.
  const common = { connect: tls, allowH2: false, connectTimeout: connectMs };
  if (settings.proxy === "none") return new Agent(common);
  const proxied = { ...common, requestTls: tls, proxyTls: tls };
  if (settings.proxy === "env") return new EnvHttpProxyAgent(proxied);
  const uri = await textOf(settings.proxy, resolveSecret);
  if (!URL.canParse(uri) || !/^https?:$/.test(new URL(uri).protocol)) {
    throw new Failure("usage", "proxy: the value is no URL that begins with http:// or https://");
  }
  return new ProxyAgent({ ...proxied, uri });
}

async function readAuthorities(reference: SecretReference, resolve: HttpSettings["resolveSecret"]): Promise<string> {
  let text: string;
  try {
    text = await resolve(reference);
  } catch (error) {
    const failure = asFailure(error);
    throw new Failure("usage", `ca cannot be read: ${failure.message}`, failure.detail);
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----")) {
    const name = reference.kind === "env" ? `env:${reference.name}` : reference.path;
    throw new Failure("usage", `ca: ${name} holds no certificate in PEM form`);
  }
  return text;
}

function answerOf({ statusCode, headers, body }: Dispatcher.ResponseData, url: string): HttpAnswer {
  const header = (name: string): string | undefined => {
    const value = headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const discard = async (): Promise<void> => {
    await body.dump({ limit: 64 * 1024 });
  };
  return {
    url,
    status: statusCode,
    header,
    body,
    discard,
    drop() {
      // Without a listener, the error that says "dropped" would end the process.
      body.once("error", () => undefined).destroy();
    },
    async failure() {
      const code = await errorCode(body);
      const asked = retryAfterMs(header("retry-after"), header("date"), Date.now());
      return statusFailure(url, statusCode, { code, retryAfterMs: asked });
    },
  };
}

/** The code in an S3 store's XML answer, such as `AccessDenied`. */
async function errorCode(body: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  for await (const chunk of body) {
    const kind = sniff(chunk.subarray(0, 4096));
    return kind.kind === "document" ? /<Code>(\w{1,60})<\/Code>/.exec(kind.what)?.[1] : undefined;
  }
  return undefined;
}
