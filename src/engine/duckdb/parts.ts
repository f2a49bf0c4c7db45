/** A statement's result as `part-00000.parquet`: written, synced and hashed. */
import { join } from "node:path";
import { quoteForDuckdb } from "../../model/ddl.ts";
import type { SelectRequest, SelectResult } from "../contract.ts";
import { sealPart, syncDirectory } from "../part-file.ts";
import type { BoundStatement } from "./bind.ts";
import { parquetSettings } from "./relation.ts";
import { quoteText, type RunOptions, type Session } from "./session.ts";

/** One part: DuckDB keeps the rows' order only within a file, and readers share the work by its row groups. */
const PART = "part-00000.parquet";

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
