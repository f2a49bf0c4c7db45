/** A bucket in memory behind HTTP, with what a test may want to see: every request, and uploads that were left open. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type Canned, type CannedOptions, cannedStore, refuse } from "./canned-store.ts";

export interface CannedObject {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
}

interface OpenUpload {
  readonly key: string;
  readonly begunMs: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly parts: Map<number, Buffer>;
}

/** `PUT lake/key`, with `?partNumber` and the like where there is one. */
export interface Asked {
  readonly line: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
}

/** Answers instead of the bucket by returning `true`; `"after"`: the bucket does its work and the answer is lost. */
export type Interfering = (asked: Asked, response: ServerResponse) => boolean | "after" | undefined;

export interface CannedBucket extends Canned {
  readonly objects: Map<string, CannedObject>;
  readonly uploads: Map<string, OpenUpload>;
  readonly asked: readonly Asked[];
}

export async function cannedBucket(
  interfere: Interfering = () => false,
  options?: CannedOptions,
): Promise<CannedBucket> {
  const objects = new Map<string, CannedObject>();
  const uploads = new Map<string, OpenUpload>();
  const asked: Asked[] = [];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://store");
    const key = decodeURIComponent(url.pathname.replace(/^\/bucket\/?/, ""));
    const what = ["uploads", "partNumber", "uploadId"].find((name) => url.searchParams.has(name));
    const line = `${request.method} ${key}${what === undefined ? "" : `?${what}`}`;
    const one: Asked = { line, key, query: url.searchParams, request };
    asked.push(one);
    const taken = interfere(one, response);
    if (taken === true) return;
    const bytes = await bodyOf(request);
    if (bytes === undefined) return;
    if (taken === "after") {
      const lost = response;
      lost.end = () => lost.destroy();
    }
    serve(one, bytes, response);
  }

  function serve({ key, query, request }: Asked, bytes: Buffer, response: ServerResponse): void {
    const { method, headers } = request;
    const found = objects.get(key);
    const upload = uploads.get(query.get("uploadId") ?? "");
    const refused = (status: number, code: string) => refuse(request, response, { status, code });
    const conditionFails =
      (headers["if-none-match"] === "*" && found !== undefined) || (headers["if-match"] ?? found?.etag) !== found?.etag;
    if (query.has("uploadId") && upload === undefined) {
      refused(404, "NoSuchUpload");
      return;
    }
    if (method === "POST" && query.has("uploads")) {
      const id = `upload-${asked.length}`;
      uploads.set(id, { key, begunMs: Date.now(), metadata: metadataOf(request), parts: new Map() });
      response.end(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
    } else if (method === "PUT" && upload !== undefined) {
      upload.parts.set(Number(query.get("partNumber")), bytes);
      response.setHeader("etag", etagOf(bytes)).end();
    } else if (method === "POST" && upload !== undefined) {
      if (conditionFails) {
        refused(412, "PreconditionFailed");
        return;
      }
      const whole = Buffer.concat([...upload.parts].sort(([a], [b]) => a - b).map(([, part]) => part));
      objects.set(key, { bytes: whole, etag: etagOf(whole), metadata: upload.metadata });
      uploads.delete(query.get("uploadId") ?? "");
      response.end(`<CompleteMultipartUploadResult><ETag>${etagOf(whole)}</ETag></CompleteMultipartUploadResult>`);
    } else if (method === "DELETE") {
      if (upload === undefined) objects.delete(key);
      else uploads.delete(query.get("uploadId") ?? "");
      response.writeHead(204).end();
    } else if (method === "PUT") {
      if (conditionFails) {
        refused(412, "PreconditionFailed");
        return;
      }
      objects.set(key, { bytes, etag: etagOf(bytes), metadata: metadataOf(request) });
      response.setHeader("etag", etagOf(bytes)).end();
    } else if (key === "") {
      if (query.has("uploads")) response.end(listOf(uploads));
      else response.end();
    } else if (found === undefined) refused(404, "NoSuchKey");
    else if (conditionFails) refused(412, "PreconditionFailed");
    else {
      for (const [name, value] of Object.entries(found.metadata)) response.setHeader(name, value);
      response.setHeader("etag", found.etag).setHeader("content-length", found.bytes.length);
      response.setHeader("last-modified", new Date(0).toUTCString());
      response.end(method === "HEAD" ? undefined : found.bytes);
    }
  }

  const canned = await cannedStore((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  }, options);
  return { ...canned, objects, uploads, asked };
}

const etagOf = (bytes: Buffer): string => `"${createHash("md5").update(bytes).digest("hex")}"`;

/** `undefined` if the client gave up on the way. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", () => undefined);
  await once(request, "close");
  return request.complete ? Buffer.concat(chunks) : undefined;
}

function metadataOf(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      name.startsWith("x-amz-meta-") && typeof value === "string" ? [[name, value]] : [],
    ),
  );
}

function listOf(uploads: ReadonlyMap<string, OpenUpload>): string {
  const found = [...uploads].map(
    ([id, { key, begunMs }]) =>
      `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${new Date(begunMs).toISOString()}</Initiated></Upload>`,
  );
  return `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${found.join("")}</ListMultipartUploadsResult>`;
}
