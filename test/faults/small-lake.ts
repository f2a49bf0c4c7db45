/** A lake of two hours with a table and a mart, small enough to be built hundreds of times, and what it looks like. */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { gzipSync } from "node:zlib";
import type { App } from "../../src/answers.ts";
import type { AppOptions } from "../../src/app.ts";
import { openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";

export const startMs = Date.parse("2026-03-02T00:00:00Z");
const dayMs = 86_400_000;

/** The second hour has a line that is no JSON, and makes `size` wider than the first one knew it. */
const hours: Readonly<Record<string, string>> = {
  "2026-03-01-22.json.gz": [
    '{"id":"1","type":"PushEvent","actor":{"login":"ada"},"size":3,"labels":[]}',
    '{"id":"2","type":"WatchEvent","actor":{"login":"bob"},"size":4}',
  ].join("\n"),
  "2026-03-01-23.json.gz": [
    '{"id":"3","type":"PushEvent","actor":{"login":"ada"},"size":1.5,"labels":[{"name":"x"}]}',
    "{broken",
    '{"id":"4","type":"ForkEvent","actor":{"login":"eve"}}',
    "",
  ].join("\n"),
};

const projectText = (archive: string): string => `name: small
sources:
  hours:
    url: "file://${archive}/{yyyy}-{MM}-{dd}-{H}.json.gz"
    object: hours/{yyyy}/{MM}/{dd}/{HH}.json.gz
    every: hour
    since: 2026-03-01T22:00:00Z
    until: 2026-03-02T00:00:00Z
    parallel: 1
    retry: 0
tables:
  events: { from: hours, parallel: 1, rejects_max: 50% }
marts:
  activity: { select: "actor.login as actor, type, size, src", from: events, checks: { not_null: [actor], min_rows: 1 } }
`;

export interface SmallLake {
  readonly directory: string;
  /** An opened project on this lake; `days` moves its clock, so that what backed off is due again. */
  open(days: number, options?: AppOptions): Promise<App>;
  remove(): void;
}

/** `rest` is more of the project file: other places, a store. */
export function makeSmallLake(rest = ""): SmallLake {
  const directory = mkdtempSync(join(tmpdir(), "millrace-small-"));
  const archive = join(directory, "archive");
  mkdirSync(archive);
  for (const [name, text] of Object.entries(hours)) writeFileSync(join(archive, name), gzipSync(text));
  const file = join(directory, "millrace.yaml");
  writeFileSync(file, projectText(archive) + rest);
  return {
    directory,
    open: (days, options = {}) =>
      openApp(readProject({ file, environment: {} }), { workers: 0, clock: () => startMs + days * dayMs, ...options }),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Another lake in the same state. */
export function copySmallLake(lake: SmallLake): SmallLake {
  const copy = makeSmallLake();
  for (const part of ["lake", ".millrace"]) {
    const from = join(lake.directory, part);
    if (existsSync(from)) cpSync(from, join(copy.directory, part), { recursive: true });
  }
  return copy;
}

/**
 * What must be the same after every history: raw objects and partitions byte by byte, receipts but for their time, schema
 * documents but for their number, and the rows that the mart answers with. Version directories of marts carry random
 * names and are compared by what they hold.
 */
export async function stateOf(lake: SmallLake): Promise<Record<string, string>> {
  const state: Record<string, string> = {};
  for (const path of filesBelow(join(lake.directory, "lake"))) {
    const name = relative(join(lake.directory, "lake"), path);
    if (name.includes("_staging/") || name.startsWith("marts/") || name.includes("/_schema/")) continue;
    const bytes = readFileSync(path);
    state[name] = name.includes("_receipts/") ? receiptFacts(bytes) : createHash("sha256").update(bytes).digest("hex");
  }
  const app = await lake.open(30);
  try {
    const answer = await app.query("select * from activity order by all");
    const rows: unknown[] = [];
    for await (const batch of answer.rows()) rows.push(...batch);
    await answer.close();
    state["mart activity"] = JSON.stringify(rows);
    state["schema of events"] = (await app.schema("events")).columns
      .map((column) => `${column.path} ${column.typeText}`)
      .join(", ");
  } finally {
    await app.close();
  }
  return state;
}

/** What a receipt says of its object; times, places and tokens differ between lakes. */
function receiptFacts(bytes: Buffer): string {
  const { size, metadata } = JSON.parse(bytes.toString());
  const { sha256, length, revision, verified } = metadata;
  return JSON.stringify({ size, sha256, length, revision, verified });
}

/** The catalog's records form one chain, and every version that one of them names is whole. */
export function catalogFaults(lake: SmallLake): string[] {
  return catalogFaultsBelow(join(lake.directory, "lake/marts"));
}

/** The same for marts whose objects are the files below a directory. */
export function catalogFaultsBelow(marts: string): string[] {
  const faults: string[] = [];
  const log = join(marts, "_catalog/activity");
  const records = existsSync(log) ? readdirSync(log).sort() : [];
  records.forEach((name, at) => {
    if (name !== `${String(at + 1).padStart(20, "0")}.json`) faults.push(`the chain has ${name} at place ${at + 1}`);
    const record: { version: string; parent: number; manifestSha256?: string } = JSON.parse(
      readFileSync(join(log, name), "utf8"),
    );
    if (record.parent !== at) faults.push(`${name} names parent ${record.parent}`);
    const manifestFile = join(marts, "activity", record.version, "_manifest.json");
    if (!existsSync(manifestFile)) {
      faults.push(`${name} names ${record.version}, which has no manifest`);
      return;
    }
    const bytes = readFileSync(manifestFile);
    // A fence repeats the version of the record before it, and leaves the sum to that one.
    const sha256 = record.manifestSha256;
    if (sha256 !== undefined && createHash("sha256").update(bytes).digest("hex") !== sha256)
      faults.push(`${record.version}: another manifest`);
    const manifest: { files: { name: string; sha256: string }[] } = JSON.parse(bytes.toString());
    for (const part of manifest.files) {
      const path = join(marts, "activity", record.version, part.name);
      const sum = existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("hex") : "missing";
      if (sum !== part.sha256) faults.push(`${record.version}/${part.name}: ${sum}`);
    }
  });
  return faults;
}

function filesBelow(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
