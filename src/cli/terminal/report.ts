/**
 * Findings in columns — subject, amount, what, note, remedy — as `plan` and `status` print them. What does not fit the
 * width goes to a line of its own under what it belongs to; on a narrow terminal the columns give way to indentation.
 */
import type { Paint } from "./paint.ts";
import { displayWidth, padEnd, padStart, visible, wrap } from "./text.ts";

export interface Finding {
  readonly count: string;
  /** `to fetch`, `gaps`. */
  readonly word: string;
  /** Which: `2026-03-01-21 … 23`. */
  readonly what: string;
  /** Why, or how long: `missing for 2 d 9 h`. */
  readonly note?: string;
  /** What to type. */
  readonly remedy?: string;
  readonly tone?: keyof Paint;
}

export interface FindingGroup {
  /** `gharchive → raw`. */
  readonly label: string;
  readonly findings: readonly Finding[];
}

export interface ReportOptions {
  readonly width: number;
  readonly paint: Paint;
}

const indent = "  ";
const gap = "   ";
const WIDTH_NARROW = 60;
const WHAT_MAX = 34;

export function renderFindings(groups: readonly FindingGroup[], options: ReportOptions): readonly string[] {
  const safe = groups.map(harmless);
  return options.width < WIDTH_NARROW ? narrow(safe, options) : wide(safe, options);
}

/** Every text made harmless once, before it is measured. */
function harmless(group: FindingGroup): FindingGroup {
  const findings = group.findings.map(
    (finding): Finding => ({
      count: finding.count,
      word: finding.word,
      what: visible(finding.what),
      ...(finding.note === undefined ? {} : { note: visible(finding.note) }),
      ...(finding.remedy === undefined ? {} : { remedy: visible(finding.remedy) }),
      ...(finding.tone === undefined ? {} : { tone: finding.tone }),
    }),
  );
  return { label: visible(group.label), findings };
}

const widest = (texts: readonly string[]): number =>
  texts.reduce((most, text) => Math.max(most, displayWidth(text)), 0);

const toned = (text: string, finding: Finding, paint: Paint): string =>
  finding.tone === undefined ? text : paint[finding.tone](text);

function wide(groups: readonly FindingGroup[], options: ReportOptions): readonly string[] {
  const all = groups.flatMap((group) => group.findings);
  const labels = widest(groups.map((group) => group.label));
  const counts = widest(all.map((finding) => finding.count));
  const words = widest(all.map((finding) => finding.word));
  const whats = widest(all.map((finding) => finding.what).filter((what) => displayWidth(what) <= WHAT_MAX));
  const left = indent.length + labels + gap.length + counts + 1 + words + gap.length;
  const lines: string[] = [];
  for (const group of groups) {
    for (const [index, finding] of group.findings.entries()) {
      const label = padEnd(index === 0 ? group.label : "", labels);
      const amount =
        finding.count === ""
          ? " ".repeat(counts + 1 + words)
          : `${padStart(finding.count, counts)} ${padEnd(finding.word, words)}`;
      const head = `${indent}${label}${gap}${toned(amount, finding, options.paint)}${gap}`;
      lines.push(...besideHead(head, finding, { left, whats, ...options }));
    }
  }
  return lines;
}

interface Columns extends ReportOptions {
  /** Where `what` begins. */
  readonly left: number;
  readonly whats: number;
}

/** The right half of a finding: on one line if it fits, otherwise note and remedy under `what`. */
function besideHead(head: string, finding: Finding, columns: Columns): readonly string[] {
  const { left, whats, width, paint } = columns;
  const room = Math.max(16, width - left);
  const note = finding.note ?? "";
  const remedy = finding.remedy ?? "";
  const what = note === "" && remedy === "" ? finding.what : padEnd(finding.what, whats);
  const besides = note === "" ? what : `${what}${gap}${note}`;
  const full = remedy === "" ? besides : `${besides}${gap}${remedy}`;
  if (displayWidth(full) <= room) {
    const painted = remedy === "" ? besides : `${besides}${gap}${paint.accent(remedy)}`;
    return [(head + painted).trimEnd()];
  }
  const under = " ".repeat(left);
  const fits = displayWidth(besides) <= room;
  const first = fits ? [besides.trimEnd()] : wrap(finding.what, room);
  const notes = fits || note === "" ? [] : wrap(note, room);
  const lines = [...first, ...notes].map((line, index) => (index === 0 ? head + line : under + line));
  if (remedy !== "") lines.push(...command(remedy, left, paint));
  return lines.map((line) => line.trimEnd());
}

/** A command is never broken: whoever copies it must get all of it. It ends at the right edge at most by chance. */
function command(text: string, left: number, paint: Paint): readonly string[] {
  return [" ".repeat(left) + paint.accent(text)];
}

function narrow(groups: readonly FindingGroup[], options: ReportOptions): readonly string[] {
  const lines: string[] = [];
  const inner = "    ";
  for (const group of groups) {
    if (group.label !== "") lines.push(`${indent}${group.label}`);
    for (const finding of group.findings) {
      const amount = finding.count === "" ? "" : `${finding.count} ${finding.word}`;
      const text = [amount, finding.what, finding.note ?? ""].filter((part) => part !== "").join("  ");
      const wrapped = wrap(text, options.width - inner.length - 2);
      lines.push(
        ...wrapped.map((line, index) =>
          index === 0 ? inner + toned(line, finding, options.paint) : `${inner}  ${line}`,
        ),
      );
      if (finding.remedy !== undefined) lines.push(...command(finding.remedy, inner.length + 2, options.paint));
    }
  }
  return lines;
}
