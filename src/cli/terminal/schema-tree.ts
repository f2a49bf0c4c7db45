/**
 * Columns as a tree that stays readable with a thousand of them: as deep as a screen or two hold, the rest collapsed to
 * how many columns there are.
 */
import type { SchemaColumn } from "../../answers.ts";
import { ELEMENT, parsePath } from "../../model/column-path.ts";
import { count, counted } from "./numbers.ts";
import type { ReportOptions } from "./report.ts";
import { renderTable } from "./table.ts";

export interface TreeOptions extends ReportOptions {
  /** Levels shown; `undefined` shows as many as give no more than some sixty lines. */
  readonly depth: number | undefined;
  /** The newest partition that was read: a column that goes on until then has no end. */
  readonly newest: string | undefined;
}

/** With more lines than this, the next level stays collapsed. */
const LINES_MAX = 60;

interface TreeNode {
  /** A list's name has `[]` behind it, for each step to its elements. */
  readonly label: string;
  readonly children: Map<string, TreeNode>;
  column: SchemaColumn | undefined;
}

export function renderTree(columns: readonly SchemaColumn[], options: TreeOptions): readonly string[] {
  const root = treeOf(columns);
  const depth = options.depth ?? fittingDepth(root);
  const span = spanOf(columns, options.newest);
  const rows: string[][] = [];
  let collapsed = 0;
  const visit = (node: TreeNode, level: number): void => {
    for (const child of node.children.values()) {
      const isCollapsed = child.children.size > 0 && level === depth;
      if (isCollapsed) collapsed += leafCount(child);
      rows.push(rowOf(child, level - 1, isCollapsed, span));
      if (!isCollapsed) visit(child, level + 1);
    }
  };
  visit(root, 1);
  return [
    ...renderColumns(rows, span, options),
    ...(collapsed === 0 ? [] : ["", options.paint.quiet(hint(collapsed, depth))]),
  ];
}

/** Every column on a line of its own, with its whole path. */
export function renderList(columns: readonly SchemaColumn[], options: TreeOptions): readonly string[] {
  const span = spanOf(columns, options.newest);
  return renderColumns(
    columns.map((column) => [column.path, ...cellsOf(column, span)]),
    span,
    options,
  );
}

const hint = (collapsed: number, depth: number): string =>
  `  ${counted(collapsed, "column")} below level ${depth}: --depth ${depth + 1} opens them, --match PATTERN shows some`;

/** The partitions that a table's columns were seen in. */
interface Span {
  /** What all their ids begin with, `2026-`: it stands in the header and not in each line. */
  readonly common: string;
  readonly newest: string | undefined;
}

/** A day, or an hour with its day, stays together. */
const PARTS_SHOWN = 2;

function spanOf(columns: readonly SchemaColumn[], newest: string | undefined): Span {
  const ids = columns.flatMap(({ first, last }) => [first ?? [], last ?? []].flat()).map((id) => id.split("-"));
  const [some = []] = ids;
  const different = some.findIndex((part, index) => ids.some((parts) => parts[index] !== part));
  const length = Math.min(different < 0 ? some.length : different, some.length - PARTS_SHOWN);
  return {
    common: some
      .slice(0, Math.max(0, length))
      .map((part) => `${part}-`)
      .join(""),
    newest,
  };
}

const header = [
  { header: "column", align: "left" },
  { header: "type", align: "left" },
  { header: "present", align: "right" },
  { header: "distinct", align: "right" },
  { header: "seen", align: "left" },
  { header: "", align: "left" },
] as const;

/** What no column has is left out. */
function renderColumns(
  rows: readonly (readonly string[])[],
  span: Span,
  { width, paint }: ReportOptions,
): readonly string[] {
  const used = header.map((_, index) => index < 2 || rows.some((row) => (row[index] ?? "") !== ""));
  const titled = header.map((each) =>
    each.header === "seen" ? { ...each, header: `seen ${span.common}`.trim() } : each,
  );
  const columns = titled.filter((_, index) => used[index]);
  const cells = rows.map((row) => header.flatMap((_, index) => (used[index] ? [row[index] ?? ""] : [])));
  return renderTable(columns, cells, { width, paint, indent: "  " });
}

function rowOf(node: TreeNode, level: number, isCollapsed: boolean, span: Span): string[] {
  const label = "  ".repeat(level) + node.label;
  if (node.column !== undefined) return [label, ...cellsOf(node.column, span)];
  // A struct is there at least where the fullest of its columns is.
  const share = fullest(node);
  const type = isCollapsed ? counted(leafCount(node), "column") : "";
  return [label, type, share === undefined ? "" : percent(share), "", "", ""];
}

function cellsOf(column: SchemaColumn, span: Span): string[] {
  // A mixed column has that as its type already.
  const notes = [column.declared ? "declared" : "", column.conflict === "widened" ? "widened" : ""];
  return [
    column.typeText,
    presence(column),
    distinctText(column),
    seenText(column, span),
    notes.filter((each) => each !== "").join(", "),
  ];
}

function presence({ present, values }: SchemaColumn): string {
  if (present !== undefined) return percent(present);
  return values === undefined ? "" : `${count(values)} ×`;
}

/** Whole percents, but never 0 for what is there and never 100 for what is not everywhere. */
function percent(share: number): string {
  if (share > 0 && share < 0.005) return "< 1 %";
  if (share < 1 && share >= 0.995) return "> 99 %";
  return `${Math.round(share * 100)} %`;
}

function distinctText({ distinct, values }: SchemaColumn): string {
  if (distinct === undefined || values === 0) return "";
  const { least, most } = distinct;
  if (least === most) return count(most);
  // A dictionary has counted in each partition, so that the largest is a floor; without one there is only a ceiling.
  return least > 1 ? `≥ ${count(least)}` : `≤ ${count(most)}`;
}

function seenText({ first, last }: SchemaColumn, { common, newest }: Span): string {
  if (first === undefined) return "";
  const from = first.slice(common.length);
  if (last === undefined || last === newest || last < first) return from;
  return last === first ? `${from} only` : `${from} … ${shortened(last, first)}`;
}

/** `2026-03-01-04` behind `2026-03-01-00` is `04`. */
function shortened(id: string, after: string): string {
  const [parts, before] = [id.split("-"), after.split("-")];
  return parts.slice(parts.findIndex((part, index) => part !== before[index])).join("-");
}

function treeOf(columns: readonly SchemaColumn[]): TreeNode {
  const root: TreeNode = { label: "", children: new Map(), column: undefined };
  for (const column of columns) {
    let node = root;
    for (const label of labelsOf(column.path)) {
      let child = node.children.get(label);
      if (child === undefined) {
        child = { label, children: new Map(), column: undefined };
        node.children.set(label, child);
      }
      node = child;
    }
    node.column = column;
  }
  return { ...root, children: joined(root.children) };
}

/** A struct of one member is no branch: `field.member` stands on one line. */
function joined(children: ReadonlyMap<string, TreeNode>): Map<string, TreeNode> {
  const nodes = [...children.values()].map((child): TreeNode => {
    const below = joined(child.children);
    const [only] = below.values();
    if (below.size !== 1 || only === undefined || child.column !== undefined) return { ...child, children: below };
    return { ...only, label: `${child.label}.${only.label}` };
  });
  return new Map(nodes.map((node) => [node.label, node]));
}

function labelsOf(path: string): readonly string[] {
  const labels: string[] = [];
  for (const step of parsePath(path)) {
    if (step !== ELEMENT) labels.push(step);
    else labels.push(`${labels.pop() ?? ""}[]`);
  }
  return labels;
}

function leafCount(node: TreeNode): number {
  let leaves = node.column === undefined ? 0 : 1;
  for (const child of node.children.values()) leaves += leafCount(child);
  return leaves;
}

function fullest(node: TreeNode): number | undefined {
  let most = node.column?.present;
  for (const child of node.children.values()) {
    const share = fullest(child);
    if (share !== undefined) most = Math.max(most ?? 0, share);
  }
  return most;
}

function fittingDepth(root: TreeNode): number {
  let level: readonly TreeNode[] = [root];
  let lines = 0;
  for (let depth = 0; ; depth++) {
    level = level.flatMap((node) => [...node.children.values()]);
    lines += level.length;
    if (level.length === 0 || (depth > 0 && lines > LINES_MAX)) return Math.max(1, depth);
  }
}
