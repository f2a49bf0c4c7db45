import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, statSync, truncateSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import {
  body,
  breakAtHalf,
  etag,
  type Handler,
  half,
  httpServer,
  interval,
  newFile,
  openArchive,
  path,
  serveBytes,
  whenHalf,
} from "../../test/contract/http-servers.ts";
import { assertFetched, failsAs } from "../../test/contract/source.ts";

describe("resuming", () => {
  test("a broken body is continued where it broke, with the same version", async () => {
    const { base, requests } = await httpServer((request, response, count) => {
      if (count === 1) breakAtHalf(response);
      else serveBytes(request, response, body, etag);
    });
    const { source } = await openArchive(base, { retry: 2 });
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
        (await openArchive(base)).source.fetch(interval, file, { onProgress: whenHalf }),
        failsAs("unavailable"),
      );
      assert.equal(statSync(file).size, half);
      const { source } = await openArchive(base);
      const fetched = assertFetched(await source.fetch(interval, file, { resume }), file, body);
      assert.equal(fetched.resumedFrom, resume ? half : 0);
      assert.equal(requests[1]?.headers.range, resume ? `bytes=${half}-` : undefined);
    }
  });

  test("what lay there before is not continued by a second try of an attempt that was to begin anew", async () => {
    const { base, requests } = await httpServer((request, response, count) => {
      if (count === 1) breakAtHalf(response);
      else if (count === 2) response.writeHead(503).end();
      else serveBytes(request, response, body, etag);
    });
    const file = newFile();
    const first = (await openArchive(base)).source;
    await assert.rejects(first.fetch(interval, file, { onProgress: whenHalf }), failsAs("unavailable"));
    const { source } = await openArchive(base, { retry: 2 });
    const fetched = assertFetched(await source.fetch(interval, file, { resume: false }), file, body);
    assert.equal(fetched.resumedFrom, 0);
    assert.equal(requests[2]?.headers.range, undefined);
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
    const { source } = await openArchive(base);
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
      (await openArchive(base)).source.fetch(interval, file, { onProgress: whenHalf }),
      failsAs("unavailable"),
    );
    writeFileSync(file, body);
    const fetched = assertFetched(
      await (await openArchive(base)).source.fetch(interval, file, { resume: true }),
      file,
      body,
    );
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
    [
      "the server answers 200 with another version",
      (request, response) => serveBytes(request, response, other, otherTag),
    ],
    [
      "it has fewer bytes now",
      (request, response) =>
        request.headers.range === undefined
          ? whole(request, response)
          : void response.writeHead(416, { "Content-Range": "bytes */5" }).end(),
    ],
    [
      "a 206 of another version",
      (request, response) =>
        request.headers.range === undefined
          ? whole(request, response)
          : partial(response, half, other.length, otherTag, other.subarray(half)),
    ],
    [
      "a 206 of another version that is as long",
      (request, response) =>
        request.headers.range === undefined
          ? whole(request, response)
          : partial(response, half, body.length, otherTag, randomBytes(body.length - half)),
    ],
    [
      "a 206 from another byte",
      (request, response) =>
        request.headers.range === undefined
          ? whole(request, response)
          : partial(response, half - 10, body.length, etag, body.subarray(half - 10)),
    ],
    [
      "a 206 of another length",
      (request, response) =>
        request.headers.range === undefined
          ? whole(request, response)
          : partial(response, half, body.length + 1, etag, body.subarray(half)),
    ],
    [
      "a 206 that stops before the end",
      (request, response) =>
        request.headers.range === undefined
          ? whole(request, response)
          : partial(response, half, body.length, etag, body.subarray(half, -5)),
    ],
    [
      "a 206 without a range",
      (request, response) =>
        request.headers.range === undefined
          ? whole(request, response)
          : void response.writeHead(206, { ETag: etag }).end(body.subarray(half)),
    ],
    [
      "a 206 with several ranges",
      (request, response) =>
        request.headers.range === undefined
          ? whole(request, response)
          : void response.writeHead(206, { "Content-Type": "multipart/byteranges; boundary=x" }).end("--x--"),
    ],
  ];
  for (const [name, handler] of changes) {
    test(`begins anew when ${name}`, async () => {
      const { base } = await httpServer((request, response, count) => {
        if (count === 1) breakAtHalf(response);
        else handler(request, response, count);
      });
      const { source } = await openArchive(base, { retry: 2 });
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
      const { source } = await openArchive(base, { retry: 2 });
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
      assertFetched(await (await openArchive(base)).source.fetch(interval, file, { resume: true }), file, body);
      assert.equal(requests.at(-1)?.headers.range, undefined, note);
    }
    const file = newFile();
    writeFileSync(file, body.subarray(0, half));
    writeFileSync(`${file}.part.json`, JSON.stringify(good));
    truncateSync(file, 0);
    assertFetched(await (await openArchive(base)).source.fetch(interval, file, { resume: true }), file, body);
    assert.equal(requests.at(-1)?.headers.range, undefined);
  });
});

describe("mirrors", () => {
  test("the next one helps at once when one fails, and absence needs all", async () => {
    const broken = await httpServer((_, response) => response.writeHead(500).end());
    const empty = await httpServer((_, response) => response.writeHead(404).end());
    const good = await httpServer((request, response) => serveBytes(request, response, body, etag));
    const { source, waits } = await openArchive([broken.base, empty.base, good.base], { retry: 3 });
    const file = newFile();
    const fetched = assertFetched(await source.fetch(interval, file), file, body);
    assert.equal(fetched.url, good.base + path);
    assert.equal(fetched.tries, 3);
    assert.deepEqual(waits, []);
    const without = await openArchive([empty.base, broken.base], { retry: 2 });
    await assert.rejects(without.source.fetch(interval, newFile()), failsAs("unavailable", /500/));
    const none = await openArchive([empty.base, empty.base]);
    assert.equal((await none.source.fetch(interval, newFile())).kind, "absent");
  });

  test("a mirror's bytes are never appended to another's", async () => {
    const first = await httpServer((_, response, count) => {
      if (count === 1) breakAtHalf(response);
      else response.writeHead(500).end();
    });
    const otherBody = gzipSync(randomBytes(5000));
    const second = await httpServer((request, response) => serveBytes(request, response, otherBody, etag));
    const { source } = await openArchive([first.base, second.base], { retry: 3 });
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
    const { source, waits } = await openArchive(base, { bytesPerSecond: 1_000_000, requestsPerSecond: 1 });
    await Promise.all([newFile(), newFile()].map((file) => source.fetch(interval, file)));
    const waited = waits.reduce((sum, ms) => sum + ms, 0);
    // Six seconds' worth, of which the first second's is there at once. Waits run side by side on the virtual clock.
    assert.ok(waited >= 4500, `waited ${waited} ms`);
  });
});
