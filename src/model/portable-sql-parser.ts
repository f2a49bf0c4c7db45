/** Statements: queries with their clauses. What this grammar lacks is refused by the word that begins it. */

import { readOrder, readWindow } from "./portable-sql-call-syntax.ts";
import {
  type Cursor,
  demand,
  type Grammar,
  list,
  nameHere,
  next,
  peek,
  refuse,
  sees,
  stop,
  takes,
  unexpected,
} from "./portable-sql-cursor.ts";
import { readConcat, readExpression } from "./portable-sql-expressions.ts";
import { isReserved } from "./portable-sql-operands.ts";
import type {
  Alias,
  CommonTable,
  Expression,
  Join,
  Name,
  Query,
  QueryBody,
  Select,
  SelectItem,
  Source,
  Window,
} from "./portable-sql-tree.ts";

/** How the parts of this grammar reach each other. */
export const grammar: Grammar = { query: readQuery, expression: readExpression, operand: readConcat };

export function readStatement(cursor: Cursor): Query {
  const query = readQuery(cursor);
  takes(cursor, ";");
  if (peek(cursor).kind !== "end")
    throw sees(cursor, ";") || peek(cursor, -1).key === ";" ? stop(peek(cursor).at, "statements") : clause(cursor);
  return query;
}

/** Clauses that only one engine has, or that mean different things, by their first word. */
const clauses: Readonly<Record<string, string>> = {
  pivot: "pivot",
  unpivot: "pivot",
  pivot_wider: "pivot",
  pivot_longer: "pivot",
  sample: "sample",
  tablesample: "sample",
  using: "sample",
  lateral: "lateral",
  fetch: "fetch",
  asof: "asof-join",
  positional: "positional-join",
  sort: "spark-order",
  cluster: "spark-order",
  distribute: "spark-order",
  minus: "minus",
  from: "from-first",
};

function clause(cursor: Cursor): Error {
  const { key, at, kind } = peek(cursor);
  const construct = kind === "word" ? clauses[key] : undefined;
  return construct === undefined ? unexpected(cursor) : stop(at, construct, key);
}

function readQuery(cursor: Cursor): Query {
  const { at } = peek(cursor);
  const expressions = takes(cursor, "with") ? readCommonTables(cursor) : [];
  const body = readSet(cursor);
  const order = sees(cursor, "order", "by") ? readOrder(cursor) : [];
  let limit: Expression | undefined;
  let offset: Expression | undefined;
  if (takes(cursor, "limit")) limit = readLimit(cursor);
  if (takes(cursor, "offset")) offset = readExpression(cursor);
  if (limit === undefined && sees(cursor, "limit")) throw stop(peek(cursor).at, "offset-first");
  return { at, expressions, body, order, limit, offset };
}

function readLimit(cursor: Cursor): Expression {
  const { at } = peek(cursor);
  const value = readExpression(cursor);
  if (sees(cursor, "%") || sees(cursor, "percent")) throw stop(at, "limit-form");
  return value;
}

function readCommonTables(cursor: Cursor): CommonTable[] {
  if (sees(cursor, "recursive")) throw stop(peek(cursor).at, "recursive");
  return list(
    cursor,
    () => {
      const name = nameHere(cursor);
      const columns = takes(cursor, "(") ? readNamesInside(cursor) : [];
      demand(cursor, "as");
      if (sees(cursor, "materialized") || sees(cursor, "not", "materialized"))
        throw stop(peek(cursor).at, "materialized");
      demand(cursor, "(");
      const query = readQuery(cursor);
      demand(cursor, ")");
      return { name, columns, query };
    },
    (end) => sees(end, "select"),
  );
}

function readNamesInside(cursor: Cursor): Name[] {
  const names = list(
    cursor,
    () => nameHere(cursor),
    (end) => sees(end, ")"),
  );
  demand(cursor, ")");
  return names;
}

/** INTERSECT binds closer than UNION and EXCEPT in both engines. */
function readSet(cursor: Cursor): QueryBody {
  return setChain(cursor, ["union", "except"], (inner) => setChain(inner, ["intersect"], readBody));
}

function setChain(cursor: Cursor, words: readonly string[], operand: (cursor: Cursor) => QueryBody): QueryBody {
  let left = operand(cursor);
  while (words.some((word) => sees(cursor, word))) {
    const { at } = next(cursor);
    if (!takes(cursor, "all")) takes(cursor, "distinct");
    if (sees(cursor, "by", "name")) throw stop(at, "union-by-name");
    left = { kind: "set", at, left, right: operand(cursor) };
  }
  return left;
}

function readBody(cursor: Cursor): QueryBody {
  const { at } = peek(cursor);
  if (takes(cursor, "(")) {
    const query = readQuery(cursor);
    demand(cursor, ")");
    return { kind: "nested", at, query };
  }
  if (takes(cursor, "values"))
    return {
      kind: "values",
      at,
      rows: list(
        cursor,
        () => readRow(cursor),
        () => false,
      ),
    };
  if (takes(cursor, "select")) return readSelect(cursor, at);
  throw clause(cursor);
}

function readRow(cursor: Cursor): Expression[] {
  if (!takes(cursor, "(")) return [readExpression(cursor)];
  const row = list(
    cursor,
    () => readExpression(cursor),
    (end) => sees(end, ")"),
  );
  demand(cursor, ")");
  return row;
}

function readSelect(cursor: Cursor, at: number): Select {
  const distinct = takes(cursor, "distinct");
  if (!distinct) takes(cursor, "all");
  if (distinct && sees(cursor, "on", "(")) throw stop(peek(cursor).at, "distinct-on");
  const items = list(
    cursor,
    () => readItem(cursor),
    (end) => sees(end, "from") || peek(end).kind === "end",
  );
  const from = takes(cursor, "from")
    ? list(
        cursor,
        () => readSource(cursor),
        () => false,
      )
    : [];
  const where = takes(cursor, "where") ? readExpression(cursor) : undefined;
  const group = takes(cursor, "group", "by") ? readGroup(cursor) : [];
  const having = takes(cursor, "having") ? readExpression(cursor) : undefined;
  const windows = takes(cursor, "window")
    ? list(
        cursor,
        () => readNamedWindow(cursor),
        () => false,
      )
    : [];
  const qualify = takes(cursor, "qualify") ? readExpression(cursor) : undefined;
  return { kind: "select", at, distinct, items, from, where, group, having, qualify, windows };
}

function readNamedWindow(cursor: Cursor): Window {
  nameHere(cursor);
  demand(cursor, "as");
  return readWindow(cursor);
}

function readItem(cursor: Cursor): SelectItem {
  const value = readExpression(cursor);
  if (value.kind === "star" && ["exclude", "except", "replace", "rename"].some((word) => sees(cursor, word, "("))) {
    throw stop(peek(cursor).at, "star-modifier", peek(cursor).key);
  }
  if (peek(cursor).key === ":" && value.kind === "column") throw stop(peek(cursor).at, "alias-first");
  const alias = takes(cursor, "as") ? nameHere(cursor) : bareAlias(cursor);
  return { value, alias };
}

/** Words that may follow an item or a source, and are therefore no names without AS. */
const following = new Set(
  (
    "from where group having order limit offset union intersect except minus on using join inner left right full cross natural semi anti " +
    "asof positional lateral qualify window pivot unpivot sample tablesample fetch as sort cluster distribute pivot_wider pivot_longer"
  ).split(" "),
);

function bareAlias(cursor: Cursor): Name | undefined {
  const { kind, key } = peek(cursor);
  const isName = kind === "quoted" || (kind === "word" && !following.has(key) && !isReserved(key));
  return isName ? nameHere(cursor) : undefined;
}

function readGroup(cursor: Cursor): Expression[] {
  if (takes(cursor, "all")) return [];
  if (takes(cursor, "grouping", "sets")) return readGroupingSets(cursor);
  const items = list(
    cursor,
    () => readExpression(cursor),
    (end) => sees(end, "having") || sees(end, ")") || peek(end).kind === "end",
  );
  if (sees(cursor, "with")) throw stop(peek(cursor).at, "with-rollup");
  return items.map((item) =>
    item.kind === "call" && groupings.has(item.name) ? { kind: "tuple", at: item.at, values: item.args } : item,
  );
}

const groupings = new Set(["rollup", "cube"]);

/** The columns of all sets; the sets themselves need no check. */
function readGroupingSets(cursor: Cursor): Expression[] {
  demand(cursor, "(");
  const sets = list(
    cursor,
    () => {
      if (!takes(cursor, "(")) return [readExpression(cursor)];
      if (takes(cursor, ")")) return [];
      const values = list(
        cursor,
        () => readExpression(cursor),
        (end) => sees(end, ")"),
      );
      demand(cursor, ")");
      return values;
    },
    (end) => sees(end, ")"),
  );
  demand(cursor, ")");
  return sets.flat();
}

function readSource(cursor: Cursor): Source {
  let left = readOperand(cursor);
  for (;;) {
    const join = readJoin(cursor, left);
    if (join === undefined) return left;
    left = join;
  }
}

const joinTypes: readonly (readonly [readonly string[], Join["type"]])[] = [
  [["join"], "inner"],
  [["inner", "join"], "inner"],
  [["left", "join"], "left"],
  [["left", "outer", "join"], "left"],
  [["right", "join"], "right"],
  [["right", "outer", "join"], "right"],
  [["full", "join"], "full"],
  [["full", "outer", "join"], "full"],
  [["cross", "join"], "cross"],
  [["semi", "join"], "semi"],
  [["anti", "join"], "anti"],
];

function readJoin(cursor: Cursor, left: Source): Join | undefined {
  const { at } = peek(cursor);
  if (sees(cursor, "natural")) throw stop(at, "natural-join");
  if (sees(cursor, "left", "semi") || sees(cursor, "left", "anti")) throw stop(at, "left-semi");
  const found = joinTypes.find(([words]) => takes(cursor, ...words));
  if (found === undefined) return undefined;
  const [, type] = found;
  const right = readOperand(cursor);
  const on = takes(cursor, "on") ? readExpression(cursor) : undefined;
  const using = on === undefined && takes(cursor, "using") ? usingNames(cursor) : [];
  if (type !== "cross" && on === undefined && using.length === 0) refuse(cursor, at, "join-without-on");
  return { kind: "join", at, type, left, right, on, using };
}

function usingNames(cursor: Cursor): Name[] {
  demand(cursor, "(");
  return readNamesInside(cursor);
}

function readOperand(cursor: Cursor): Source {
  const { at, kind, key } = peek(cursor);
  const isLateral = takes(cursor, "lateral");
  if (isLateral && !sees(cursor, "(")) throw stop(at, "lateral");
  if (takes(cursor, "(")) {
    const isQuery = sees(cursor, "select") || sees(cursor, "with") || sees(cursor, "values");
    const inner: Source = isQuery
      ? { kind: "query", at, query: readQuery(cursor), alias: undefined, isLateral }
      : readSource(cursor);
    demand(cursor, ")");
    const alias = readAlias(cursor);
    if (inner.kind !== "query") return inner;
    return { ...inner, alias };
  }
  if (sees(cursor, "values")) throw stop(at, "values-bare");
  if (kind === "string") throw stop(at, "file-as-table");
  if (kind !== "word" && kind !== "quoted") throw unexpected(cursor);
  if (peek(cursor, 1).key === "(" && peek(cursor, 1).kind === "operator") throw stop(at, "table-function", key);
  const { text } = next(cursor);
  if (sees(cursor, ".")) throw stop(at, "qualified-table", text);
  return { kind: "table", at, name: text, alias: readAlias(cursor) };
}

function readAlias(cursor: Cursor): Alias | undefined {
  if (["pivot", "unpivot", "tablesample"].some((word) => sees(cursor, word))) throw clause(cursor);
  const name = takes(cursor, "as") ? nameHere(cursor) : bareAlias(cursor);
  if (name === undefined) return undefined;
  return { name, columns: takes(cursor, "(") ? readNamesInside(cursor) : [] };
}
