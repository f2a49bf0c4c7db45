/** What the parts of a repair share. */
import type { Repaired } from "../answers.ts";
import { asFailure, type Failure } from "../errors.ts";
import type { Parts } from "../reconcile/parts.ts";
import type { PassResult, reconcile } from "../reconcile/pass.ts";
import type { Cure } from "./cure.ts";

/** What every kind of repair works with. */
export interface Repair {
  readonly parts: Parts;
  /** The same places without the damaged versions of objects, as if nobody had put them yet. */
  readonly view: Parts;
  /** Whether a partition was made again, by its key. */
  isMade(partitionKey: string): boolean;
  readonly signal: AbortSignal | undefined;
  readonly call: { readonly signal?: AbortSignal };
  /** Whether a place may be worked on that no damage was found in. */
  mayFollow(place: "raw" | "tables" | "marts"): boolean;
  /** Cures that are still to be done, or could not be. */
  left(kind: Cure["kind"]): readonly Cure[];
  /** One stage as any run does it, over the view. */
  pass(plan: Omit<Parameters<typeof reconcile>[1], "converter">): Promise<PassResult>;
}

export type NoteRepair = (cure: Cure, outcome: Repaired) => void;

/** One after the other; what fails is reported and does not stop the others. */
export async function cureEach<K extends Cure["kind"]>(
  run: Repair,
  kind: K,
  note: NoteRepair,
  work: (cure: Extract<Cure, { kind: K }>) => Promise<Repaired>,
): Promise<void> {
  const isOfKind = (cure: Cure): cure is Extract<Cure, { kind: K }> => cure.kind === kind;
  for (const cure of run.left(kind).filter(isOfKind)) {
    run.signal?.throwIfAborted();
    try {
      note(cure, await work(cure));
    } catch (error) {
      note(cure, failedBy(error, run.signal));
    }
  }
}

/** What stops every repair alike is thrown on. */
export function failedBy(error: unknown, signal: AbortSignal | undefined): Repaired {
  signal?.throwIfAborted();
  const failure: Failure = asFailure(error);
  if (failure.kind === "cancelled" || failure.kind === "full") throw failure;
  return { state: "failed", kind: failure.kind, reason: failure.message, remedy: failure.detail.remedy };
}
