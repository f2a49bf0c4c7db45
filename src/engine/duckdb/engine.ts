/**
 * The embedded engine: DuckDB in the process, a private and locked database for every statement.
 *
 * Few files are bound as they lie there. Of many, the touched columns are first copied, batch by batch, into narrow files
 * in the request's scratch directory, and the statement runs over those: the memory that a wide file's footer costs is
 * then bounded by the batch, not by the table.
 */
import { version } from "@duckdb/node-api";
import type {
  Description,
  Engine,
  EngineOptions,
  QueryRequest,
  QueryResult,
  QueryValue,
  SelectRequest,
  SelectResult,
  TableShape,
} from "../contract.ts";
import { checkMartColumns, type MartColumn } from "../mart-columns.ts";
import { emptyDirectory } from "../part-file.ts";
import { formatTouched } from "../touched.ts";
import { type BoundStatement, bindStatement } from "./bind.ts";
import type { FaultContext } from "./fault.ts";
import { writeParts } from "./parts.ts";
import { runStatement, type Work } from "./run.ts";
import { openSession, type RunOptions, type Session, type SessionSettings } from "./session.ts";
import { queryValue } from "./values.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

export function createDuckdbEngine(settings: SessionSettings): Engine {
  /** Streams that nobody has read to their end. */
  const open = new Set<Workspace>();
  return {
    name: "duckdb",
    opens: "paths",
    version: async () => `DuckDB ${version()}`,
    describe: async (sql, tables, options = {}) => {
      const bound = await bindAlone(settings, sql, tables, options.signal);
      if (options.mart === true) checkMartColumns(martColumns(bound));
      return descriptionOf(bound);
    },
    select: (request, options = {}) => select(settings, request, options),
    query: (request, options = {}) => query(settings, request, options, open),
    close: async () => {
      await Promise.all([...open].map((workspace) => workspace.close()));
    },
  };
}

/** Binding spills nothing, so that it needs no directory of its own. */
async function bindAlone(
  settings: SessionSettings,
  sql: string,
  tables: ReadonlyMap<string, TableShape>,
  signal: AbortSignal | undefined,
): Promise<BoundStatement> {
  const session = await openSession(settings, undefined, { files: [], directories: [] });
  try {
    return await bindStatement(session, sql, tables, signal);
  } finally {
    session.close();
  }
}

function descriptionOf(bound: BoundStatement): Description {
  return {
    tables: bound.tables.map((table) => table.name),
    columns: new Map(bound.tables.map((table) => [table.name, formatTouched(table.touched)])),
    result: bound.result.map(({ name, type, engineType }) => ({ name, type, engineType })),
  };
}

function martColumns(bound: BoundStatement): MartColumn[] {
  return bound.result.map(({ name, engineType, mapped }) => ({ name, engineType, refused: mapped.refused }));
}

async function select(
  settings: SessionSettings,
  request: SelectRequest,
  options: EngineOptions,
): Promise<SelectResult> {
  const bound = await bindAlone(settings, request.sql, request.tables, options.signal);
  checkMartColumns(martColumns(bound));
  const workspace = await openWorkspace(settings, request.scratch, [request.directory]);
  try {
    const write: Work<SelectResult["files"]> = async (session, context) => {
      await emptyDirectory(request.directory);
      return await writeParts(session, bound, request, { signal: options.signal, onProgress: context.onProgress });
    };
    const { value: files, bytesRead } = await runStatement(workspace, bound, request, options, write);
    return { columns: descriptionOf(bound).result, files, bytesRead };
  } finally {
    await workspace.close();
  }
}

async function query(
  settings: SessionSettings,
  request: QueryRequest,
  options: EngineOptions,
  open: Set<Workspace>,
): Promise<QueryResult> {
  const bound = await bindAlone(settings, request.sql, request.tables, options.signal);
  const workspace = await openWorkspace(settings, request.scratch, []);
  open.add(workspace);
  const close = async (): Promise<void> => {
    open.delete(workspace);
    await workspace.close();
  };
  try {
    const { value: answer } = await runStatement(workspace, bound, request, options, (session, context) =>
      context.isPrivate
        ? Promise.resolve<Answer>({ sql: bound.sql, context: { phase: "run", sql: bound.sql } })
        : keepAnswer(session, bound.sql, { signal: options.signal, onProgress: context.onProgress }),
    );
    return {
      columns: descriptionOf(bound).result,
      rows: () => rowsOf(workspace.session(), answer, options, close),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A statement whose rows can be streamed without anything changing under it. */
interface Answer {
  readonly sql: string;
  readonly context: FaultContext;
}

const RESULT = "millrace.result";
const CREATE_TABLE = `CREATE TABLE ${RESULT} AS\n`;

/** Over the lake's own files the rows are kept (and spilt) first: what was already streamed could not be discarded. */
async function keepAnswer(
  session: Session,
  sql: string,
  options: Pick<RunOptions, "signal" | "onProgress">,
): Promise<Answer> {
  await session.run("CREATE SCHEMA millrace");
  const context: FaultContext = { phase: "run", sql, offset: CREATE_TABLE.length };
  await session.run(`${CREATE_TABLE}${sql}`, { ...options, context });
  return { sql: `FROM ${RESULT}`, context: { phase: "run" } };
}

async function* rowsOf(
  session: Session,
  answer: Answer,
  options: EngineOptions,
  close: () => Promise<void>,
): AsyncGenerator<readonly (readonly QueryValue[])[]> {
  try {
    const guarded = { context: answer.context, signal: options.signal };
    const result = await session.stream(answer.sql, guarded);
    const types = result.columnTypes();
    for (;;) {
      const chunk = await session.guard(() => result.fetchChunk(), guarded);
      if (chunk === null || chunk.rowCount === 0) return;
      const columns = types.map((type, index) => chunk.getColumnValues(index).map((value) => queryValue(value, type)));
      yield Array.from({ length: chunk.rowCount }, (_, row) => columns.map((values) => values[row] ?? null));
    }
  } finally {
    await close();
  }
}
