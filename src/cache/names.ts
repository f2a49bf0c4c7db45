/**
 * What lies where in a cache's directory:
 *
 *     <2 digits>/<name>.json           the record: which version of which object, which ranges are there
 *     <2 digits>/<name>.<file>.data    the copy that a record names: as long as the object, with holes
 *     <2 digits>/<name>.<chance>.tmp   a record that is being written
 *     held/<process>/<name>.parquet    hard links to the copies that a process uses
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";

export interface CopyPaths {
  readonly shard: string;
  readonly record: string;
  readonly held: string;
  data(file: string): string;
  /** Where a new record is written before it replaces the old one: a name that is never given twice. */
  newTemporary(): string;
}

export function copyPaths(cache: string, holder: string, name: string): CopyPaths {
  const shard = join(cache, name.slice(0, 2));
  return {
    shard,
    record: join(shard, `${name}.json`),
    held: heldPath(holder, name),
    data: (file) => join(shard, `${name}.${file}.data`),
    // By chance and not by process: containers that share the directory share process numbers too.
    newTemporary: () => join(shard, `${name}.${randomBytes(8).toString("hex")}.tmp`),
  };
}

/** The suffix is for people and for readers that go by it. */
export function heldPath(holder: string, name: string): string {
  return join(holder, `${name}.parquet`);
}

export const SHARD = /^[0-9a-f]{2}$/;
const ENTRY = /^([0-9a-f]{40})(?:\.json|\.([0-9a-f]{16})\.(data|tmp))$/;

export type EntryName =
  | { readonly kind: "record" | "temporary"; readonly name: string }
  | { readonly kind: "data"; readonly name: string; readonly file: string };

/** `undefined` for what is not ours. */
export function parseEntryName(entry: string): EntryName | undefined {
  const [, name, file, ending] = ENTRY.exec(entry) ?? [];
  if (name === undefined) return undefined;
  if (file === undefined) return { kind: "record", name };
  return ending === "data" ? { kind: "data", name, file } : { kind: "temporary", name };
}
