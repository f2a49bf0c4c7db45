/** Which files `convert` reads and where each goes: decided, and checked for clashes, before anything is written. */
import { mkdirSync, type Stats, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { ConvertJob } from "../answers.ts";
import { asFailure, Failure } from "../errors.ts";
import type { Call } from "./command.ts";
import { writeWhole } from "./drain.ts";

/** Stands for stdin among the inputs, and for stdout as the output. */
const STREAM = "-";

export interface WantedPlaces {
  readonly output: string | undefined;
  readonly rejects: string | undefined;
}

export function convertJobs(call: Call, wanted: WantedPlaces): readonly ConvertJob[] {
  const inputs = inputsOf(call);
  const outputs = outputsOf(call, inputs, wanted.output);
  const rejects = rejectsOf(call, inputs, wanted.rejects);
  refuseClash("the output", inputs, outputs);
  refuseClash("--rejects", inputs, rejects);
  return inputs.map((name, index): ConvertJob => {
    const output = outputs[index] ?? STREAM;
    const path = resolve(call.cwd, name);
    const isStdin = name === STREAM;
    return {
      name: isStdin ? "stdin" : name,
      outputName: output === STREAM ? "stdout" : output,
      input: isStdin ? call.stdin : path,
      output: output === STREAM ? (bytes) => writeWhole(call, bytes) : resolve(call.cwd, output),
      bytes: isStdin ? undefined : look(path)?.size,
      rejects: rejects[index] === undefined ? undefined : resolve(call.cwd, rejects[index]),
    };
  });
}

function inputsOf({ words, stdin, cwd }: Call): readonly string[] {
  if (words.length === 0 && stdin.isTTY === true) {
    throw new Failure("usage", "millrace convert: expected files, or data on stdin", {
      remedy: "see millrace convert --help",
    });
  }
  const inputs = words.length === 0 ? [STREAM] : words;
  if (inputs.indexOf(STREAM) !== inputs.lastIndexOf(STREAM))
    throw new Failure("usage", "-: stdin can be read only once");
  const directory = inputs.find((input) => input !== STREAM && look(resolve(cwd, input))?.isDirectory());
  if (directory === undefined) return inputs;
  throw new Failure("usage", `${directory}: is a directory`, {
    remedy: `name its files: ${join(directory, "*.json.gz")}`,
  });
}

function outputsOf(call: Call, inputs: readonly string[], wanted: string | undefined): readonly string[] {
  const isStdin = inputs.length === 1 && inputs[0] === STREAM;
  if (wanted === STREAM || (wanted === undefined && isStdin)) {
    if (inputs.length > 1) throw new Failure("usage", "-o -: stdout takes one file, not several");
    if (call.out.isTerminal) {
      throw new Failure("usage", "stdout is a terminal, which Parquet does not suit", { remedy: "write -o FILE" });
    }
    if (call.common.json) {
      throw new Failure("usage", "--json: the report and the Parquet file both want stdout", {
        remedy: "write -o FILE",
      });
    }
    return [STREAM];
  }
  if (wanted === undefined) return inputs.map((input) => join(dirname(input), parquetName(input)));
  if (!isDirectory(call.cwd, wanted, inputs.length)) return [wanted];
  makeDirectory(call.cwd, wanted, "-o");
  return inputs.map((input) => join(wanted, parquetName(input)));
}

function rejectsOf(call: Call, inputs: readonly string[], wanted: string | undefined): readonly string[] {
  if (wanted === undefined) return [];
  if (!isDirectory(call.cwd, wanted, inputs.length)) return [wanted];
  makeDirectory(call.cwd, wanted, "--rejects");
  return inputs.map((input) => join(wanted, `${stem(input)}.rejected.ndjson.gz`));
}

/** Several files need a directory; one goes into one that is there, or that ends with a slash. */
function isDirectory(cwd: string, path: string, files: number): boolean {
  const found = look(resolve(cwd, path));
  if (found?.isDirectory() || /[/\\]$/.test(path)) return true;
  if (files === 1) return false;
  if (found === undefined) return true;
  throw new Failure("usage", `${path}: is a file, and ${files} files need a directory`);
}

function makeDirectory(cwd: string, path: string, option: string): void {
  try {
    mkdirSync(resolve(cwd, path), { recursive: true });
  } catch (error) {
    throw asFailure(error, option);
  }
}

function refuseClash(what: string, inputs: readonly string[], places: readonly string[]): void {
  for (const [index, place] of places.entries()) {
    const first = places.indexOf(place);
    if (first === index) continue;
    const pair = `${inputs[first] ?? ""} and ${inputs[index] ?? ""}`;
    throw new Failure("usage", `${what} of ${pair} would be the same file, ${place}`, {
      remedy: "convert them one by one, or into directories of their own",
    });
  }
}

/** `hours/2026-03-01-15.json.gz` → `2026-03-01-15.parquet`. */
function parquetName(input: string): string {
  return `${stem(input)}.parquet`;
}

function stem(input: string): string {
  if (input === STREAM) return "stdin";
  const name = basename(input)
    .replace(/\.(gz|gzip|zst|zstd)$/i, "")
    .replace(/\.(json|jsonl|ndjson)$/i, "");
  return name === "" ? basename(input) : name;
}

/** What is there; nothing also where nobody may look, which reading will tell. */
function look(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    asFailure(error);
    return undefined;
  }
}
