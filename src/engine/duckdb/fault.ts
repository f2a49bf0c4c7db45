/**
 * DuckDB's errors as failures. With `errors_as_json` an error is a JSON object with `exception_type`,
 * `exception_message` and, where it concerns the text of a statement, `position`: an offset in bytes of UTF-8.
 */
import { Failure, type FailureDetail, type FailureKind, type TextPlace } from "../../errors.ts";
import { placeInStatement, STATEMENT } from "../place.ts";
import { isTree, type Tree, textOf } from "./tree.ts";

export interface FaultContext {
  /** The user's statement, if the text that failed contains it. */
  readonly sql?: string;
  /** Bytes in front of the user's statement in the text that failed. */
  readonly offset?: number;
  /**
   * What failed: `bind`, a statement before any row was read, so that whatever is wrong is wrong with it; `run`, a
   * statement over the data; `own`, one of ours, so that the files it reads are damaged or we are.
   */
  readonly phase: "bind" | "run" | "own";
}

const statementTypes = new Set([
  "Parser",
  "Syntax",
  "Binder",
  "Catalog",
  "Permission",
  "Not implemented",
  "Parameter Not Resolved",
]);
const internalTypes = new Set(["INTERNAL", "Internal", "FATAL", "Fatal"]);

export function duckdbFailure(error: unknown, context: FaultContext): Failure {
  if (error instanceof Failure) return error;
  const text = error instanceof Error ? error.message : String(error);
  const fault = parseFault(text);
  const [first = text, ...rest] = fault.message
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const kind = kindOf(fault, context);
  const detail: { -readonly [K in keyof FailureDetail]: FailureDetail[K] } = { cause: error };
  const remedy = remedyOf(fault, kind, rest);
  if (remedy !== undefined) detail.remedy = remedy;
  const place = placeOf(fault, context);
  if (place !== undefined) detail.place = place;
  const subject = context.phase === "own" ? "DuckDB" : STATEMENT;
  return new Failure(kind, `${subject}: ${first.replace(/!$/, "")}`, detail);
}

interface Fault {
  readonly type: string;
  readonly message: string;
  readonly position: number | undefined;
  readonly errno: number | undefined;
}

/** Reads the JSON; a parser's error has a prefix before it, and a text without JSON stands for itself. */
function parseFault(text: string): Fault {
  const start = text.indexOf("{");
  const found = start < 0 ? undefined : parseTree(text.slice(start));
  const type = found === undefined ? undefined : textOf(found, "exception_type");
  if (found === undefined || type === undefined) {
    const prefix = /^([A-Za-z ]+) Error: /.exec(text)?.[1];
    return { type: prefix ?? "", message: text, position: undefined, errno: undefined };
  }
  return {
    type,
    message: textOf(found, "exception_message") ?? text,
    position: numberIn(textOf(found, "position")),
    errno: numberIn(textOf(found, "errno")),
  };
}

function parseTree(text: string): Tree | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isTree(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

const ENOSPC = 28;
const EDQUOT = 122;

function kindOf(fault: Fault, context: FaultContext): FailureKind {
  if (fault.type === "INTERRUPT" || fault.type === "Interrupt") return "cancelled";
  if (internalTypes.has(fault.type)) return "bug";
  if (fault.errno === ENOSPC || fault.errno === EDQUOT || isSpillFull(fault)) return "full";
  if (fault.type === "Out of Memory") return "application";
  if (fault.type === "IO") return "unavailable";
  if (statementTypes.has(fault.type)) return context.phase === "own" ? "bug" : "usage";
  const others = { bind: "usage", run: "application", own: "corrupt" } as const;
  return others[context.phase];
}

/** DuckDB reserves the disk's free space for spilling and calls its end "out of memory"; only the text tells. */
function isSpillFull(fault: Fault): boolean {
  return fault.type === "Out of Memory" && fault.message.includes("max_temp_directory_size");
}

function remedyOf(fault: Fault, kind: FailureKind, rest: readonly string[]): string | undefined {
  if (kind === "full") return "free some space and run again: nothing half-written was left behind";
  if (fault.type === "Out of Memory") return "raise engine.memory, or let the statement keep less at once";
  // A list of a hundred candidate functions helps nobody; the first few do.
  const kept = rest.slice(0, 6).join(" ");
  return kept === "" ? undefined : rest.length > 6 ? `${kept} …` : kept;
}

function placeOf(fault: Fault, context: FaultContext): TextPlace | undefined {
  if (context.sql === undefined || fault.position === undefined) return undefined;
  return placeInStatement(context.sql, fault.position - (context.offset ?? 0));
}
