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
  const rows: string[][] = [];
  let collapsed = 0;
  const visit = (node: TreeNode, level: number): void => {
    for (const child of node.children.values()) {
      const isCollapsed = child.children.size > 0 && level === depth;
      if (isCollapsed) collapsed += leafCount(child);
      rows.push(rowOf(child, level - 1, isCollapsed, options.newest));
      if (!isCollapsed) visit(child, level + 1);
    }
  };
  visit(root, 1);
  return [
    ...renderColumns(rows, options),
    ...(collapsed === 0 ? [] : ["", options.paint.quiet(hint(collapsed, depth))]),
  ];
}

/** Every column on a line of its own, with its whole path. */
export function renderList(columns: readonly SchemaColumn[], options: TreeOptions): readonly string[] {
  return renderColumns(
    columns.map((column) => [column.path, ...cellsOf(column, options.newest)]),
    options,
  );
}

const hint = (collapsed: number, depth: number): string =>
  `  ${counted(collapsed, "column")} below level ${depth}: --depth ${depth + 1} opens them, --match PATTERN shows some`;

const header = [
  { header: "column", align: "left" },
  { header: "type", align: "left" },
  { header: "present", align: "right" },
  { header: "distinct", align: "right" },
  { header: "seen", align: "left" },
  { header: "", align: "left" },
] as const;

/** What no column has is left out. */
function renderColumns(rows: readonly (readonly string[])[], { width, paint }: ReportOptions): readonly string[] {
  const used = header.map((_, index) => index < 2 || rows.some((row) => (row[index] ?? "") !== ""));
  const columns = header.filter((_, index) => used[index]);
  const cells = rows.map((row) => header.flatMap((_, index) => (used[index] ? [row[index] ?? ""] : [])));
  return renderTable(columns, cells, { width, paint, indent: "  " });
}

function rowOf(node: TreeNode, level: number, isCollapsed: boolean, newest: string | undefined): string[] {
  const label = "  ".repeat(level) + node.label;
  if (node.column !== undefined) return [label, ...cellsOf(node.column, newest)];
  // A struct is there at least where the fullest of its columns is.
  const share = fullest(node);
  const type = isCollapsed ? counted(leafCount(node), "column") : "";
  return [label, type, share === undefined ? "" : percent(share), "", "", ""];
}

function cellsOf(column: SchemaColumn, newest: string | undefined): string[] {
  const notes = [column.declared ? "declared" : "", column.conflict ?? ""].filter((each) => each !== "");
  return [column.typeText, presence(column), distinctText(column), seenText(column, newest), notes.join(", ")];
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

function seenText({ first, last }: SchemaColumn, newest: string | undefined): string {
  if (first === undefined) return "";
  return last === undefined || last === newest || last < first ? first : `${first} … ${shortened(last, first)}`;
}

/** `2026-03-01-04` behind `2026-03-01-00` is `04`. */
function shortened(id: string, after: string): string {
  const [parts, before] = [id.split("-"), after.split("-")];
  const different = parts.findIndex((part, index) => part !== before[index]);
  return different < 0 ? id : parts.slice(different).join("-");
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
  return root;
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
