/** What is remembered of stores that were found good. A cache: whatever cannot be read as notes is no knowledge. */
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { asFailure } from "../errors.ts";
import type { Lake } from "../model/project.ts";

/** A store was found good: for so many writers, by that version's tests, under the name that it gives itself. */
export interface StoreNote {
  readonly store: string;
  readonly server: string;
  readonly millrace: string;
  readonly writers: Lake["writers"];
  readonly at: string;
}

export interface StoreNotes {
  find(store: string): Promise<StoreNote | undefined>;
  /** Replaces what was known of that store. */
  keep(note: StoreNote): Promise<void>;
}

const formatNumber = 1;

export function openStoreNotes(file: string): StoreNotes {
  // Stores are tested side by side, and each must leave the others' notes.
  let last: Promise<unknown> = Promise.resolve();
  return {
    find: async (store) => (await readNotes(file)).find((note) => note.store === store),
    keep(note) {
      const done = last.then(() => replaceNote(file, note));
      last = done.catch(() => undefined);
      return done;
    },
  };
}

async function replaceNote(file: string, note: StoreNote): Promise<void> {
  const others = (await readNotes(file)).filter(({ store }) => store !== note.store);
  const stores = [...others, note].sort((a, b) => (a.store < b.store ? -1 : 1));
  // Not by the number of the process: two projects opened in one, or two containers, may keep notes at a time.
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(temporary, `${JSON.stringify({ format: formatNumber, stores }, null, 2)}\n`);
    await rename(temporary, file);
  } catch (error) {
    throw asFailure(error, file);
  }
}

async function readNotes(file: string): Promise<readonly StoreNote[]> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError || asFailure(error).kind === "missing") return [];
    throw asFailure(error, file);
  }
  if (typeof value !== "object" || value === null || Reflect.get(value, "format") !== formatNumber) return [];
  const stores: unknown = Reflect.get(value, "stores");
  return Array.isArray(stores) ? stores.filter(isNote) : [];
}

function isNote(value: unknown): value is StoreNote {
  if (typeof value !== "object" || value === null) return false;
  const texts = ["store", "server", "millrace", "at"].every((name) => typeof Reflect.get(value, name) === "string");
  const writers: unknown = Reflect.get(value, "writers");
  return texts && (writers === "several" || writers === "one");
}
