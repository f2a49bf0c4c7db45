/**
 * What Spark's EXPLAIN EXTENDED says of a statement, read from its text: which views it reads, whether it reads anything else,
 * which columns a scan takes after pruning, and whether the rows come in an order of the statement's own.
 */

export interface PlanFacts {
  /** Folded names of the session's own views in the analysed plan. */
  readonly views: ReadonlySet<string>;
  /** Something in it that is no view of the session: a table of the server's catalog, a script. */
  readonly foreign: string | undefined;
  /** Of the Parquet relations in it; `undefined` if not every one of them can be told. */
  readonly scans: readonly ScanFacts[] | undefined;
  /** ORDER BY or LIMIT decides which rows come first. */
  readonly isOrdered: boolean;
}

export interface ScanFacts {
  /** For example `struct<actor:struct<login:string>,type:string>`. */
  readonly readSchema: string;
  /** For example `EqualTo(src,2026-03-01-15)`: rows for which one of these is false are not needed. */
  readonly filters: readonly string[];
}

type Section = "Analyzed Logical Plan" | "Optimized Logical Plan" | "Physical Plan";

/** The branches that a tree is drawn with, and the number of the stage of generated code. */
const branches = /^(?:[ :] {2})*(?:[+:]- )?(?:\*(?:\(\d+\))? )?/;

export function readPlan(text: string): PlanFacts {
  const analyzed = linesOf(text, "Analyzed Logical Plan");
  const optimized = linesOf(text, "Optimized Logical Plan");
  const physical = linesOf(text, "Physical Plan");
  return {
    views: new Set(analyzed.flatMap((line) => viewIn(line) ?? [])),
    foreign: analyzed.map(foreignIn).find((found) => found !== undefined),
    scans: scansIn(optimized, physical),
    isOrdered: isOrdered(optimized),
  };
}

function linesOf(text: string, section: Section): readonly string[] {
  const lines = text.split("\n");
  const start = lines.indexOf(`== ${section} ==`) + 1;
  if (start === 0) return [];
  const end = lines.findIndex((line, index) => index >= start && /^== [A-Z][A-Za-z ]* ==$/.test(line));
  return lines.slice(start, end < 0 ? undefined : end).map((line) => line.replace(branches, ""));
}

/** A view of the session has one name; one of the server's catalog has several. */
function viewIn(line: string): string | undefined {
  return /^View \(`((?:[^`]|``)*)`, \[/.exec(line)?.[1]?.replaceAll("``", "`");
}

/** Nodes that read what nobody offered. A relation over files of ours has no name. */
const foreignNodes =
  /^(?:(?:View|Relation) [^[]|(?:HiveTableRelation|RelationV2|StreamingRelation\w*|ScriptTransformation|LogicalRDD)\b)/;

function foreignIn(line: string): string | undefined {
  if (viewIn(line) !== undefined || !foreignNodes.test(line)) return undefined;
  if (line.startsWith("ScriptTransformation")) return "a script";
  const name = /`[^`]*`(?:\.`[^`]*`)*/.exec(line) ?? /[\p{L}\p{N}_]+(?:\.[\p{L}\p{N}_]+)+/u.exec(line);
  return name?.[0].replaceAll("`", "") ?? line.split(" ")[0];
}

/**
 * A plan that runs a part of itself again and again, as a recursive one does, does not show what that part reads. So does not
 * a plan that has fewer scans than relations.
 */
function scansIn(optimized: readonly string[], physical: readonly string[]): readonly ScanFacts[] | undefined {
  const relations = optimized.filter((line) => /^Relation \[.*\] parquet$/.test(line)).length;
  const scans = physical.filter((line) => line.startsWith("FileScan parquet ")).map(scanIn);
  const whole = scans.flatMap((scan) => scan ?? []);
  if (whole.length < scans.length || whole.length < relations || physical.length === 0) return undefined;
  return physical.some((line) => /^UnionLoop|^Scan parquet|^BatchScan/.test(line)) ? undefined : whole;
}

function scanIn(line: string): ScanFacts | undefined {
  const found = /, PushedFilters: \[(.*)\], ReadSchema: (struct<.*>)$/.exec(line);
  const [, filters, readSchema] = found ?? [];
  return filters === undefined || readSchema === undefined
    ? undefined
    : { filters: splitArguments(filters), readSchema };
}

/** Cuts at the commas that are inside of no bracket. */
export function splitArguments(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    const character = text.charAt(at);
    if (character === "(" || character === "[") depth += 1;
    if (character === ")" || character === "]") depth -= 1;
    if (at < text.length && (character !== "," || depth > 0)) continue;
    parts.push(text.slice(start, at).trim());
    start = at + 1;
  }
  return parts.filter((part) => part !== "");
}

/** Nodes that hand on the rows below them in their order. */
const keeping = /^(?:Project|SubqueryAlias|Filter|LocalLimit|Offset) /;

function isOrdered(optimized: readonly string[]): boolean {
  for (const line of optimized) {
    if (/^Sort \[.*\], true/.test(line) || /^GlobalLimit /.test(line)) return true;
    if (!keeping.test(line)) return false;
  }
  return false;
}
