/** What the doctor found: check after check under its group, as they are made, and one sentence at the end. */
import type { DoctorCheck, DoctorReport } from "../../answers.ts";
import { counted, duration } from "./numbers.ts";
import type { ReportOptions } from "./report.ts";
import { displayWidth, padEnd, visible, wrap } from "./text.ts";

const subjectWidth = 26;
/** Mark and subject stand left of the finding where there is room for both. */
const besideWidthMin = 72;
const indent = "  ";

/** The lines of one check; those of its group's title before it, if the one before belongs to another. */
export function checkLines(
  check: DoctorCheck,
  before: DoctorCheck | undefined,
  { width, paint }: ReportOptions,
): readonly string[] {
  const title =
    check.group === before?.group ? [] : [...(before === undefined ? [] : [""]), `${indent}${visible(check.group)}`];
  const mark = { ok: paint.accent("✓"), note: paint.quiet("!"), fails: paint.alarm("✕") }[check.verdict];
  const subject = visible(check.subject);
  const isBeside = width >= besideWidthMin && displayWidth(subject) <= subjectWidth;
  const left = width >= besideWidthMin ? indent.length + 2 + subjectWidth + 2 : indent.length + 2;
  const room = Math.max(20, width - left);
  const under = (line: string): string => " ".repeat(left) + line;
  const said = wrap(findingText(check), room);
  const head = `${indent}${mark} ${isBeside ? padEnd(subject, subjectWidth) : subject}`;
  const finding = isBeside ? [`${head}  ${said[0] ?? ""}`, ...said.slice(1).map(under)] : [head, ...said.map(under)];
  const remedy =
    check.remedy === undefined
      ? []
      : wrap(`→ ${visible(check.remedy)}`, room)
          .map(paint.accent)
          .map(under);
  return [...title, ...finding, ...remedy];
}

function findingText({ finding, roles, verdict, ms }: DoctorCheck): string {
  const names = roles.join(", ");
  const who = names === "" ? "" : verdict === "ok" ? ` (${names})` : `; needed by ${names}`;
  const took = ms < 500 ? "" : `   ${duration(ms)}`;
  return `${visible(finding)}${who}${took}`;
}

export function endLines({ checks }: DoctorReport, { width, paint }: ReportOptions): readonly string[] {
  const count = (verdict: DoctorCheck["verdict"]): number => checks.filter((check) => check.verdict === verdict).length;
  const [fails, notes] = [count("fails"), count("note")];
  const all = counted(checks.length, "check");
  const known =
    notes === 0
      ? ""
      : `, ${notes} ${fails === 0 ? "to know about; nothing that is needed fails" : "more to know about"}`;
  const end =
    fails > 0
      ? `${fails} of ${all} failed${known}.`
      : notes > 0
        ? `${checks.length - notes} of ${all} passed${known}.`
        : `All ${all} passed.`;
  const lines = (sentence: string): readonly string[] => wrap(sentence, width - indent.length);
  const ends = lines(end).map((line) => (fails > 0 ? paint.alarm(line) : line));
  return ["", ...[...sharing(checks).flatMap(lines), ...ends].map((line) => indent + line)];
}

/** Which stores keep several writers apart: the one thing that many findings together decide. */
function sharing(checks: readonly DoctorCheck[]): readonly string[] {
  const groups = new Map<string, boolean>();
  for (const { group, needed, verdict } of checks) {
    if (needed === "several writers") groups.set(group, (groups.get(group) ?? true) && verdict === "ok");
  }
  const names = (kept: boolean): readonly string[] =>
    [...groups].filter(([, keeps]) => keeps === kept).map(([group]) => group.split(" ", 1)[0] ?? group);
  const [good, bad] = [names(true), names(false)];
  return [
    ...(good.length === 0 ? [] : [`Several writers may share ${listed(good)}.`]),
    ...(bad.length === 0 ? [] : [`Only one process may write to ${listed(bad)} (lake.writers: one).`]),
  ];
}

const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
