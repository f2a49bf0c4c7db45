/** Queries: their clauses, which columns they have, and what those are called. */
import { foldName } from "./column-path.ts";
import { type Check, type Columns, find, resolve, type Scope, same } from "./portable-sql-scope.ts";
import type {
  Alias,
  Expression,
  Join,
  OrderItem,
  Query,
  QueryBody,
  Select,
  SelectItem,
  Source,
} from "./portable-sql-tree.ts";
import { type NamedValue, UNKNOWN, united, type Value } from "./portable-sql-types.ts";
import { checkOrder, checkValue, checkWindow } from "./portable-sql-values.ts";

/** Who sees a query's columns: nobody, the query around it by their names, or everybody, who sees their types as well. */
export type Seen = "hidden" | "inside" | "outside";

/** Answers the query's columns. */
export function checkQuery(
  check: Check,
  query: Query,
  outer: Scope | undefined,
  base: Scope["tables"],
  seen: Seen,
): Columns {
  const tables = new Map(base);
  for (const { name, columns, query: inner } of query.expressions) {
    const found = checkQuery(check, inner, outer, tables, columns.length === 0 ? "inside" : "hidden");
    tables.set(
      foldName(name.text),
      renamed(
        found,
        columns.map(({ text }) => text),
      ),
    );
  }
  const { columns, scope } = checkBody(check, query.body, { outer, tables }, seen);
  const decides = query.limit !== undefined || query.offset !== undefined;
  checkOrder(check, query.order, { ...scope, aliases: [...scope.aliases, ...(columns ?? [])] }, decides);
  if (query.body.kind === "select" && query.body.distinct) checkDistinctOrder(check, query.order, columns);
  if (decides && query.order.length === 0) check.refuse(query.limit?.at ?? query.at, "limit-unordered");
  for (const limit of [query.limit, query.offset])
    if (limit !== undefined && !isCount(limit)) check.refuse(limit.at, "limit-form");
  return columns;
}

function checkDistinctOrder(check: Check, order: readonly OrderItem[], columns: Columns): void {
  if (columns === undefined) return;
  for (const { value, at } of order) {
    const isChosen =
      value.kind === "literal" || (value.kind === "column" && find(columns, value.names.at(-1) ?? "") !== undefined);
    if (!isChosen) check.refuse(at, "order-distinct");
  }
}

function isCount(limit: Expression): boolean {
  if (limit.kind === "binary") return isCount(limit.left) && isCount(limit.right);
  return limit.kind === "literal" && limit.type === "int32";
}

interface Around {
  readonly outer: Scope | undefined;
  readonly tables: Scope["tables"];
}

interface Checked {
  readonly columns: Columns;
  /** What ORDER BY can name beside the columns. */
  readonly scope: Scope;
}

function emptyScope({ outer, tables }: Around): Scope {
  return { sources: [], aliases: [], parameters: [], tables, outer };
}

function checkBody(check: Check, body: QueryBody, around: Around, seen: Seen): Checked {
  switch (body.kind) {
    case "select":
      return checkSelect(check, body, around, seen);
    case "nested":
      return {
        columns: checkQuery(check, body.query, around.outer, around.tables, seen),
        scope: emptyScope(around),
      };
    case "values":
      return checkRows(check, body, around, seen);
    case "set": {
      const left = checkBody(check, body.left, around, seen === "outside" ? "inside" : seen).columns;
      // The names are the left side's.
      const right = checkBody(check, body.right, around, "hidden").columns;
      return { columns: unitedColumns(check, body.at, left, right, seen), scope: emptyScope(around) };
    }
  }
}

function unitedColumns(check: Check, at: number, left: Columns, right: Columns, seen: Seen): Columns {
  return left?.map(({ name, value }, index) => {
    const other = right?.[index]?.value ?? UNKNOWN;
    const both = united([value, other]);
    if (both === undefined) check.refuse(at, "union-types");
    if (seen === "outside" && both?.unsettled !== undefined) check.refuse(at, both.unsettled);
    return { name, value: both ?? UNKNOWN };
  });
}

type Rows = Extract<QueryBody, { kind: "values" }>;

function checkRows(check: Check, { rows, at }: Rows, around: Around, seen: Seen): Checked {
  const scope = emptyScope(around);
  const values = rows.map((row) => row.map((value) => checkValue(check, value, scope)));
  if (seen !== "hidden") check.refuse(at, "values-names");
  const columns = (values[0] ?? []).map((_, index) => {
    const both = united(values.map((row) => row[index] ?? UNKNOWN));
    if (both === undefined) check.refuse(at, "union-types");
    return { name: "", value: both ?? UNKNOWN };
  });
  return { columns, scope };
}

function checkSelect(check: Check, select: Select, around: Around, seen: Seen): Checked {
  const sources: Scope["sources"][number][] = [];
  for (const source of select.from) sources.push(...checkSource(check, source, around, sources));
  const scope: Scope = { ...emptyScope(around), sources };
  const columns: NamedValue[] = [];
  let isOpen = false;
  for (const item of select.items) {
    const found = checkItem(check, item, { ...scope, aliases: columns }, select, seen);
    if (found === undefined) isOpen = true;
    else columns.push(...found);
  }
  if (select.where !== undefined) checkWhere(check, select.where, scope, columns);
  const withAliases = { ...scope, aliases: columns };
  for (const value of [...select.group, select.having, select.qualify])
    if (value !== undefined) checkValue(check, value, withAliases);
  for (const window of select.windows) checkWindow(check, window, scope);
  return { columns: isOpen ? undefined : columns, scope };
}

/** A name of the select list in WHERE is DuckDB's own. */
function checkWhere(check: Check, where: Expression, scope: Scope, columns: readonly NamedValue[]): void {
  checkValue(check, where, { ...scope, aliases: columns });
  if (scope.sources.some((source) => source.columns === undefined)) return;
  for (const { names, at } of columnsIn(where)) {
    const [name = ""] = names;
    const isAlias = names.length === 1 && resolve(names, scope) === undefined && find(columns, name) !== undefined;
    if (isAlias) check.refuse(at, "alias-in-where", name);
  }
}

function columnsIn(node: Expression): Extract<Expression, { kind: "column" }>[] {
  switch (node.kind) {
    case "column":
      return [node];
    case "binary":
      return [node.left, node.right].flatMap(columnsIn);
    case "unary":
    case "cast":
    case "is":
    case "like":
      return columnsIn(node.value);
    case "call":
      return node.args.flatMap(columnsIn);
    case "between":
      return [node.value, node.low, node.high].flatMap(columnsIn);
    case "in":
      return [node.value, ...node.list].flatMap(columnsIn);
    default:
      return [];
  }
}

function checkItem(
  check: Check,
  { value: node, alias }: SelectItem,
  scope: Scope,
  select: Select,
  seen: Seen,
): NamedValue[] | undefined {
  if (node.kind === "star") {
    const columns = checkStar(check, node, scope, select);
    if (seen === "outside") for (const { value } of columns ?? []) refuseUnsettled(check, node.at, value);
    return columns;
  }
  const value = checkValue(check, node, scope);
  if (seen === "outside" && node.kind === "tuple") check.refuse(node.at, "tuple");
  else if (seen === "outside") refuseUnsettled(check, node.at, value, node.kind === "literal" ? node.text : "");
  const own = ownName(node);
  if (seen !== "hidden" && alias === undefined && own === undefined) check.refuse(node.at, "alias-missing");
  if (seen !== "hidden" && alias === undefined && node.kind === "column") checkSpelling(check, node, scope);
  return [{ name: alias?.text ?? own ?? "", value }];
}

function refuseUnsettled(check: Check, at: number, { unsettled }: Value, word = ""): void {
  if (unsettled !== undefined) check.refuse(at, unsettled, word);
}

/** The name that both engines give a column or field. */
function ownName(node: Expression): string | undefined {
  if (node.kind === "column") return node.names.at(-1);
  if (node.kind === "field") return node.name;
  return node.kind === "cast" ? ownName(node.value) : undefined;
}

function checkSpelling(check: Check, { names, at }: Extract<Expression, { kind: "column" }>, scope: Scope): void {
  const column = resolve(names, scope)?.column;
  const written = names.at(-1);
  if (column !== undefined && written !== undefined && column.name !== written) check.refuse(at, "name-case", written);
}

function checkStar(
  check: Check,
  node: Extract<Expression, { kind: "star" }>,
  scope: Scope,
  select: Select,
): NamedValue[] | undefined {
  if (select.from.some(hasUsing)) check.refuse(node.at, "using-star");
  const { table } = node;
  if (table !== undefined && !scope.sources.some(({ name }) => name !== undefined && same(name, table))) {
    return resolve(table.split("."), scope)?.value.fields?.slice();
  }
  const chosen = scope.sources.filter(({ name }) => table === undefined || (name !== undefined && same(name, table)));
  const columns = chosen.map((source) => source.columns);
  return columns.includes(undefined) ? undefined : columns.flatMap((found) => found ?? []);
}

function hasUsing(source: Source): boolean {
  return source.kind === "join" && (source.using.length > 0 || hasUsing(source.left) || hasUsing(source.right));
}

function checkSource(check: Check, source: Source, around: Around, before: Scope["sources"]): Scope["sources"] {
  switch (source.kind) {
    case "table":
      return [
        {
          name: source.alias?.name.text ?? source.name,
          columns: aliased(around.tables.get(foldName(source.name)), source.alias),
        },
      ];
    case "query": {
      const outer: Scope | undefined = source.isLateral ? { ...emptyScope(around), sources: before } : around.outer;
      const seen: Seen = (source.alias?.columns.length ?? 0) === 0 ? "inside" : "hidden";
      const columns = checkQuery(check, source.query, outer, around.tables, seen);
      return [{ name: source.alias?.name.text, columns: aliased(columns, source.alias) }];
    }
    case "join":
      return checkJoin(check, source, around, before);
  }
}

function checkJoin(check: Check, join: Join, around: Around, before: Scope["sources"]): Scope["sources"] {
  const left = checkSource(check, join.left, around, before);
  const right = checkSource(check, join.right, around, [...before, ...left]);
  const scope: Scope = { ...emptyScope(around), sources: [...before, ...left, ...right] };
  if (join.on !== undefined) checkValue(check, join.on, scope);
  for (const { text, at } of join.using) {
    const sides = [left, right].map((side) => resolve([text], { ...scope, sources: side })?.value ?? UNKNOWN);
    if (united(sides) === undefined) check.refuse(at, "compare-types");
  }
  return join.type === "semi" || join.type === "anti" ? left : [...left, ...right];
}

function aliased(columns: Columns, alias: Alias | undefined): Columns {
  return renamed(columns, alias?.columns.map(({ text }) => text) ?? []);
}

function renamed(columns: Columns, names: readonly string[]): Columns {
  if (names.length === 0) return columns;
  const value = (index: number): Value => columns?.[index]?.value ?? UNKNOWN;
  return names.map((name, index) => ({ name, value: value(index) }));
}
