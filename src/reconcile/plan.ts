/** What a plan is made of: steps, and what waits and why. Pure values; `next-step.ts` makes them. */
import type { FailureKind } from "../errors.ts";
import type { Interval } from "../model/calendar.ts";
import { intervalId } from "../model/calendar.ts";
import type { MartFormat } from "../model/project.ts";
import type { RawSeen } from "./seen.ts";

export type Step =
  | { readonly kind: "adopt"; readonly source: string; readonly interval: Interval; readonly raw: RawSeen }
  | {
      readonly kind: "collect";
      readonly source: string;
      readonly interval: Interval;
      readonly reason: "missing" | "pending" | "gap" | "failed" | "recheck" | "asked";
      readonly raw: RawSeen | undefined;
    }
  | {
      readonly kind: "convert";
      readonly table: string;
      readonly source: string;
      readonly interval: Interval;
      readonly raw: RawSeen;
      readonly reason: ConvertReason;
    }
  | { readonly kind: "mart"; readonly mart: string; readonly reason: MartReason }
  /** Lets the mart's name show what is published; nothing is built. */
  | { readonly kind: "register"; readonly mart: string; readonly reason: RegisterReason }
  | RegisterTableStep;

export interface RegisterTableStep {
  readonly kind: "register-table";
  readonly table: string;
  /** Why the table itself is registered; `undefined`: only partitions differ. */
  readonly define: "absent" | "columns" | undefined;
  /** The `src` of partitions, in their order. */
  readonly add: readonly string[];
  readonly remove: readonly string[];
  /** Which files all partitions have; `undefined` where that is noted already. */
  readonly files: string | undefined;
}

export type ConvertReason =
  | { readonly kind: "new" }
  | { readonly kind: "revision"; readonly revision: number }
  | { readonly kind: "settings" }
  | { readonly kind: "converter"; readonly from: string }
  | { readonly kind: "widened"; readonly paths: readonly string[] }
  | { readonly kind: "stand-in"; readonly paths: readonly string[] }
  | { readonly kind: "asked" };

export type MartReason =
  | { readonly kind: "new" }
  | { readonly kind: "sql" }
  | { readonly kind: "format"; readonly format: MartFormat }
  | { readonly kind: "schema"; readonly table: string }
  | { readonly kind: "inputs"; readonly table: string; readonly before: number; readonly now: number }
  /** Nothing changed yet, but earlier steps of this plan will change its inputs. */
  | { readonly kind: "upcoming" }
  | { readonly kind: "asked" };

/** How what a mart's name shows differs from what is published. */
export type RegisterReason =
  | { readonly kind: "absent" }
  | { readonly kind: "behind"; readonly number: number }
  /** A later record than the lake has, or was seen to have. */
  | { readonly kind: "ahead"; readonly number: number }
  /** The right version with another description. */
  | { readonly kind: "differs" }
  | { readonly kind: "fault"; readonly fault: string };

export type Waiting =
  | {
      readonly kind: "pending";
      readonly key: string;
      readonly ageMs: number;
      readonly settleMs: number;
      readonly nextMs: number;
    }
  | {
      readonly kind: "gap";
      readonly key: string;
      readonly ageMs: number;
      readonly tries: number;
      /** `undefined`: it lies before `since` and is not fetched by itself. */
      readonly nextMs: number | undefined;
    }
  | {
      readonly kind: "failed";
      readonly stage: "collect" | "convert" | "marts";
      readonly key: string;
      readonly reason: string;
      readonly failure: string;
      readonly remedy: string | undefined;
      readonly tries: number;
      readonly nextMs: number;
    }
  | {
      readonly kind: "held";
      readonly stage: "convert" | "marts";
      readonly key: string;
      readonly reason: string;
      readonly remedy: string | undefined;
    }
  | {
      readonly kind: "rewrite";
      readonly table: string;
      readonly partitions: number;
      readonly bytes: number;
      readonly limit: number;
      readonly paths: readonly string[];
    }
  | {
      readonly kind: "mart";
      readonly mart: string;
      readonly reason: "widening" | "empty" | "manual" | "interval" | "rollback";
      readonly done: number;
      readonly of: number;
    }
  /** What the catalog shows under these names cannot be learned or must not be changed, so nothing is published under them. */
  | {
      readonly kind: "catalog";
      readonly name: string;
      readonly items: readonly string[];
      readonly reason: string;
      readonly failure: FailureKind;
      readonly remedy: string | undefined;
    };

export interface Plan {
  readonly atMs: number;
  readonly steps: readonly Step[];
  readonly waiting: readonly Waiting[];
  /** Conversions that cannot be steps yet, because their raw objects are still to be fetched or adopted. */
  readonly foreseen: readonly { readonly table: string; readonly items: number }[];
  /** Items that need nothing, by stage and name. */
  readonly upToDate: readonly {
    readonly stage: "collect" | "convert" | "marts";
    readonly name: string;
    readonly items: number;
  }[];
  /** What the project asks for and will not get: sentences without an end. */
  readonly warnings?: readonly string[];
}

export interface PlanOptions {
  readonly only?: "collect" | "convert" | "marts";
  /** Chooses items by name: `gharchive`, `gharchive@2026-03-01-05`, `events@2026-03-*`, `activity`. */
  readonly select?: (name: string) => boolean;
  readonly sinceMs?: number;
  readonly untilMs?: number;
  /** Most objects fetched. */
  readonly max?: number;
  /** Does selected items again although they are up to date. */
  readonly rerun?: boolean;
  readonly acceptRewrite?: boolean;
  /** How many objects this run fetched and converted already: `max` counts over all its passes. */
  readonly spent?: Budget;
  /** Version of the converter at hand, for example `native/1`. */
  readonly converter: string;
}

/** Items done by name of the source and of the table. */
export interface Budget {
  readonly fetched: ReadonlyMap<string, number>;
  readonly converted: ReadonlyMap<string, number>;
}

export type ConvertStep = Extract<Step, { kind: "convert" }>;

/** Where the stages put what they find. */
export interface Collector {
  readonly steps: Step[];
  readonly waiting: Waiting[];
  readonly upToDate: { stage: "collect" | "convert" | "marts"; name: string; items: number }[];
}

export const newCollector = (): Collector => ({ steps: [], waiting: [], upToDate: [] });

export function failedWaiting(
  stage: "collect" | "convert" | "marts",
  key: string,
  attempt: { reason: string; failure?: string; remedy?: string; tries: number; nextMs: number },
): Waiting {
  return {
    kind: "failed",
    stage,
    key,
    reason: attempt.reason,
    failure: attempt.failure ?? "bug",
    remedy: attempt.remedy,
    tries: attempt.tries,
    nextMs: attempt.nextMs,
  };
}

/** Whether an item is among those that were asked for. */
export function selected(options: PlanOptions, name: string, interval: Interval): boolean {
  return options.select === undefined || options.select(name) || options.select(`${name}@${intervalId(interval)}`);
}
