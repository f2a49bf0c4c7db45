/**
 * Puts one table in its place by compare-and-swap: whatever happens in between, what stands there in the end is what was asked for or
 * something later. No answer is believed that may be somebody else's: when a swap fails, however, what stands there decides.
 */
import { Failure } from "../../errors.ts";
import { isOutcomeUnknown } from "../../thrift/errors.ts";
import type { CallOptions } from "../contract.ts";
import { isException, MetastoreException } from "./exception.ts";
import { explained } from "./explain.ts";
import { look } from "./look.ts";
import type { Metastore } from "./metastore.ts";
import type { HiveTable } from "./structs.ts";
import { keepingForeign } from "./table-form.ts";

export interface Placement {
  readonly at: Pick<HiveTable, "database" | "name">;
  /** What is to stand there, in the place of `standing`. */
  wanted(standing: HiveTable | undefined): HiveTable;
  /** The parameter that changes with every swap. */
  readonly token: string;
  /** Whether what was read is wrong, if it was not read while somebody wrote. */
  isSuspect(standing: HiveTable): boolean;
  /** `true`: what stands there is what was asked for, or later. Throws for what must not be touched. */
  isDone(standing: HiveTable): Promise<boolean> | boolean;
  /** Called when the table cannot be created: perhaps its database is missing. */
  ensureDatabase(): Promise<unknown>;
}

/** How often the same thing is tried while nothing changes. */
const triesMax = 3;

/** Types of columns may change in any way when the files behind them do; a server has to be told so on the connection. */
const anyColumns = ["metastore.disallow.incompatible.col.type.changes", "false"] as const;

/** Answers what stands there then. */
export async function placeTable(metastore: Metastore, placement: Placement, options: CallOptions): Promise<HiveTable> {
  const { at, token } = placement;
  const name = `${at.database}.${at.name}`;
  let tries = 0;
  let lastSeen: string | undefined;
  let lastFailure: unknown;
  let isDatabaseEnsured = false;
  for (;;) {
    const standing = await look(metastore.calls, at, placement.isSuspect, options);
    if (standing !== undefined && (await placement.isDone(standing))) return standing;
    const wanted = placement.wanted(standing);
    const seen = standing === undefined ? "nothing" : `token ${standing.parameters.get(token)}`;
    tries = seen === lastSeen ? tries + 1 : 1;
    lastSeen = seen;
    if (tries > triesMax) throw explained(lastFailure ?? disappearing(name), name);
    try {
      if (standing === undefined) {
        if (await metastore.calls.createTable(wanted, options)) return wanted;
      } else {
        const altered = keepingForeign(wanted, standing);
        await swap(metastore, altered, standing, token, options);
        return altered;
      }
    } catch (error) {
      if (options.signal?.aborted === true || !mayStandNow(error)) throw explained(error, name);
      lastFailure = error;
      if (standing === undefined && !isDatabaseEnsured && isException(error, "NoSuchObject", "InvalidObject")) {
        await placement.ensureDatabase();
        isDatabaseEnsured = true;
        // What was tried before could not succeed, and its failure says nothing any more.
        tries = 0;
      }
    }
  }
}

async function swap(
  metastore: Metastore,
  altered: HiveTable,
  standing: HiveTable,
  token: string,
  options: CallOptions,
): Promise<void> {
  const expected = { key: token, value: standing.parameters.get(token) ?? "" };
  if (columnsOf(altered) === columnsOf(standing)) return await metastore.calls.alterTable(altered, expected, options);
  await metastore.alone(async (calls) => {
    try {
      await calls.setSetting(...anyColumns, options);
    } catch (error) {
      // A server may know no such setting, and then it may not need it.
      if (!isException(error, "Meta")) throw error;
    }
    await calls.alterTable(altered, expected, options);
  });
}

const columnsOf = ({ storage }: HiveTable): string =>
  JSON.stringify(storage.columns.map(({ name, type }) => [name, type]));

/** Somebody else was faster, or the answer to our own swap was lost: what stands there tells. */
function mayStandNow(error: unknown): boolean {
  return error instanceof MetastoreException || isOutcomeUnknown(error);
}

function disappearing(name: string): Failure {
  return new Failure("conflict", `${name}: is there for whoever creates it, and not for whoever looks`, {
    remedy: "see whether somebody creates and drops it all the time, or the metastore hides it from millrace",
  });
}
