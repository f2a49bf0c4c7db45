/**
 * The schema of one table during a pass. Conversions run side by side and all of them extend the same schema, so
 * publishing goes through one keeper, one after the other; other processes are met by put-if-absent and a fresh look.
 */

import type { ConvertReport } from "../convert/contract.ts";
import { Failure } from "../errors.ts";
import { leafPaths } from "../model/column-path.ts";
import { fingerprint, mergeSchemas, narrowerPaths } from "../model/merge.ts";
import type { TableSettings } from "../model/project.ts";
import type { Schema } from "../model/schema.ts";
import type { RecordedWidening, TableState } from "../model/table-document.ts";
import { emptyTable, noteFirst } from "../model/table-document.ts";
import { describeType } from "../model/type-text.ts";
import type { Storage } from "../storage/contract.ts";
import type { PublishedSchema } from "./table-schema.ts";
import { latestSchema, publishSchema } from "./table-schema.ts";

/** Publications lost to other writers before giving up for this pass. */
const roundsMax = 50;

export interface SchemaKeeper {
  current(): PublishedSchema | undefined;
  /** What a conversion starts from. */
  known(): Schema;
  /**
   * Makes the table's schema cover a converted file, publishing a new version if it does not yet. Answers the paths in
   * which the file is narrower than the table is by now: not empty means "convert again with `known()`".
   * Throws `refused` if the file must be held back.
   */
  cover(src: string, report: ConvertReport, signal?: AbortSignal): Promise<Covered>;
}

export interface Covered {
  readonly narrower: readonly string[];
  /** How many widenings the file's types were compared with. */
  readonly checked: number;
  readonly published:
    | { readonly version: number; readonly columns: number; readonly added: number; readonly widened: number }
    | undefined;
}

/** Types that existing partitions would have to be converted again for. */
export interface Change {
  readonly path: string;
  readonly kind: "widened" | "settled";
}

export interface KeeperOptions {
  readonly acceptRewrite: boolean;
  /** How many stored partitions a change of types would send to re-conversion, at most. */
  readonly affected: (changes: readonly Change[]) => number;
  /** How many of these cannot be converted again, because their raw objects are gone. */
  readonly lost: (changes: readonly Change[]) => number;
}

export function keepSchema(
  storage: Storage,
  settings: TableSettings,
  initial: PublishedSchema | undefined,
  options: KeeperOptions,
): SchemaKeeper {
  let current = initial;
  let turn: Promise<unknown> = Promise.resolve();
  const state = (): TableState => current?.state ?? emptyTable;

  const coverNow = async (src: string, report: ConvertReport, signal: AbortSignal | undefined): Promise<Covered> => {
    for (let round = 0; round < roundsMax; round++) {
      const merged = mergeSchemas(state().schema, report.schema, {
        conflicts: settings.conflicts,
        declared: settings.columns,
      });
      const [clash] = merged.conflicts;
      if (clash !== undefined) throw clashFailure(settings, clash, report);
      const changed = current === undefined || fingerprint(merged.schema) !== fingerprint(state().schema);
      if (!changed)
        return {
          narrower: narrowerPaths(report.schema, state().schema),
          checked: state().widenings.length,
          published: undefined,
        };
      const widened = merged.widened.filter(
        (change) => !(change.from.kind === "string" && change.to.kind === "string"),
      );
      guardRewrite(settings, options, src, widened, merged.settled, report);
      const next: TableState = {
        schema: merged.schema,
        first: noteFirst(state().first, report.schema, src),
        widenings: [...state().widenings, ...widened.map((change) => record(change, src, report))],
      };
      const version = (current?.version ?? 0) + 1;
      if (await publishSchema(storage, settings.name, version, next, signal)) {
        current = { version, state: next, complete: true };
        const published = {
          version,
          columns: leafPaths(next.schema).length,
          added: merged.added.length,
          widened: widened.length,
        };
        return { narrower: narrowerPaths(report.schema, next.schema), checked: next.widenings.length, published };
      }
      current = await latestSchema(storage, settings.name, signal);
    }
    throw new Failure(
      "conflict",
      `table ${settings.name}: other writers published its schema ${roundsMax} times in a row`,
      {
        remedy: "run again; if it persists, fewer processes should convert this table",
      },
    );
  };

  return {
    current: () => current,
    known: () => state().schema,
    cover(src, report, signal) {
      const mine = turn.then(() => coverNow(src, report, signal));
      // The chain goes on after a failure: only the item that failed is concerned.
      turn = mine.catch(() => undefined);
      return mine;
    },
  };
}

type TypeChange = {
  readonly path: string;
  readonly from: RecordedWidening["from"];
  readonly to: RecordedWidening["to"];
};

function record(change: TypeChange, src: string, report: ConvertReport): RecordedWidening {
  const cause = report.widened.find((widening) => widening.path === change.path);
  return { ...change, src, line: cause?.line ?? 0, offset: cause?.offset ?? 0, value: cause?.value ?? "" };
}

function guardRewrite(
  settings: TableSettings,
  options: KeeperOptions,
  src: string,
  widened: readonly TypeChange[],
  settled: readonly TypeChange[],
  report: ConvertReport,
): void {
  const changes: Change[] = [
    ...widened.map(({ path }): Change => ({ path, kind: "widened" })),
    ...settled.map(({ path }): Change => ({ path, kind: "settled" })),
  ];
  const [first] = widened.length > 0 ? widened : settled;
  if (first === undefined) return;
  const cause = record(first, src, report);
  const what = `${first.path} ${describeType(first.from, 60)} → ${describeType(first.to, 60)} (${src}, line ${cause.line}: ${cause.value})`;
  const lost = options.lost(changes);
  // Nobody can accept that: half the table would be unreadable for ever.
  if (lost > 0) throw lostFailure(settings, src, what, lost);
  if (options.acceptRewrite || settings.onWiden === "rewrite") return;
  const partitions = options.affected(changes);
  const forbidden = settings.onWiden === "quarantine" && widened.length > 0 && partitions > 0;
  if (!forbidden && partitions <= settings.rewriteMax) return;
  throw new Failure(
    "refused",
    forbidden
      ? `${settings.name}@${src}: widens ${what}, and on_widen is quarantine`
      : `${settings.name}@${src}: ${what} would re-convert up to ${partitions} partitions, more than rewrite_max (${settings.rewriteMax})`,
    { remedy: `run \`millrace run --accept-rewrite\`, or declare the column under tables.${settings.name}.columns` },
  );
}

function lostFailure(settings: TableSettings, src: string, what: string, lost: number): Failure {
  const partitions = lost === 1 ? "1 partition whose raw object is" : `up to ${lost} partitions whose raw objects are`;
  return new Failure("refused", `${settings.name}@${src}: ${what} would need ${partitions} no longer stored`, {
    remedy: `let them be fetched again (sources.${settings.from}.keep and since), or remove them from the table; then \`millrace run --rerun --only convert --select '${settings.name}@${src}'\``,
  });
}

function clashFailure(
  settings: TableSettings,
  clash: { readonly path: string; readonly table: RecordedWidening["from"]; readonly file: RecordedWidening["to"] },
  report: ConvertReport,
): Failure {
  const cause = report.conflicts.find((conflict) => conflict.path === clash.path);
  const place = cause === undefined ? "" : ` (line ${cause.line}: ${cause.value})`;
  return new Failure(
    "refused",
    `${clash.path} is ${describeType(clash.table, 60)} in table ${settings.name} and ${describeType(clash.file, 60)} here${place}`,
    {
      remedy: `declare \`${clash.path}: json\` under tables.${settings.name}.columns, or set conflicts: text, or make two tables by date (since/until)`,
    },
  );
}
