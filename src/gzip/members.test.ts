import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { crc32, deflateRawSync, gunzipSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { Failure } from "../errors.ts";
import { type GzipReport, verifyGzip } from "./members.ts";
import type { TextLimits } from "./text.ts";

const limits: TextLimits = { expandedBytesMax: 1e9, ratioMax: 2000 };
const { FC_RUNS, FC_SEED } = process.env;
const runs = (numRuns: number) => ({
  numRuns: FC_RUNS === undefined ? numRuns : Number(FC_RUNS),
  ...(FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }),
});

function cut(body: Uint8Array, chunkLength: number): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += chunkLength) chunks.push(body.subarray(at, at + chunkLength));
  return chunks;
}

function verify(body: Uint8Array, chunkLength = 4096, within = limits): Promise<GzipReport> {
  return verifyGzip(cut(body, chunkLength), within, { subject: "15.json.gz" });
}

/** The same answer however the body is cut into chunks. */
async function refusal(body: Uint8Array, within = limits): Promise<string> {
  const messages = new Set<string>();
  for (const chunkLength of [1, 7, body.length + 1]) {
    try {
      await verify(body, chunkLength, within);
      messages.add("accepted");
    } catch (error) {
      assert.ok(error instanceof Failure, String(error));
      assert.equal(error.kind, "corrupt");
      // Where zlib finds damage depends on the chunk at hand.
      messages.add(error.message.replace(/behind byte \d+/, "behind byte N"));
    }
  }
  assert.equal(messages.size, 1, [...messages].join(" | "));
  return [...messages].join();
}

const text = Buffer.from(Array.from({ length: 400 }, (_, i) => `{"id":"${i * 7919}","type":"PushEvent"}\n`).join(""));
const whole = gzipSync(text);
const end = gzipSync("end\n");

interface HeaderParts {
  readonly extra?: Uint8Array;
  readonly name?: string;
  readonly comment?: string;
  readonly headerCrc?: "right" | "wrong";
  readonly flags?: number;
}

function member(body: Uint8Array, { extra, name, comment, headerCrc, flags = 0 }: HeaderParts): Buffer {
  const bits = (extra ? 4 : 0) | (name ? 8 : 0) | (comment ? 16 : 0) | (headerCrc ? 2 : 0) | flags;
  const pieces: Uint8Array[] = [Buffer.from([0x1f, 0x8b, 8, bits, 1, 2, 3, 4, 0, 255])];
  if (extra !== undefined) pieces.push(Buffer.from([extra.length & 255, extra.length >> 8]), extra);
  if (name !== undefined) pieces.push(Buffer.from(`${name}\0`, "latin1"));
  if (comment !== undefined) pieces.push(Buffer.from(`${comment}\0`, "latin1"));
  if (headerCrc !== undefined) {
    const crc = Buffer.alloc(2);
    crc.writeUInt16LE((crc32(Buffer.concat(pieces)) & 0xffff) ^ (headerCrc === "wrong" ? 1 : 0));
    pieces.push(crc);
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(body), 0);
  trailer.writeUInt32LE(body.length, 4);
  return Buffer.concat([...pieces, deflateRawSync(body), trailer]);
}

function flipped(body: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(body);
  copy[at] = (copy[at] ?? 0) ^ 0x10;
  return copy;
}

describe("whole bodies", () => {
  test("one member", async () => {
    assert.deepEqual(await verify(whole), {
      members: 1,
      bytesIn: whole.length,
      bytesOut: text.length,
      trailingZeros: 0,
      newlineTerminated: true,
    });
  });

  test("several members, each cut anywhere", async () => {
    const body = Buffer.concat([whole, gzipSync(""), end]);
    for (const chunkLength of [1, 2, 3, 18, whole.length, whole.length + 1, whole.length - 8, body.length]) {
      const report = await verify(body, chunkLength);
      assert.deepEqual([report.members, report.bytesOut], [3, text.length + 4], `chunks of ${chunkLength}`);
    }
  });

  test("a header with everything that RFC 1952 knows", async () => {
    const extra = Buffer.from("BC\x02\x00\x10\x00", "latin1");
    for (const headerCrc of ["right", undefined] as const) {
      const parts = { extra, name: "15.json", comment: "with\nlines", flags: 1 };
      const body = member(text, headerCrc === undefined ? parts : { ...parts, headerCrc });
      assert.equal((await verify(body, 1)).bytesOut, text.length);
      assert.deepEqual(gunzipSync(body), text);
    }
  });

  test("trailing zeros are counted, and a text without an end of line is seen", async () => {
    const report = await verify(Buffer.concat([gzipSync("no end"), Buffer.alloc(5000)]), 512);
    assert.equal(report.trailingZeros, 5000);
    assert.equal(report.newlineTerminated, false);
    assert.equal(report.bytesIn, gzipSync("no end").length + 5000);
  });

  test("no text is text", async () => {
    const report = await verify(gzipSync(""));
    assert.deepEqual([report.bytesOut, report.newlineTerminated], [0, true]);
  });

  test("the text comes in order and complete, and every chunk is seen once", async () => {
    const seen: Uint8Array[] = [];
    const chunks: Uint8Array[] = [];
    await verifyGzip(cut(Buffer.concat([whole, end]), 100), limits, {
      subject: "x",
      onText: (piece) => seen.push(Buffer.from(piece)),
      onChunk: (chunk) => chunks.push(chunk),
    });
    assert.deepEqual(Buffer.concat(seen), Buffer.concat([text, Buffer.from("end\n")]));
    assert.deepEqual(Buffer.concat(chunks), Buffer.concat([whole, end]));
  });

  test("empty chunks in between do no harm", async () => {
    const chunks = cut(whole, 50).flatMap((chunk) => [new Uint8Array(0), chunk, new Uint8Array(0)]);
    assert.equal((await verifyGzip(chunks, limits, { subject: "x" })).bytesOut, text.length);
  });
});

describe("damaged bodies", () => {
  const corruptions: readonly (readonly [string, Uint8Array, string])[] = [
    ["nothing", Buffer.alloc(0), "the body is empty"],
    ["one byte", whole.subarray(0, 1), "not gzip: data that begins with 1f"],
    ["plain JSON", text, "not gzip: JSON text that is not compressed"],
    [
      "an HTML page",
      Buffer.from("\n<!DOCTYPE html>\n<title>502 Bad Gateway</title>"),
      "not gzip: an HTML page (502 Bad Gateway)",
    ],
    ["HTML behind a comment", Buffer.from("<!-- x --><HTML><body>"), "not gzip: an HTML page"],
    [
      "the archive's own answer for a missing hour",
      Buffer.from("<?xml version='1.0' encoding='UTF-8'?><Error><Code>NoSuchKey</Code><Message>x</Message></Error>"),
      "not gzip: an XML document (<Code>NoSuchKey</Code>)",
    ],
    [
      "XML behind a mark",
      Buffer.from("\ufeff<Error><Code>AccessDenied</Code></Error>"),
      "not gzip: an XML document (<Code>AccessDenied</Code>)",
    ],
    ["a zip archive", Buffer.from("PK\u0003\u0004xxxx"), "not gzip: a zip archive"],
    ["zstd", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0]), "not gzip: zstd data"],
    ["zeros", Buffer.alloc(100), "not gzip: data that begins with 00000000"],
    ["a header only", whole.subarray(0, 6), "truncated in the header of member 1 after 6 bytes"],
    ["a cut in the middle", whole.subarray(0, 500), "truncated in member 1 after 500 bytes"],
    ["a cut before the trailer", whole.subarray(0, -8), `truncated in member 1 after ${whole.length - 8} bytes`],
    ["a cut in the trailer", whole.subarray(0, -3), `truncated in member 1 after ${whole.length - 3} bytes`],
    [
      "a cut in member 2",
      Buffer.concat([whole, end.subarray(0, -2)]),
      `truncated in member 2 after ${whole.length + end.length - 2} bytes`,
    ],
    [
      "a cut in the header of member 2",
      Buffer.concat([end, whole.subarray(0, 9)]),
      `truncated in the header of member 2 after ${end.length + 9} bytes`,
    ],
    ["another CRC", flipped(whole, whole.length - 7), "CRC32 differs in member 1"],
    [
      "another CRC in member 2",
      flipped(Buffer.concat([whole, end]), whole.length + end.length - 7),
      "CRC32 differs in member 2",
    ],
    ["another length", flipped(whole, whole.length - 2), "length differs in member 1"],
    ["another method", flipped(whole, 2), "not gzip: the header names compression method 24 and flags 0"],
    ["a reserved flag", member(text, { flags: 0x20 }), "not gzip: the header names compression method 8 and flags 32"],
    ["another header CRC", member(text, { name: "x", headerCrc: "wrong" }), "the header's CRC differs in member 1"],
    [
      "trailing text",
      Buffer.concat([end, Buffer.from("garbage!")]),
      `8 bytes of trailing garbage at byte ${end.length}`,
    ],
    [
      "one trailing byte",
      Buffer.concat([end, Buffer.from([0x1f])]),
      `1 byte of trailing garbage at byte ${end.length}`,
    ],
    [
      "garbage that begins as gzip",
      Buffer.concat([end, Buffer.from("\x1f\x8bgarbage", "latin1")]),
      `9 bytes of trailing garbage at byte ${end.length}`,
    ],
    [
      "a member behind padding",
      Buffer.concat([whole, Buffer.alloc(3), end]),
      `${end.length} bytes of trailing garbage behind 3 zeros at byte ${whole.length + 3}`,
    ],
    [
      "a name that never ends",
      Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 0]), Buffer.alloc(70_000, 65)]),
      "a name or comment in the header of member 1 does not end",
    ],
  ];
  for (const [name, body, expected] of corruptions) {
    test(name, async () => assert.equal(await refusal(body), `15.json.gz: ${expected}`));
  }

  test("damage in the deflate stream", async () => {
    assert.match(
      await refusal(flipped(whole, 10)),
      /damaged in member 1 behind byte N|truncated in member 1|CRC32 differs/,
    );
  });

  test("a bomb is stopped early, by size and by ratio", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    let expanded = 0;
    const options = { subject: "bomb", onText: (piece: Uint8Array) => (expanded += piece.length) };
    await assert.rejects(
      verifyGzip([bomb], { expandedBytesMax: 2_000_000, ratioMax: 1e6 }, options),
      /expands beyond 2000000 bytes/,
    );
    assert.ok(expanded <= 2_000_000);
    await assert.rejects(
      verifyGzip([bomb], { expandedBytesMax: 1e12, ratioMax: 100 }, options),
      /expands beyond 100 times its size/,
    );
    assert.ok(expanded <= 2_000_000 + bomb.length * 100);
    // Many small members cannot get around it.
    const small = gzipSync(Buffer.alloc(100_000));
    const many = Buffer.concat(Array.from({ length: 40 }, () => small));
    await assert.rejects(verifyGzip([many], { expandedBytesMax: 1e12, ratioMax: 100 }, options), /expands beyond/);
  });

  test("a small body may have any ratio", async () => {
    assert.equal(
      (await verify(gzipSync(Buffer.alloc(500_000)), 4096, { expandedBytesMax: 1e9, ratioMax: 2 })).members,
      1,
    );
  });
});

describe("whatever comes", () => {
  test("a cut anywhere is found", async () => {
    const body = Buffer.concat([
      gzipSync("first\n"),
      member(Buffer.from("second\n"), { name: "n", headerCrc: "right" }),
    ]);
    const boundary = gzipSync("first\n").length;
    for (let length = 0; length < body.length; length++) {
      // Between two members nobody can tell.
      if (length === boundary) continue;
      assert.match(
        await refusal(body.subarray(0, length)),
        /truncated|empty|not gzip|trailing garbage/,
        `cut at ${length}`,
      );
    }
  });

  test("a changed byte is found, or changes nothing of the text", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.integer({ min: 1, max: 5000 }),
        async (at, mask, chunkLength) => {
          const body = Buffer.from(whole);
          body[at] = (body[at] ?? 0) ^ mask;
          const seen: Uint8Array[] = [];
          try {
            await verifyGzip(cut(body, chunkLength), limits, {
              subject: "x",
              onText: (piece) => seen.push(Buffer.from(piece)),
            });
          } catch (error) {
            assert.ok(error instanceof Failure && error.kind === "corrupt", String(error));
            return;
          }
          assert.deepEqual(Buffer.concat(seen), text);
        },
      ),
      runs(300),
    );
  });

  test("random bytes behind a header never pass for whole", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await assert.rejects(verify(Buffer.concat([whole.subarray(0, 10), bytes])), Failure);
      }),
      runs(200),
    );
  });

  test("bodies that gunzip takes are taken, with the same text, however they are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 2000 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 1, max: 300 }),
        async (texts, chunkLength) => {
          const body = Buffer.concat(texts.map((each) => gzipSync(each)));
          const seen: Uint8Array[] = [];
          const report = await verifyGzip(cut(body, chunkLength), limits, {
            subject: "x",
            onText: (piece) => seen.push(Buffer.from(piece)),
          });
          assert.deepEqual(Buffer.concat(seen), gunzipSync(body));
          assert.equal(report.members, texts.length);
          assert.equal(report.bytesIn, body.length);
        },
      ),
      runs(100),
    );
  });

  test("a signal stops it, and the source of chunks is closed", async () => {
    const controller = new AbortController();
    let closed = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        yield whole.subarray(0, 100);
        controller.abort();
        for (;;) yield Buffer.alloc(10);
      } finally {
        closed = true;
      }
    }
    await assert.rejects(
      verifyGzip(endless(), limits, { subject: "x", signal: controller.signal }),
      (error) => error instanceof Failure && error.kind === "cancelled",
    );
    assert.ok(closed);
  });

  test("an error of the chunks or of the listener is thrown as it is", async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield whole.subarray(0, 100);
      throw new Failure("unavailable", "the disk went away");
    }
    await assert.rejects(verifyGzip(failing(), limits, { subject: "x" }), /the disk went away/);
    const listener = () => {
      throw new Failure("full", "no room");
    };
    await assert.rejects(verifyGzip([whole], limits, { subject: "x", onText: listener }), /no room/);
  });
});
