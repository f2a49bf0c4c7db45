/** What puts damage right. Several damaged objects may have the same cure: lost rejected lines and their partition. */
import type { Interval } from "../model/calendar.ts";
import type { RestoreRequest } from "../step/restore.ts";

export type Cure =
  /** Fetch the bytes again, or write the receipt again. */
  | { readonly kind: "raw"; readonly request: RestoreRequest }
  /** Convert again from raw. `token` is that of the partition, also where its rejected lines are what is damaged. */
  | { readonly kind: "partition"; readonly table: string; readonly interval: Interval; readonly token: string }
  /** Derive the table's schema again from the footers. */
  | { readonly kind: "schema"; readonly table: string }
  /** Put a record of the catalog back that its version proves. */
  | { readonly kind: "record"; readonly mart: string; readonly number: number; readonly isLast: boolean }
  /** Build a new version. */
  | { readonly kind: "mart"; readonly mart: string }
  /** Let the names show what is published, as any run does. */
  | { readonly kind: "mart-name"; readonly mart: string }
  | { readonly kind: "table-name"; readonly name: string }
  /** Make what is missing of so many partitions, as any run would. */
  | { readonly kind: "due"; readonly table: string; readonly partitions: number };

/** The same text for the same work. */
export function cureName(cure: Cure): string {
  switch (cure.kind) {
    case "raw":
      return `raw ${cure.request.key}`;
    case "partition":
      return `partition ${cure.table} ${cure.interval.startMs}`;
    case "schema":
    case "due":
      return `${cure.kind} ${cure.table}`;
    case "record":
      return `record ${cure.mart} ${cure.number}`;
    case "mart":
    case "mart-name":
      return `${cure.kind} ${cure.mart}`;
    case "table-name":
      return `${cure.kind} ${cure.name}`;
  }
}

/** What a repair would do, as a sentence without a subject. */
export function cureText(cure: Cure): string {
  switch (cure.kind) {
    case "raw":
      return cure.request.verdict.kind === "receipt"
        ? "writes the receipt again if the source or a partition proves it"
        : "fetches it again; only bytes with the recorded sha256 take its place";
    case "partition":
      return "converts it again from raw";
    case "schema":
      return "derives it again from the partitions' footers";
    case "record":
      return "puts it back if the version that it published proves it";
    case "mart":
      return "builds a new version";
    case "mart-name":
    case "table-name":
      return "registers it, as any run does";
    case "due":
      return "converts what is missing";
  }
}
