/** A statement's result as `part-00000.parquet`: written, synced and hashed. */
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../errors.ts";
import { quoteForDuckdb } from "../../model/ddl.ts";
import type { SelectRequest, SelectResult } from "../contract.ts";
import type { BoundResult, BoundStatement } from "./bind.ts";
import { STATEMENT } from "./fault.ts";
import { parquetSettings } from "./relation.ts";
import { quoteText, type RunOptions, type Session } from "./session.ts";

/** One part: DuckDB keeps the rows' order only within a file, and readers share the work by its row groups. */
const PART = "part-00000.parquet";

const COLUMN_NAME = /^[a-z_][a-z0-9_]*$/;

/** Throws `usage` for a result that cannot be a mart (`designs/formats.md`, "mart columns" and "mart types"). */
export function checkMartColumns(result: readonly BoundResult[]): void {
  const findings: Failure[] = [];
  const seen = new Set<string>();
  for (const column of result) {
    const { refused } = column.mapped;
    if (!COLUMN_NAME.test(column.name)) findings.push(badName(column.name, seen));
    else if (seen.has(column.name)) {
      findings.push(
        new Failure("usage", `${STATEMENT}: column "${column.name}" comes twice`, {
          remedy: `give one of them another name: … as ${free(`${column.name}_2`, seen)}`,
        }),
      );
    } else if (refused !== undefined) {
      findings.push(
        new Failure("usage", `${STATEMENT}: column "${column.name}" is ${column.engineType}, which no mart can hold`, {
          remedy: refused,
        }),
      );
    }
    seen.add(column.name);
  }
  const [first, ...others] = findings;
  if (first === undefined) return;
  throw new Failure(first.kind, first.message, { ...first.detail, ...(others.length === 0 ? {} : { others }) });
}

function badName(name: string, seen: ReadonlySet<string>): Failure {
  const letters = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, "_")
    .replaceAll(/^_+|_+$/g, "");
  const proposal = free(letters === "" ? "value" : /^[0-9]/.test(letters) ? `_${letters}` : letters, seen);
  return new Failure("usage", `${STATEMENT}: column "${name}" is no name for a mart's column ([a-z_][a-z0-9_]*)`, {
    remedy: `give it one: … as ${proposal}`,
  });
}

function free(name: string, seen: ReadonlySet<string>): string {
  let candidate = name;
  for (let number = 2; seen.has(candidate); number++) candidate = `${name}_${number}`;
  return candidate;
}

/** Where the user's statement stands as a view, out of the way of the tables' names. */
const RESULT = "millrace.result";
const CREATE_VIEW = `CREATE VIEW ${RESULT} AS\n`;

/** Writes the bound statement's rows into `request.directory`. */
export async function writeParts(
  session: Session,
  bound: BoundStatement,
  request: SelectRequest,
  options: Pick<RunOptions, "signal" | "onProgress">,
): Promise<SelectResult["files"]> {
  const { sql } = bound;
  const context = { phase: "run", sql, offset: CREATE_VIEW.length } as const;
  await session.run("CREATE SCHEMA millrace");
  await session.run(`${CREATE_VIEW}${sql}`, { context });
  const columns = bound.result.map(({ name, mapped }) => {
    const column = quoteForDuckdb(name);
    return mapped.stored === undefined ? column : `CAST(${column} AS ${mapped.stored}) AS ${column}`;
  });
  const path = join(request.directory, PART);
  const copy = `COPY (SELECT ${columns.join(", ")} FROM ${RESULT}) TO ${quoteText(path)}`;
  const settings = parquetSettings(request.compression, bound.result);
  const [written] = await session.run(`${copy} (${settings})`, { ...options, context: { phase: "run" } });
  const part = await sealPart(path, Number(written?.[0]));
  await syncDirectory(request.directory);
  return [part];
}

async function sealPart(path: string, rows: number): Promise<SelectResult["files"][number]> {
  const file = await open(path, "r+");
  try {
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 })) {
      hash.update(chunk);
      size += chunk.length;
    }
    await file.sync();
    return { path, rows, size, sha256: hash.digest("hex") };
  } finally {
    await file.close();
  }
}

/** Makes the new names durable. Windows has no such call. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
