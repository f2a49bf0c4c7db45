/**
 * The files of one statement and whether they are still what they were. Local files and stored objects are replaced
 * under their name; a statement that read half of the old and half of the new would answer what never was.
 */
import { Failure } from "../errors.ts";
import type { InputFile, TableInput, WantedLeaves } from "./contract.ts";

/** By the name under which the table was offered. */
export type Inputs = ReadonlyMap<string, readonly InputFile[]>;

/** A changed file discards the answer and the work is repeated at most this often. */
const REPEATS_MAX = 3;
const CHECKS_AT_ONCE = 32;

/**
 * Runs `work` on the tables' files; its result counts only if every file was the same before and after. Files that were
 * brought are released when it is done.
 */
export async function withSettledInputs<T>(
  tables: ReadonlyMap<string, TableInput>,
  names: readonly string[],
  work: (inputs: Inputs) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  let changed: InputFile | undefined;
  for (let repeat = 0; repeat <= REPEATS_MAX; repeat++) {
    const inputs = await listInputs(tables, names);
    try {
      changed = await firstChanged(inputs, signal);
      if (changed !== undefined) continue;
      const outcome = await attempt(() => work(inputs));
      // An error counts only if nothing moved: a file that went away under the statement is a reason to look again.
      if (isCancelled(outcome)) throw outcome.error;
      changed = await firstChanged(inputs, signal);
      if (changed !== undefined) continue;
      if ("error" in outcome) throw outcome.error;
      return outcome.value;
    } finally {
      for (const files of inputs.values()) await releaseFiles(files);
    }
  }
  const name = changed?.src === undefined ? changed?.path : `src=${changed.src}`;
  throw new Failure(
    "conflict",
    `${name ?? "an input file"}: changed while it was read, ${REPEATS_MAX + 1} times in a row`,
    {
      remedy: "run again when the writer of that partition is done",
    },
  );
}

async function listInputs(tables: ReadonlyMap<string, TableInput>, names: readonly string[]): Promise<Inputs> {
  const inputs = new Map<string, readonly InputFile[]>();
  for (const name of names) inputs.set(name, (await tables.get(name)?.files()) ?? []);
  return inputs;
}

type Outcome<T> = { readonly value: T } | { readonly error: unknown };

async function attempt<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error };
  }
}

function isCancelled<T>(outcome: Outcome<T>): outcome is { readonly error: Failure } {
  return "error" in outcome && outcome.error instanceof Failure && outcome.error.kind === "cancelled";
}

async function firstChanged(inputs: Inputs, signal?: AbortSignal): Promise<InputFile | undefined> {
  const files = [...inputs.values()].flat();
  for (let at = 0; at < files.length; at += CHECKS_AT_ONCE) {
    if (signal?.aborted) throw new Failure("cancelled", "SQL: stopped", { cause: signal.reason });
    const some = files.slice(at, at + CHECKS_AT_ONCE);
    const tokens = await Promise.all(some.map((file) => file.check()));
    const changed = some.find((file, index) => file.token !== tokens[index]);
    if (changed !== undefined) return changed;
  }
  return undefined;
}

export function sizeOf(inputs: Inputs): number {
  let size = 0;
  for (const files of inputs.values()) for (const file of files) size += file.size;
  return size;
}

/**
 * Brings what of these files is elsewhere, all side by side: whoever opens many asks for some at a time. When it fails
 * nothing is being brought any more.
 */
export async function bringFiles(
  files: readonly InputFile[],
  wanted: WantedLeaves,
  signal: AbortSignal | undefined,
): Promise<void> {
  const stop = new AbortController();
  const both = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  let first: { readonly error: unknown } | undefined;
  await Promise.all(
    files.map(async (file) => {
      try {
        await file.bring?.(wanted, { signal: both });
      } catch (error) {
        // The others are stopped by this one, so that theirs say nothing.
        first ??= { error };
        stop.abort();
      }
    }),
  );
  if (first !== undefined) throw first.error;
}

export async function releaseFiles(files: readonly InputFile[]): Promise<void> {
  await Promise.all(files.map((file) => file.release?.()));
}
