/** A place in a bucket for tests, and a store that answers what a test tells it to. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BucketPlace, SecretReference, StoreSettings } from "../../src/model/project.ts";
import type { Storage } from "../../src/storage/contract.ts";
import type { ResolveSecret } from "../../src/storage/s3/client.ts";
import { type S3Options, s3Storage } from "../../src/storage/s3/storage.ts";
import { httpServer } from "./http-servers.ts";

/** What the keys of `placeAt` resolve to; nothing that is printed may hold them. */
export const secrets = {
  ACCESS: "AKCANNEDACCESSKEY",
  SECRET: "canned-secret-key-5f1c",
  TOKEN: "canned-session-token-9b2e",
};

const env = (name: keyof typeof secrets): SecretReference => ({ kind: "env", name });

export const cannedSecret: ResolveSecret = (reference) => {
  const found = Object.entries(secrets).find(([name]) => reference.kind === "env" && reference.name === name);
  if (found === undefined) throw new Error(`no such secret: ${JSON.stringify(reference)}`);
  return found[1];
};

export function placeAt(
  endpoint: string | undefined,
  settings: Partial<StoreSettings> = {},
  prefix = "lake",
): BucketPlace {
  return {
    kind: "s3",
    bucket: "bucket",
    prefix,
    name: prefix === "" ? "s3://bucket" : `s3://bucket/${prefix}`,
    store: {
      profile: "other",
      endpoint,
      region: "us-east-1",
      pathStyle: true,
      ca: undefined,
      credentials: {
        kind: "keys",
        accessKey: env("ACCESS"),
        secretKey: env("SECRET"),
        sessionToken: env("TOKEN"),
      },
      parallel: 8,
      ...settings,
    },
  };
}

export interface Canned {
  readonly storage: Storage;
  readonly endpoint: string;
  /** In the order of their arrival: `GET /bucket/lake/key?query`. */
  readonly requests: readonly IncomingMessage[];
}

export type Answering = (request: IncomingMessage, response: ServerResponse, count: number) => void;

export interface CannedOptions {
  readonly settings?: Partial<StoreSettings>;
  readonly prefix?: string;
  readonly options?: Partial<S3Options>;
}

/** A storage on a server that answers each request by `answer`. Ends with the test file. */
export async function cannedStore(
  answer: Answering,
  { settings, prefix, options }: CannedOptions = {},
): Promise<Canned> {
  const { base, requests } = await httpServer(answer);
  const scratchRoot = join(tmpdir(), `millrace-canned-${process.pid}`);
  const place = placeAt(base, settings, prefix);
  return {
    storage: await s3Storage(place, { resolveSecret: cannedSecret, scratchRoot, ...options }),
    endpoint: base,
    requests,
  };
}

export interface StoreError {
  readonly status: number;
  readonly code: string;
  readonly message?: string;
  /** Further elements, such as `<Region>eu-west-1</Region>`. */
  readonly more?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer as stores give it when they refuse; HEAD has none of the words. */
export function refuse(request: IncomingMessage, response: ServerResponse, error: StoreError): void {
  const { status, code, message = "No.", more = "", headers = {} } = error;
  request.resume();
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message>${more}<RequestId>REQ1</RequestId></Error>`;
  response.writeHead(status, { "content-type": "application/xml", "x-amz-request-id": "REQ1", ...headers });
  response.end(request.method === "HEAD" ? undefined : body);
}
