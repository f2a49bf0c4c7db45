/**
 * The index: what was learned about objects by reading them, kept beside the project so that the next pass only lists.
 * It is a cache. Every row is bound to the size and token that the listing showed; whatever does not match is read
 * again, and deleting the whole directory costs time and nothing else. Rows are arrays, since there are 87,600 of them
 * for ten years of hours and the file is read at every start.
 */
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { asFailure } from "../errors.ts";
import type { PartitionFacts } from "../step/partition.ts";
import type { Attempt, Attempts } from "./attempts.ts";
import type { PartitionSeen, RawFacts, RawSeen } from "./seen.ts";

/** What the last pass knew of a source or a table, by interval start. */
export interface Remembered<Facts> {
  get(startMs: number, size: number, token: string): Facts | undefined;
}

type RawRow = [startMs: number, size: number, token: string, sha256: string, revision: number, verified: 0 | 1];
type PartitionRow = [
  startMs: number,
  size: number,
  token: string,
  rawSha256: string,
  rawRevision: number,
  rows: number,
  rejected: number,
  converter: string,
  settings: string,
  standIns: PartitionFacts["standIns"],
  checked: number,
  narrow: readonly string[],
];

export interface IndexFile {
  raw(source: string): Promise<Remembered<RawFacts>>;
  saveRaw(source: string, raw: ReadonlyMap<number, RawSeen>): Promise<void>;
  partitions(table: string): Promise<Remembered<PartitionFacts>>;
  savePartitions(table: string, partitions: ReadonlyMap<number, PartitionSeen>): Promise<void>;
  attempts(): Promise<Attempts>;
  saveAttempts(attempts: Attempts): Promise<void>;
}

/** `directory` is `.millrace` beside the project file; `lake` names the lake, so that another target has its own rows. */
export function openIndex(directory: string, lake: string): IndexFile {
  const path = (name: string): string => join(directory, `${name}.json`);
  const read = async (name: string): Promise<readonly unknown[]> => {
    const value = await readJson(path(name));
    if (value === undefined || value.format !== 1 || value.lake !== lake || !Array.isArray(value.rows)) return [];
    return value.rows;
  };
  const write = (name: string, rows: readonly unknown[]): Promise<void> =>
    replaceFile(directory, path(name), JSON.stringify({ format: 1, lake, rows }));
  return {
    raw: async (source) => remember((await read(`raw-${source}`)).filter(isRawRow), rawFacts),
    saveRaw: (source, raw) =>
      write(
        `raw-${source}`,
        [...raw].flatMap(([startMs, { size, token, facts }]): RawRow[] =>
          facts === undefined ? [] : [[startMs, size, token, facts.sha256, facts.revision, facts.verified ? 1 : 0]],
        ),
      ),
    partitions: async (table) => remember((await read(`table-${table}`)).filter(isPartitionRow), partitionFacts),
    savePartitions: (table, partitions) =>
      write(
        `table-${table}`,
        [...partitions].map(
          ([startMs, { size, token, facts }]): PartitionRow => [
            startMs,
            size,
            token,
            facts.rawSha256,
            facts.rawRevision,
            facts.rows,
            facts.rejected,
            facts.converter,
            facts.settings,
            facts.standIns,
            facts.checked,
            facts.narrow,
          ],
        ),
      ),
    attempts: async () => new Map((await read("attempts")).filter(isAttemptRow)),
    saveAttempts: (attempts) => write("attempts", [...attempts]),
  };
}

function remember<Row extends [number, number, string, ...unknown[]], Facts>(
  rows: readonly Row[],
  facts: (row: Row) => Facts,
): Remembered<Facts> {
  const byStart = new Map(rows.map((row) => [row[0], row]));
  return {
    get(startMs, size, token) {
      const row = byStart.get(startMs);
      return row !== undefined && row[1] === size && row[2] === token ? facts(row) : undefined;
    },
  };
}

const rawFacts = (row: RawRow): RawFacts => ({ sha256: row[3], revision: row[4], verified: row[5] === 1 });

const partitionFacts = (row: PartitionRow): PartitionFacts => ({
  rawSha256: row[3],
  rawRevision: row[4],
  rows: row[5],
  rejected: row[6],
  converter: row[7],
  settings: row[8],
  standIns: row[9],
  checked: row[10],
  narrow: row[11],
});

const columns = (row: unknown, kinds: readonly string[]): row is unknown[] =>
  Array.isArray(row) &&
  row.length === kinds.length &&
  kinds.every((kind, at) => (kind === "array" ? Array.isArray(row[at]) : typeof row[at] === kind));

const isRawRow = (row: unknown): row is RawRow =>
  columns(row, ["number", "number", "string", "string", "number", "number"]);

const isPartitionRow = (row: unknown): row is PartitionRow =>
  columns(row, [
    "number",
    "number",
    "string",
    "string",
    "number",
    "number",
    "number",
    "string",
    "string",
    "array",
    "number",
    "array",
  ]);

const isAttemptRow = (row: unknown): row is [string, Attempt] =>
  Array.isArray(row) &&
  row.length === 2 &&
  typeof row[0] === "string" &&
  typeof row[1] === "object" &&
  row[1] !== null &&
  typeof Reflect.get(row[1], "nextMs") === "number";

async function readJson(path: string): Promise<{ format?: unknown; lake?: unknown; rows?: unknown } | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch (error) {
    // A cache that cannot be read, or was cut by a crash, is no cache: the pass reads the lake instead.
    if (error instanceof SyntaxError || asFailure(error).kind === "missing") return undefined;
    throw asFailure(error, path);
  }
}

async function replaceFile(directory: string, path: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, "w");
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
  // Not synced: after a crash an empty or old cache is as good as any.
  await rename(temporary, path);
}
