import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import {
  body,
  etag,
  half,
  hangUp,
  httpServer,
  interval,
  newFile,
  openArchive,
  path,
  rawServer,
  serveBytes,
  stay,
} from "../../test/contract/http-servers.ts";
import { assertFetched, failsAs, sha256, sourceContract } from "../../test/contract/source.ts";
import { Failure, type FailureKind } from "../errors.ts";
import { verifyBody } from "../gzip/verify.ts";
import type { HeaderValue } from "../model/project.ts";

sourceContract("http", async () => {
  const hours = new Map<string, Uint8Array>();
  const { base } = await httpServer((request, response) => {
    const bytes = hours.get(request.url ?? "");
    if (bytes === undefined) response.writeHead(404).end("<Error><Code>NoSuchKey</Code></Error>");
    else serveBytes(request, response, bytes, `"${sha256(bytes)}"`);
  });
  return {
    source: (await openArchive(base)).source,
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
    {
      name: "fewer bytes than announced",
      bytes: [head(ok + length(body.length)), body.subarray(0, half)],
      ending: hangUp,
      transport: ["unavailable", /closed before/],
    },
    {
      name: "chunks that do not end",
      bytes: [head(`${ok}Transfer-Encoding: chunked\r\n`), chunk(body.subarray(0, half))],
      ending: hangUp,
      transport: ["unavailable", /closed before/],
    },
    {
      name: "a chunk that is cut",
      bytes: [head(`${ok}Transfer-Encoding: chunked\r\n`), chunk(body).subarray(0, half)],
      ending: hangUp,
      transport: ["unavailable", /closed before/],
    },
    {
      name: "a chunk length that is no number",
      bytes: [head(`${ok}Transfer-Encoding: chunked\r\n`), chunk(body.subarray(0, half)), Buffer.from("zz\r\n")],
      ending: hangUp,
      transport: ["unavailable", /not HTTP/],
    },
    {
      name: "a reset",
      bytes: [head(ok + length(body.length)), body.subarray(0, half)],
      ending: reset,
      transport: ["unavailable", /reset|closed/],
    },
    {
      name: "a stall",
      bytes: [head(ok + length(body.length)), body.subarray(0, half)],
      ending: stay,
      transport: ["unavailable", /no progress/],
    },
    { name: "no answer", bytes: [], ending: stay, transport: ["unavailable", /no answer/] },
    { name: "half of the headers", bytes: [Buffer.from(ok)], ending: stay, transport: ["unavailable", /no answer/] },
    {
      name: "a connection that ends before the answer",
      bytes: [],
      ending: hangUp,
      transport: ["unavailable", /closed|reset/],
    },
    {
      name: "an answer that is not HTTP",
      bytes: [Buffer.from("220 ready\r\n\r\n")],
      ending: hangUp,
      transport: ["unavailable", /not HTTP/],
    },
    {
      name: "headers without end",
      bytes: [Buffer.from(ok), Buffer.from(`X-Y: ${"z".repeat(100_000)}\r\n`)],
      ending: stay,
      transport: ["corrupt", /headers are too large/],
    },
    {
      name: "two different lengths",
      bytes: [head(`${ok + length(5) + length(6)}`), body],
      ending: hangUp,
      transport: ["unavailable", /not HTTP|not as long/],
    },
    {
      name: "a content encoding",
      bytes: [head(`${ok + length(body.length)}Content-Encoding: gzip\r\n`), body],
      ending: stay,
      transport: ["corrupt", /Content-Encoding gzip/],
    },
    {
      name: "a part though the whole was asked for",
      bytes: [
        head(`HTTP/1.1 206 Partial Content\r\n${length(half)}Content-Range: bytes 0-${half - 1}/${body.length}\r\n`),
        body.subarray(0, half),
      ],
      ending: stay,
      transport: ["corrupt", /206/],
    },
    { name: "no content", bytes: [head("HTTP/1.1 204 No Content\r\n")], ending: stay, transport: ["corrupt", /204/] },
    {
      name: "not modified, though nothing was asked",
      bytes: [head("HTTP/1.1 304 Not Modified\r\n")],
      ending: stay,
      transport: ["corrupt", /304/],
    },
    {
      name: "a longer body than allowed, announced",
      bytes: [head(ok + length(3_000_000))],
      ending: stay,
      transport: ["corrupt", /longer than 2000000/],
    },
    {
      name: "a longer body than allowed, unannounced",
      bytes: [head(ok + close), Buffer.alloc(2_100_000)],
      ending: stay,
      transport: ["corrupt", /longer than 2000000/],
    },
    {
      name: "half of a body that the end of the connection delimits",
      bytes: [head(ok + close), body.subarray(0, half)],
      ending: hangUp,
      verification: /truncated in member 1/,
    },
    {
      name: "a length that is too small",
      bytes: [head(ok + length(body.length - 16)), body],
      ending: hangUp,
      verification: /truncated in member 1/,
    },
    {
      name: "an HTML page",
      bytes: [head(`${ok + length(6)}Content-Type: text/html\r\n`), Buffer.from("<html>")],
      ending: stay,
      verification: /an HTML page/,
    },
    {
      name: "an XML document",
      bytes: [head(ok + length(37)), Buffer.from("<Error><Code>NoSuchKey</Code></Error>")],
      ending: stay,
      verification: /<Code>NoSuchKey<\/Code>/,
    },
    { name: "nothing", bytes: [head(ok + length(0))], ending: stay, verification: /empty/ },
    {
      name: "another bit",
      bytes: [head(ok + length(body.length)), flipped],
      ending: stay,
      verification: /damaged|differs|truncated/,
    },
    {
      name: "something behind the body",
      bytes: [head(ok + close), body, Buffer.from("tail")],
      ending: hangUp,
      verification: /4 bytes of trailing garbage/,
    },
  ];

  for (const { name, bytes, ending = stay, transport, verification } of damages) {
    test(name, async () => {
      const base = await rawServer(Buffer.concat(bytes), ending);
      const { source } = await openArchive(base, {
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
    const { source } = await openArchive(base, {
      timeouts: { connectMs: 1000, headersMs: 1000, idleMs: 1000, totalMs: 400 },
    });
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
      const { source } = await openArchive(await rawServer(Buffer.concat([head(lines), ...pieces]), hangUp));
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
      const { source, waits } = await openArchive(base, { retry: 4 });
      await assert.rejects(
        source.fetch(interval, newFile()),
        failsAs("denied", new RegExp(`${status} ${words} \\(AccessDenied\\)$`)),
      );
      assert.equal(requests.length, 1, "what is denied is not asked again");
      assert.deepEqual(waits, []);
    }
    for (const status of [404, 410]) {
      const { base } = await httpServer((_, response) => response.writeHead(status).end("gone"));
      const { source } = await openArchive(base, { retry: 4 });
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
    const { source, waits } = await openArchive(base, { retry: 6 });
    const file = newFile();
    const fetched = assertFetched(await source.fetch(interval, file), file, body);
    assert.equal(fetched.tries, 6);
    // With half of the jitter: 3/4 of 1, 2, 4, 8 and 16 s, or what the server asked for, at most two minutes.
    assert.deepEqual(waits, [7000, 1500, 30_000, 120_000, 12_000]);
  });

  test("after the last try the failure says how often", async () => {
    const { base, requests } = await httpServer((_, response) => response.writeHead(503, { "Retry-After": "3" }).end());
    const { source } = await openArchive(base, { retry: 3 });
    await assert.rejects(source.fetch(interval, newFile()), (error) => {
      failsAs("unavailable", /503 Service Unavailable \(3 tries\)$/)(error);
      return error instanceof Failure && error.detail.retryAfterMs === 3000;
    });
    assert.equal(requests.length, 3);
  });

  test("nobody there", async () => {
    const base = await rawServer("", stay);
    const closed = base.replace(/\d+$/, "1");
    const { source, waits } = await openArchive(closed, { retry: 2 });
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
    const { source } = await openArchive(base, { headers }, { TOKEN: secret });
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
      const { source } = await openArchive(base);
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
      const { source } = await openArchive(base);
      await assert.rejects(source.fetch(interval, newFile()), (error) => {
        failsAs(kind, words)(error);
        assert.ok(!inspect(error, { depth: 9 }).includes("user:pw"));
        return true;
      });
    }
  });

  test("a redirect without a target is an answer like any other", async () => {
    const { base } = await httpServer((_, response) => response.writeHead(302).end());
    const { source } = await openArchive(base);
    await assert.rejects(source.fetch(interval, newFile()), failsAs("corrupt", /302/));
  });
});
test("reading the hash of a fetched file gives the hash that was told", async () => {
  const { base } = await httpServer((request, response) => serveBytes(request, response, body, etag));
  const file = newFile();
  const fetched = await (await openArchive(base)).source.fetch(interval, file);
  assert.ok(fetched.kind === "fetched");
  assert.equal(createHash("sha256").update(readFileSync(file)).digest("hex"), fetched.sha256);
});
