/**
 * Compares conversion, whole process against whole process: CPU seconds, wall seconds, peak memory, size of the result.
 *
 *     node bench/convert.ts [--input generated|real|large] [--rounds 5] [--spark] [--only NAME]… [--label TEXT]
 *
 * In every round each competitor runs once, in an order that moves on by one; a ratio is taken within a round. Prints
 * Markdown, and writes the same as JSON into `.cache/bench/results/` (`--label` keeps a partial run apart). A peer that fails is named with its own message.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { sparkColumns } from "../src/model/ddl.ts";
import type { Schema } from "../src/model/schema.ts";
import { storedSchema } from "../src/model/stand-in.ts";
import { buildConverter } from "./build.ts";
import { cacheDirectory, type InputName, input, inputNames, measureInput } from "./inputs.ts";
import { type ParquetFacts, parquetFacts } from "./parquet-facts.ts";
import { installPeers } from "./peers/install.ts";
import { type Competitor, competitors, type Files, oursCold, parquetFile } from "./peers/peers.ts";
import { isRecord, ProcessFailed, runProcess } from "./process.ts";
import { markdownTable, megabytes, spreadOf, spreadText } from "./statistics.ts";

interface Measurement {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakBytes: number;
  readonly stdout: string;
}

interface Outcome {
  readonly name: string;
  readonly kind: Competitor["kind"];
  /** One for each round it took part in. */
  readonly measurements: Measurement[];
  facts: ParquetFacts | undefined;
  failure: string | undefined;
}

const { values: options } = parseArgs({
  options: {
    input: { type: "string", default: "generated" },
    rounds: { type: "string", default: "5" },
    only: { type: "string", multiple: true, default: [] },
    spark: { type: "boolean", default: false },
    label: { type: "string", default: "" },
  },
});

const inputName = inputNames.find((name) => name === options.input);
if (inputName === undefined) throw new Error(`--input: expected one of ${inputNames.join(", ")}, got ${options.input}`);
await compare(inputName, Number(options.rounds));

async function compare(name: InputName, rounds: number): Promise<void> {
  installPeers(options.spark);
  const files = await prepare(name);
  const taking = competitors.filter(({ name: own, isSpark }) => {
    if (options.only.length > 0) return own === oursCold || options.only.includes(own);
    return options.spark || isSpark !== true;
  });
  const outcomes: Outcome[] = taking.map(({ name: own, kind }) => {
    return { name: own, kind, measurements: [], facts: undefined, failure: undefined };
  });
  const loads = [loadavg()[0] ?? 0];
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < taking.length; turn += 1) {
      const at = (turn + round) % taking.length;
      const competitor = taking[at];
      const outcome = outcomes[at];
      if (competitor === undefined || outcome === undefined || outcome.failure !== undefined) continue;
      process.stderr.write(`round ${round + 1}/${rounds}: ${competitor.name}\n`);
      await measure(competitor, files, outcome);
    }
    loads.push(loadavg()[0] ?? 0);
  }
  await report(name, files, outcomes, loads);
}

/** The input and the schema that some are given; the schema is the one that our converter finds. */
async function prepare(name: InputName): Promise<Files> {
  const file = await input(name);
  const directory = join(cacheDirectory, "out");
  mkdirSync(directory, { recursive: true });
  const files = {
    input: file,
    output: join(directory, "converted.parquet"),
    schema: join(directory, `${name}.schema.json`),
    sparkColumns: join(directory, `${name}.columns.ddl`),
    built: await buildConverter(),
  };
  await runProcess([process.execPath, join(files.built, "convert-once.js"), file, files.output, files.schema]);
  const schema: Schema = JSON.parse(readFileSync(files.schema, "utf8"));
  writeFileSync(files.sparkColumns, sparkColumns(storedSchema(schema)));
  return files;
}

async function measure(competitor: Competitor, files: Files, outcome: Outcome): Promise<void> {
  rmSync(files.output, { recursive: true, force: true });
  try {
    const cost = await runProcess(competitor.command(files));
    outcome.measurements.push({ ...cost, ...competitor.warmCost?.(cost.stdout) });
    if (competitor.kind === "limit" || competitor.command(files).includes("--count")) return;
    outcome.facts ??= await parquetFacts(parquetFile(files.output));
  } catch (error) {
    if (!(error instanceof ProcessFailed)) throw error;
    outcome.failure = error.message;
  }
}

async function report(name: InputName, files: Files, outcomes: readonly Outcome[], loads: readonly number[]) {
  const { rows, jsonBytes } = await measureInput(files.input);
  const ours = outcomes.find((outcome) => outcome.name === oursCold);
  const rounds = ours?.measurements.length ?? 0;
  const load = loads.map((value) => value.toFixed(1)).join(", ");
  console.log(
    `\`${name}\`: ${rows} lines, ${megabytes(jsonBytes)} MB of JSON; ${rounds} rounds; ${cpus().length} cores ` +
      `(${cpus()[0]?.model ?? "unknown"}), load average before and after each round: ${load}; Node ${process.version}, ` +
      `commit ${commit()}.\n`,
  );
  const head = ["", "CPU s", "× ours", "wall s", "peak RSS MB", "Parquet MB", "rows", "leaf columns", "values"];
  console.log(
    markdownTable(
      head,
      outcomes.flatMap((outcome) => tableRow(outcome, ours?.measurements ?? [])),
    ),
  );
  for (const { name: own, failure } of outcomes) {
    if (failure !== undefined) console.log(`\n${own} fails: ${failure}`);
  }
  const phases = phasesOf(ours?.measurements ?? []);
  if (phases.length > 0) console.log(`\nOurs by phase:\n\n${markdownTable(["phase", "ms"], phases)}`);
  const directory = join(cacheDirectory, "results");
  mkdirSync(directory, { recursive: true });
  const file = join(directory, `convert-${[name, options.label].filter((part) => part !== "").join("-")}.json`);
  writeFileSync(file, `${JSON.stringify({ input: name, rows, jsonBytes, loads, outcomes }, null, 2)}\n`);
  console.log(`\nThe measurements behind it: ${file}`);
}

function tableRow({ name, kind, measurements, facts }: Outcome, ours: readonly Measurement[]): string[][] {
  if (measurements.length === 0) return [];
  const ratios = measurements.flatMap(({ cpuSeconds }, round) => {
    const reference = ours[round];
    return reference === undefined ? [] : [cpuSeconds / reference.cpuSeconds];
  });
  const size = facts === undefined ? ["–", "–", "–", "–"] : sizeCells(facts);
  return [
    [
      kind === "limit" ? `*limit:* ${name}` : name,
      spreadText(spreadOf(measurements.map(({ cpuSeconds }) => cpuSeconds))),
      ratios.length === 0 ? "–" : spreadText(spreadOf(ratios)),
      spreadText(spreadOf(measurements.map(({ wallSeconds }) => wallSeconds)), 1),
      spreadText(spreadOf(measurements.map(({ peakBytes }) => peakBytes / 1e6)), 0),
      ...size,
    ],
  ];
}

function sizeCells({ bytes, rows, leafColumns, values }: ParquetFacts): string[] {
  return [megabytes(bytes, 2), String(rows), String(leafColumns), values === undefined ? "not told" : String(values)];
}

/** Which converter was measured; a `+` says that the checkout had other changes. */
function commit(): string {
  const { stdout } = spawnSync("git", ["describe", "--always", "--dirty=+", "--exclude=*"], { encoding: "utf8" });
  return stdout.trim();
}

/** The timings that our converter reports about itself, in the order in which it does. */
function phasesOf(measurements: readonly Measurement[]): string[][] {
  const byPhase = new Map<string, number[]>();
  for (const { stdout } of measurements) {
    const printed: unknown = JSON.parse(stdout);
    const timings = isRecord(printed) && isRecord(printed.timings) ? printed.timings : {};
    for (const [phase, ms] of Object.entries(timings)) {
      if (typeof ms === "number") byPhase.set(phase, [...(byPhase.get(phase) ?? []), ms]);
    }
  }
  return [...byPhase].map(([phase, ms]) => [phase, spreadText(spreadOf(ms), 0)]);
}
