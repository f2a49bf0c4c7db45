/** What became of a step, and what acting on steps shares. */
import type { Failure } from "../errors.ts";
import { asFailure, messageWithPlace } from "../errors.ts";
import type { Report, Stage } from "../model/events.ts";
import { backoffMs } from "../schedule/cadence.ts";
import type { SchemaKeeper } from "../step/schema-keeper.ts";
import type { Attempt } from "./attempts.ts";
import type { NameMemory } from "./observe-registry.ts";
import type { Parts } from "./parts.ts";
import type { Seen, TableSeen } from "./seen.ts";

export interface Work {
  readonly parts: Parts;
  readonly seen: Seen;
  readonly keepers: ReadonlyMap<string, SchemaKeeper>;
  readonly report: Report;
  readonly signal: AbortSignal | undefined;
  /** What this run knows of registered partitions. */
  readonly names?: NameMemory;
}

/** What became of a step. */
export interface Outcome {
  readonly stage: Stage;
  readonly key: string;
  readonly result: "done" | "skipped" | "waiting" | "failed" | "held";
  readonly bytes: number;
  readonly rows: number;
  readonly rejected: number;
  readonly failure?: Failure;
  /** Nothing was built: a name was let show what is published. */
  readonly isNameOnly?: true;
  /** Another writer of the lake did it meanwhile, so there is one. */
  readonly elsewhere?: boolean;
}

export const outcome = (
  stage: Stage,
  key: string,
  result: Outcome["result"],
  figures: Partial<Outcome> = {},
): Outcome => ({
  stage,
  key,
  result,
  bytes: 0,
  rows: 0,
  rejected: 0,
  ...figures,
});

/** Records an item's failure with its next try, or rethrows what stops the whole pass. */
export function failed(work: Work, stage: Stage, item: string, key: string, error: unknown, basis?: string): Outcome {
  const failure = asFailure(error, key);
  if (failure.kind === "cancelled" || failure.kind === "full" || work.signal?.aborted === true) throw failure;
  // A source that cannot be opened (a certificate or a secret is missing) fails every item alike: once is enough.
  if (failure.kind === "usage" && stage === "collect") throw failure;
  const nowMs = work.parts.clock();
  const before = work.seen.attempts.get(item);
  const tries = (before?.tries ?? 0) + 1;
  const held = failure.kind === "refused" && basis !== undefined;
  // The key is said beside the reason wherever it is shown.
  const reason = [`${key}: `, `mart ${key}: `].reduce(
    (text, prefix) => (text.startsWith(prefix) ? text.slice(prefix.length) : text),
    messageWithPlace(failure),
  );
  const attempt: Attempt = {
    kind: held ? "held" : "failure",
    tries,
    lastMs: nowMs,
    nextMs: nowMs + backoffMs("failure", tries, 0),
    reason,
    failure: failure.kind,
    ...(failure.detail.remedy === undefined ? {} : { remedy: failure.detail.remedy }),
    ...(basis === undefined ? {} : { basis }),
  };
  work.seen.attempts.set(item, attempt);
  const prefix = stage === "collect" ? "fetch" : stage === "convert" ? "convert" : "mart";
  if (held && stage !== "collect")
    work.report({ code: stage === "convert" ? "convert.held" : "mart.held", key, reason });
  else work.report({ code: `${prefix}.failed`, key, reason, kind: failure.kind });
  return outcome(stage, key, held ? "held" : "failed", { failure });
}

export function tableOf(work: Work, name: string): TableSeen {
  const table = work.seen.tables.get(name);
  if (table === undefined) throw new Error(`no table ${name} was observed`);
  return table;
}
