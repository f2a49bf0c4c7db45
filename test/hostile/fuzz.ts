/**
 * Damages real text and checks what becomes of it, in a process of its own: `node fuzz.ts lines|gzip|keys SEED RUNS`.
 * Every file that comes out must hold what the reference says, and no line may be lost. It stops at the first difference
 * and prints the run's own seed, with which `RUNS` of 1 repeats it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { createGunzip, gunzipSync, gzipSync } from "node:zlib";
import { openGenerator } from "../../sample/generator.ts";
import { mix, Random } from "../../sample/random.ts";
import type { Converter } from "../../src/convert/contract.ts";
import { openNativeConverter } from "../../src/convert/open.ts";
import { Failure } from "../../src/errors.ts";
import { verifyBody } from "../../src/gzip/verify.ts";
import { readWithHyparquet } from "../corpus/hyparquet-reader.ts";
import { compare, readableFields } from "../corpus/read-back.ts";
import { splitLines } from "../reference/lines.ts";
import { defaultSettings, parseFile } from "../reference/parse.ts";

export interface FuzzReport {
  readonly runs: number;
  /** Of all runs: lines that became rows, lines that were rejected, and files that were refused as damaged. */
  readonly rows: number;
  readonly rejected: number;
  readonly damaged: number;
  readonly peakBytes: number;
  readonly problem?: string;
}

/** What means something to a JSON parser, put in where it hurts. */
const structure = String.raw`{ } [ ] , : " \ {} [] [[]] "" "a": ,"a":1 //`.split(" ");
const scalars = "null true false NaN - -0 0 1e 1e400 1E-400 .5 1. 1.0 9223372036854775808 9007199254740993".split(" ");
const escapes = String.raw`\u0000 \ud800 \udc00\ud800 \u00e9 \x é 😀`.split(" ");
const spaces = [" ", "\n", "\r", "\t", "\0", "\u007f", "\ufeff"];
const tokens = [...structure, ...scalars, ...escapes, ...spaces].map((text) => Buffer.from(text));
const stray = [0x80, 0xbf, 0xc0, 0xc1, 0xe2, 0xed, 0xf0, 0xf4, 0xf5, 0xfe, 0xff].map((byte) => Buffer.of(byte));

function pickFrom<T>(random: Random, list: readonly T[]): T {
  const found = list[random.below(list.length)];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
}

/** Does one thing to the bytes; `other` is where foreign bytes come from. */
function mutate(random: Random, bytes: Buffer, other: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + 1 + random.skewed(40));
  const [before, cut, after] = [bytes.subarray(0, at), bytes.subarray(at, end), bytes.subarray(end)];
  const from = random.below(other.length);
  switch (random.below(8)) {
    case 0:
      return Buffer.concat([before, pickFrom(random, tokens), after]);
    case 1:
      return Buffer.concat([before, pickFrom(random, tokens), cut, after]);
    case 2:
      return Buffer.concat([before, pickFrom(random, stray), after]);
    case 3:
      return Buffer.concat([before, after]);
    case 4:
      return Buffer.concat([before, cut, cut, after]);
    case 5:
      return Buffer.concat([before, other.subarray(from, from + 1 + random.skewed(200)), after]);
    case 6:
      return Buffer.concat([before, cut.map((byte) => byte ^ (1 << random.below(8))), after]);
    default:
      return before;
  }
}

function mutatedLines(random: Random, lines: readonly Buffer[]): Buffer {
  const chosen = Array.from({ length: random.between(1, 5) }, () => {
    const line = Buffer.from(pickFrom(random, lines));
    let damaged: Buffer = line;
    for (let left = random.skewed(5); left > 0; left--) damaged = mutate(random, damaged, pickFrom(random, lines));
    return damaged;
  });
  const ends = ["\n", "\n", "\n", "\r\n", "\n\n"];
  const text = Buffer.concat(chosen.flatMap((line) => [line, Buffer.from(pickFrom(random, ends))]));
  // hyparquet drops a byte order mark at the start of a column's name, which pyarrow and DuckDB keep as it is written.
  const readable = Buffer.from(text.toString("latin1").replaceAll('"\xef\xbb\xbf', '"'), "latin1");
  return readable.subarray(0, random.chance(0.2) ? -1 : undefined);
}

/** Letters whose lower case is another length or letter, what K3 encodes, and names that mean something elsewhere. */
const keyParts = [
  ...String.raw`a A b é \u00e9 É ß İ ı ſ K . \\ [] % %25 , : ; < > 0 -1 \/ \" ' 😀 \ud83d\ude00 \ud800 \udfff`.split(
    " ",
  ),
  ...String.raw`\u0000 \n \u007f __proto__ constructor element list key_value src`.split(" "),
  ...[" ", "`", "\u200b"],
];
const keyValues = '1 2.5 "x" null true [] {} [1,null] {"a":1} [{"A":2}] 9223372036854775808'.split(" ");

/** Objects whose keys are the odd ones, at two levels. */
function oddKeys(random: Random): Buffer {
  const key = (): string => Array.from({ length: random.skewed(4) }, () => pickFrom(random, keyParts)).join("");
  const object = (depth: number): string => {
    const members = Array.from({ length: random.skewed(6) }, () => {
      const value = depth > 0 && random.chance(0.3) ? object(depth - 1) : pickFrom(random, keyValues);
      return `"${key()}":${value}`;
    });
    return `{${members.join(",")}}`;
  };
  return Buffer.from(Array.from({ length: random.between(1, 6) }, () => `${object(2)}\n`).join(""));
}

interface Bench {
  readonly converter: Converter;
  readonly folder: string;
}

/** Converts the file and compares; answers rows and rejects, or "damaged" if it was refused as that. */
async function check(
  bench: Bench,
  input: Buffer,
  text: Buffer | undefined,
  last: boolean,
): Promise<[number, number] | "damaged"> {
  const [file, output, rejects] = ["input", "output", "rejects"].map((name) => join(bench.folder, name));
  if (file === undefined || output === undefined || rejects === undefined) throw new Error("no files");
  await writeFile(file, input);
  const settings = { ...defaultSettings, duplicateKeys: last ? ("last" as const) : ("reject" as const) };
  try {
    const report = await bench.converter.convert({
      ...{ input: { file }, output, rejects, known: { fields: [] }, provenance: {} },
      settings: { ...settings, compression: "zstd", columnsMax: 10_000 },
    });
    if (text === undefined) throw new Error("a damaged file was taken for a whole one");
    const expected = parseFile(text, settings);
    const lines = splitLines(text).length;
    if (report.rows + report.rejected !== lines) {
      throw new Error(`${lines} lines, but ${report.rows} rows and ${report.rejected} rejected`);
    }
    const wanted = { fields: readableFields(expected.schema), rows: expected.rows };
    const found = await readWithHyparquet(await readFile(output));
    const problem =
      report.rejected === expected.rejects.length
        ? wanted.fields.length === 0
          ? undefined
          : compare(wanted, found)
        : `${report.rejected} rejected, expected ${expected.rejects.length}`;
    if (problem !== undefined) throw new Error(problem);
    return [report.rows, report.rejected];
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "corrupt" || text !== undefined) throw error;
    const left = (await readdir(bench.folder)).filter((name) => name !== "input");
    if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
    return "damaged";
  } finally {
    for (const path of [output, rejects]) await rm(path, { force: true });
  }
}

/** A gzip file with its bytes damaged, and its text if every byte of every member is still what was meant. */
async function damagedGzip(random: Random, lines: readonly Buffer[]): Promise<[Buffer, Buffer | undefined]> {
  const text = mutatedLines(random, lines);
  const half = random.below(text.length + 1);
  const members = [text.subarray(0, half), text.subarray(half)].map((part) =>
    gzipSync(part, { level: random.below(10) }),
  );
  let bytes: Buffer = random.chance(0.5) ? gzipSync(text) : Buffer.concat(members);
  for (let left = random.between(0, 2); left > 0; left--) bytes = mutate(random, bytes, bytes);
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  // What no longer begins like gzip is text, however strange.
  if (!isGzip) return [bytes, bytes];
  const gunzip = createGunzip();
  gunzip.end(bytes);
  try {
    const whole = await buffer(gunzip);
    // It ends without an error at a zero byte behind a member; only zeros may follow that one.
    const left = bytes.subarray(gunzip.bytesWritten);
    return [bytes, left.every((byte) => byte === 0) ? whole : undefined];
  } catch (error) {
    if (error instanceof Error) return [bytes, undefined];
    throw error;
  }
}

/** Collecting checks what converting takes for granted: what it lets through is whole to the last byte. */
async function checkVerified(bytes: Buffer, text: Buffer | undefined): Promise<void> {
  try {
    const { bytesOut } = await verifyBody([bytes], { key: "hour.json.gz", expandedBytesMax: 1e9, ratioMax: 1e5 });
    if (text === undefined || bytesOut !== text.length) throw new Error("verification let a damaged body through");
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "corrupt") throw error;
  }
}

async function archiveLines(): Promise<Buffer[]> {
  const directory = process.env.MILLRACE_REAL_HOURS;
  const texts: Buffer[] = [];
  for await (const chunk of openGenerator({ seed: 5, eventsPerHour: 40 }).hour(Date.parse("2023-02-08T12:00:00Z")))
    texts.push(chunk);
  if (directory !== undefined && existsSync(directory)) {
    const names = readdirSync(directory).filter((name) => name.endsWith(".json.gz"));
    texts.push(...names.map((name) => gunzipSync(readFileSync(join(directory, name)))));
  }
  return texts.flatMap((text) => splitLines(text).map((line) => Buffer.from(line.bytes)));
}

async function main(kind: string, seed: number, runs: number): Promise<FuzzReport> {
  const lines = await archiveLines();
  const folder = await mkdtemp(join(tmpdir(), "millrace-fuzz-"));
  const bench = { converter: openNativeConverter({ workers: 0 }), folder };
  const totals = { runs: 0, rows: 0, rejected: 0, damaged: 0 };
  let problem: string | undefined;
  try {
    for (let run = 0; run < runs && problem === undefined; run++) {
      const runSeed = run === 0 ? seed : mix(seed, run);
      const random = new Random(runSeed);
      try {
        const text = kind === "keys" ? oddKeys(random) : mutatedLines(random, lines);
        const [input, whole] = kind === "gzip" ? await damagedGzip(random, lines) : [text, text];
        if (kind === "gzip") await checkVerified(input, whole);
        const outcome = await check(bench, input, whole, random.chance(0.3));
        totals.runs++;
        if (outcome === "damaged") totals.damaged++;
        else {
          totals.rows += outcome[0];
          totals.rejected += outcome[1];
        }
      } catch (error) {
        problem = `FC_SEED=${runSeed}, first run: ${error instanceof Error ? error.stack : error}`;
      }
    }
  } finally {
    await bench.converter.close();
    await rm(folder, { recursive: true });
  }
  return { ...totals, peakBytes: process.resourceUsage().maxRSS * 1024, ...(problem === undefined ? {} : { problem }) };
}

if (import.meta.main) {
  const [kind = "lines", seed = "1", runs = "1"] = process.argv.slice(2);
  process.stdout.write(JSON.stringify(await main(kind, Number(seed), Number(runs))));
}
