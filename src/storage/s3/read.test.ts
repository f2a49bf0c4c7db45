import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { describe, test } from "node:test";
import { type Canned, cannedStore, refuse } from "../../../test/contract/canned-store.ts";
import { Failure, type FailureKind } from "../../errors.ts";
import type { ReadOptions } from "../contract.ts";

const body = Buffer.from(Array.from({ length: 1000 }, (_, i) => String(i).padStart(4, "0")).join(""));

interface Object {
  /** Answers a range with the whole object. */
  readonly ignoresRange?: boolean;
  /** What really is sent. */
  readonly sent?: (bytes: Buffer) => Buffer;
  readonly length?: (bytes: Buffer) => number;
}

/** A store that holds one object under every key. */
function holding({
  ignoresRange = false,
  sent = (bytes) => bytes,
  length = (bytes) => bytes.length,
}: Object = {}): Promise<Canned> {
  return cannedStore((request: IncomingMessage, response: ServerResponse) => {
    const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
    const from = range?.[1] === "" ? Math.max(0, body.length - Number(range[2])) : Number(range?.[1] ?? 0);
    const last = range === null || range[1] === "" || range[2] === "" ? body.length - 1 : Number(range[2]);
    const partial = range !== null && !ignoresRange;
    if (partial && from >= body.length) return refuse(request, response, { status: 416, code: "InvalidRange" });
    const bytes = partial ? body.subarray(from, last + 1) : body;
    response.writeHead(partial ? 206 : 200, {
      etag: '"token"',
      "last-modified": new Date(0).toUTCString(),
      "content-length": length(bytes),
      ...(partial ? { "content-range": `bytes ${from}-${from + bytes.length - 1}/${body.length}` } : {}),
    });
    if (request.method === "HEAD") return response.end();
    const short = sent(bytes);
    response.write(short, () => (short.length < length(bytes) ? response.destroy() : response.end()));
  });
}

async function readAll({ storage }: Canned, options?: ReadOptions): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of storage.read("key", options)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const failsAs =
  (kind: FailureKind, words = /key/) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, words);
    return true;
  };

describe("reading from a bucket", () => {
  test("a range is cut out, also where the store knows no ranges", async () => {
    for (const ignoresRange of [false, true]) {
      const store = await holding({ ignoresRange });
      for (const range of [
        { start: 0 },
        { start: 0, end: 10 },
        { start: 7, end: 3000 },
        { start: 3990 },
        { start: 3990, end: 9000 },
        { start: -5 },
        { start: -9000, end: 5 },
        { start: -5, end: 3998 },
        { start: 5, end: 5 },
        { start: 4000 },
        { start: 9000 },
      ]) {
        const { start, end = body.length } = range;
        const from = start < 0 ? Math.max(0, body.length + start) : start;
        const expected = body.subarray(from, Math.max(from, end)).toString();
        assert.equal(await readAll(store, { range }), expected, JSON.stringify(range));
      }
    }
  });

  test("a token goes along, and is compared where the store does not", async () => {
    const store = await holding();
    assert.equal(await readAll(store, { token: "token" }), body.toString());
    assert.equal(store.requests[0]?.headers["if-match"], '"token"');
    await assert.rejects(readAll(store, { token: "other" }), failsAs("conflict"));
    await assert.rejects(readAll(store, { token: "other", range: { start: -5, end: 3998 } }), failsAs("conflict"));
  });

  test("a body that ends early is never taken for the whole", async () => {
    const cut = await holding({ sent: (bytes) => bytes.subarray(0, bytes.length - 1) });
    await assert.rejects(readAll(cut), failsAs("unavailable", /broke the connection off/));
    const half = {
      sent: (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1),
      length: (bytes: Buffer) => bytes.length >> 1,
    };
    await assert.rejects(
      readAll(await holding(half), { range: { start: 10 } }),
      failsAs("corrupt", /ended at byte 2005 of 4000/),
    );
  });

  test("an answer that is no object is no body", async () => {
    const page = await cannedStore((_, response) => response.end("<html></html>"));
    await assert.rejects(readAll(page), failsAs("denied", /no S3 store/));
  });

  test("reading to the end keeps the connection, stopping early closes it", async () => {
    const sockets = new Set<Socket>();
    const long = Buffer.alloc(8 << 20);
    const { storage } = await cannedStore((request, response) => {
      sockets.add(request.socket);
      response.writeHead(200, { etag: '"token"', "content-length": long.length }).end(long);
    });
    for (let round = 0; round < 3; round++) {
      let size = 0;
      for await (const chunk of storage.read("key")) size += chunk.length;
      assert.equal(size, long.length);
    }
    assert.equal(sockets.size, 1);
    const closed = [...sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for await (const chunk of storage.read("key")) if (chunk.length > 0) break;
    await Promise.all(closed);
  });

  test("a stop ends a read that waits for the store, and one that waits for its reader", async () => {
    const { storage } = await cannedStore((_, response) => {
      response.writeHead(200, { etag: '"token"', "content-length": 10 }).write("12345");
    });
    for (const waits of ["store", "reader"]) {
      const controller = new AbortController();
      await assert.rejects(
        async () => {
          for await (const _ of storage.read("key", { signal: controller.signal })) {
            if (waits === "reader") controller.abort();
            else setImmediate(() => controller.abort());
          }
        },
        failsAs("cancelled", /stopped/),
      );
    }
    const silent = await cannedStore((request) => request.resume());
    const controller = new AbortController();
    const reading = assert.rejects(readAll(silent, { signal: controller.signal }), failsAs("cancelled", /stopped/));
    setImmediate(() => controller.abort());
    await reading;
  });
});
