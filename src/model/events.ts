/**
 * What a run tells while it works. The codes are stable: they are listed in the reference and scripts rely on them.
 * One type serves the bars of a terminal, the plain lines of a pipe and the JSON lines of `--log json`.
 */
export type Stage = "collect" | "convert" | "marts";

export type Event =
  | { readonly code: "pass.start"; readonly since: string; readonly until: string }
  | {
      readonly code: "pass.done";
      readonly ms: number;
      readonly done: number;
      readonly failed: number;
      readonly waiting: number;
    }
  | { readonly code: "pass.failed"; readonly reason: string; readonly kind: string }
  | { readonly code: "pass.sleep"; readonly until: string }
  | { readonly code: "stage.start"; readonly stage: Stage; readonly items: number }
  | { readonly code: "stage.grow"; readonly stage: Stage; readonly items: number }
  | {
      readonly code: "stage.done";
      readonly stage: Stage;
      readonly items: number;
      readonly failed: number;
      readonly bytes: number;
      readonly rows: number;
      readonly rejected: number;
      readonly ms: number;
    }
  | {
      readonly code: "item.skipped";
      readonly stage: Stage;
      readonly name: string;
      readonly items: number;
      readonly reason: string;
    }
  | { readonly code: "fetch.start"; readonly key: string; readonly url: string }
  | { readonly code: "fetch.progress"; readonly key: string; readonly bytes: number; readonly total?: number }
  | {
      readonly code: "fetch.done";
      readonly key: string;
      readonly bytes: number;
      readonly ms: number;
      readonly revision: number;
      readonly tries: number;
      readonly resumed: number;
    }
  | { readonly code: "fetch.unchanged"; readonly key: string }
  | { readonly code: "fetch.failed"; readonly key: string; readonly reason: string; readonly kind: string }
  | { readonly code: "raw.adopted"; readonly key: string; readonly bytes: number }
  | {
      readonly code: "source.pending";
      readonly key: string;
      readonly ageMs: number;
      readonly settleMs: number;
      readonly nextAt: string;
    }
  | { readonly code: "source.gap"; readonly key: string; readonly ageMs: number; readonly nextAt: string }
  | { readonly code: "source.unreachable"; readonly name: string; readonly failures: number }
  | { readonly code: "convert.start"; readonly key: string; readonly reason: string }
  | { readonly code: "convert.progress"; readonly key: string; readonly bytes: number; readonly total: number }
  | {
      readonly code: "convert.done";
      readonly key: string;
      readonly rows: number;
      readonly rejected: number;
      readonly bytesIn: number;
      readonly bytes: number;
      readonly ms: number;
      /** Why the native converter did what Spark was to do. */
      readonly notBySpark?: string;
    }
  | { readonly code: "convert.held"; readonly key: string; readonly reason: string }
  | { readonly code: "convert.failed"; readonly key: string; readonly reason: string; readonly kind: string }
  | {
      readonly code: "schema.published";
      readonly table: string;
      readonly version: number;
      readonly columns: number;
      readonly added: number;
      readonly widened: number;
    }
  | { readonly code: "mart.start"; readonly key: string; readonly reason: string; readonly inputs: number }
  | { readonly code: "mart.progress"; readonly key: string; readonly share: number }
  | {
      readonly code: "mart.published";
      readonly key: string;
      readonly version: string;
      readonly rows: number;
      readonly bytes: number;
      readonly ms: number;
    }
  | { readonly code: "mart.held"; readonly key: string; readonly reason: string }
  | { readonly code: "mart.failed"; readonly key: string; readonly reason: string; readonly kind: string }
  | {
      readonly code: "mart.registered";
      readonly key: string;
      /** As users of the catalog write it. */
      readonly name: string;
      readonly number: number;
      readonly version: string;
      readonly ms: number;
    }
  | { readonly code: "table.progress"; readonly key: string; readonly done: number; readonly total: number }
  | {
      readonly code: "table.registered";
      readonly key: string;
      /** Partitions. */
      readonly added: number;
      readonly removed: number;
      readonly ms: number;
    }
  | { readonly code: "catalog.failed"; readonly name: string; readonly reason: string; readonly kind: string }
  | { readonly code: "catalog.tested"; readonly name: string; readonly findings: number; readonly ms: number }
  | { readonly code: "engine.install"; readonly version: string; readonly directory: string }
  | { readonly code: "engine.start"; readonly version: string }
  | { readonly code: "engine.ready"; readonly version: string; readonly url: string; readonly ms: number }
  | { readonly code: "sweep.done"; readonly place: string; readonly removed: number }
  | { readonly code: "store.tested"; readonly place: string; readonly tests: number; readonly ms: number };

export type EventCode = Event["code"];

/** Receives events as they happen; must not throw. */
export type Report = (event: Event) => void;
