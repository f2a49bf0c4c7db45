/** `millrace convert` as a user types it: places, forms, messages and exit codes. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, beforeEach, test } from "node:test";
import { gunzipSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { ConvertedFile } from "../../src/answers.ts";
import { main } from "../../src/cli/main.ts";
import { renderConverted } from "../../src/cli/terminal/convert-report.ts";
import { noPaint } from "../../src/cli/terminal/paint.ts";
import { Failure } from "../../src/errors.ts";
import { readWithHyparquet } from "../corpus/hyparquet-reader.ts";
import { realHours } from "../real/real.ts";
import { type ConsoleOptions, millrace, type Outcome } from "./console.ts";
import { assertGolden } from "./golden.ts";

let top: string;
let cwd: string;
let cases = 0;

before(() => {
  top = mkdtempSync(join(tmpdir(), "millrace-cli-convert-"));
});

beforeEach(() => {
  cwd = join(top, String(++cases));
  mkdirSync(cwd);
});

after(() => rmSync(top, { recursive: true }));

const run = (argv: readonly string[], options: ConsoleOptions = {}): Promise<Outcome> =>
  millrace(["convert", ...argv], { cwd, ...options });

const put = (name: string, bytes: string | Uint8Array): void => writeFileSync(join(cwd, name), bytes);
const there = (folder = "."): string[] => readdirSync(join(cwd, folder)).sort();
const rowsOf = async (name: string): Promise<number> =>
  Number((await readWithHyparquet(readFileSync(join(cwd, name)))).metadata.num_rows);

const lines = '{"a":1}\n{"a":2,"b":["x"]}\n';

test("beside the input, whatever it is compressed with and called", async () => {
  put("plain.json", lines);
  put("packed.ndjson.gz", gzipSync(lines));
  put("frames.jsonl.zst", Buffer.concat([zstdCompressSync(lines), zstdCompressSync(lines)]));
  put("events.log", lines);
  put("odd", gzipSync(lines));
  const { code, stdout, stderr } = await run(there());
  assert.deepEqual([code, stdout], [0, ""]);
  assert.equal(stderr.trimEnd().split("\n").length, 5);
  for (const line of stderr.trimEnd().split("\n")) assert.match(line, /^\S+Z convert\.done \S+ \d rows 0 rejected /);
  const made = there().filter((name) => name.endsWith(".parquet"));
  assert.deepEqual(made, ["events.log.parquet", "frames.parquet", "odd.parquet", "packed.parquet", "plain.parquet"]);
  assert.deepEqual(await Promise.all(made.map(rowsOf)), [2, 4, 2, 2, 2]);
  assert.deepEqual(readFileSync(join(cwd, "plain.parquet")), readFileSync(join(cwd, "packed.parquet")));
});

test("into a file, a directory that is there, and one that is not", async () => {
  put("a.json", lines);
  put("b.json", lines);
  mkdirSync(join(cwd, "there"));
  assert.equal((await run(["a.json", "-o", "named.parquet"])).code, 0);
  assert.equal((await run(["a.json", "-o", "there"])).code, 0);
  assert.equal((await run(["a.json", "-o", "one/"])).code, 0);
  assert.equal((await run(["a.json", "b.json", "--output", "new/deep"])).code, 0);
  assert.deepEqual(
    [there("there"), there("one"), there("new/deep")],
    [["a.parquet"], ["a.parquet"], ["a.parquet", "b.parquet"]],
  );
  assert.equal(await rowsOf("named.parquet"), 2);
});

test("stdin and stdout", async () => {
  put("a.json", lines);
  assert.equal((await run(["a.json"])).code, 0);
  const expected = readFileSync(join(cwd, "a.parquet"));
  assert.equal((await run(["-", "-o", "b.parquet"], { stdin: lines })).code, 0);
  assert.ok(readFileSync(join(cwd, "b.parquet")).equals(expected));
  for (const argv of [[], ["-"], ["a.json", "-o", "-"]]) {
    const { code, bytes } = await piped(argv, lines);
    assert.equal(code, 0);
    assert.ok(bytes.equals(expected), argv.join(" "));
  }
});

/** With a stdout that keeps bytes. */
async function piped(
  argv: readonly string[],
  stdin: string,
): Promise<{ readonly code: number; readonly bytes: Buffer }> {
  const chunks: Buffer[] = [];
  const stream = (keep: boolean) => ({
    write: (chunk: string | Uint8Array) => {
      if (keep) chunks.push(Buffer.from(chunk));
      return true;
    },
    once: () => undefined,
    removeListener: () => undefined,
  });
  const around = { version: "0", env: {}, cwd, stdin: Readable.from([Buffer.from(stdin)]), now: Date.now };
  const signal = new AbortController().signal;
  const code = await main(["convert", ...argv], { ...around, stdout: stream(true), stderr: stream(false) }, signal);
  return { code, bytes: Buffer.concat(chunks) };
}

test("what cannot work is said before anything is written", async () => {
  put("a.json", lines);
  put("a.json.gz", gzipSync(lines));
  put("file", "x");
  mkdirSync(join(cwd, "folder"));
  const wrong: readonly (readonly [argv: readonly string[], says: RegExp])[] = [
    [["a.json", "a.json.gz"], /a\.json and a\.json\.gz would be the same file, a\.parquet/],
    [["a.json", "a.json.gz", "-o", "file"], /file: is a file, and 2 files need a directory/],
    [["a.json", "a.json.gz", "-o", "-"], /stdout takes one file/],
    [["folder"], /folder: is a directory\n {7}name its files: folder\/\*\.json\.gz/],
    [["-", "-"], /stdin can be read only once/],
    [["a.json", "--columns", "b=jsn"], /--columns: column b: type "jsn": expected a type/],
    [["a.json", "--columns", "nofile.yaml"], /--columns: ENOENT/],
    [["a.json", "--max-rejects", "200%"], /--max-rejects: expected a share/],
    [["a.json", "--line-max", "5"], /--line-max: expected a size/],
    [["a.json", "-o", "-", "--json"], /both want stdout/],
    [["a.json", "--colums", "x"], /did you mean --columns\?/],
  ];
  for (const [argv, says] of wrong) {
    const { code, stderr } = await run(argv);
    assert.equal(code, 2, argv.join(" "));
    assert.match(stderr, argv.includes("--json") ? /both want stdout/ : says);
  }
  const { code, stderr } = await run(["a.json", "-o", "-"], { columns: 80 });
  assert.deepEqual([code, /stdout is a terminal/.test(stderr)], [2, true]);
  assert.deepEqual(there(), ["a.json", "a.json.gz", "file", "folder"]);
});

test("a damaged, a missing and a refused file do not stop the others; their outputs stay as they were", async () => {
  put("good.json", lines);
  put("cut.json.gz", gzipSync(lines).subarray(0, 30));
  put("cut.parquet", "as it was");
  put("bad.json", `${lines}not JSON\n`);
  const damaged = await run(["cut.json.gz", "good.json", "gone.json"]);
  assert.equal(damaged.code, 1);
  assert.match(damaged.stderr, /error {2}\S+cut\.json\.gz: damaged compressed data: unexpected end of file/);
  assert.match(damaged.stderr, /error {2}\S+gone\.json: no such file/);
  assert.equal(await rowsOf("good.parquet"), 2);
  assert.equal(readFileSync(join(cwd, "cut.parquet"), "utf8"), "as it was");
  const refused = await run(["cut.json.gz", "bad.json", "good.json"]);
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /bad\.json: 1 of 3 lines rejected \(33.33 %, allowed 0.1 %\); line 3: /);
  assert.deepEqual(there(), ["bad.json", "cut.json.gz", "cut.parquet", "good.json", "good.parquet"]);
});

test("rejected lines are shown, and kept where asked", async () => {
  put("bad.json", `${lines}not JSON\n`);
  put("worse.json", `${lines}[]\n{"a":1,"a":2}\n`);
  const shown = await run(["bad.json", "--max-rejects", "50%"]);
  assert.equal(shown.code, 0);
  assert.match(shown.stderr, / {2}bad\.json: 1 line rejected\n {4}line 3, byte 26: not an object\n/);
  await run(["bad.json", "--rejects", "kept.gz"]);
  assert.match(gunzipSync(readFileSync(join(cwd, "kept.gz"))).toString(), /"line":3,.*"bytes":"not JSON"/);
  const { stderr } = await run([
    "bad.json",
    "worse.json",
    "--rejects",
    "bad",
    "--max-rejects",
    "1",
    "--duplicate-keys",
    "last",
  ]);
  assert.deepEqual(there("bad"), ["bad.rejected.ndjson.gz", "worse.rejected.ndjson.gz"]);
  assert.match(stderr, /worse\.json: 1 line rejected/);
  const quiet = await run(["bad.json", "--max-rejects", "50%", "--quiet"]);
  assert.deepEqual([quiet.code, quiet.stderr], [0, ""]);
});

test("--json: one object a file, in the order of the files", async () => {
  put("good.json", lines);
  put("cut.json.gz", gzipSync(lines).subarray(0, 30));
  const { stdout, code } = await run(["cut.json.gz", "good.json", "--json"]);
  assert.equal(code, 1);
  const [cut, good, ...rest] = stdout
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
  assert.equal(rest.length, 0);
  assert.partialDeepStrictEqual(cut, { input: "cut.json.gz", error: { kind: "corrupt", exitCode: 1 } });
  assert.partialDeepStrictEqual(good, { input: "good.json", output: "good.parquet", rows: 2, rejected: 0, leaves: 2 });
  assert.partialDeepStrictEqual(good, { bytesIn: lines.length, bytesJson: lines.length });
  for (const name of ["schema", "timings", "bytesOut", "widened", "ms"])
    assert.ok(Object.hasOwn(Object(good), name), name);
  const log = await run(["good.json", "--log", "json"]);
  const codes = log.stderr
    .trimEnd()
    .split("\n")
    .map((line) => /"code":"([^"]+)"/.exec(line)?.[1]);
  assert.deepEqual(codes, ["stage.start", "convert.done", "stage.done"]);
});

test("declared columns, from options and a file, and a known schema", async () => {
  put("a.json", '{"a":{"b":1},"at":"2026-03-01T00:00:00Z","n":1}\n');
  put("types.yaml", "at: timestamp # an instant\nn: decimal(10,2)\n");
  await run(["a.json", "--columns", "types.yaml", "--columns", "a=json", "-o", "typed.parquet"]);
  const { metadata } = await readWithHyparquet(readFileSync(join(cwd, "typed.parquet")));
  assert.deepEqual(
    metadata.schema.slice(1).map(({ name, converted_type }) => [name, converted_type]),
    [
      ["a", "UTF8"],
      ["at", "TIMESTAMP_MICROS"],
      ["n", "DECIMAL"],
    ],
  );
  put("b.json", '{"a":null,"n":2}\n');
  assert.equal((await run(["b.json", "--schema", "typed.parquet"])).code, 0);
  put("c.json", '{"n":{"x":1}}\n');
  put("double.json", '{"n":1.5}\n');
  await run(["double.json"]);
  const clash = await run(["c.json", "--schema", "double.parquet"]);
  assert.equal(clash.code, 3);
  assert.match(clash.stderr, /n is struct<x int64> here and double in the schema \(line 1: \{"x":1\}\)/);
  assert.equal((await run(["c.json", "--schema", "double.parquet", "--conflicts", "text"])).code, 0);
  const wrong = await run(["c.json", "--schema", "types.yaml"]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /types\.yaml: no JSON and no Parquet/);
});

test("a link stays a link, and a device is written to", async () => {
  put("a.json", lines);
  put("target.parquet", "old");
  symlinkSync(join(cwd, "target.parquet"), join(cwd, "link.parquet"));
  assert.equal((await run(["a.json", "-o", "link.parquet"])).code, 0);
  assert.equal(await rowsOf("target.parquet"), 2);
  assert.equal((await run(["a.json", "-o", "/dev/null"])).code, 0);
  assert.ok(!existsSync("/dev/null.partial"));
});

test("Ctrl-C leaves nothing half-written", async () => {
  put("a.json", lines);
  const stop = new AbortController();
  stop.abort(new Failure("cancelled", "stopped by SIGINT"));
  const { code, stderr } = await run(["a.json"], { signal: stop.signal });
  assert.deepEqual([code, stderr], [130, ""]);
  assert.deepEqual(there(), ["a.json"]);
});

test("generated and real hours: several side by side give what one by one gives", async (context) => {
  const real = realHours(context);
  if (real === undefined) return;
  const { code: sampled } = await millrace(
    ["sample", "write", "hours", "--since", "2026-03-01", "--until", "2026-03-01T02", "--events", "300"],
    { cwd },
  );
  assert.equal(sampled, 0);
  const files = [
    ...there("hours").map((name) => join("hours", name)),
    ...real.files.map((name) => join(real.directory, name)),
  ];
  assert.equal((await run([...files, "-o", "many", "--parallel", "2"])).code, 0);
  for (const file of files) assert.equal((await run([file, "-o", "single/"])).code, 0);
  const made = there("many");
  assert.equal(made.length, files.length);
  assert.deepEqual(there("single"), made);
  for (const name of made)
    assert.ok(readFileSync(join(cwd, "many", name)).equals(readFileSync(join(cwd, "single", name))), name);
});

const converted = (name: string, figures: Partial<NonNullable<ConvertedFile["report"]>>): ConvertedFile => ({
  input: `hours/${name}.json.gz`,
  output: `parquet/${name}.parquet`,
  ms: 1930,
  failure: undefined,
  report: {
    ...{
      rows: 50_000,
      rejected: 0,
      rejectSamples: [],
      schema: { fields: [] },
      standIns: [],
      seenNull: [],
      widened: [],
    },
    ...{
      conflicts: [],
      bytesIn: 17_500_000,
      bytesJson: 187_000_000,
      bytesOut: 14_450_000,
      timings: {},
      provenance: {},
    },
    ...figures,
  },
});

test("the report at every width", () => {
  const sample = (line: number) => ({ line, offset: line * 3740, reason: "unexpected end of the \u001b[31mline" });
  const files = [
    converted("2026-03-01-05", {}),
    converted("2026-03-01-06", { rejected: 7, rejectSamples: [3, 812, 1204].map(sample) }),
    ...Array.from({ length: 30 }, (_, i) => converted(`2026-03-02-${i}`, { rows: 1000 * i })),
  ];
  for (const width of [40, 80, 120]) {
    const report = renderConverted({ ms: 4000, files, exitCode: 0 }, { width, paint: noPaint });
    assertGolden(`golden/convert-${width}.txt`, report);
  }
});
