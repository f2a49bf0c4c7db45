import assert from "node:assert/strict";
import { createReadStream, createWriteStream, existsSync, readdirSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { after, before, test } from "node:test";
import { gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";
import { readProject } from "../config/read.ts";
import { Failure } from "../errors.ts";
import { convert } from "./convert.ts";
import { defaultSettings, REJECTS_MAX } from "./settings.ts";

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-convert-"));
});

after(async () => {
  await rm(folder, { recursive: true });
});

/** Two columns, one of which turns out to be text in the last line: it takes a second pass. */
const lines = `${Array.from({ length: 2000 }, (_, i) => `{"id":${i},"a":{"b":${i % 7}}}`).join("\n")}\n{"id":"x"}\n`;

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function collected(): { readonly take: (bytes: Uint8Array) => void; whole(): Buffer } {
  const chunks: Uint8Array[] = [];
  return { take: (bytes) => chunks.push(Buffer.from(bytes)), whole: () => Buffer.concat(chunks) };
}

async function reference(name: string, text: string): Promise<Buffer> {
  const [input, output] = [join(folder, name), join(folder, `${name}.parquet`)];
  await writeFile(input, text);
  await convert(input, output);
  return readFile(output);
}

test("every kind of input gives the bytes that the file gives", async () => {
  const expected = await reference("plain.json", lines);
  const plain = Buffer.from(lines);
  const file = join(folder, "again.json.gz");
  await writeFile(file, gzipSync(plain));
  const inputs = {
    gzip: cut(gzipSync(plain), 1000),
    zstd: cut(
      Buffer.concat([zstdCompressSync(plain.subarray(0, 999)), zstdCompressSync(plain.subarray(999))]),
      1 << 20,
    ),
    single: cut(plain, 1),
    node: Readable.from([plain]),
    web: new Blob([plain]).stream(),
    url: new URL(`file://${file}`),
    "read stream": createReadStream(file),
  };
  for (const [name, input] of Object.entries(inputs)) {
    const sink = collected();
    const report = await convert(input, sink.take);
    assert.ok(sink.whole().equals(expected), name);
    assert.equal(report.rows, 2001);
    assert.equal(report.bytesOut, expected.length);
  }
});

test("every kind of output gets the same bytes and is ended", async () => {
  const expected = await reference("outputs.json", lines);
  const input = (): AsyncIterable<Uint8Array> => cut(Buffer.from(lines), 4096);
  const path = join(folder, "written.parquet");
  await convert(input(), createWriteStream(path));
  assert.ok((await readFile(path)).equals(expected));
  await convert(input(), path);
  assert.ok((await readFile(path)).equals(expected));
  const web = new TransformStream<Uint8Array, Uint8Array>();
  const [read] = await Promise.all([new Response(web.readable).arrayBuffer(), convert(input(), web.writable)]);
  assert.ok(Buffer.from(read).equals(expected));
});

test("a sink that is slow is waited for", async () => {
  const through = new PassThrough({ highWaterMark: 1 });
  const slow = async (): Promise<Buffer> => {
    const chunks: Buffer[] = [];
    for await (const chunk of through) {
      await new Promise((done) => setImmediate(done));
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  };
  const [bytes, report] = await Promise.all([slow(), convert(cut(Buffer.from(lines), 500), through)]);
  assert.equal(bytes.length, report.bytesOut);
});

test("of a conversion that fails, neither sink nor file sees anything", async () => {
  const sink = collected();
  const kept = join(folder, "kept.parquet");
  await writeFile(kept, "as it was");
  const damaged = gzipSync(lines).subarray(0, 500);
  for (const output of [sink.take, kept]) {
    await assert.rejects(convert(cut(damaged, 100), output), { kind: "corrupt", message: /^input: damaged/ });
    await assert.rejects(convert(cut(Buffer.from("no JSON\n{}\n"), 100), output, { name: "the pipe" }), {
      kind: "refused",
      message: /^the pipe: 1 of 2 lines rejected \(50 %, allowed 0.1 %\); line 1: /,
    });
  }
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(lines);
    throw new Error("the network is gone");
  }
  await assert.rejects(convert(broken(), sink.take), /^Error: the network is gone$/);
  assert.equal(sink.whole().length, 0);
  assert.equal(await readFile(kept, "utf8"), "as it was");
  assert.equal(existsSync(`${kept}.partial`), false);
});

test("rejected lines are counted, and written where a path says", async () => {
  const rejects = join(folder, "rejects.gz");
  const text = '{"a":1}\nnot JSON\n{"a":2}\n';
  const report = await convert(Readable.from([Buffer.from(text)]), collected().take, { rejectsMax: 1, rejects });
  assert.deepEqual([report.rows, report.rejected], [2, 1]);
  assert.deepEqual(
    report.rejectSamples.map(({ line, offset }) => [line, offset]),
    [[2, 8]],
  );
  assert.match(gunzipSync(await readFile(rejects)).toString(), /"bytes":"not JSON"/);
  const uncounted = await convert(Readable.from([Buffer.from(text)]), collected().take, { rejectsMax: 1 });
  assert.deepEqual([uncounted.rejected, uncounted.rejectSamples.length], [1, 1]);
});

test("declared columns are texts; what cannot be is refused before anything is read", async () => {
  const report = await convert(cut(Buffer.from('{"a":{"b":1},"c":2}\n'), 100), collected().take, {
    columns: { a: "json", c: "decimal(10,2)" },
  });
  assert.deepEqual(
    report.schema.fields.map(({ name, type }) => [name, type.kind]),
    [
      ["a", "json"],
      ["c", "decimal"],
    ],
  );
  const sink = collected();
  for (const columns of [{ a: "jsn" }, { a: "json", "a.b": "string" }, { A: "json", a: "json" }]) {
    await assert.rejects(convert(cut(Buffer.from(lines), 100), sink.take, { columns }), { kind: "usage" });
  }
});

test("what clashes with a known schema is refused, what is wider there is written so", async () => {
  const known = { fields: [{ name: "a", type: { kind: "double" } }] } as const;
  const { schema } = await convert(cut(Buffer.from('{"a":1}\n'), 100), collected().take, { known });
  assert.deepEqual(schema.fields[0]?.type, { kind: "double" });
  await assert.rejects(convert(cut(Buffer.from('{"a":{"b":1}}\n'), 100), collected().take, { known }), {
    kind: "refused",
    message: /^input: a is struct<b int64> here and double in the schema \(line 1: \{"b":1\}\)/,
  });
});

test("a signal ends a source that never answers, with its own reason", async () => {
  const stop = new AbortController();
  const silent = new PassThrough();
  const work = convert(silent, collected().take, { signal: stop.signal });
  silent.write("{}\n");
  setImmediate(() => stop.abort(new Failure("cancelled", "enough")));
  await assert.rejects(work, { kind: "cancelled", message: "enough" });
});

test("progress counts the bytes as they came", async () => {
  const bytes = gzipSync(lines);
  const seen: number[] = [];
  await convert(cut(bytes, 64), collected().take, { onProgress: (bytesIn) => seen.push(bytesIn) });
  assert.equal(seen.at(-1), bytes.length);
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  );
});

test("what is no JSON by its first bytes, a directory and the input itself are named", async () => {
  const parquet = join(folder, "foreign.parquet");
  await writeFile(parquet, await reference("foreign.json", '{"a":1}\n'));
  const sink = collected();
  await assert.rejects(convert(parquet, sink.take), {
    kind: "corrupt",
    message: /is a Parquet file, not lines of JSON/,
  });
  await assert.rejects(convert(cut(Buffer.from("PK\u0003\u0004…"), 9), sink.take), { kind: "corrupt" });
  await assert.rejects(convert(folder, sink.take), { kind: "usage" });
  await assert.rejects(convert(join(folder, "nowhere"), sink.take), { kind: "missing" });
  const json = join(folder, "self.json");
  await writeFile(json, "{}\n");
  await assert.rejects(convert(json, json), { kind: "usage", message: /is the input and the output/ });
  await assert.rejects(convert(Readable.from(["text"]), sink.take), { kind: "usage", message: /chunks of bytes/ });
  await symlink(json, join(folder, "link.json"));
  await assert.rejects(convert(json, join(folder, "link.json")), { kind: "usage" });
});

test("nothing but results is left in the folder", () => {
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.includes("partial")),
    [],
  );
});

test("the defaults are those of a table in the project file", async () => {
  const file = join(folder, "millrace.yaml");
  const source =
    "{ url: 'https://example.org/{yyyy}-{MM}-{dd}-{H}.json.gz', object: '{yyyy}/{MM}/{dd}/{HH}.json.gz', every: hour, since: 7d }";
  await writeFile(file, `name: x\nsources: { a: ${source} }\ntables: { t: { from: a } }\n`);
  const table = readProject({ file, environment: {} }).tables.get("t");
  assert.ok(table);
  const { columns: declared, conflicts, duplicateKeys, compression, lineBytesMax, depthMax, columnsMax } = table;
  assert.deepEqual(
    { declared, conflicts, duplicateKeys, compression, lineBytesMax, depthMax, columnsMax },
    defaultSettings,
  );
  assert.equal(table.rejectsMax, REJECTS_MAX);
});

test("gzip may be padded with zeros; members behind them are not lost silently", async () => {
  const file = join(folder, "padded.json.gz");
  const [one, two] = [gzipSync(lines), gzipSync(lines)];
  const good = Buffer.concat([one, two, Buffer.alloc(9_000_000)]);
  const bad = Buffer.concat([one, Buffer.alloc(9_000_000), two]);
  await writeFile(file, good);
  for (const input of [file, cut(good, 1000), cut(good, 1 << 24)]) {
    assert.equal((await convert(input, collected().take)).rows, 4002);
  }
  await writeFile(file, bad);
  for (const input of [file, cut(bad, 1000), cut(bad, 1 << 24)]) {
    const message = new RegExp(`more behind the padding at byte ${one.length}$`);
    await assert.rejects(convert(input, collected().take), { kind: "corrupt", message });
  }
});
