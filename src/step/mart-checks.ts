/** Runs a mart's checks over the files that were just written, before anybody can see them. */
import type { Engine, QueryValue, TableInput } from "../engine/contract.ts";
import { Failure } from "../errors.ts";
import { quoteForDuckdb, quoteForSpark } from "../model/ddl.ts";
import type { MartCheck, MartSettings } from "../model/project.ts";
import type { WrittenMart } from "./written-mart.ts";

/** How an engine writes names and texts; everything else in these statements means the same to all of them. */
interface Words {
  readonly name: (name: string) => string;
  readonly text: (text: string) => string;
}

const duckdbWords: Words = { name: quoteForDuckdb, text: (text) => `'${text.replaceAll("'", "''")}'` };
const sparkWords: Words = { name: quoteForSpark, text: (text) => `'${text.replaceAll(/['\\]/g, "\\$&")}'` };

type Result = Pick<WrittenMart, "columns" | "rows" | "inputs">;

interface Question {
  /** A scalar subquery that counts the violations. */
  readonly sql: string;
  readonly complaint: (violations: bigint) => string;
}

/** Throws `refused` naming every check that does not hold and how many rows break it. */
export async function checkMart(
  engine: Engine,
  settings: MartSettings,
  result: Result,
  scratch: string,
  signal?: AbortSignal,
): Promise<void> {
  const words = engine.name === "spark" ? sparkWords : duckdbWords;
  const questions = settings.checks.flatMap((check) => questionsOf(check, result, words));
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

function questionsOf(check: MartCheck, result: Result, words: Words): readonly Question[] {
  const literal = (value: string | number | boolean): string =>
    typeof value === "string" ? words.text(value) : String(value);
  const known = (column: string): string => {
    if (!result.columns.some(({ name }) => name === column)) {
      throw new Failure(
        "usage",
        `check ${check.kind} names column ${column}, but the mart has ${result.columns.map(({ name }) => name).join(", ")}`,
      );
    }
    return words.name(column);
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
  result: Result,
  scratch: string,
  signal: AbortSignal | undefined,
): Promise<readonly QueryValue[]> {
  const table: TableInput = {
    schema: { fields: result.columns },
    partitioned: false,
    files: async () => result.inputs,
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
