/**
 * Small directories of a place into which another program writes for us: below `_probe/`, since no key may lie below
 * `_staging/`, and what is left there by accident is collected as garbage after a day.
 */
import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Elsewhere } from "../convert/contract.ts";
import { Failure } from "../errors.ts";
import { probePrefix, successFile } from "../model/layout.ts";
import type { CallOptions, Storage } from "../storage/contract.ts";

/** Key of a directory of that name, with a slash at its end. */
export const writtenPrefix = (name: string): string => `${probePrefix}${name}/`;

/** The keys below a prefix that listings show: a committer's own files begin with `_`. */
export async function keysBelow(
  storage: Pick<Storage, "list">,
  prefix: string,
  call: CallOptions = {},
): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of storage.list(prefix, call)) keys.push(...page.map(({ key }) => key));
  return keys;
}

/** What committers leave when they are done, or die. */
const hiddenDirectory = "_temporary/";

/** Removes what was written below the prefix; answers the keys that could not be removed. */
export async function removeWritten(
  storage: Pick<Storage, "list" | "remove">,
  prefix: string,
): Promise<readonly string[]> {
  const left: string[] = [];
  const keys = [...(await keysBelow(storage, prefix)), ...(await keysBelow(storage, `${prefix}${hiddenDirectory}`))];
  for (const key of [...keys, `${prefix}${successFile}`]) {
    try {
      await storage.remove(key);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      left.push(key);
    }
  }
  return left;
}

const marker = new TextEncoder().encode("Spark writes beside this.\n");

/** Where Spark finds a raw object and may write one file; `undefined` where it gets at neither. `id` is nobody else's. */
export function conversionElsewhere(
  places: { readonly raw: Storage; readonly tables: Storage },
  rawKey: string,
  id: string,
): Elsewhere | undefined {
  const { tables } = places;
  const prefix = writtenPrefix(`convert-${id}`);
  const [raw, staging] = [places.raw.location(rawKey), tables.location(prefix)];
  if (raw === undefined || staging === undefined) return undefined;
  return {
    raw,
    staging,
    async prepare({ signal } = {}) {
      await tables.put(`${prefix}keep`, marker, signal === undefined ? {} : { signal });
    },
    async bring(file, { signal } = {}) {
      const call = signal === undefined ? {} : { signal };
      const parts = (await keysBelow(tables, prefix, call)).filter((key) => key.endsWith(".parquet"));
      const [part] = parts;
      if (part === undefined || parts.length > 1) {
        throw new Failure("corrupt", `${tables.name}/${prefix}: ${parts.length} files in the place of one`, {
          remedy: "run again; if it happens again, `millrace doctor` shows whether the server sees the same store",
        });
      }
      await pipeline(Readable.from(tables.read(part, call)), createWriteStream(file), call);
    },
    async clear() {
      await removeWritten(tables, prefix);
    },
  };
}
