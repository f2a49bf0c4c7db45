/**
 * The scale-out engine: stock Apache Spark behind Spark Connect. It opens the files by their locations, wherever it runs; what
 * travels over the connection is plans and answers.
 *
 * Every statement has a session of its own. It is bound over views without a file, then the views are laid over exactly the
 * files that it was handed, and it runs as it was written. Rows over the lake's own files are kept on this side until the
 * files turn out to be what they were.
 */
import type { CallOptions, Result, Session } from "../../spark-connect/contract.ts";
import { rowDecoder } from "../../spark-connect/values.ts";
import type {
  Description,
  Engine,
  EngineOptions,
  QueryRequest,
  QueryResult,
  QueryValue,
  SelectRequest,
  SelectResult,
} from "../contract.ts";
import { checkMartColumns } from "../mart-columns.ts";
import { emptyDirectory } from "../part-file.ts";
import { formatTouched } from "../touched.ts";
import { type Answer, keepAnswer, streamAnswer } from "./answer.ts";
import { type BoundStatement, bindStatement } from "./bind.ts";
import { sparkFailure } from "./fault.ts";
import { resultRelation, writeHere, writeThere } from "./parts.ts";
import { shareReport } from "./progress.ts";
import { sqlRelation } from "./relation.ts";
import { runStatement } from "./run.ts";
import { makeSessions, type Sessions, type SparkEngineSettings } from "./session.ts";
import { valueMaker } from "./values.ts";

export type { SparkEngineSettings } from "./session.ts";

export function createSparkEngine(settings: SparkEngineSettings): Engine {
  const sessions = makeSessions(settings);
  /** Answers that nobody has read to their end. */
  const open = new Set<() => Promise<void>>();
  return {
    name: "spark",
    opens: "locations",
    version: () => inSession(sessions, undefined, async (session) => `Apache Spark ${session.version}`),
    describe: (sql, tables, options = {}) =>
      inSession(sessions, options.signal, async (session) => {
        const bound = await bindStatement(session, sql, tables, callOf(options));
        if (options.mart === true) checkMart(bound);
        return descriptionOf(bound);
      }),
    select: (request, options = {}) =>
      inSession(sessions, options.signal, (session) => select(session, request, options)),
    query: (request, options = {}) => query(sessions, request, options, open),
    close: async () => {
      await Promise.all([...open].map((close) => close()));
    },
  };
}

async function inSession<T>(
  sessions: Sessions,
  signal: AbortSignal | undefined,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await sessions.open(signal);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

function callOf({ signal }: CallOptions): CallOptions {
  return signal === undefined ? {} : { signal };
}

function checkMart(bound: BoundStatement): void {
  checkMartColumns(bound.result.map(({ name, engineType, mapped }) => ({ name, engineType, refused: mapped.refused })));
}

function descriptionOf(bound: BoundStatement): Description {
  return {
    tables: bound.tables.map((table) => table.name),
    columns: new Map(bound.tables.map((table) => [table.name, formatTouched(table.touched)])),
    result: bound.result.map(({ name, type, engineType }) => ({ name, type, engineType })),
  };
}

async function select(session: Session, request: SelectRequest, options: EngineOptions): Promise<SelectResult> {
  const call = callOf(options);
  const bound = await bindStatement(session, request.sql, request.tables, call);
  checkMart(bound);
  const share = shareReport(options.onProgress);
  const execute = { ...call, onProgress: share.onProgress };
  const { location } = request;
  const { value: files, bytesRead } = await runStatement(session, bound, request, call, async ({ inputBytes }) => {
    share.begin();
    const rows = resultRelation(bound, inputBytes);
    if (location !== undefined) {
      await writeThere(session, rows, { ...request, location }, bound.sql, execute);
      return [];
    }
    await emptyDirectory(request.directory);
    return await writeHere(session, rows, request, bound.sql, execute);
  });
  share.end();
  return { columns: descriptionOf(bound).result, files, bytesRead };
}

async function query(
  sessions: Sessions,
  request: QueryRequest,
  options: EngineOptions,
  open: Set<() => Promise<void>>,
): Promise<QueryResult> {
  const call = callOf(options);
  const session = await sessions.open(options.signal);
  const share = shareReport(options.onProgress);
  try {
    const bound = await bindStatement(session, request.sql, request.tables, call);
    const run = async (): Promise<Result> =>
      await session.execute(sqlRelation(bound.sql), { ...call, onProgress: share.onProgress });
    const { value: answer } = await runStatement(session, bound, request, call, async ({ isPrivate }) => {
      share.begin();
      return isPrivate ? streamAnswer(await run()) : await keepAnswer(await run(), request.scratch);
    }).catch((error: unknown) => {
      throw sparkFailure(error, { phase: "run", sql: bound.sql });
    });
    share.end();
    if (answer.isKept) await session.close();
    const close = async (): Promise<void> => {
      open.delete(close);
      await answer.close();
      await session.close();
    };
    open.add(close);
    return { columns: descriptionOf(bound).result, rows: () => rowsOf(answer, bound.sql, close) };
  } catch (error) {
    await session.close();
    throw error;
  }
}

async function* rowsOf(
  answer: Answer,
  sql: string,
  close: () => Promise<void>,
): AsyncGenerator<readonly (readonly QueryValue[])[]> {
  try {
    const decode = rowDecoder(answer.schema);
    const make = answer.schema.fields.map(({ type }) => valueMaker(type));
    for await (const data of answer.batches()) {
      const rows = decode(data);
      if (rows.length === 0) continue;
      yield rows.map((row) => make.map((value, index) => value(row[index] ?? null)));
    }
  } catch (error) {
    throw sparkFailure(error, { phase: "run", sql });
  } finally {
    await close();
  }
}
