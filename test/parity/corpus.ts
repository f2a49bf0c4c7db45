/**
 * The statements of the corpus and what was measured for each.
 *
 * `statements/<topic>.sql` holds the statements, each ended by `;` at the end of a line. `recorded/<topic>.ndjson` holds what
 * the engines answered. A line `-- refused: <why>` before a statement says that the lint refuses it on purpose although both
 * engines give the same answer to it here.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Answer, asSet, type Verdict, verdictOf } from "./answers.ts";

export interface Statement {
  readonly topic: string;
  readonly sql: string;
  /** Why the lint refuses it although the answers are the same. */
  readonly refused: string | undefined;
}

export interface Recorded {
  readonly sql: string;
  readonly verdict: Verdict;
  /** Where the rows are the same, but come in another order: of an ORDER BY that leaves something open. */
  readonly order?: "differs";
  readonly both?: Answer;
  readonly duckdb?: Answer;
  readonly spark?: Answer;
}

const root = import.meta.dirname;

export function statements(): Statement[] {
  return globSync("statements/*.sql", { cwd: root })
    .sort()
    .flatMap((file) => split(basename(file, ".sql"), readFileSync(join(root, file), "utf8")));
}

function split(topic: string, text: string): Statement[] {
  return text.split(/;[ \t]*\n/u).flatMap((part) => {
    const notes = /^(?:\s*--[^\n]*\n)*\s*/u.exec(part)?.[0] ?? "";
    const sql = part.slice(notes.length).trimEnd();
    const refused = /--\s*refused:\s*([^\n]*)/u.exec(notes)?.[1];
    return sql === "" ? [] : [{ topic, sql, refused }];
  });
}

export function recordOf(sql: string, duckdb: Answer, spark: Answer): Recorded {
  const verdict = verdictOf(duckdb, spark);
  if (verdict !== "same") return { sql, verdict, duckdb, spark };
  const isOrdered = JSON.stringify(duckdb) === JSON.stringify(spark);
  // Without ORDER BY nobody asked for an order, and the next run may give another one.
  if (!isOrdered && /\border\s+by\b/iu.test(sql)) return { sql, verdict, order: "differs", both: sorted(duckdb) };
  return { sql, verdict, both: /\border\s+by\b/iu.test(sql) ? duckdb : sorted(duckdb) };
}

function sorted(answer: Answer): Answer {
  if ("fails" in answer) return answer;
  return {
    columns: answer.columns,
    rows: [...answer.rows].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  };
}

function fileOf(topic: string): string {
  return join(root, "recorded", `${topic}.ndjson`);
}

/** What was recorded for a topic, by statement. */
export function recorded(topic: string): ReadonlyMap<string, Recorded> {
  const file = fileOf(topic);
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  const records: unknown[] = lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  if (!records.every(isRecorded)) throw new TypeError(`${file}: not written by record.ts`);
  return new Map(records.map((record) => [record.sql, record]));
}

/** The file is ours; this only tells it from another one. */
function isRecorded(value: unknown): value is Recorded {
  return typeof value === "object" && value !== null && "sql" in value && "verdict" in value;
}

export function isSame({ verdict }: Recorded): boolean {
  return verdict === "same";
}

/** One record a line, so that a change of one is a change of one line. */
export function write(topic: string, records: readonly Recorded[]): void {
  writeFileSync(fileOf(topic), records.map((record) => `${JSON.stringify(record)}\n`).join(""));
}

/**
 * Whether an engine still answers as it was recorded. What fails on the data of a constant may do so while it is bound or
 * while it runs; that is the same.
 */
export function agrees(record: Recorded, engine: "duckdb" | "spark", answer: Answer): boolean {
  const expected = record.both ?? record[engine] ?? { fails: "data" };
  return "fails" in expected ? "fails" in answer : asSet(expected) === asSet(answer);
}
