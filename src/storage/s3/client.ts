/**
 * Opens the SDK's client of one bucket from the settings of its store. The SDK is imported here and only when a place in
 * a bucket is opened, so that projects on a disk never load it. It repeats nothing itself: `retry.ts` does.
 */
import { createSecureContext, getCACertificates } from "node:tls";
import type { S3Client, S3ClientConfig } from "@aws-sdk/client-s3";
import { asFailure, Failure } from "../../errors.ts";
import type { BucketPlace, SecretReference, StoreCredentials, StoreSettings } from "../../model/project.ts";
import { type StoreProfile, storeProfiles } from "../../model/store-profiles.ts";
import { stopIfAborted, stopped } from "../../pace/abort.ts";
import { field } from "./answer.ts";
import { describeError, type StoreAction } from "./errors.ts";
import { noStore } from "./version.ts";

/** What the SDK offers: constructors of commands and of the client. */
export type Sdk = typeof import("@aws-sdk/client-s3");

export interface Store {
  readonly client: S3Client;
  readonly sdk: Sdk;
  readonly bucket: string;
  /** Without a slash at either end; `""` is the whole bucket. */
  readonly prefix: string;
  /** `s3://bucket/prefix`. */
  readonly name: string;
  readonly settings: StoreSettings;
  readonly profile: StoreProfile;
  /** The one Failure for whatever a call of the client threw. Holds no secret. */
  describe(error: unknown, what: StoreCall): Failure;
  /** When the store sent that output of a command, by its own clock: milliseconds since the epoch in whole seconds. */
  sentMs(output: object): number;
  /** Closes the connections that are kept. */
  close(): void;
}

export interface StoreCall {
  readonly action: StoreAction;
  /** Relative to the prefix; `undefined` for what concerns the bucket or a listing. */
  readonly key?: string | undefined;
}

export type ResolveSecret = (reference: SecretReference) => string | Promise<string>;

const connectMs = 10_000;
/** A request without any progress for this long is given up. */
export const idleMs = 60_000;

/** A request in whose course the SDK has nothing to say: what it would print goes nowhere. */
const silent = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export async function openStore(place: BucketPlace, resolveSecret: ResolveSecret): Promise<Store> {
  const sdk = await import("@aws-sdk/client-s3");
  const { bucket, prefix, name, store: settings } = place;
  const client = new sdk.S3Client(await clientConfig(place, resolveSecret));
  const sentMs = readHeaders(client, name);
  return {
    client,
    sdk,
    bucket,
    prefix,
    name,
    settings,
    profile: storeProfiles[settings.profile],
    describe: (error, what) => describeError(place, error, what),
    sentMs,
    close: () => client.destroy(),
  };
}

/**
 * Reads what the SDK keeps to itself: the date of an answer, for a put says nothing of the time that the object then has,
 * and whether a page stands where a store would answer with nothing or with XML.
 */
function readHeaders(client: S3Client, name: string): (output: object) => number {
  const dates = new WeakMap<object, number>();
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args);
      const headers = field(result.response, "headers");
      const type = field(headers, "content-type");
      const ofObject = context.commandName === "GetObjectCommand" || context.commandName === "HeadObjectCommand";
      // Some stores call answers without a body so.
      const isEmpty = field(headers, "content-length") === "0" || field(result.response, "statusCode") === 204;
      const isPage = typeof type === "string" && /^text\/html\b/i.test(type) && !isEmpty;
      if (!ofObject && isPage) throw noStore({ name }, undefined);
      const sentMs = dateOf(headers);
      if (sentMs !== undefined && result.output !== undefined) dates.set(result.output, sentMs);
      return result;
    },
    { step: "deserialize", priority: "high", name: "millraceHeaders" },
  );
  return (output) => dates.get(output) ?? Math.floor(Date.now() / 1000) * 1000;
}

function dateOf(headers: unknown): number | undefined {
  const date = field(headers, "date");
  const ms = typeof date === "string" ? Date.parse(date) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

async function clientConfig(place: BucketPlace, resolveSecret: ResolveSecret): Promise<S3ClientConfig> {
  const { endpoint, region, pathStyle, credentials, parallel } = place.store;
  // A context rather than its certificates: an agent makes a name of those for every request, and they are long.
  const secureContext =
    place.store.ca === undefined
      ? undefined
      : createSecureContext({ ca: await authorities(place, place.store.ca, resolveSecret) });
  // Sockets are as many as there are requests: `limit.ts` bounds those, and a reader that pauses must not hold up others.
  const agent = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY, maxFreeSockets: parallel };
  return {
    region,
    forcePathStyle: pathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...credentialsConfig(place.name, credentials, resolveSecret),
    maxAttempts: 1,
    retryMode: "standard",
    logger: silent,
    // Checksums are computed before a body is sent and go in a header: trailers are what old stores stumble over.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // The SDK sends such requests over connections of its own, which know nothing of our authorities.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: connectMs,
      // Progress is watched by `request`, which knows whether it waits for the store or for a slow reader.
      socketTimeout: 0,
      httpAgent: agent,
      httpsAgent: { ...agent, ...(secureContext === undefined ? {} : { secureContext }) },
    },
  };
}

function credentialsConfig(name: string, credentials: StoreCredentials, resolveSecret: ResolveSecret): S3ClientConfig {
  switch (credentials.kind) {
    case "chain":
      return {};
    case "profile":
      return { profile: credentials.name };
    case "keys":
      return {
        credentials: async () => {
          const { accessKey, secretKey, sessionToken } = credentials;
          const accessKeyId = await secret(`${name}: s3.access_key`, accessKey, resolveSecret);
          const secretAccessKey = await secret(`${name}: s3.secret_key`, secretKey, resolveSecret);
          if (sessionToken === undefined) return { accessKeyId, secretAccessKey };
          const token = await secret(`${name}: s3.session_token`, sessionToken, resolveSecret);
          // What ends one day is looked up again now and then: somebody else renews it.
          const expiration = new Date(Date.now() + credentialsMsMax);
          return { accessKeyId, secretAccessKey, sessionToken: token, expiration };
        },
      };
  }
}

/** The SDK asks again five minutes before the end. */
const credentialsMsMax = 10 * 60_000;

async function secret(option: string, reference: SecretReference, resolveSecret: ResolveSecret): Promise<string> {
  let value: string;
  try {
    value = (await resolveSecret(reference)).trim();
  } catch (error) {
    const failure = asFailure(error);
    throw new Failure("usage", `${option} cannot be read: ${failure.message}`, failure.detail);
  }
  if (value === "") throw new Failure("usage", `${option}: ${referenceText(reference)} is empty`);
  return value;
}

async function authorities(
  place: BucketPlace,
  reference: SecretReference,
  resolveSecret: ResolveSecret,
): Promise<string[]> {
  const text = await secret(`${place.name}: s3.ca`, reference, resolveSecret);
  if (!text.includes("-----BEGIN CERTIFICATE-----")) {
    throw new Failure("usage", `${place.name}: s3.ca: ${referenceText(reference)} holds no certificate in PEM form`);
  }
  return [...getCACertificates("default"), text];
}

const referenceText = (reference: SecretReference): string =>
  reference.kind === "env" ? `env:${reference.name}` : `file:${reference.path}`;

/** The object's name in the bucket. */
export function objectKey({ prefix }: Pick<Store, "prefix">, key: string): string {
  return prefix === "" ? key : `${prefix}/${key}`;
}

export interface RequestOptions extends StoreCall {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without progress after which the request is given up; `idleMs` unless told. */
  readonly idleMs?: number;
}

/** What every call of the client takes as its second argument. */
export interface SendOptions {
  readonly abortSignal: AbortSignal;
}

/**
 * Runs one request of the client. A stop by the caller is thrown as such; everything else as the one Failure of
 * `describe`.
 */
export async function request<T>(
  store: Store,
  options: RequestOptions,
  send: (options: SendOptions, watch: Watch) => Promise<T>,
): Promise<T> {
  const watch = watchProgress(store.name, options);
  try {
    return await send({ abortSignal: watch.signal }, watch);
  } catch (error) {
    throw watch.why() ?? store.describe(error, options);
  } finally {
    watch.end();
  }
}

/** Aborts its signal when the caller stops, when nothing has moved for a while, or when a body cannot be had. */
export interface Watch {
  readonly signal: AbortSignal;
  /** Something moved. */
  touch(): void;
  /** While we wait for nobody but our own reader; until the next `touch`. */
  pause(): void;
  /** Gives the request up for this reason. */
  fail(failure: Failure): void;
  /** Closes the connection of a request that has failed already but may still be sending. */
  drop(): void;
  /** Why the signal was aborted; `undefined` while it was not. */
  why(): Failure | undefined;
  end(): void;
}

export function watchProgress(name: string, { signal, idleMs: ms = idleMs, key }: RequestOptions): Watch {
  stopIfAborted(signal);
  const controller = new AbortController();
  const expire = () =>
    controller.abort(
      new Failure("unavailable", `${name}: ${key === undefined ? "" : `${key}: `}nothing moved for ${ms / 1000} s`, {
        remedy: "check the store's load and the network between here and there",
      }),
    );
  const stop = () => controller.abort(signal === undefined ? undefined : stopped(signal));
  let timer: NodeJS.Timeout | undefined = setTimeout(expire, ms);
  signal?.addEventListener("abort", stop, { once: true });
  return {
    signal: controller.signal,
    touch() {
      if (timer === undefined) timer = setTimeout(expire, ms);
      else timer.refresh();
    },
    pause() {
      clearTimeout(timer);
      timer = undefined;
    },
    fail: (failure) => controller.abort(failure),
    drop: () => controller.abort(),
    why() {
      const reason: unknown = controller.signal.reason;
      return reason instanceof Failure ? reason : undefined;
    },
    end() {
      clearTimeout(timer);
      timer = undefined;
      signal?.removeEventListener("abort", stop);
    },
  };
}
