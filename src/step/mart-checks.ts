/** Runs a mart's checks over the files that were just written, before anybody can see them. */
import { stat } from "node:fs/promises";
import type { Engine, QueryValue, SelectResult, TableInput } from "../engine/contract.ts";
import { Failure } from "../errors.ts";
import type { MartCheck, MartSettings } from "../model/project.ts";

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const literal = (value: string | number | boolean): string =>
  typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);

interface Question {
  /** A scalar subquery that counts the violations. */
  readonly sql: string;
  readonly complaint: (violations: bigint) => string;
}

/** Throws `refused` naming every check that does not hold and how many rows break it. */
export async function checkMart(
  engine: Engine,
  settings: MartSettings,
  result: SelectResult,
  scratch: string,
  signal?: AbortSignal,
): Promise<void> {
  const questions = settings.checks.flatMap((check) => questionsOf(check, result));
  const complaints = settings.checks.flatMap((check) =>
    check.kind === "min_rows" && result.rows < check.rows
      ? [`min_rows: ${result.rows} rows, at least ${check.rows} expected`]
      : [],
  );
  if (questions.length > 0) {
    const sql = `select ${questions.map((question, at) => `(${question.sql}) as c${at}`).join(", ")}`;
    const answers = await ask(engine, sql, result, scratch, signal);
    questions.forEach((question, at) => {
      const violations = answers[at];
      if (typeof violations === "bigint" && violations > 0n) complaints.push(question.complaint(violations));
    });
  }
  if (complaints.length === 0) return;
  throw new Failure("refused", `mart ${settings.name}: ${complaints.join("; ")}`, {
    remedy: "the previous version stays; correct the data or the statement, or change the mart's checks",
  });
}

function questionsOf(check: MartCheck, result: SelectResult): readonly Question[] {
  const known = (column: string): string => {
    if (!result.columns.some(({ name }) => name === column)) {
      throw new Failure(
        "usage",
        `check ${check.kind} names column ${column}, but the mart has ${result.columns.map(({ name }) => name).join(", ")}`,
      );
    }
    return quote(column);
  };
  switch (check.kind) {
    case "min_rows":
      return [];
    case "not_null":
      return check.columns.map((column) => ({
        sql: `select count(*) from result where ${known(column)} is null`,
        complaint: (violations) => `not_null: ${column} is null in ${violations} rows`,
      }));
    case "unique": {
      const columns = check.columns.map(known).join(", ");
      return [
        {
          sql: `select count(*) from (select ${columns} from result group by ${columns} having count(*) > 1)`,
          complaint: (violations) =>
            `unique: ${violations} values of (${check.columns.join(", ")}) occur more than once`,
        },
      ];
    }
    case "accepted_values":
      return [
        {
          sql: `select count(*) from result where ${known(check.column)} not in (${check.values.map(literal).join(", ")})`,
          complaint: (violations) => `accepted_values: ${check.column} has another value in ${violations} rows`,
        },
      ];
    case "expression":
      return [
        {
          sql: `select count(*) from result where (${check.sql}) is not true`,
          complaint: (violations) => `expression: \`${check.sql}\` does not hold in ${violations} rows`,
        },
      ];
  }
}

async function ask(
  engine: Engine,
  sql: string,
  result: SelectResult,
  scratch: string,
  signal: AbortSignal | undefined,
): Promise<readonly QueryValue[]> {
  const table: TableInput = {
    schema: { fields: result.columns },
    partitioned: false,
    files: () =>
      Promise.all(
        result.files.map(async (file) => {
          const token = async (): Promise<string> => {
            const found = await stat(file.path);
            return `${found.ino}-${found.size}`;
          };
          return { path: file.path, src: undefined, size: file.size, token: await token(), check: token };
        }),
      ),
  };
  const answer = await engine.query(
    { sql, tables: new Map([["result", table]]), scratch },
    signal === undefined ? {} : { signal },
  );
  for await (const rows of answer.rows()) {
    const [row] = rows;
    if (row !== undefined) return row;
  }
  throw new Failure("bug", "the engine answered a check with no row");
}
