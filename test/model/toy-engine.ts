/**
 * An engine that knows one kind of statement, `select * from TABLE`, and answers with a row for each partition: its `src`
 * and the sum of its bytes. It keeps the engine's contract: it reads exactly the files it is handed, and compares them
 * before and after.
 */
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Engine, InputFile, TableInput } from "../../src/engine/contract.ts";
import { Failure } from "../../src/errors.ts";

const roundsMax = 3;
const result = [{ name: "partition", type: { kind: "string" }, engineType: "VARCHAR" }] as const;

export const toyEngine: Engine = {
  name: "toy",
  opens: "paths",
  version: async () => "toy",
  async describe(sql, tables) {
    const [name] = tableOf(sql, tables);
    return { tables: [name], columns: new Map([[name, ["*"]]]), result };
  },
  async select({ sql, tables, directory }) {
    const [name, table] = tableOf(sql, tables);
    const rows = await rowsOf(name, table);
    const bytes = Buffer.from(rows.join("\n"));
    const path = join(directory, "part-0.parquet");
    await writeFile(path, bytes);
    const file = { path, rows: rows.length, size: bytes.length, sha256: sha256(bytes) };
    return { columns: result, rows: rows.length, files: [file], bytesRead: 0 };
  },
  query: () => Promise.reject(new Failure("bug", "the toy engine answers no queries")),
  close: async () => undefined,
};

function tableOf<T>(sql: string, tables: ReadonlyMap<string, T>): readonly [name: string, table: T] {
  const name = /^select \* from (\w+)$/.exec(sql)?.[1] ?? "";
  const table = tables.get(name);
  if (table === undefined) throw new Failure("usage", `${sql}: there is no table of that name`);
  return [name, table];
}

async function rowsOf(name: string, table: TableInput): Promise<readonly string[]> {
  for (let round = 1; round <= roundsMax; round++) {
    const files = await table.files();
    const rows: string[] = [];
    for (const file of files) {
      const row = await rowOf(name, file);
      if (row === undefined) break;
      rows.push(row);
    }
    if (rows.length === files.length) return rows;
  }
  throw new Failure("conflict", "the files changed under the statement");
}

/** `undefined` if the file is no longer the one that was listed. */
async function rowOf(table: string, file: InputFile): Promise<string | undefined> {
  try {
    await file.bring?.("all");
    const bytes = await readFile(file.path);
    return (await file.check()) === file.token ? rowFor(table, file.src, bytes) : undefined;
  } catch (error) {
    if (error instanceof Failure && (error.kind === "conflict" || error.kind === "missing")) return undefined;
    throw error;
  } finally {
    await file.release?.();
  }
}

export const rowFor = (table: string, src: string | undefined, bytes: Uint8Array): string =>
  `${table} ${src} ${sha256(bytes)}`;

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
