/** Runs one whole process and tells what the operating system charged for it. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheDirectory } from "./inputs.ts";

export interface ProcessCost {
  /** User and system CPU seconds of all threads, and of the child processes it waited for. */
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakBytes: number;
  readonly stdout: string;
}

/** Why a process did not succeed: its status and the last line it wrote. */
export class ProcessFailed extends Error {}

const measureScript = join(import.meta.dirname, "peers", "measure.py");
const timeoutSeconds = 900;

/** Throws `ProcessFailed` when the command ends with another status than 0. */
export async function runProcess(command: readonly string[]): Promise<ProcessCost> {
  mkdirSync(cacheDirectory, { recursive: true });
  const directory = mkdtempSync(join(cacheDirectory, "run-"));
  try {
    const reportFile = join(directory, "cost.json");
    const child = spawn("python3", [measureScript, reportFile, String(timeoutSeconds), ...command], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", () => resolve());
    });
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    const cost: unknown = JSON.parse(readFileSync(reportFile, "utf8"));
    const status = numberIn(cost, "status");
    if (status !== 0)
      throw new ProcessFailed(`${reasonIn(stderr) ?? reasonIn(stdout) ?? "no message"} (status ${status})`);
    return {
      cpuSeconds: numberIn(cost, "user") + numberIn(cost, "system"),
      wallSeconds: numberIn(cost, "wall"),
      peakBytes: numberIn(cost, "peakKib") * 1024,
      stdout,
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The number at `key` of a JSON object that another process wrote. */
export function numberIn(record: unknown, key: string): number {
  const value = isRecord(record) ? record[key] : undefined;
  if (typeof value !== "number") throw new Error(`expected a number at "${key}", got ${String(value)}`);
  return value;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** The line that says what went wrong: the last one that names an error, else the last one. */
function reasonIn(output: string): string | undefined {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const named = lines.filter((line) => /error|exception|panick/i.test(line) && !/^\s+at /.test(line));
  return (named.at(-1) ?? lines.at(-1))?.trim().slice(0, 160);
}
