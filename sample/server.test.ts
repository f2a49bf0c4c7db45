import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { type IncomingHttpHeaders, request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { crc32, gunzipSync, gzipSync } from "node:zlib";
import { Failure } from "../src/errors.ts";
import { faultCatalogue, parseFaults } from "./faults.ts";
import { openGenerator } from "./generator.ts";
import { gzipHour } from "./gzip.ts";
import { type SampleServer, type ServerOptions, startServer } from "./server.ts";

const hour = Date.parse("2026-03-01T05:00:00Z");
const path = "/2026-03-01-5.json.gz";
const small = { seed: 3, eventsPerHour: 120 };

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** How the body ended early, if it did: the error's code. */
  readonly broken: string | undefined;
}

async function serve(t: TestContext, options: ServerOptions = {}): Promise<SampleServer> {
  const server = await startServer({ ...small, ...options });
  t.after(() => server.close());
  return server;
}

interface Patience {
  /** Hang up when so many bytes of the body are there. */
  readonly bytes?: number;
  /** Hang up when nothing has come for so long. */
  readonly ms?: number;
}

/** One request on a connection of its own. */
async function get(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
  patience: Patience = {},
): Promise<Got> {
  return await new Promise((resolve, reject) => {
    let answered = false;
    const sent = request(url, { headers, method, agent: false }, (response) => {
      answered = true;
      const chunks: Buffer[] = [];
      let bytes = 0;
      const done = (broken: string | undefined): void =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks), broken });
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        // Some more turns of the event loop in which bytes or the end might come, if the server had any to send.
        if (bytes === patience.bytes) setTimeout(() => sent.destroy(new Error("patience")), 20);
      });
      response.on("end", () => done(undefined));
      response.on("error", (error) =>
        done("code" in error && typeof error.code === "string" ? error.code : error.message),
      );
    });
    if (patience.ms !== undefined) sent.setTimeout(patience.ms, () => sent.destroy(new Error("patience")));
    // An error after the head belongs to the body, which reports it as well.
    sent.on("error", (error) => (answered ? undefined : reject(error)));
    sent.end();
  });
}

async function trueBytes(startMs = hour): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of gzipHour(openGenerator(small), startMs)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Everything that comes over the wire for one GET, as a client without manners sees it. */
async function raw(server: SampleServer): Promise<{ readonly head: string; readonly body: Buffer }> {
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.write(`GET ${path} HTTP/1.1\r\nHost: sample\r\nConnection: close\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const end = bytes.indexOf("\r\n\r\n") + 4;
  return { head: bytes.subarray(0, end).toString("latin1"), body: bytes.subarray(end) };
}

/** Serves one fault on one hour, asks once. */
async function faulty(t: TestContext, fault: string, headers: Readonly<Record<string, string>> = {}): Promise<Got> {
  const server = await serve(t, { faults: [fault] });
  return await get(server.url + path, headers);
}

const linesOf = (packed: Buffer): string[] => gunzipSync(packed).toString("utf8").split("\n");

test("an hour: bytes, headers, HEAD", async (t) => {
  const server = await serve(t);
  const expected = await trueBytes();
  const got = await get(server.url + path);
  assert.equal(got.status, 200);
  assert.ok(got.body.equals(expected));
  assert.equal(got.headers["content-length"], String(expected.length));
  assert.equal(got.headers["content-type"], "application/gzip");
  assert.equal(got.headers["last-modified"], "Sun, 01 Mar 2026 06:05:00 GMT");
  assert.equal(got.headers["accept-ranges"], "bytes");
  const head = await get(server.url + path, {}, "HEAD");
  assert.deepEqual([head.status, head.body.length, head.headers.etag], [200, 0, got.headers.etag]);
  assert.equal(head.headers["content-length"], String(expected.length));
  assert.match(String(got.headers.etag), /^"[0-9a-f]{32}"$/);
  assert.deepEqual(
    server.requests.map((served) => [served.method, served.path, served.status, served.bytes]),
    [
      ["GET", path, 200, expected.length],
      ["HEAD", path, 200, 0],
    ],
  );
  assert.equal((await get(server.url + path, {}, "POST")).status, 405);
  assert.match((await get(`${server.url}/`)).body.toString(), /Sample archive/);
});

test("no such file: padded hour, no hour, another name, outside from and until", async (t) => {
  const server = await serve(t, { from: hour, until: hour + 3_600_000 });
  assert.equal((await get(server.url + path)).status, 200);
  for (const name of [
    "/2026-03-01-05.json.gz",
    "/2026-03-01-24.json.gz",
    "/2026-02-30-5.json.gz",
    "/2026-03-01-5.json",
    "/x/2026-03-01-5.json.gz",
    "/2026-03-01-4.json.gz",
    "/2026-03-01-6.json.gz",
    "/..%2f..%2fetc%2fpasswd",
  ]) {
    const got = await get(server.url + name);
    assert.equal(got.status, 404, name);
    assert.match(got.body.toString(), /^<\?xml .*<Error><Code>NoSuchKey<\/Code>/);
    assert.match(String(got.headers["content-type"]), /^application\/xml/);
  }
});

test("with a clock, hours appear five minutes after they have closed", async (t) => {
  let now = hour + 3_600_000 + 299_999;
  const server = await serve(t, { now: () => now });
  assert.equal((await get(server.url + path)).status, 404);
  now += 1;
  assert.equal((await get(server.url + path)).status, 200);
});

test("conditions: If-None-Match and If-Modified-Since", async (t) => {
  const server = await serve(t);
  const { headers } = await get(server.url + path);
  const etag = String(headers.etag);
  const status = async (conditions: Readonly<Record<string, string>>): Promise<number> =>
    (await get(server.url + path, conditions)).status;
  assert.equal(await status({ "If-None-Match": etag }), 304);
  assert.equal(await status({ "If-None-Match": `"x", W/${etag}` }), 304);
  assert.equal(await status({ "If-None-Match": "*" }), 304);
  assert.equal(await status({ "If-None-Match": '"x"' }), 200);
  assert.equal(await status({ "If-Modified-Since": String(headers["last-modified"]) }), 304);
  assert.equal(await status({ "If-Modified-Since": "Sun, 01 Mar 2026 06:04:59 GMT" }), 200);
});

test("ranges: middle, suffix, open, beyond, several, If-Range", async (t) => {
  const server = await serve(t);
  const whole = await trueBytes();
  const last = whole.length - 1;
  const cases: readonly (readonly [string, number, number])[] = [
    ["bytes=10-19", 10, 20],
    ["bytes=100-", 100, whole.length],
    ["bytes=-7", whole.length - 7, whole.length],
    [`bytes=5-${last + 50}`, 5, whole.length],
  ];
  for (const [range, from, to] of cases) {
    const got = await get(server.url + path, { Range: range });
    assert.equal(got.status, 206, range);
    assert.equal(got.headers["content-range"], `bytes ${from}-${to - 1}/${whole.length}`);
    assert.equal(got.headers["content-length"], String(to - from));
    assert.ok(got.body.equals(whole.subarray(from, to)), range);
  }
  const beyond = await get(server.url + path, { Range: `bytes=${whole.length}-` });
  assert.deepEqual([beyond.status, beyond.headers["content-range"]], [416, `bytes */${whole.length}`]);
  for (const range of ["bytes=0-1,4-5", "lines=1-2", "bytes=9-3"])
    assert.equal((await get(server.url + path, { Range: range })).status, 200, range);
  const { headers } = await get(server.url + path, {}, "HEAD");
  for (const [validator, status] of [
    [String(headers.etag), 206],
    [String(headers["last-modified"]), 206],
    ['"other"', 200],
  ] as const) {
    assert.equal(
      (await get(server.url + path, { Range: "bytes=3-", "If-Range": validator })).status,
      status,
      validator,
    );
  }
});

test("files of a directory are served as they are, and a replaced one is another version", async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "millrace-sample-"));
  t.after(() => rm(directory, { recursive: true }));
  const packed = gzipSync('{}\n{"a":1}\n');
  await writeFile(join(directory, "2026-03-01-5.json.gz"), packed);
  await mkdir(join(directory, "2026-03-01-6.json.gz"));
  await utimes(join(directory, "2026-03-01-5.json.gz"), 1000, 1000);
  const server = await serve(t, { directory, faults: ["changed:2026-03-01-05"] });
  const first = await get(server.url + path);
  assert.ok(first.body.equals(packed));
  assert.equal(first.headers["last-modified"], "Thu, 01 Jan 1970 00:16:40 GMT");
  assert.equal(gunzipSync((await get(server.url + path)).body).toString(), '{"a":1}\n');
  assert.equal((await get(`${server.url}/2026-03-01-7.json.gz`)).status, 404);
  assert.equal((await get(`${server.url}/2026-03-01-6.json.gz`)).status, 500);
  const other = await serve(t, { directory });
  await writeFile(join(directory, "2026-03-01-5.json.gz"), gzipSync("{}\n"));
  const replaced = await get(other.url + path);
  assert.notEqual(replaced.headers.etag, first.headers.etag);
});

test("concurrent requests make an hour once; the cache stays within its limit and is removed", async (t) => {
  const temporary = await mkdtemp(join(tmpdir(), "millrace-sample-"));
  t.after(() => rm(temporary, { recursive: true }));
  const server = await startServer({ ...small, cacheBytes: 1, temporary });
  t.after(() => server.close());
  const cached = async (): Promise<string[]> =>
    (await readdir(temporary, { recursive: true })).filter((name) => name.endsWith("gz"));
  const answers = await Promise.all(Array.from({ length: 6 }, () => get(server.url + path)));
  const expected = await trueBytes();
  assert.ok(answers.every((got) => got.body.equals(expected)));
  const [first] = await cached();
  assert.match(String(first), /0\.json\.gz$/);
  for (const next of [6, 7, 8]) assert.equal((await get(`${server.url}/2026-03-01-${next}.json.gz`)).status, 200);
  assert.equal((await cached()).length, 1);
  assert.ok((await get(server.url + path)).body.equals(expected));
  assert.match(String(await cached()), /4\.json\.gz$/);
  await server.close();
  assert.deepEqual(await readdir(temporary), []);
});

test("closing stops an hour that is being packed", { timeout: 30_000 }, async (t) => {
  const temporary = await mkdtemp(join(tmpdir(), "millrace-sample-"));
  t.after(() => rm(temporary, { recursive: true }));
  // Minutes of work, if it were not stopped.
  const server = await startServer({ seed: 1, eventsPerHour: 5_000_000, temporary });
  const hopeless = get(server.url + path);
  while ((await readdir(temporary, { recursive: true })).length < 2) await nextTurn();
  const [, closed] = await Promise.all([assert.rejects(hopeless), server.close()]);
  assert.equal(closed, undefined);
  assert.deepEqual(await readdir(temporary), []);
});

test("faults that answer instead of the file", async (t) => {
  for (const status of ["401", "403", "429", "500", "503"])
    assert.equal((await faulty(t, `${status}:*`)).status, Number(status));
  assert.equal((await faulty(t, "503:*")).headers["retry-after"], "1");
  assert.equal((await faulty(t, "429:*=7s")).headers["retry-after"], "7");
  assert.equal((await faulty(t, "500:*")).headers["retry-after"], undefined);
  const missing = await faulty(t, "missing:2026-03-01-05");
  assert.equal(missing.status, 404);
  assert.match(missing.body.toString(), /NoSuchKey/);
  assert.equal((await faulty(t, "missing:2026-03-01-04..2026-03-01-06")).status, 404);
  assert.equal((await faulty(t, "missing:2026-03-01-06")).status, 200);
  const html = await faulty(t, "html:*");
  assert.deepEqual([html.status, html.body.subarray(0, 9).toString()], [200, "<!DOCTYPE"]);
  const xml = await faulty(t, "xml:*");
  assert.deepEqual([xml.status, xml.body.subarray(0, 5).toString()], [200, "<?xml"]);
  const empty = await faulty(t, "empty:*");
  assert.deepEqual([empty.status, empty.body.length, empty.headers["content-length"]], [200, 0, "0"]);
});

test("late: by requests and by the clock", async (t) => {
  const counted = await serve(t, { faults: ["late:*=2req"] });
  assert.deepEqual(
    [
      (await get(counted.url + path)).status,
      (await get(counted.url + path)).status,
      (await get(counted.url + path)).status,
    ],
    [404, 404, 200],
  );
  let now = hour + 86_400_000;
  const timed = await serve(t, { faults: ["late:2026-03-01-5=90s"], now: () => now });
  now += 89_999;
  assert.equal((await get(timed.url + path)).status, 404);
  now += 1;
  assert.equal((await get(timed.url + path)).status, 200);
});

test("faults in the file itself", async (t) => {
  const whole = await trueBytes();
  const truncated = await faulty(t, "truncated:*");
  assert.ok(truncated.body.equals(whole.subarray(0, whole.length >> 1)));
  assert.equal(truncated.headers["content-length"], String(whole.length >> 1));
  for (const [name, position] of [
    ["bad-crc", whole.length - 8],
    ["bad-isize", whole.length - 4],
    ["flipped-bit", whole.length >> 1],
  ] as const) {
    const { body, headers } = await faulty(t, `${name}:*`);
    assert.equal(body.length, whole.length);
    const different = [...body.keys()].filter((index) => body[index] !== whole[index]);
    assert.deepEqual(different, [position], name);
    assert.match(String(headers.etag), new RegExp(`-${name}"$`));
    assert.throws(() => gunzipSync(body), name);
  }
  const garbage = await faulty(t, "trailing-garbage:*");
  assert.ok(garbage.body.subarray(0, whole.length).equals(whole) && garbage.body.length > whole.length);
  const zeros = await faulty(t, "trailing-zeros:*");
  assert.ok(zeros.body.equals(Buffer.concat([whole, Buffer.alloc(512)])));
});

test("faults in the lines", async (t) => {
  const whole = gunzipSync(await trueBytes());
  const lines = whole.toString("utf8").split("\n");
  const two = (await faulty(t, "two-members:*")).body;
  assert.ok(gunzipSync(two).equals(whole));
  const second = two.indexOf(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), 1);
  const first = gunzipSync(two.subarray(0, second));
  assert.ok(first.length > 0 && first.at(-1) !== 10);
  assert.equal(two.readUInt32LE(second - 8), crc32(first));
  const broken = linesOf((await faulty(t, "partial-not-json:*")).body);
  assert.equal(broken.length, lines.length);
  assert.throws(() => JSON.parse(broken[0] ?? ""));
  assert.deepEqual(broken.slice(1), lines.slice(1));
  const cut = linesOf((await faulty(t, "cut-line:*")).body);
  assert.deepEqual(cut.slice(0, -1), lines.slice(0, -2));
  assert.ok(lines.at(-2)?.startsWith(cut.at(-1) ?? "?") && cut.at(-1) !== lines.at(-2));
  assert.deepEqual(linesOf((await faulty(t, "small:*")).body), [lines[0], lines[100], ""]);
});

test("faults of delivery", async (t) => {
  const whole = await trueBytes();
  const half = whole.subarray(0, whole.length >> 1);
  const cut = await faulty(t, "truncated-length:*");
  assert.deepEqual([cut.headers["content-length"], cut.broken], [String(whole.length), "ECONNRESET"]);
  assert.ok(cut.body.equals(half));
  const closed = await faulty(t, "truncated-close:*");
  assert.deepEqual(
    [closed.headers["content-length"], closed.headers["transfer-encoding"], closed.broken],
    [undefined, undefined, undefined],
  );
  assert.ok(closed.body.equals(half));
  const wire = await raw(await serve(t, { faults: ["wrong-length:*"] }));
  assert.match(wire.head, new RegExp(`content-length: ${whole.length - 16}\r\n`, "i"));
  assert.ok(wire.body.equals(whole));
  const reset = await faulty(t, "reset:*");
  assert.equal(reset.broken, "ECONNRESET");
  assert.ok(reset.body.length <= half.length);
  const resumed = await faulty(t, "truncated-length:*", { Range: "bytes=100-299" });
  assert.ok(resumed.body.equals(whole.subarray(100, 200)));
});

test("slow, stall and stall-headers give the bytes they owe and no more", async (t) => {
  const whole = await trueBytes();
  const rate = whole.length * 5;
  const started = performance.now();
  const slow = await faulty(t, `slow:*=${rate}B/s`);
  assert.ok(slow.body.equals(whole));
  assert.ok(performance.now() - started >= 150, "a fifth of a second at that rate");
  const stalling = await serve(t, { faults: ["stall:*"] });
  const stalled = await get(stalling.url + path, {}, "GET", { bytes: whole.length >> 1 });
  assert.notEqual(stalled.broken, undefined);
  assert.ok(stalled.body.equals(whole.subarray(0, whole.length >> 1)));
  const silent = await serve(t, { faults: ["stall-headers:*=1req"] });
  await assert.rejects(get(silent.url + path, {}, "GET", { ms: 100 }), /patience/);
  assert.equal((await get(silent.url + path)).status, 200);
  assert.deepEqual(
    silent.requests.map((served) => [served.status, served.faults]),
    [
      [0, ["stall-headers"]],
      [200, []],
    ],
  );
});

test("redirects: one, several, another host, a loop", async (t) => {
  const one = await serve(t, { faults: ["redirect:*=3hops"] });
  const places: string[] = [];
  let next = path;
  for (let hop = 0; hop < 5; hop++) {
    const got = await get(one.url + next);
    if (got.status === 200) break;
    assert.equal(got.status, 302);
    next = String(got.headers.location);
    places.push(next);
  }
  assert.deepEqual(
    places,
    [3, 2, 1].map((left) => `/redirected/${left}${path}`),
  );
  const host = await serve(t, { faults: ["redirect-host:*"] });
  const location = String((await get(host.url + path)).headers.location);
  assert.equal(location, `http://localhost:${new URL(host.url).port}/redirected/1${path}`);
  assert.equal((await get(host.url + new URL(location).pathname)).status, 200);
  const loop = await faulty(t, "redirect-loop:*");
  assert.deepEqual([loop.status, loop.headers.location], [302, path]);
});

test("changed: another file after the first complete download", async (t) => {
  const server = await serve(t, { faults: ["changed:*"] });
  const first = await get(server.url + path, {}, "HEAD");
  await get(server.url + path, { Range: "bytes=0-99" });
  const whole = await get(server.url + path);
  assert.equal(whole.headers.etag, first.headers.etag);
  const after = await get(server.url + path);
  assert.notEqual(after.headers.etag, first.headers.etag);
  assert.notEqual(after.headers["last-modified"], first.headers["last-modified"]);
  assert.deepEqual(linesOf(after.body), linesOf(whole.body).slice(1));
  assert.equal((await get(server.url + path, { "If-None-Match": String(first.headers.etag) })).status, 200);
});

test("changed-during-resume: the first download breaks, the rest belongs to another file", async (t) => {
  const server = await serve(t, { faults: ["changed-during-resume:*"] });
  const whole = await trueBytes();
  const first = await get(server.url + path);
  assert.ok(first.broken !== undefined && first.body.equals(whole.subarray(0, whole.length >> 1)));
  const etag = String(first.headers.etag);
  const range = `bytes=${first.body.length}-`;
  const careful = await get(server.url + path, { Range: range, "If-Range": etag });
  assert.deepEqual([careful.status, careful.broken], [200, undefined]);
  assert.equal(linesOf(careful.body).length, linesOf(whole).length - 1);
  const careless = await get(server.url + path, { Range: range });
  assert.equal(careless.status, 206);
  assert.notEqual(careless.headers.etag, etag);
});

test("faults in the head: validators, ranges, content coding", async (t) => {
  const noEtag = await faulty(t, "no-etag:*");
  assert.deepEqual([noEtag.headers.etag, typeof noEtag.headers["last-modified"]], [undefined, "string"]);
  const none = await faulty(t, "no-validators:*");
  assert.deepEqual([none.headers.etag, none.headers["last-modified"]], [undefined, undefined]);
  const noRanges = await faulty(t, "no-ranges:*", { Range: "bytes=5-" });
  assert.deepEqual(
    [noRanges.status, noRanges.headers["accept-ranges"], noRanges.headers["content-range"]],
    [200, undefined, undefined],
  );
  assert.equal((await faulty(t, "content-encoding:*")).headers["content-encoding"], "gzip");
});

test("faults combine, in the order they are given and for as many requests as they say", async (t) => {
  const ended = Promise.withResolvers<void>();
  const server = await serve(t, {
    faults: ["503:2026-03-01-05=2req,0s", "truncated-length:2026-03-01-05=1req", "no-etag:*", "500:2026-03-01-05=1req"],
    onRequest: () => {
      if (server.requests.length === 5) ended.resolve();
    },
  });
  const answers: Got[] = [];
  for (let request = 0; request < 5; request++) answers.push(await get(server.url + path));
  assert.deepEqual(
    answers.map((got) => got.status),
    [503, 503, 500, 200, 200],
  );
  assert.deepEqual(
    answers.map((got) => got.broken !== undefined),
    [false, false, false, true, false],
  );
  assert.equal(answers[0]?.headers["retry-after"], "0");
  // Another hour has counts of its own, and only the fault of every hour.
  const other = await get(`${server.url}/2026-03-01-6.json.gz`);
  assert.deepEqual([other.status, other.headers.etag], [200, undefined]);
  assert.deepEqual(
    server.requests.slice(2, 4).map((served) => served.faults),
    [["500"], ["no-etag", "truncated-length"]],
  );
  await ended.promise;
});

test("fault texts: every name of the catalogue, amounts, and what is refused", () => {
  for (const kind of faultCatalogue) {
    const amount =
      kind.takes === "rate" ? "=5KB/s" : kind.takes === "hops" ? "=2hops" : kind.takes === "duration" ? "=5s" : "";
    assert.equal(parseFaults([`${kind.name}:2026-03-01-05${amount}`])[0]?.kind, kind);
    assert.ok(kind.doc.length > 10 && kind.doc.length < 120 && Object.keys(kind.effect).length > 0, kind.name);
  }
  assert.equal(new Set(faultCatalogue.map((kind) => kind.name)).size, faultCatalogue.length);
  assert.deepEqual(
    parseFaults(["slow:*=1.5KiB/s,3req"]).map(({ kind, ...rest }) => rest),
    [{ bytesPerSecond: 1536, requests: 3 }],
  );
  const refusals: readonly (readonly [string, RegExp])[] = [
    ["truncatd:2026-03-01-05", /no fault is called "truncatd"/],
    ["missing", /expected NAME:HOUR/],
    ["missing:2026-03-01", /"2026-03-01" is no hour/],
    ["missing:2026-03-01-05..2026-03-01-04", /is no hour/],
    ["missing:2026-02-30-05", /is no hour/],
    ["late:2026-03-01-05", /an amount is needed/],
    ["slow:*=3req", /an amount is needed/],
    ["slow:*=90s", /slow does not take "90s"/],
    ["reset:*=0req", /does not take "0req"/],
    ["missing:*=2hops", /does not take "2hops"/],
  ];
  for (const [text, message] of refusals) {
    assert.throws(
      () => parseFaults([text]),
      (error) => error instanceof Failure && error.kind === "usage" && message.test(error.message),
      text,
    );
  }
});

test("a port in use is a failure that says so", async (t) => {
  const server = await serve(t);
  const port = Number(new URL(server.url).port);
  await assert.rejects(
    startServer({ port }),
    (error) => error instanceof Failure && error.kind === "unavailable" && error.message.includes(String(port)),
  );
});
