/** What waits and why, as findings: shared by `plan`, `status` and the end of a run. */
import { type Interval, lengthMs } from "../../model/calendar.ts";
import type { Waiting } from "../../reconcile/plan.ts";
import { reasonText } from "./lines.ts";
import { clockTime, count, counted, duration, size } from "./numbers.ts";
import { rangeArgument, rangesOf, rangeText, splitKey } from "./ranges.ts";
import type { Finding } from "./report.ts";

export type WaitingStage = "collect" | "convert" | "marts";

/** Which stage of which source, table or mart waits. */
export function waitingGroup(waiting: Waiting): { readonly stage: WaitingStage; readonly name: string } {
  switch (waiting.kind) {
    case "pending":
    case "gap":
      return { stage: "collect", name: splitKey(waiting.key).name };
    case "failed":
    case "held":
      return { stage: waiting.stage, name: splitKey(waiting.key).name };
    case "rewrite":
      return { stage: "convert", name: waiting.table };
    case "mart":
      return { stage: "marts", name: waiting.mart };
    case "catalog":
      return { stage: "marts", name: waiting.name };
  }
}

/** Findings of one source, table or mart. Neighbouring intervals become a range, everything else keeps its own line. */
export function waitingFindings(waiting: readonly Waiting[], nowMs: number): readonly Finding[] {
  const of = <K extends Waiting["kind"]>(kind: K): readonly Extract<Waiting, { kind: K }>[] =>
    waiting.filter((each): each is Extract<Waiting, { kind: K }> => each.kind === kind);
  return [
    ...pendingFindings(of("pending")),
    ...gapFindings(of("gap")),
    ...reasonFindings(of("failed"), (each) => `next try ${clockTime(each.nextMs, nowMs)}`),
    ...reasonFindings(of("held"), () => ""),
    ...of("rewrite").map(rewriteFinding),
    ...of("mart").map(martFinding),
    ...of("catalog").map(catalogFinding),
  ];
}

const intervalsOf = (waiting: readonly { readonly key: string }[]): readonly Interval[] =>
  waiting.flatMap((each) => splitKey(each.key).interval ?? []);

function oldestIn(
  waiting: readonly { readonly key: string; readonly ageMs: number }[],
  first: Interval,
  last: Interval,
): number {
  return waiting.reduce((oldest, each) => {
    const startMs = splitKey(each.key).interval?.startMs;
    const inside = startMs !== undefined && startMs >= first.startMs && startMs < last.startMs + lengthMs(last.every);
    return inside ? Math.max(oldest, each.ageMs) : oldest;
  }, 0);
}

function pendingFindings(pending: readonly Extract<Waiting, { kind: "pending" }>[]): readonly Finding[] {
  const settle = pending[0]?.settleMs;
  return rangesOf(intervalsOf(pending)).map((range): Finding => {
    const age = duration(oldestIn(pending, range.first, range.last));
    const old = range.items === 1 ? `${age} old` : `up to ${age} old`;
    return {
      count: count(range.items),
      word: "pending",
      what: rangeText(range),
      note: settle === undefined ? old : `${old}, settles after ${duration(settle)}`,
      tone: "quiet",
    };
  });
}

function gapFindings(gaps: readonly Extract<Waiting, { kind: "gap" }>[]): readonly Finding[] {
  const source = gaps[0] === undefined ? "" : splitKey(gaps[0].key).name;
  return rangesOf(intervalsOf(gaps)).map((range): Finding => {
    const age = duration(oldestIn(gaps, range.first, range.last));
    return {
      count: count(range.items),
      word: range.items === 1 ? "gap" : "gaps",
      what: rangeText(range),
      note: range.items === 1 ? `missing for ${age}` : `missing for up to ${age}`,
      remedy: `millrace ack ${source} ${rangeArgument(range)}`,
      tone: "alarm",
    };
  });
}

interface Reasoned {
  readonly kind: "failed" | "held";
  readonly key: string;
  readonly reason: string;
  readonly remedy: string | undefined;
}

/** Items that failed or were held for one and the same reason stand together. */
function reasonFindings<T extends Reasoned>(items: readonly T[], when: (item: T) => string): readonly Finding[] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = JSON.stringify([reasonText(item), item.remedy, when(item)]);
    groups.set(name, [...(groups.get(name) ?? []), item]);
  }
  return [...groups.values()].flatMap((group): readonly Finding[] => {
    const [item] = group;
    if (item === undefined) return [];
    const intervals = intervalsOf(group);
    const what =
      intervals.length === group.length
        ? rangesOf(intervals).map(rangeText).join(", ")
        : group.map((each) => each.key).join(", ");
    return [
      {
        count: count(group.length),
        word: item.kind,
        what,
        note: [reasonText(item), when(item)].filter((part) => part !== "").join("; "),
        ...(item.remedy === undefined ? {} : { remedy: item.remedy }),
        tone: "alarm",
      },
    ];
  });
}

function rewriteFinding(waiting: Extract<Waiting, { kind: "rewrite" }>): Finding {
  const columns = waiting.paths.length === 0 ? "" : `: ${waiting.paths.join(", ")}`;
  return {
    count: count(waiting.partitions),
    word: "to rewrite",
    what: `${size(waiting.bytes)} of raw data`,
    note: `more than rewrite_max (${count(waiting.limit)}) waits for a person${columns}`,
    remedy: "millrace run --accept-rewrite",
    tone: "alarm",
  };
}

function martFinding(waiting: Extract<Waiting, { kind: "mart" }>): Finding {
  const base = { count: "1", word: "waiting", tone: "quiet" } as const;
  switch (waiting.reason) {
    case "widening":
      return {
        ...base,
        what: `its table is being widened, ${count(waiting.done)} of ${counted(waiting.of, "partition")} done`,
        note: "the last version stays",
      };
    case "empty":
      return { ...base, what: "its tables have no partition yet" };
    case "manual":
      return { ...base, what: "refresh: manual", remedy: `millrace run --only marts --select ${waiting.mart} --rerun` };
    case "interval":
      return { ...base, what: "inputs changed, its refresh interval is not over" };
    case "rollback":
      return {
        ...base,
        what: "an older version was restored, and is not replaced until the statement changes",
        remedy: `millrace run --only marts --select ${waiting.mart} --rerun`,
      };
  }
}

function catalogFinding({ items, name, reason, remedy }: Extract<Waiting, { kind: "catalog" }>): Finding {
  return {
    count: count(items.length),
    word: "waiting",
    what: items.join(", "),
    note: reasonText({ key: name, reason }),
    ...(remedy === undefined ? {} : { remedy }),
    tone: "alarm",
  };
}
