/** A table under its name: its columns as the published schema has them, and the list of its partitions. */
import type { CallOptions, TableRegistry } from "../catalog/contract.ts";
import type { TableRegistration } from "../model/registration.ts";
import { boundSchema } from "../model/stand-in.ts";
import type { PublishedSchema } from "./table-schema.ts";

export interface TableChange {
  /** Where the table is to be created or its columns are to be changed. */
  readonly registration: TableRegistration | undefined;
  /** The `src` of partitions. */
  readonly add: readonly string[];
  readonly remove: readonly string[];
  /** Which files all partitions have; `undefined`: as is noted. */
  readonly files: string | undefined;
}

export interface TableChangeOptions extends CallOptions {
  /** Partitions added or removed so far. */
  readonly onProgress?: (done: number) => void;
}

/**
 * What is gone goes first: until then a reader is sent to a file that is not there. That files were replaced is noted last, when readers
 * that list anew find all of it.
 */
export async function registerTable(
  registry: TableRegistry,
  table: string,
  { registration, add, remove, files }: TableChange,
  { onProgress, ...call }: TableChangeOptions = {},
): Promise<void> {
  if (registration !== undefined) await registry.register(table, registration, call);
  let done = 0;
  const onAdded = (count: number): void => {
    done += count;
    onProgress?.(done);
  };
  if (remove.length > 0) {
    await registry.remove(table, remove, call);
    onAdded(remove.length);
  }
  if (add.length > 0) await registry.add(table, add, { ...call, onAdded });
  if (files !== undefined) await registry.touch(table, files, call);
}

/** The columns as SQL names them, with stand-ins where the data gave no type. */
export function tableRegistration({ version, state }: PublishedSchema): TableRegistration {
  const { fields } = boundSchema(state.schema);
  return { columns: fields.map(({ name, type }) => ({ name, type })), schemaVersion: version };
}
