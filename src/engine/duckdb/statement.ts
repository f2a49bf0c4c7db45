/**
 * A statement as DuckDB's own parser understands it (`json_serialize_sql`), and what is refused before it is bound:
 * more than one statement, anything but a SELECT, parameters, and table functions that reach beyond the tables offered.
 */
import { Failure, type TextPlace } from "../../errors.ts";
import { placeInStatement, STATEMENT } from "../place.ts";
import { duckdbFailure } from "./fault.ts";
import { quoteText, type Session } from "./session.ts";
import { isTree, numberOf, type Tree, textOf, treeOf, treesOf } from "./tree.ts";

export interface Statement {
  readonly sql: string;
  /** The query node: a select, a set operation, or a recursive one. */
  readonly root: Tree;
}

/** Table functions that compute from their arguments alone; all the others read files, settings or other tables. */
const pureTableFunctions = new Set([
  "range",
  "generate_series",
  "generate_subscripts",
  "unnest",
  "json_each",
  "json_tree",
  "regexp_split_to_table",
  "repeat",
  "repeat_row",
]);

export async function parseStatement(session: Session, sql: string, signal?: AbortSignal): Promise<Statement> {
  const query = `SELECT json_serialize_sql(${quoteText(sql)}, skip_null := true, skip_empty := true, skip_default := true)`;
  const [row] = await session.run(query, { signal, context: { phase: "bind" } });
  const answer: unknown = JSON.parse(String(row?.[0] ?? "null"));
  if (!isTree(answer)) throw new Failure("bug", `${STATEMENT}: the parser answered nothing`);
  if (answer.error === true) throw parseFailure(sql, answer);
  const statements = treesOf(answer, "statements");
  const root = statements[0] === undefined ? undefined : treeOf(statements[0], "node");
  if (root === undefined) throw new Failure("usage", `${STATEMENT}: no statement`, { remedy: "write one SELECT" });
  if (statements.length > 1) {
    throw new Failure("usage", `${STATEMENT}: expected one SELECT, got ${statements.length} statements`);
  }
  if (statements[0] !== undefined && treesOf(statements[0], "named_param_map").length > 0) {
    throw new Failure("usage", `${STATEMENT}: parameters ($1, ?) have no value here`, { remedy: "write the value" });
  }
  refuseForeignFunctions(root, sql);
  return { sql, root };
}

function parseFailure(sql: string, answer: Tree): Failure {
  if (textOf(answer, "error_type") === "not implemented") {
    return new Failure("usage", `${STATEMENT}: expected one SELECT statement`, {
      remedy:
        "a statement reads the project's tables and marts and changes nothing; PIVOT goes after FROM: select * from t pivot (…)",
    });
  }
  const fault = {
    exception_type: "Parser",
    exception_message: textOf(answer, "error_message") ?? "cannot be parsed",
    position: textOf(answer, "position"),
  };
  return duckdbFailure(JSON.stringify(fault), { phase: "bind", sql });
}

function refuseForeignFunctions(tree: Tree, sql: string): void {
  const type = textOf(tree, "type");
  if (type === "SHOW_REF") {
    throw new Failure("usage", `${STATEMENT}: DESCRIBE, SHOW and SUMMARIZE are not available here`, {
      remedy: "`millrace schema TABLE` shows a table's columns",
    });
  }
  if (type === "TABLE_FUNCTION") {
    const call = treeOf(tree, "function");
    const name = (call === undefined ? undefined : textOf(call, "function_name")) ?? "";
    if (!pureTableFunctions.has(name.toLowerCase())) {
      throw withPlace(
        `${STATEMENT}: ${name}() is not available: a statement reads the project's tables and marts only`,
        tree,
        sql,
      );
    }
  }
  for (const value of Object.values(tree)) {
    for (const item of Array.isArray(value) ? value.flat(2) : [value])
      if (isTree(item)) refuseForeignFunctions(item, sql);
  }
}

function withPlace(message: string, tree: Tree, sql: string): Failure {
  const place = placeOfTree(tree, sql);
  return new Failure("usage", message, place === undefined ? {} : { place });
}

export function placeOfTree(tree: Tree, sql: string): TextPlace | undefined {
  const at = numberOf(tree, "query_location");
  return at === undefined ? undefined : placeInStatement(sql, at);
}
