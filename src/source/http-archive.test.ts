import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  createReadStream,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createRawServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { makeCertificate } from "../../test/contract/certificate.ts";
import {
  assertFetched,
  failsAs,
  hour,
  locationOf,
  sha256,
  sourceContract,
  sourceSettings,
  virtualEffects,
} from "../../test/contract/source.ts";
import { Failure, type FailureKind } from "../errors.ts";
import { verifyBody } from "../gzip/verify.ts";
import type { HeaderValue, SourceSettings } from "../model/project.ts";
import type { Source } from "./contract.ts";
import { openSource } from "./open.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-http-"));
const closing: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closing) await close();
  rmSync(directory, { recursive: true, force: true });
});

let files = 0;
const newFile = (): string => join(directory, `body-${files++}`);
const interval = hour("2026-03-01-05");
const path = "/2026/3/1/5.json.gz";
const body = gzipSync(
  Buffer.from(
    Array.from({ length: 2000 }, (_, i) => `{"id":"${i}","x":"${sha256(Buffer.from([i & 255]))}"}\n`).join(""),
  ),
);
const etag = `"${sha256(body).slice(0, 16)}"`;
const half = body.length >> 1;

async function listening(server: Server, scheme = "http"): Promise<string> {
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

type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

async function httpServer(handler: Handler): Promise<{ readonly base: string; readonly requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response, requests.length);
  });
  return { base: await listening(server), requests };
}

/** Answers every request on a connection with exactly these bytes, then does what `ending` says. */
function rawServer(bytes: string | Uint8Array, ending: (socket: Socket) => void): Promise<string> {
  return listening(
    createRawServer((socket) => {
      socket.once("data", () => socket.write(bytes, () => ending(socket)));
    }),
  );
}

const hangUp = (socket: Socket): unknown => socket.end();
const stay = (): void => undefined;

interface Opened {
  readonly source: Source;
  readonly waits: readonly number[];
}

async function open(
  bases: string | readonly string[],
  overrides: Partial<SourceSettings> = {},
  secrets: Readonly<Record<string, string>> = {},
): Promise<Opened> {
  const locations = [bases].flat().map((base) => locationOf("http", base));
  const effects = virtualEffects();
  const source = await openSource(sourceSettings(locations, overrides), {
    resolveSecret: (reference) => (reference.kind === "env" ? secrets[reference.name] : undefined) ?? "",
    version: "1.2.3",
    effects,
  });
  closing.unshift(() => source.close());
  return { source, waits: effects.waits };
}

/** A file server as archives are: ETag, ranges, conditions. */
function serveBytes(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array, tag: string): void {
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
function breakAtHalf(response: ServerResponse, headers: Record<string, string> = { ETag: etag }): void {
  response.writeHead(200, { "Content-Length": body.length, ...headers });
  response.write(body.subarray(0, half));
  breakNow = () => response.destroy();
}

/** For `onProgress`: breaks the connection when the first half has arrived, and not before. */
const whenHalf = (at: number): void => {
  if (at === half) breakNow();
};

sourceContract("http", async () => {
  const hours = new Map<string, Uint8Array>();
  const { base } = await httpServer((request, response) => {
    const bytes = hours.get(request.url ?? "");
    if (bytes === undefined) response.writeHead(404).end("<Error><Code>NoSuchKey</Code></Error>");
    else serveBytes(request, response, bytes, `"${sha256(bytes)}"`);
  });
  return {
    source: (await open(base)).source,
    publish: async (id, bytes) => {
      const [year, month, day, h] = id.split("-").map(Number);
      hours.set(`/${year}/${month}/${day}/${h}.json.gz`, bytes);
    },
    close: async () => undefined,
  };
});

describe("a body that is not whole is never reported, or does not verify", () => {
  const ok = "HTTP/1.1 200 OK\r\n";
  const close = "Connection: close\r\n";
  const head = (lines: string): Buffer => Buffer.from(`${lines}\r\n`);
  const chunk = (bytes: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
  const length = (bytes: number): string => `Content-Length: ${bytes}\r\n`;
  const flipped = Buffer.from(body);
  flipped[half] = (flipped[half] ?? 0) ^ 4;
  const reset = (socket: Socket): unknown => socket.resetAndDestroy();

  interface Damage {
    readonly name: string;
    readonly bytes: readonly Uint8Array[];
    readonly ending?: (socket: Socket) => void;
    /** The failure of the transport; absent where only verification can tell. */
    readonly transport?: readonly [FailureKind, RegExp];
    readonly verification?: RegExp;
  }
  const damages: readonly Damage[] = [
    { name: "fewer bytes than announced", bytes: [head(ok + length(body.length)), body.subarray(0, half)], ending: hangUp, transport: ["unavailable", /closed before/] },
    { name: "chunks that do not end", bytes: [head(`${ok}Transfer-Encoding: chunked\r\n`), chunk(body.subarray(0, half))], ending: hangUp, transport: ["unavailable", /closed before/] },
    { name: "a chunk that is cut", bytes: [head(`${ok}Transfer-Encoding: chunked\r\n`), chunk(body).subarray(0, half)], ending: hangUp, transport: ["unavailable", /closed before/] },
    { name: "a chunk length that is no number", bytes: [head(`${ok}Transfer-Encoding: chunked\r\n`), chunk(body.subarray(0, half)), Buffer.from("zz\r\n")], ending: hangUp, transport: ["unavailable", /not HTTP/] },
    { name: "a reset", bytes: [head(ok + length(body.length)), body.subarray(0, half)], ending: reset, transport: ["unavailable", /reset|closed/] },
    { name: "a stall", bytes: [head(ok + length(body.length)), body.subarray(0, half)], ending: stay, transport: ["unavailable", /no progress/] },
    { name: "no answer", bytes: [], ending: stay, transport: ["unavailable", /no answer/] },
    { name: "half of the headers", bytes: [Buffer.from(ok)], ending: stay, transport: ["unavailable", /no answer/] },
    { name: "a connection that ends before the answer", bytes: [], ending: hangUp, transport: ["unavailable", /closed|reset/] },
    { name: "an answer that is not HTTP", bytes: [Buffer.from("220 ready\r\n\r\n")], ending: hangUp, transport: ["unavailable", /not HTTP/] },
    { name: "headers without end", bytes: [Buffer.from(ok), Buffer.from(`X-Y: ${"z".repeat(100_000)}\r\n`)], ending: stay, transport: ["corrupt", /headers are too large/] },
    { name: "two different lengths", bytes: [head(`${ok + length(5) + length(6)}`), body], ending: hangUp, transport: ["unavailable", /not HTTP|not as long/] },
    { name: "a content encoding", bytes: [head(`${ok + length(body.length)}Content-Encoding: gzip\r\n`), body], ending: stay, transport: ["corrupt", /Content-Encoding gzip/] },
    { name: "a part though the whole was asked for", bytes: [head(`HTTP/1.1 206 Partial Content\r\n${length(half)}Content-Range: bytes 0-${half - 1}/${body.length}\r\n`), body.subarray(0, half)], ending: stay, transport: ["corrupt", /206/] },
    { name: "no content", bytes: [head("HTTP/1.1 204 No Content\r\n")], ending: stay, transport: ["corrupt", /204/] },
    { name: "not modified, though nothing was asked", bytes: [head("HTTP/1.1 304 Not Modified\r\n")], ending: stay, transport: ["corrupt", /304/] },
    { name: "a longer body than allowed, announced", bytes: [head(ok + length(3_000_000))], ending: stay, transport: ["corrupt", /longer than 2000000/] },
    { name: "a longer body than allowed, unannounced", bytes: [head(ok + close), Buffer.alloc(2_100_000)], ending: stay, transport: ["corrupt", /longer than 2000000/] },
    { name: "half of a body that the end of the connection delimits", bytes: [head(ok + close), body.subarray(0, half)], ending: hangUp, verification: /truncated in member 1/ },
    { name: "a length that is too small", bytes: [head(ok + length(body.length - 16)), body], ending: hangUp, verification: /truncated in member 1/ },
    { name: "an HTML page", bytes: [head(`${ok + length(6)}Content-Type: text/html\r\n`), Buffer.from("<html>")], ending: stay, verification: /an HTML page/ },
    { name: "an XML document", bytes: [head(ok + length(37)), Buffer.from("<Error><Code>NoSuchKey</Code></Error>")], ending: stay, verification: /<Code>NoSuchKey<\/Code>/ },
    { name: "nothing", bytes: [head(ok + length(0))], ending: stay, verification: /empty/ },
    { name: "another bit", bytes: [head(ok + length(body.length)), flipped], ending: stay, verification: /damaged|differs|truncated/ },
    { name: "something behind the body", bytes: [head(ok + close), body, Buffer.from("tail")], ending: hangUp, verification: /4 bytes of trailing garbage/ },
  ]; // biome-ignore format: a table

  for (const { name, bytes, ending = stay, transport, verification } of damages) {
    test(name, async () => {
      const base = await rawServer(Buffer.concat(bytes), ending);
      const { source } = await open(base, {
        expandedBytesMax: 2_000_000,
        timeouts: { connectMs: 1000, headersMs: 300, idleMs: 300, totalMs: 20_000 },
      });
      const file = newFile();
      const fetching = source.fetch(interval, file);
      if (transport !== undefined) {
        await assert.rejects(fetching, failsAs(...transport));
        return;
      }
      const fetched = await fetching;
      assert.equal(fetched.kind, "fetched");
      assert.ok(verification !== undefined);
      await assert.rejects(
        verifyBody(createReadStream(file), { key: "5.json.gz", expandedBytesMax: 1e9, ratioMax: 1000 }),
        failsAs("corrupt", verification),
      );
    });
  }

  test("a body that drips is ended by the total time", async () => {
    const { base } = await httpServer((_, response) => {
      response.writeHead(200, { "Content-Length": 1000 });
      const dripping = setInterval(() => response.write("x"), 20);
      response.once("close", () => clearInterval(dripping));
    });
    const { source } = await open(base, { timeouts: { connectMs: 1000, headersMs: 1000, idleMs: 1000, totalMs: 400 } });
    await assert.rejects(source.fetch(interval, newFile()), failsAs("unavailable", /not complete after 0.4 s/));
  });

  test("a whole body without a length, in chunks or up to the end of the connection, is taken", async () => {
    for (const [lines, pieces] of [
      [
        `${ok}Transfer-Encoding: chunked\r\n`,
        [chunk(body.subarray(0, half)), chunk(body.subarray(half)), Buffer.from("0\r\n\r\n")],
      ],
      [ok + close, [body]],
    ] as const) {
      const { source } = await open(await rawServer(Buffer.concat([head(lines), ...pieces]), hangUp));
      const file = newFile();
      assertFetched(await source.fetch(interval, file), file, body);
    }
  });
});

describe("statuses", () => {
  test("404 and 410 are absent, 401, 403, 407 and other refusals are denied, and say why", async () => {
    const answers: readonly (readonly [number, string])[] = [
      [401, "Unauthorized"],
      [403, "Forbidden"],
      [400, "Bad Request"],
      [407, "Proxy Authentication Required"],
    ];
    for (const [status, words] of answers) {
      const { base, requests } = await httpServer((_, response) =>
        response.writeHead(status).end("<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>"),
      );
      const { source, waits } = await open(base, { retry: 4 });
      await assert.rejects(
        source.fetch(interval, newFile()),
        failsAs("denied", new RegExp(`${status} ${words} \\(AccessDenied\\)$`)),
      );
      assert.equal(requests.length, 1, "what is denied is not asked again");
      assert.deepEqual(waits, []);
    }
    for (const status of [404, 410]) {
      const { base } = await httpServer((_, response) => response.writeHead(status).end("gone"));
      const { source } = await open(base, { retry: 4 });
      assert.deepEqual(await source.fetch(interval, newFile()), { kind: "absent", url: base + path });
    }
  });

  test("429 and 5xx are tried again, no sooner than asked and with growing waits", async () => {
    const answers: readonly (readonly [number, Record<string, string>])[] = [
      [503, { "Retry-After": "7" }],
      [500, {}],
      [
        429,
        {
          "Retry-After": new Date(Date.UTC(2026, 0, 1, 0, 0, 30)).toUTCString(),
          Date: new Date(Date.UTC(2026, 0, 1)).toUTCString(),
        },
      ],
      [502, { "Retry-After": "100000" }],
      [503, { "Retry-After": "soon" }],
    ];
    const { base } = await httpServer((request, response, count) => {
      const answer = answers[count - 1];
      if (answer === undefined) serveBytes(request, response, body, etag);
      else response.writeHead(...answer).end("later");
    });
    const { source, waits } = await open(base, { retry: 6 });
    const file = newFile();
    const fetched = assertFetched(await source.fetch(interval, file), file, body);
    assert.equal(fetched.tries, 6);
    // With half of the jitter: 3/4 of 1, 2, 4, 8 and 16 s, or what the server asked for, at most two minutes.
    assert.deepEqual(waits, [7000, 1500, 30_000, 120_000, 12_000]);
  });

  test("after the last try the failure says how often", async () => {
    const { base, requests } = await httpServer((_, response) => response.writeHead(503, { "Retry-After": "3" }).end());
    const { source } = await open(base, { retry: 3 });
    await assert.rejects(source.fetch(interval, newFile()), (error) => {
      failsAs("unavailable", /503 Service Unavailable \(3 tries\)$/)(error);
      return error instanceof Failure && error.detail.retryAfterMs === 3000;
    });
    assert.equal(requests.length, 3);
  });

  test("nobody there", async () => {
    const base = await rawServer("", stay);
    const closed = base.replace(/\d+$/, "1");
    const { source, waits } = await open(closed, { retry: 2 });
    await assert.rejects(
      source.fetch(interval, newFile()),
      failsAs("unavailable", /connection is refused \(2 tries\)/),
    );
    assert.equal(waits.length, 1);
  });
});

describe("redirects", () => {
  const secret = "s3cr3t-header-value";
  const headers = new Map<string, HeaderValue>([
    ["Authorization", { kind: "env", name: "TOKEN" }],
    ["X-Plain", { kind: "text", text: "plain" }],
  ]);

  test("are followed; the user's headers stay at the archive's own origin", async () => {
    const elsewhere = await httpServer((request, response) => serveBytes(request, response, body, etag));
    const { base, requests } = await httpServer((request, response, count) => {
      const target = count === 1 ? "/moved" : `${elsewhere.base}/there?X-Amz-Signature=abc&v=1`;
      response.writeHead(302, { Location: target }).end("moved");
      assert.equal(request.headers.authorization, secret);
    });
    const { source } = await open(base, { headers }, { TOKEN: secret });
    const file = newFile();
    const fetched = assertFetched(await source.fetch(interval, file), file, body);
    assert.equal(fetched.url, `${elsewhere.base}/there?X-Amz-Signature=***&v=1`);
    assert.deepEqual(
      requests.map(({ url }) => url),
      [path, "/moved"],
    );
    const [seen] = elsewhere.requests;
    assert.equal(seen?.url, "/there?X-Amz-Signature=abc&v=1");
    assert.equal(seen?.headers.authorization, undefined);
    assert.equal(seen?.headers["x-plain"], undefined);
    assert.equal(seen?.headers["accept-encoding"], "identity");
    assert.equal(seen?.headers["user-agent"], "millrace/1.2.3");
  });

  test("five are followed, a sixth is not", async () => {
    for (const [redirects, good] of [
      [5, true],
      [6, false],
    ] as const) {
      const { base, requests } = await httpServer((request, response, count) => {
        if (count > redirects) serveBytes(request, response, body, etag);
        else response.writeHead(307, { Location: `?${count}` }).end();
      });
      const { source } = await open(base);
      const file = newFile();
      if (good) assertFetched(await source.fetch(interval, file), file, body);
      else await assert.rejects(source.fetch(interval, file), failsAs("unavailable", /more than 5 redirects/));
      assert.equal(requests.length, 6);
    }
  });

  test("lead to HTTP only, and show no credentials", async () => {
    for (const [location, kind, words] of [
      ["file:///etc/passwd", "corrupt", /redirects to file:/],
      ["http://[", "corrupt", /no URL/],
      ["ftp://user:pw@host/", "corrupt", /redirects to ftp:/],
    ] as const) {
      const { base } = await httpServer((_, response) => response.writeHead(301, { Location: location }).end());
      const { source } = await open(base);
      await assert.rejects(source.fetch(interval, newFile()), (error) => {
        failsAs(kind, words)(error);
        assert.ok(!inspect(error, { depth: 9 }).includes("user:pw"));
        return true;
      });
    }
  });

  test("a redirect without a target is an answer like any other", async () => {
    const { base } = await httpServer((_, response) => response.writeHead(302).end());
    const { source } = await open(base);
    await assert.rejects(source.fetch(interval, newFile()), failsAs("corrupt", /302/));
  });
});

describe("resuming", () => {
  test("a broken body is continued where it broke, with the same version", async () => {
    const { base, requests } = await httpServer((request, response, count) => {
      if (count === 1) breakAtHalf(response);
      else serveBytes(request, response, body, etag);
    });
    const { source } = await open(base, { retry: 2 });
    const file = newFile();
    const seen: number[] = [];
    const onProgress = (at: number): void => {
      seen.push(at);
      whenHalf(at);
    };
    const fetched = assertFetched(await source.fetch(interval, file, { onProgress }), file, body);
    assert.equal(fetched.resumedFrom, half);
    assert.equal(fetched.tries, 2);
    assert.deepEqual(fetched.validator, { etag });
    assert.equal(requests[1]?.headers.range, `bytes=${half}-`);
    assert.equal(requests[1]?.headers["if-range"], etag);
    assert.equal(seen.at(-1), body.length);
    assert.ok(!existsSync(`${file}.part.json`));
  });

  test("a later process continues, if it is told to", async () => {
    for (const resume of [true, false]) {
      const { base, requests } = await httpServer((request, response, count) => {
        if (count === 1) breakAtHalf(response);
        else serveBytes(request, response, body, etag);
      });
      const file = newFile();
      await assert.rejects(
        (await open(base)).source.fetch(interval, file, { onProgress: whenHalf }),
        failsAs("unavailable"),
      );
      assert.equal(statSync(file).size, half);
      const { source } = await open(base);
      const fetched = assertFetched(await source.fetch(interval, file, { resume }), file, body);
      assert.equal(fetched.resumedFrom, resume ? half : 0);
      assert.equal(requests[1]?.headers.range, resume ? `bytes=${half}-` : undefined);
    }
  });

  test("a killed process is continued", async () => {
    const { base, requests } = await httpServer((request, response, count) => {
      if (count > 1) return serveBytes(request, response, body, etag);
      response.writeHead(200, { "Content-Length": body.length, ETag: etag });
      response.write(body.subarray(0, half));
    });
    const file = newFile();
    const program = `
      import { openSource } from ${JSON.stringify(new URL("./open.ts", import.meta.url).href)};
      import { hour, locationOf, sourceSettings } from ${JSON.stringify(new URL("../../test/contract/source.ts", import.meta.url).href)};
      const settings = sourceSettings([locationOf("http", ${JSON.stringify(base)})]);
      const source = await openSource(settings, { resolveSecret: () => "" });
      const onProgress = (at) => { if (at === ${half}) console.log("half"); };
      await source.fetch(hour("2026-03-01-05"), ${JSON.stringify(file)}, { onProgress });
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(child.stdout, "data");
    child.kill("SIGKILL");
    await once(child, "exit");
    const { source } = await open(base);
    const fetched = assertFetched(await source.fetch(interval, file, { resume: true }), file, body);
    assert.equal(fetched.resumedFrom, half);
    assert.equal(requests.length, 2);
  });

  test("a process that died with all bytes but no answer asks for the last one only", async () => {
    const { base, requests } = await httpServer((request, response, count) => {
      if (count === 1) breakAtHalf(response);
      else serveBytes(request, response, body, etag);
    });
    const file = newFile();
    await assert.rejects(
      (await open(base)).source.fetch(interval, file, { onProgress: whenHalf }),
      failsAs("unavailable"),
    );
    writeFileSync(file, body);
    const fetched = assertFetched(await (await open(base)).source.fetch(interval, file, { resume: true }), file, body);
    assert.equal(fetched.resumedFrom, body.length - 1);
    assert.equal(requests[1]?.headers.range, `bytes=${body.length - 1}-`);
  });

  const other = gzipSync(randomBytes(body.length + 1000));
  const otherTag = '"other"';
  const whole = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.headers.range === undefined) serveBytes(request, response, other, otherTag);
  };
  const partial = (
    response: ServerResponse,
    start: number,
    total: number | string,
    tag: string,
    bytes: Uint8Array,
  ): void => {
    response.writeHead(206, {
      "Content-Range": `bytes ${start}-${start + bytes.length - 1}/${total}`,
      "Content-Length": bytes.length,
      ETag: tag,
    });
    response.end(bytes);
  };
  const changes: readonly (readonly [string, Handler])[] = [
    ["the server answers 200 with another version", (request, response) => serveBytes(request, response, other, otherTag)],
    ["it has fewer bytes now", (request, response) => (request.headers.range === undefined ? whole(request, response) : void response.writeHead(416, { "Content-Range": "bytes */5" }).end())],
    ["a 206 of another version", (request, response) => (request.headers.range === undefined ? whole(request, response) : partial(response, half, other.length, otherTag, other.subarray(half)))],
    ["a 206 from another byte", (request, response) => (request.headers.range === undefined ? whole(request, response) : partial(response, half - 10, body.length, etag, body.subarray(half - 10)))],
    ["a 206 of another length", (request, response) => (request.headers.range === undefined ? whole(request, response) : partial(response, half, body.length + 1, etag, body.subarray(half)))],
    ["a 206 that stops before the end", (request, response) => (request.headers.range === undefined ? whole(request, response) : partial(response, half, body.length, etag, body.subarray(half, -5)))],
    ["a 206 without a range", (request, response) => (request.headers.range === undefined ? whole(request, response) : void response.writeHead(206, { ETag: etag }).end(body.subarray(half)))],
    ["a 206 with several ranges", (request, response) => (request.headers.range === undefined ? whole(request, response) : void response.writeHead(206, { "Content-Type": "multipart/byteranges; boundary=x" }).end("--x--"))],
  ]; // biome-ignore format: a table
  for (const [name, handler] of changes) {
    test(`begins anew when ${name}`, async () => {
      const { base } = await httpServer((request, response, count) => {
        if (count === 1) breakAtHalf(response);
        else handler(request, response, count);
      });
      const { source } = await open(base, { retry: 2 });
      const file = newFile();
      const fetched = assertFetched(await source.fetch(interval, file, { onProgress: whenHalf }), file, other);
      assert.equal(fetched.resumedFrom, 0);
      assert.deepEqual(fetched.validator, { etag: otherTag });
    });
  }

  test("only a strong validator is trusted", async () => {
    const now = new Date().toUTCString();
    const minutesAgo = new Date(Date.now() - 300_000).toUTCString();
    for (const [headers, continued] of [
      [{ ETag: `W/${etag}` }, false],
      [{}, false],
      [{ "Last-Modified": now }, false],
      [{ "Last-Modified": minutesAgo }, true],
      [{ ETag: `W/${etag}`, "Last-Modified": minutesAgo }, false],
    ] as const) {
      const { base, requests } = await httpServer((_, response, count) => {
        if (count === 1) return breakAtHalf(response, headers);
        const rest = continued ? { "Content-Range": `bytes ${half}-${body.length - 1}/${body.length}` } : {};
        response.writeHead(continued ? 206 : 200, { ...headers, ...rest }).end(body.subarray(continued ? half : 0));
      });
      const { source } = await open(base, { retry: 2 });
      const file = newFile();
      assertFetched(await source.fetch(interval, file, { onProgress: whenHalf }), file, body);
      assert.equal(requests[1]?.headers["if-range"], continued ? minutesAgo : undefined);
      assert.equal(requests[1]?.headers.range !== undefined, continued);
    }
  });

  test("a note that does not fit the file or the place is not believed", async () => {
    const { base, requests } = await httpServer((request, response) => serveBytes(request, response, body, etag));
    const good = { url: base + path, ifRange: etag, validator: { etag }, total: body.length };
    const notes = [
      "",
      "{",
      "[]",
      "null",
      JSON.stringify({ ...good, url: `${base}/other` }),
      JSON.stringify({ ...good, total: half - 1 }),
      JSON.stringify({ ...good, ifRange: 5 }),
    ];
    for (const note of notes) {
      const file = newFile();
      writeFileSync(file, randomBytes(half));
      writeFileSync(`${file}.part.json`, note);
      assertFetched(await (await open(base)).source.fetch(interval, file, { resume: true }), file, body);
      assert.equal(requests.at(-1)?.headers.range, undefined, note);
    }
    const file = newFile();
    writeFileSync(file, body.subarray(0, half));
    writeFileSync(`${file}.part.json`, JSON.stringify(good));
    truncateSync(file, 0);
    assertFetched(await (await open(base)).source.fetch(interval, file, { resume: true }), file, body);
    assert.equal(requests.at(-1)?.headers.range, undefined);
  });
});

describe("mirrors", () => {
  test("the next one helps at once when one fails, and absence needs all", async () => {
    const broken = await httpServer((_, response) => response.writeHead(500).end());
    const empty = await httpServer((_, response) => response.writeHead(404).end());
    const good = await httpServer((request, response) => serveBytes(request, response, body, etag));
    const { source, waits } = await open([broken.base, empty.base, good.base], { retry: 3 });
    const file = newFile();
    const fetched = assertFetched(await source.fetch(interval, file), file, body);
    assert.equal(fetched.url, good.base + path);
    assert.equal(fetched.tries, 3);
    assert.deepEqual(waits, []);
    const without = await open([empty.base, broken.base], { retry: 2 });
    await assert.rejects(without.source.fetch(interval, newFile()), failsAs("unavailable", /500/));
    const none = await open([empty.base, empty.base]);
    assert.equal((await none.source.fetch(interval, newFile())).kind, "absent");
  });

  test("a mirror's bytes are never appended to another's", async () => {
    const first = await httpServer((_, response, count) => {
      if (count === 1) breakAtHalf(response);
      else response.writeHead(500).end();
    });
    const otherBody = gzipSync(randomBytes(5000));
    const second = await httpServer((request, response) => serveBytes(request, response, otherBody, etag));
    const { source } = await open([first.base, second.base], { retry: 3 });
    const file = newFile();
    assertFetched(await source.fetch(interval, file, { onProgress: whenHalf }), file, otherBody);
    // The first was asked to continue before the second was asked at all.
    assert.equal(first.requests[1]?.headers.range, `bytes=${half}-`);
    assert.equal(second.requests[0]?.headers.range, undefined);
  });
});

describe("rates", () => {
  test("bytes and requests of all downloads share one limit", async () => {
    const bytes = randomBytes(3_000_000);
    const { base } = await httpServer((request, response) => serveBytes(request, response, bytes, '"x"'));
    const { source, waits } = await open(base, { bytesPerSecond: 1_000_000, requestsPerSecond: 1 });
    await Promise.all([newFile(), newFile()].map((file) => source.fetch(interval, file)));
    const waited = waits.reduce((sum, ms) => sum + ms, 0);
    // Six seconds' worth, of which the first second's is there at once. Waits run side by side on the virtual clock.
    assert.ok(waited >= 4500, `waited ${waited} ms`);
  });
});

describe("secrets", () => {
  const secret = "Bearer tops3cr3t";
  const headers = new Map<string, HeaderValue>([["Authorization", { kind: "env", name: "TOKEN" }]]);

  test("a header's secret is sent and never shown", async () => {
    for (const handler of [
      (_: IncomingMessage, response: ServerResponse) => void response.writeHead(403).end(),
      (_: IncomingMessage, response: ServerResponse) => void response.destroy(),
      (_: IncomingMessage, response: ServerResponse) => void response.writeHead(302, { Location: "file:///" }).end(),
    ]) {
      const { base, requests } = await httpServer(handler);
      const { source } = await open(base, { headers }, { TOKEN: secret });
      const error: unknown = await source.fetch(interval, newFile()).catch((thrown: unknown) => thrown);
      assert.equal(requests[0]?.headers.authorization, secret);
      assert.ok(error instanceof Failure);
      assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes("tops3cr3t"), "the secret is in the error");
    }
  });

  test("a secret that no header can hold is refused without being shown", async () => {
    const { base } = await httpServer((_, response) => response.writeHead(200).end());
    const { source } = await open(base, { headers }, { TOKEN: "tops3cr3t\r\nX-Injected: 1" });
    const error: unknown = await source.fetch(interval, newFile()).catch((thrown: unknown) => thrown);
    failsAs("denied", /header's value|request cannot be made/)(error);
    assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes("tops3cr3t"));
  });

  test("a secret is looked up for every request, and its failure is told", async () => {
    const { base, requests } = await httpServer((request, response) => serveBytes(request, response, body, etag));
    let given = 0;
    const settings = sourceSettings([locationOf("http", base)], { headers });
    const source = await openSource(settings, { resolveSecret: async () => `token-${++given}` });
    closing.unshift(() => source.close());
    await source.fetch(interval, newFile());
    await source.fetch(interval, newFile());
    assert.deepEqual(
      requests.map((request) => request.headers.authorization),
      ["token-1", "token-2"],
    );
    const failing = await openSource(settings, {
      resolveSecret: () => {
        throw new Failure("usage", "env:TOKEN: the variable is not set");
      },
    });
    await assert.rejects(failing.fetch(interval, newFile()), failsAs("usage", /not set/));
  });
});

describe("proxies and certificates", () => {
  test("a proxy is used with its credentials, which nobody sees", async () => {
    const proxy = await httpServer((request, response) => {
      if (request.headers["proxy-authorization"] === undefined) response.writeHead(407).end();
      else serveBytes(request, response, body, etag);
    });
    const { host } = new URL(proxy.base);
    const archive = "http://archive.invalid";
    const { source } = await open(
      archive,
      { proxy: { kind: "env", name: "PROXY" } },
      { PROXY: `http://user:pr0xypw@${host}` },
    );
    const file = newFile();
    assertFetched(await source.fetch(interval, file), file, body);
    assert.equal(proxy.requests[0]?.url, archive + path);
    const denied = await open(archive, { proxy: { kind: "text", text: `http://${host}` } });
    await assert.rejects(denied.source.fetch(interval, newFile()), failsAs("denied", /proxy/));
    const wrong = await open(archive, { proxy: { kind: "env", name: "PROXY" } }, { PROXY: "user:pr0xypw" });
    const error: unknown = await wrong.source.fetch(interval, newFile()).catch((thrown: unknown) => thrown);
    failsAs("usage", /no URL/)(error);
    assert.ok(!inspect(error, { depth: 20, showHidden: true }).includes("pr0xypw"));
  });

  test("the usual variables name a proxy, and the hosts that need none", async () => {
    const proxy = await httpServer((request, response) => serveBytes(request, response, body, etag));
    const direct = await httpServer((request, response) => serveBytes(request, response, body, etag));
    const names = ["http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"] as const;
    const kept = names.map((name) => [name, process.env[name]] as const);
    try {
      for (const name of names) delete process.env[name];
      process.env.http_proxy = proxy.base;
      process.env.no_proxy = "127.0.0.1";
      for (const base of ["http://archive.invalid", direct.base]) {
        const { source } = await open(base, { proxy: "env" });
        const file = newFile();
        assertFetched(await source.fetch(interval, file), file, body);
      }
      assert.equal(proxy.requests.length, 1);
      assert.equal(direct.requests.length, 1);
      const { source } = await open("http://archive.invalid", { proxy: "none" });
      await assert.rejects(source.fetch(interval, newFile()), failsAs("unavailable", /name/));
    } finally {
      for (const [name, value] of kept) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  test("a time limit longer than a timer can be does not end at once", async () => {
    const { base } = await httpServer((request, response) => serveBytes(request, response, body, etag));
    const { source } = await open(base, {
      timeouts: { connectMs: 1000, headersMs: 1000, idleMs: 1000, totalMs: 1e12 },
    });
    const file = newFile();
    assertFetched(await source.fetch(interval, file), file, body);
  });

  test("a private authority is trusted when its file is named, and only then", async () => {
    const { key, cert } = makeCertificate();
    const server = createTlsServer({ key, cert }, (request, response) => serveBytes(request, response, body, etag));
    const base = await listening(server, "https");
    const file = newFile();
    await assert.rejects(
      (await open(base, { retry: 3 })).source.fetch(interval, file),
      failsAs("denied", /certificate is not trusted/),
    );
    const ca = join(directory, "ca.pem");
    writeFileSync(ca, cert);
    assertFetched(await (await open(base, { ca })).source.fetch(interval, file), file, body);
    await assert.rejects(
      (await open(base, { ca: `${ca}.absent` })).source.fetch(interval, file),
      failsAs("usage", /cannot be read/),
    );
    writeFileSync(ca, "no certificate");
    await assert.rejects((await open(base, { ca })).source.fetch(interval, file), failsAs("usage", /no certificate/));
  });

  test("a redirect from https to http is refused", async () => {
    const { key, cert } = makeCertificate();
    const plain = await httpServer((request, response) => serveBytes(request, response, body, etag));
    const server = createTlsServer({ key, cert }, (_, response) =>
      response.writeHead(302, { Location: plain.base }).end(),
    );
    const base = await listening(server, "https");
    const ca = join(directory, "ca2.pem");
    writeFileSync(ca, cert);
    await assert.rejects(
      (await open(base, { ca })).source.fetch(interval, newFile()),
      failsAs("denied", /from https to http/),
    );
    assert.equal(plain.requests.length, 0);
  });
});

describe("probing", () => {
  test("reaches every mirror; one that answers is enough", async () => {
    const head = await httpServer((request, response) =>
      response.writeHead(request.method === "HEAD" ? 405 : 206).end(),
    );
    const dead = await httpServer((_, response) => response.writeHead(403).end());
    const both = await open([dead.base, head.base]);
    const finding = await both.source.probe();
    assert.match(finding, /403 Forbidden; .*answers 206 in \d+ ms/);
    assert.deepEqual(
      head.requests.map((request) => request.method),
      ["HEAD", "GET"],
    );
    assert.equal(head.requests[1]?.headers.range, "bytes=0-0");
    await assert.rejects((await open(dead.base)).source.probe(), failsAs("denied", /403/));
    const missing = await httpServer((_, response) => response.writeHead(404).end());
    assert.match(await (await open(missing.base)).source.probe(), /answers 404/);
  });
});

test("reading the hash of a fetched file gives the hash that was told", async () => {
  const { base } = await httpServer((request, response) => serveBytes(request, response, body, etag));
  const file = newFile();
  const fetched = await (await open(base)).source.fetch(interval, file);
  assert.ok(fetched.kind === "fetched");
  assert.equal(createHash("sha256").update(readFileSync(file)).digest("hex"), fetched.sha256);
});
