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
  /** Belongs to the finding before it, and is aligned with nothing. */
  readonly isDetail?: true;
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
const WIDTH_NARROW = 60;
/** From here on there is room for air between the columns. */
const WIDTH_AIRY = 100;
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
      ...(finding.isDetail === undefined ? {} : { isDetail: finding.isDetail }),
    }),
  );
  return { label: visible(group.label), findings };
}

const widest = (texts: readonly string[]): number =>
  texts.reduce((most, text) => Math.max(most, displayWidth(text)), 0);

const toned = (text: string, finding: Finding, paint: Paint): string =>
  finding.tone === undefined ? text : paint[finding.tone](text);

function wide(groups: readonly FindingGroup[], options: ReportOptions): readonly string[] {
  const gap = options.width < WIDTH_AIRY ? "  " : "   ";
  const all = groups.flatMap((group) => group.findings);
  const labels = widest(groups.map((group) => group.label));
  const counts = widest(all.map((finding) => finding.count));
  const words = widest(all.map((finding) => finding.word));
  const left = indent.length + labels + gap.length + counts + 1 + words + gap.length;
  const lines: string[] = [];
  for (const group of groups) {
    const aligned = group.findings.filter((finding) => finding.isDetail !== true).map((finding) => finding.what);
    const whats = widest(aligned.filter((what) => displayWidth(what) <= WHAT_MAX));
    for (const [index, finding] of group.findings.entries()) {
      const label = padEnd(index === 0 ? group.label : "", labels);
      const amount =
        finding.count === ""
          ? " ".repeat(counts + 1 + words)
          : `${padStart(finding.count, counts)} ${padEnd(finding.word, words)}`;
      const head = `${indent}${label}${gap}${toned(amount, finding, options.paint)}${gap}`;
      lines.push(...besideHead(head, finding, { left, whats, gap, ...options }));
    }
  }
  return lines;
}

interface Columns extends ReportOptions {
  /** Where `what` begins. */
  readonly left: number;
  readonly whats: number;
  readonly gap: string;
}

/** The right half of a finding: on one line if it fits, otherwise note and remedy under `what`. */
function besideHead(head: string, finding: Finding, columns: Columns): readonly string[] {
  const { left, whats, gap, width, paint } = columns;
  const room = Math.max(16, width - left);
  const note = finding.note ?? "";
  const remedy = finding.remedy ?? "";
  const join = (what: string, ...rest: readonly string[]): string =>
    [what, ...rest.filter((text) => text !== "")].join(gap);
  const fits = (text: string): boolean => displayWidth(text) <= room;
  // Aligned with the others if that fits, otherwise close together, otherwise below each other.
  const aligned = padEnd(finding.what, whats);
  const what = fits(join(aligned, note, remedy)) || !fits(join(finding.what, note)) ? aligned : finding.what;
  if (fits(join(what, note, remedy).trimEnd()))
    return [(head + join(what, note, remedy === "" ? "" : paint.accent(remedy))).trimEnd()];
  const under = " ".repeat(left);
  const besides = fits(join(what, note))
    ? [join(what, note)]
    : [...wrap(finding.what, room), ...(note === "" ? [] : wrap(note, room))];
  const lines = besides.map((line, index) => `${index === 0 ? head : under}${line}`.trimEnd());
  return remedy === "" ? lines : [...lines, ...remedyLines(remedy, left, columns)];
}

/**
 * A sentence is wrapped. A command is never broken, for whoever copies it must get all of it; where it would run over
 * the edge it begins further left.
 */
function remedyLines(text: string, left: number, { width, paint }: ReportOptions): readonly string[] {
  if (!text.startsWith("millrace ")) {
    return wrap(text, Math.max(16, width - left)).map((line) => " ".repeat(left) + paint.accent(line));
  }
  const start = Math.min(left, Math.max(indent.length, width - displayWidth(text)));
  return [" ".repeat(start) + paint.accent(text)];
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
      if (finding.remedy !== undefined) lines.push(...remedyLines(finding.remedy, inner.length + 2, options));
    }
  }
  return lines;
}
