/** A lake that is fed by the sample archive over HTTP, with whatever the archive does wrong, and what it looks like. */
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { type SampleServer, type ServerOptions, startServer } from "../../sample/server.ts";
import type { RunSummary, Selection } from "../../src/answers.ts";
import { openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";
import type { Event } from "../../src/model/events.ts";

/** The archive's hours are those of this day, from midnight on. */
export const day = "2026-03-01";
/** The first run comes a day after the last hour, so that every hour is older than `settle`. */
const firstRunMs = Date.parse("2026-03-02T12:00:00Z");
const dayMs = 86_400_000;

export interface ArchiveLake {
  readonly directory: string;
  readonly projectFile: string;
  readonly server: SampleServer;
  /** Runs with the clock so many days after the first run; answers the summary and what was told on the way. */
  run(
    days: number,
    selection?: Selection,
  ): Promise<{ readonly summary: RunSummary; readonly events: readonly Event[] }>;
  /** The same at an instant. */
  runAt(nowMs: number, selection?: Selection): ReturnType<ArchiveLake["run"]>;
  close(): Promise<void>;
}

export interface LakeOptions {
  readonly hours: number;
  readonly faults?: readonly string[];
  readonly server?: ServerOptions;
  readonly retry?: number;
  /** Addresses besides the server's own, asked after it. */
  readonly mirrors?: readonly string[];
}

/** Nothing is tried twice within a run unless the options say so, so that no test waits. */
export async function openArchiveLake(options: LakeOptions): Promise<ArchiveLake> {
  const { hours, faults = [], mirrors = [] } = options;
  const directory = mkdtempSync(join(tmpdir(), "millrace-archive-"));
  const server = await startServer({ seed: 3, eventsPerHour: 12, faults, temporary: directory, ...options.server });
  const pattern = "{yyyy}-{MM}-{dd}-{H}.json.gz";
  const urls = [server.url, ...mirrors].map((url) => `"${url}/${pattern}"`).join(", ");
  const projectFile = join(directory, "millrace.yaml");
  const until = new Date(Date.parse(`${day}T00:00:00Z`) + hours * 3_600_000).toISOString();
  writeFileSync(
    projectFile,
    `name: archive
sources:
  hours: { url: [${urls}], object: "hours/{yyyy}-{MM}-{dd}-{HH}.json.gz", every: hour, since: ${day}T00:00:00Z,
    until: "${until}", retry: ${options.retry ?? 0},
    timeouts: { connect: 2s, headers: 300ms, idle: 300ms, total: 30s } }
tables:
  events: { from: hours }
`,
  );
  const runAt: ArchiveLake["runAt"] = async (nowMs, selection = {}) => {
    const events: Event[] = [];
    const app = await openApp(readProject({ file: projectFile, environment: {} }), { workers: 0, clock: () => nowMs });
    try {
      return { summary: await app.run({ ...selection, report: (event) => events.push(event) }), events };
    } finally {
      await app.close();
    }
  };
  return {
    directory,
    projectFile,
    server,
    run: (days, selection) => runAt(firstRunMs + days * dayMs, selection),
    runAt,
    async close() {
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The files of a place, staging left out: names relative to the lake. */
export function filesOf(lake: ArchiveLake, place: "raw" | "tables"): string[] {
  const root = join(lake.directory, "lake");
  const below = join(root, place);
  if (!existsSync(below)) return [];
  return readdirSync(below, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((name) => !name.includes("_staging/"))
    .sort();
}

/** The hours with anything in that place, receipts included. */
export function hoursIn(lake: ArchiveLake, place: "raw" | "tables"): string[] {
  const hours = filesOf(lake, place).map((name) => new RegExp(`${day}-(\\d\\d)`).exec(name)?.[1]);
  return [...new Set(hours.filter((hour) => hour !== undefined))].sort();
}

/** What two lakes with the same history behind them have in common: every byte but a receipt's time, address and tokens. */
export function contentOf(lake: ArchiveLake): Record<string, string> {
  const content: Record<string, string> = {};
  for (const name of [...filesOf(lake, "raw"), ...filesOf(lake, "tables")]) {
    // The schema's versions tell the order in which the hours came.
    if (name.includes("/_schema/")) continue;
    const bytes = readFileSync(join(lake.directory, "lake", name));
    content[name] = name.includes("_receipts/")
      ? receiptFacts(bytes)
      : createHash("sha256").update(bytes).digest("hex");
  }
  return content;
}

function receiptFacts(bytes: Buffer): string {
  const { size, metadata } = JSON.parse(bytes.toString());
  const { sha256, length, revision, verified } = metadata;
  return JSON.stringify({ size, sha256, length, revision, verified });
}
