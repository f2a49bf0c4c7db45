/** Small HTTP servers for tests of the HTTP source, and the source that reads from them. All end with the test file. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { gzipSync } from "node:zlib";
import type { SourceSettings } from "../../src/model/project.ts";
import type { Source } from "../../src/source/contract.ts";
import { openSource } from "../../src/source/open.ts";
import { hour, locationOf, sha256, sourceSettings, virtualEffects } from "./source.ts";

export const directory = mkdtempSync(join(tmpdir(), "millrace-http-"));
export const closing: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closing) await close();
  rmSync(directory, { recursive: true, force: true });
});

let files = 0;
export const newFile = (): string => join(directory, `body-${files++}`);
export const interval = hour("2026-03-01-05");
export const path = "/2026/3/1/5.json.gz";
export const body = gzipSync(
  Buffer.from(
    Array.from({ length: 2000 }, (_, i) => `{"id":"${i}","x":"${sha256(Buffer.from([i & 255]))}"}\n`).join(""),
  ),
);
export const etag = `"${sha256(body).slice(0, 16)}"`;
export const half = body.length >> 1;

export async function listening(server: Server, scheme = "http"): Promise<string> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return `${scheme}://127.0.0.1:${(address satisfies AddressInfo).port}`;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

export async function httpServer(
  handler: Handler,
): Promise<{ readonly base: string; readonly requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response, requests.length);
  });
  return { base: await listening(server), requests };
}

/** Answers every request on a connection with exactly these bytes, then does what `ending` says. */
export function rawServer(bytes: string | Uint8Array, ending: (socket: Socket) => void): Promise<string> {
  return listening(
    createRawServer((socket) => {
      socket.once("data", () => socket.write(bytes, () => ending(socket)));
    }),
  );
}

export const hangUp = (socket: Socket): unknown => socket.end();
export const stay = (): void => undefined;

export interface OpenedArchive {
  readonly source: Source;
  readonly waits: readonly number[];
}

export async function openArchive(
  bases: string | readonly string[],
  overrides: Partial<SourceSettings> = {},
  secrets: Readonly<Record<string, string>> = {},
): Promise<OpenedArchive> {
  const locations = [bases].flat().map((base) => locationOf("http", base));
  const effects = virtualEffects();
  const source = await openSource(sourceSettings(locations, overrides), {
    resolveSecret: (reference) =>
      reference.kind === "env" ? (secrets[reference.name] ?? "") : readFileSync(reference.path, "utf8"),
    version: "1.2.3",
    effects,
  });
  closing.unshift(() => source.close());
  return { source, waits: effects.waits };
}

/** A file server as archives are: ETag, ranges, conditions. */
export function serveBytes(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array, tag: string): void {
  response.setHeader("ETag", tag);
  if (request.headers["if-none-match"] === tag) {
    response.writeHead(304).end();
    return;
  }
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  if (start > 0 && request.headers["if-range"] === tag) {
    response.setHeader("Content-Range", `bytes ${start}-${bytes.length - 1}/${bytes.length}`);
    response.setHeader("Content-Length", bytes.length - start);
    response.writeHead(206).end(bytes.subarray(start));
    return;
  }
  response.setHeader("Content-Length", bytes.length);
  response.writeHead(200).end(bytes);
}

/** Breaks the connection of the last `breakAtHalf`. */
let breakNow = (): unknown => undefined;

/** Announces the whole body and sends its first half. */
export function breakAtHalf(response: ServerResponse, headers: Record<string, string> = { ETag: etag }): void {
  response.writeHead(200, { "Content-Length": body.length, ...headers });
  response.write(body.subarray(0, half));
  breakNow = () => response.destroy();
}

/** For `onProgress`: breaks the connection when the first half has arrived, and not before. */
export const whenHalf = (at: number): void => {
  if (at === half) breakNow();
};
