/**
 * The files that conversion is measured on. They are made once and kept under `.cache/bench/inputs/`:
 *
 * - `generated`: one hour of 50,000 events (191 MB of JSON, 1,217 leaf columns), seed 7, 2023-02-08 12:00;
 * - `large`: the same hour with 200,000 events (764 MB);
 * - `real`: every hour found in MILLRACE_REAL_HOURS, a hundred times over, each copy with its own ids, hashes and times.
 *
 *     node bench/inputs.ts [generated] [large] [real]
 */
import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, gunzipSync } from "node:zlib";
import { openGenerator } from "../sample/generator.ts";
import { gzip } from "../sample/gzip.ts";
import { hourMs } from "../sample/hours.ts";
import { mix } from "../sample/random.ts";
import { writeHour } from "../sample/write-hour.ts";

export const inputNames = ["generated", "large", "real"] as const;
export type InputName = (typeof inputNames)[number];

export const cacheDirectory = join(import.meta.dirname, "..", ".cache", "bench");

const copies = 100;
const seed = 7;
const generatedHourMs = Date.parse("2023-02-08T12:00:00Z");

/** The path of a gzip file of that name, made if it is not there. Throws where the real hours are not configured. */
export async function input(name: InputName): Promise<string> {
  const directory = join(cacheDirectory, "inputs");
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `${name}.json.gz`);
  if (existsSync(file)) return file;
  if (name === "real") await writeRealCopies(file);
  else {
    const eventsPerHour = name === "large" ? 200_000 : 50_000;
    await writeHour(openGenerator({ seed, eventsPerHour }), generatedHourMs - (generatedHourMs % hourMs), file);
  }
  return file;
}

/** Lines and bytes of the JSON inside, as the tables name them. */
export async function measureInput(file: string): Promise<{ readonly rows: number; readonly jsonBytes: number }> {
  let rows = 0;
  let jsonBytes = 0;
  for await (const chunk of createReadStream(file).pipe(createGunzip())) {
    const bytes: Buffer = chunk;
    jsonBytes += bytes.length;
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) rows += 1;
  }
  return { rows, jsonBytes };
}

async function writeRealCopies(file: string): Promise<void> {
  const directory = process.env.MILLRACE_REAL_HOURS;
  if (directory === undefined) {
    throw new Error("set MILLRACE_REAL_HOURS to a directory with some hours of the GH Archive");
  }
  const hours = readdirSync(directory).filter((name) => name.endsWith(".json.gz"));
  const lines = hours.sort().flatMap((name) =>
    gunzipSync(readFileSync(join(directory, name)))
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== ""),
  );
  async function* json(): AsyncGenerator<Buffer> {
    for (let copy = 0; copy < copies; copy += 1) {
      yield Buffer.from(lines.map((line) => `${copy === 0 ? line : varied(line, copy)}\n`).join(""));
    }
  }
  await pipeline(gzip(json()), createWriteStream(`${file}.part`));
  await rename(`${file}.part`, file);
}

/** An escape, which stays; a commit hash; a time of the day; a number that is long enough to be an id. */
const varying = /\\u[0-9a-f]{4}|\b[0-9a-f]{40}\b|(?<=\d\dT\d\d:)\d\d:\d\d(?=Z)|\d{6,15}/gi;

/**
 * The same line with other ids, hashes and times, so that a dictionary does not meet the same hundred times. Equal texts
 * stay equal inside a copy and every text keeps its length and kind. Names, titles and bodies do repeat.
 */
function varied(line: string, copy: number): string {
  return line.replace(varying, (text) => {
    if (text.startsWith("\\")) return text;
    const random = mix(seed, copy, textHash(text));
    if (text.includes(":")) return `${sixty(random)}:${sixty(random >>> 8)}`;
    const isHash = text.length === 40;
    let digits = "";
    for (let at = 0; digits.length < text.length; at += 1) {
      const part = mix(random, at);
      digits += isHash ? part.toString(16).padStart(8, "0") : String(part % 10);
    }
    // The first digit stays, so that no number begins with a zero that did not.
    return isHash ? digits.slice(0, 40) : `${text[0]}${digits.slice(1)}`;
  });
}

function sixty(random: number): string {
  return String(random % 60).padStart(2, "0");
}

function textHash(text: string): number {
  let hash = 0;
  for (let at = 0; at < text.length; at += 1) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0;
  return hash;
}

if (import.meta.main) {
  const asked = inputNames.filter((name) => process.argv.includes(name));
  for (const name of asked.length > 0 ? asked : inputNames) {
    const file = await input(name);
    const { rows, jsonBytes } = await measureInput(file);
    console.log(`${file}: ${rows} lines, ${(jsonBytes / 1e6).toFixed(1)} MB of JSON`);
  }
}
