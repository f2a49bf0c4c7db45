/** Calls as they are written, with the words that some functions have between their arguments, and windows. */
import {
  type Cursor,
  demand,
  list,
  nameHere,
  next,
  peek,
  sees,
  stop,
  takes,
  unexpected,
} from "./portable-sql-cursor.ts";
import type { Call, Expression, OrderItem, Window } from "./portable-sql-tree.ts";

export function readCall(cursor: Cursor): Expression {
  const { at, key } = next(cursor);
  demand(cursor, "(");
  const wordy = wordyCalls[key];
  const before = cursor.index;
  if (wordy !== undefined) {
    const args = wordy(cursor);
    if (args !== undefined) {
      demand(cursor, ")");
      return call(at, key, args);
    }
    cursor.index = before;
  }
  const distinct = takes(cursor, "distinct");
  const args = sees(cursor, ")")
    ? []
    : list(
        cursor,
        () => cursor.expression(cursor),
        (end) => sees(end, ")"),
      );
  if (sees(cursor, "order", "by")) throw stop(peek(cursor).at, "order-in-call", key);
  if (sees(cursor, "ignore") || sees(cursor, "respect")) throw stop(peek(cursor).at, "ignore-nulls");
  demand(cursor, ")");
  return readCallTail(cursor, { ...call(at, key, args), distinct });
}

function call(at: number, name: string, args: readonly Expression[]): Call {
  return { kind: "call", at, name, args, distinct: false, within: [], filter: undefined, over: undefined };
}

/** Functions that may have words between their arguments; `undefined` where they have commas. */
const wordyCalls: Readonly<Record<string, (cursor: Cursor) => Expression[] | undefined>> = {
  extract: (cursor) => {
    const { at, key } = next(cursor);
    if (!takes(cursor, "from")) return undefined;
    return [{ kind: "literal", at, type: "string", text: key }, cursor.expression(cursor)];
  },
  position: (cursor) => {
    const text = cursor.operand(cursor);
    return takes(cursor, "in") ? [text, cursor.operand(cursor)] : undefined;
  },
  substring: (cursor) => {
    const text = cursor.expression(cursor);
    if (!takes(cursor, "from")) return undefined;
    const start = cursor.expression(cursor);
    return takes(cursor, "for") ? [text, start, cursor.expression(cursor)] : [text, start];
  },
  trim: (cursor) => {
    const { at } = peek(cursor);
    const side = ["both", "leading", "trailing"].find((word) => takes(cursor, word));
    if (side === undefined) return undefined;
    const space: Expression = { kind: "literal", at, type: "string", text: " " };
    const characters = sees(cursor, "from") ? space : cursor.expression(cursor);
    demand(cursor, "from");
    return [cursor.expression(cursor), characters, { kind: "literal", at, type: "string", text: side }];
  },
};

function readCallTail(cursor: Cursor, call: Call): Call {
  let within: readonly OrderItem[] = [];
  if (takes(cursor, "within", "group", "(")) {
    within = readOrder(cursor);
    demand(cursor, ")");
  }
  if (sees(cursor, "ignore", "nulls") || sees(cursor, "respect", "nulls")) throw stop(peek(cursor).at, "ignore-nulls");
  let filter: Expression | undefined;
  if (sees(cursor, "filter", "(")) {
    cursor.index += 2;
    demand(cursor, "where");
    filter = cursor.expression(cursor);
    demand(cursor, ")");
  }
  const over = takes(cursor, "over") ? readWindow(cursor) : undefined;
  return { ...call, within, filter, over };
}

const windowWords = ["partition", "order", "rows", "range", "groups"];

export function readWindow(cursor: Cursor): Window {
  const { at } = peek(cursor);
  // A named window is checked where it is defined.
  if (!takes(cursor, "(")) {
    nameHere(cursor);
    return { at, partition: [], order: [], frame: undefined };
  }
  if (peek(cursor).kind === "word" && !windowWords.some((word) => sees(cursor, word)))
    throw stop(at, "window-inherits");
  const partition = takes(cursor, "partition", "by")
    ? list(
        cursor,
        () => cursor.expression(cursor),
        (end) => sees(end, ")") || sees(end, "order"),
      )
    : [];
  const order = sees(cursor, "order", "by") ? readOrder(cursor) : [];
  const words: string[] = [];
  while (!sees(cursor, ")")) {
    if (peek(cursor).kind === "end") throw unexpected(cursor);
    words.push(next(cursor).key);
  }
  demand(cursor, ")");
  return { at, partition, order, frame: words.length === 0 ? undefined : words.join(" ") };
}

export function readOrder(cursor: Cursor): OrderItem[] {
  demand(cursor, "order", "by");
  if (sees(cursor, "all")) throw stop(peek(cursor).at, "order-all");
  return list(
    cursor,
    () => {
      const { at } = peek(cursor);
      const value = cursor.expression(cursor);
      const isDescending = takes(cursor, "desc");
      if (!isDescending) takes(cursor, "asc");
      const nulls = takes(cursor, "nulls", "first") ? "first" : takes(cursor, "nulls", "last") ? "last" : undefined;
      return { at, value, isDescending, nulls };
    },
    (end) => sees(end, ")") || sees(end, "limit") || peek(end).kind === "end",
  );
}
