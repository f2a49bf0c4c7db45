/**
 * The index: what was learned about objects by reading them, kept beside the project so that the next pass only lists.
 * It is a cache. Every row is bound to the size and token that the listing showed; whatever does not match is read
 * again, and deleting the whole directory costs time and nothing else. Rows are arrays, since there are 87,600 of them
 * for ten years of hours and the file is read at every start.
 */
import { createReadStream } from "node:fs";
import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { asFailure } from "../errors.ts";
import type { PartitionFacts } from "../step/partition.ts";
import type { Attempt, Attempts } from "./attempts.ts";
import type { Lookup } from "./lookup.ts";
import type { PartitionSeen, RawFacts, RawSeen } from "./seen.ts";

/** Rows written at a time. */
const linesPerWrite = 4096;

/**
 * What the last pass knew of a source or a table, by interval start. Rows lie in the order of time, as most listings
 * come, so that only those between the two are in memory.
 */
export interface Remembered<Facts> {
  /** Reads on until everything up to this start is there. */
  upTo(startMs: number): Promise<void>;
  /** What is known of the object in this size and with this token. It is handed over: a second call finds nothing. */
  take(startMs: number, size: number, token: string): Facts | undefined;
  close(): Promise<void>;
}

type Row = readonly [startMs: number, size: number, token: string, facts: object];

export interface IndexFile {
  raw(source: string): Remembered<RawFacts>;
  saveRaw(source: string, raw: Lookup<RawSeen>): Promise<void>;
  partitions(table: string): Remembered<PartitionFacts>;
  savePartitions(table: string, partitions: Lookup<PartitionSeen>): Promise<void>;
  attempts(): Promise<Attempts>;
  saveAttempts(attempts: Attempts): Promise<void>;
}

/** `directory` is `.millrace` beside the project file; `lake` names the lake, so that another target has its own rows. */
export function openIndex(directory: string, lake: string): IndexFile {
  const path = (name: string): string => join(directory, `${name}.ndjson`);
  const head = JSON.stringify({ format: 2, lake });
  const read = (name: string): AsyncGenerator<readonly unknown[]> => readRows(path(name), head);
  const write = (name: string, rows: Iterable<unknown>): Promise<void> =>
    replaceFile(directory, path(name), head, rows);
  return {
    raw: (source) => remember(read(`raw-${source}`), isRawFacts),
    saveRaw: (source, raw) => write(`raw-${source}`, rowsOf(raw)),
    partitions: (table) => remember(read(`table-${table}`), isPartitionFacts),
    savePartitions: (table, partitions) => write(`table-${table}`, rowsOf(partitions)),
    async attempts() {
      const attempts: Attempts = new Map();
      for await (const rows of read("attempts"))
        for (const row of rows) if (isAttemptRow(row)) attempts.set(row[0], row[1]);
      return attempts;
    },
    saveAttempts: (attempts) => write("attempts", attempts),
  };
}

interface Listed {
  readonly size: number;
  readonly token: string;
  readonly facts: object | undefined;
}

function* rowsOf(objects: Pick<Lookup<Listed>, "keys" | "get">): Generator<Row> {
  for (const startMs of [...objects.keys()].sort((a, b) => a - b)) {
    const found = objects.get(startMs);
    if (found?.facts !== undefined) yield [startMs, found.size, found.token, found.facts];
  }
}

function remember<Facts>(
  batches: AsyncGenerator<readonly unknown[]>,
  isFacts: (facts: unknown) => facts is Facts,
): Remembered<Facts> {
  const byStart = new Map<number, Row>();
  let readToMs = Number.NEGATIVE_INFINITY;
  return {
    async upTo(startMs) {
      while (readToMs < startMs) {
        const batch = await batches.next();
        if (batch.done === true) {
          readToMs = Number.POSITIVE_INFINITY;
          return;
        }
        for (const row of batch.value) {
          if (!isRow(row)) continue;
          byStart.set(row[0], row);
          readToMs = row[0];
        }
      }
    },
    take(startMs, size, token) {
      const row = byStart.get(startMs);
      if (row === undefined) return undefined;
      byStart.delete(startMs);
      const [, knownSize, knownToken, facts] = row;
      return knownSize === size && knownToken === token && isFacts(facts) ? facts : undefined;
    },
    close: async () => {
      await batches.return(undefined);
    },
  };
}

const isRow = (row: unknown): row is Row =>
  Array.isArray(row) && typeof row[0] === "number" && typeof row[1] === "number" && typeof row[2] === "string";

const isRawFacts = (facts: unknown): facts is RawFacts =>
  hasFields(facts, { sha256: "string", revision: "number", verified: "boolean" }) &&
  isSum(Reflect.get(facts, "sha256"));

const isSum = (value: unknown): boolean => typeof value === "string" && value.length === 64;

const isPartitionFacts = (facts: unknown): facts is PartitionFacts =>
  hasFields(facts, partitionFields) &&
  isSum(Reflect.get(facts, "rawSha256")) &&
  Array.isArray(Reflect.get(facts, "standIns")) &&
  Array.isArray(Reflect.get(facts, "narrow"));

const partitionFields = {
  rawSha256: "string",
  rawRevision: "number",
  rows: "number",
  rejected: "number",
  converter: "string",
  settings: "string",
  checked: "number",
} as const;

function hasFields(value: unknown, fields: Readonly<Record<string, string>>): value is object {
  if (typeof value !== "object" || value === null) return false;
  for (const name in fields) if (typeof Reflect.get(value, name) !== fields[name]) return false;
  return true;
}

const isAttemptRow = (row: unknown): row is [string, Attempt] =>
  Array.isArray(row) &&
  row.length === 2 &&
  typeof row[0] === "string" &&
  typeof row[1] === "object" &&
  row[1] !== null &&
  typeof Reflect.get(row[1], "nextMs") === "number";

/** Rows in batches of some thousands, parsed together: line by line costs twice the time, all at once four times the memory. */
async function* readRows(path: string, head: string): AsyncGenerator<readonly unknown[]> {
  let rest = "";
  let isHeadSeen = false;
  try {
    for await (const chunk of createReadStream(path, { encoding: "utf8", highWaterMark: 1 << 16 })) {
      const text: string = rest + chunk;
      const from = isHeadSeen ? 0 : text.indexOf("\n") + 1;
      const end = text.lastIndexOf("\n") + 1;
      if (from === 0 && !isHeadSeen) {
        rest = text;
        continue;
      }
      // Another format or another lake: nothing here is about this one.
      if (!isHeadSeen && text.slice(0, from - 1) !== head) return;
      isHeadSeen = true;
      rest = text.slice(end);
      if (end > from) yield parseRows(text.slice(from, end - 1));
    }
  } catch (error) {
    // A cache that cannot be read, or was cut by a crash, is no cache: the pass reads the lake instead.
    if (error instanceof SyntaxError || asFailure(error).kind === "missing") return;
    throw asFailure(error, path);
  }
}

function parseRows(lines: string): readonly unknown[] {
  const rows: unknown = JSON.parse(`[${lines.replaceAll("\n", ",")}]`);
  return Array.isArray(rows) ? rows : [];
}

async function replaceFile(directory: string, path: string, head: string, rows: Iterable<unknown>): Promise<void> {
  await mkdir(directory, { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  const file = await open(temporary, "w");
  try {
    let lines: string[] = [head];
    for (const row of rows) {
      lines.push(JSON.stringify(row));
      if (lines.length >= linesPerWrite) {
        await file.write(`${lines.join("\n")}\n`);
        lines = [];
      }
    }
    await file.write(lines.length === 0 ? "" : `${lines.join("\n")}\n`);
  } finally {
    await file.close();
  }
  // Not synced: after a crash an empty or old cache is as good as any.
  await rename(temporary, path);
}
