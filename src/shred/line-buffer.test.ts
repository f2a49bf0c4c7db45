import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { LineBuffer, PREFIX_BYTES_MAX } from "./line-buffer.ts";

/** Cuts a text into chunks at the given places. */
function chunksOf(text: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return places.slice(1).map((end, i) => text.subarray(places[i] ?? 0, end));
}

/** Everything that a consumer gets, line by line. */
function consume(chunks: readonly Uint8Array[], lineBytesMax: number): string[] {
  const events: string[] = [];
  const lines = new LineBuffer(lineBytesMax, {
    lines: (buffer, end, base) => {
      assert.equal(buffer[end - 1], 0x0a);
      let at = 0;
      for (const line of buffer.toString("latin1", 0, end).slice(0, -1).split("\n")) {
        events.push(line.length > lineBytesMax ? `long ${base + at} ${line.length}` : `${base + at} ${line}`);
        at += line.length + 1;
      }
    },
    overlong: ({ length, offset }) => events.push(`long ${offset} ${length}`),
  });
  for (const chunk of chunks) lines.push(chunk);
  lines.end();
  assert.equal(
    lines.bytes,
    chunks.reduce((sum, chunk) => sum + chunk.length, 0),
  );
  return events;
}

test("the same lines at the same offsets, however the text is cut", (t) => {
  const settings = runSettings(1_000);
  t.diagnostic(`seed ${settings.seed}`);
  const text = fc
    .array(fc.constantFrom("", "a", "bcdefgh", "0123456789", "x".repeat(30)), { maxLength: 12 })
    .map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(text, fc.boolean(), fc.array(fc.nat()), (content, marked, cuts) => {
      const bytes = Buffer.from(marked ? `\ufeff${content}` : content);
      const first = marked ? 3 : 0;
      const expected: string[] = [];
      let offset = first;
      for (const line of bytes.toString("latin1", first).split("\n")) {
        if (offset < bytes.length)
          expected.push(line.length > 9 ? `long ${offset} ${line.length}` : `${offset} ${line}`);
        offset += line.length + 1;
      }
      assert.deepEqual(consume(chunksOf(bytes, cuts), 9), expected);
    }),
    settings,
  );
});

test("a line without end is not held", () => {
  let kept = 0;
  let length = 0;
  const lines = new LineBuffer(1_000, {
    lines: () => assert.fail("no line ends"),
    overlong: (line) => {
      kept = line.prefix.length;
      length = line.length;
    },
  });
  const chunk = Buffer.alloc(1 << 20, "x");
  const before = process.memoryUsage().arrayBuffers;
  for (let i = 0; i < 512; i++) lines.push(chunk);
  assert.ok(process.memoryUsage().arrayBuffers - before < 64 << 20);
  lines.end();
  assert.deepEqual([kept, length], [PREFIX_BYTES_MAX, 512 << 20]);
});
