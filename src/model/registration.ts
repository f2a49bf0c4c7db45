/**
 * What other tools are told of a mart or a table whose name they look up in a catalog. Pure values: what should be registered
 * is compared with what is by `fingerprint`.
 */
import { createHash } from "node:crypto";
import { describeColumnType, type SqlType } from "./column-type-text.ts";
import type { MartFormat } from "./project.ts";
import type { ColumnType } from "./schema.ts";

export interface RegisteredColumn {
  readonly name: string;
  readonly type: ColumnType | SqlType;
  readonly comment?: string;
}

/** One version of a mart under its name. */
export interface Registration {
  /** Of the chain's record that made it visible; a name never goes back to a smaller one. */
  readonly number: number;
  /** The version directory below the mart. */
  readonly version: string;
  readonly publishId: string;
  /** ISO instant: when the record's writer began. */
  readonly at: string;
  /** sha256 of the version's manifest. */
  readonly manifestSha256: string;
  readonly columns: readonly RegisteredColumn[];
  readonly description: string | undefined;
  readonly rows: number;
  readonly bytes: number;
  /** Of the version. Default: `parquet`. */
  readonly format?: MartFormat;
}

/** A table whose partitions are registered one by one. */
export interface TableRegistration {
  readonly columns: readonly RegisteredColumn[];
  /** Number of the published schema that the columns come from. */
  readonly schemaVersion: number;
}

/** Another way of registering the same thing has another number, so that it is done anew after an upgrade. */
const form = 1;

/** Equal for registrations that readers cannot tell apart. */
export function registrationFingerprint({ version, columns, description, format }: Registration): string {
  const other = format === undefined || format === "parquet" ? [] : [format];
  return digest([form, version, columnTexts(columns), description ?? null, ...other]);
}

export function tableFingerprint({ columns }: TableRegistration): string {
  return digest([form, columnTexts(columns)]);
}

const columnTexts = (columns: readonly RegisteredColumn[]): readonly (readonly string[])[] =>
  columns.map(({ name, type, comment = "" }) => [name, describeColumnType(type), comment]);

const digest = (value: unknown): string =>
  createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
