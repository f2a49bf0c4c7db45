/** Inputs that mean harm, or look like it: memory stays bounded, time too, and good lines come through. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { ConvertReport, ConvertRequest } from "./contract.ts";
import { convertNative } from "./native.ts";

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-hostile-"));
});

after(async () => {
  await rm(folder, { recursive: true });
});

/** Converts and watches the memory of buffers meanwhile. */
async function convert(
  input: Uint8Array,
  settings: Partial<ConvertRequest["settings"]> = {},
): Promise<{ readonly report: ConvertReport; readonly peakBytes: number }> {
  const file = join(folder, "input");
  await writeFile(file, input);
  let peakBytes = 0;
  const report = await convertNative(
    {
      ...{ input: { file }, output: join(folder, "output"), rejects: join(folder, "rejects") },
      ...{ known: { fields: [] }, provenance: {} },
      settings: {
        ...{ declared: new Map(), conflicts: "hold", duplicateKeys: "reject", compression: "zstd" },
        ...{ lineBytesMax: 32 << 20, depthMax: 128, columnsMax: 10_000, ...settings },
      },
    },
    {
      onProgress: () => {
        peakBytes = Math.max(peakBytes, process.memoryUsage().arrayBuffers);
      },
    },
  );
  return { report, peakBytes };
}

/** A gzip of several members, so that the text never exists as a whole. */
function gzipOf(...parts: readonly (readonly [text: string, times: number])[]): Buffer {
  return Buffer.concat(parts.flatMap(([text, times]) => Array<Buffer>(times).fill(gzipSync(text))));
}

test("a gzip bomb of one endless line is passed over without being held", async () => {
  const bomb = gzipOf(['{"a":1}\n', 1], ["x".repeat(8 << 20), 64], ['\n{"a":2}\n', 1]);
  const { report, peakBytes } = await convert(bomb, { lineBytesMax: 1 << 20 });
  assert.deepEqual([report.rows, report.rejected, report.bytesJson], [2, 1, (512 << 20) + 17]);
  assert.ok(peakBytes < 200 << 20, `${peakBytes} bytes of buffers`);
});

test("a gzip bomb of blank lines is no row", async () => {
  const { report, peakBytes } = await convert(gzipOf(["\n".repeat(4 << 20), 4]));
  assert.deepEqual([report.rows, report.rejected], [0, 0]);
  assert.ok(peakBytes < 100 << 20, `${peakBytes} bytes of buffers`);
});

test("a line of exactly the limit passes, and 20,000 lines nested too deeply do not stop the rest", async () => {
  const longest = `{"a":"${"x".repeat((1 << 20) - 8)}"}`;
  const deep = `{"a":${"[".repeat(200)}`;
  const text = [longest, `${longest} `, ...Array<string>(20_000).fill(deep), '{"a":"end"}'].join("\n");
  const { report } = await convert(Buffer.from(text), { lineBytesMax: 1 << 20 });
  assert.deepEqual([report.rows, report.rejected], [2, 20_001]);
});

test("keys that are data end with a refusal, long before memory does", async () => {
  const lines = Array.from(
    { length: 3_000 },
    (_, i) => `{"by_user":{${Array.from({ length: 10 }, (_, k) => `"u${i * 10 + k}":1`).join()}}}`,
  );
  await assert.rejects(convert(Buffer.from(lines.join("\n"))), {
    kind: "refused",
    message: /more than 10,000 columns: object "by_user" has 10,0\d\d different keys/,
  });
});

test("every line with new keys and then broken: nothing of them stays", async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => `{"k${i}":{"x":1},"l${i}":[{"y":2}],}`);
  const { report } = await convert(Buffer.from(`{"a":1}\n${lines.join("\n")}\n`));
  assert.deepEqual([report.rows, report.rejected], [1, 20_000]);
  assert.deepEqual(
    report.schema.fields.map(({ name }) => name),
    ["a"],
  );
});

test("a key in a thousand spellings is one column", async () => {
  const spelled = (i: number): string =>
    [..."abcdefghij"].map((letter, bit) => ((i >> bit) & 1 ? letter.toUpperCase() : letter)).join("");
  const { report } = await convert(
    Buffer.from(Array.from({ length: 1024 }, (_, i) => `{"${spelled(i)}":${i}}`).join("\n")),
  );
  assert.deepEqual([report.rows, report.schema.fields.length], [1024, 1]);
});

test("bytes of all kinds are rejected or rows, and never an exception", async () => {
  let seed = 1;
  const random = (): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed >>> 16;
  };
  const alphabet = Buffer.from('{}[]":,0123456789.eE-+\\utrfalsn \t\r\n\n{"a":1}\n{"b":[true]}\n');
  const noise = Buffer.from(Array.from({ length: 400_000 }, () => alphabet[random() % alphabet.length] ?? 0));
  for (let i = 0; i < noise.length; i += 997) noise[i] = random() & 255;
  const { report } = await convert(noise);
  assert.ok(report.rejected > 1_000);
});
