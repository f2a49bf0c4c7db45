/**
 * The lake without its damaged objects: whoever lists or looks does not find their versions, so that the ordinary steps take them for
 * something that was never made. What takes their place is another version, and is seen.
 */
import { intervalId } from "../model/calendar.ts";
import { partitionKey } from "../model/layout.ts";
import type { Parts } from "../reconcile/parts.ts";
import type { Storage } from "../storage/contract.ts";
import type { Cure } from "./cure.ts";

export interface UndamagedView {
  readonly parts: Parts;
  /** Whether a partition was put through the view. */
  isMade(partitionKey: string): boolean;
}

/** `left` answers what is still damaged, each time somebody looks. */
export function withoutDamaged(parts: Parts, left: () => readonly Cure[]): UndamagedView {
  const made = new Set<string>();
  const raw = hiding(parts.raw, () =>
    left().flatMap((cure) =>
      cure.kind === "raw" && cure.request.stored !== undefined
        ? [[cure.request.key, cure.request.stored.token] as const]
        : [],
    ),
  );
  const tables = hiding(parts.tables, () =>
    left().flatMap((cure) => {
      if (cure.kind !== "partition") return [];
      const key = partitionKey(cure.table, intervalId(cure.interval));
      // Where a token is a sum of the bytes, a partition that was whole itself has the same one again.
      return made.has(key) ? [] : [[key, cure.token] as const];
    }),
  );
  const index = { ...parts.index, attempts: async () => withoutBackoff(await parts.index.attempts()) };
  return {
    parts: {
      ...parts,
      index,
      raw,
      tables: {
        ...tables,
        async put(key, body, options) {
          const info = await tables.put(key, body, options);
          made.add(key);
          return info;
        },
      },
    },
    isMade: (key) => made.has(key),
  };
}

/** Whoever asks for a repair does not want to wait until a failed conversion would be tried again by itself. */
function withoutBackoff(attempts: Awaited<ReturnType<Parts["index"]["attempts"]>>): typeof attempts {
  return new Map([...attempts].filter(([item, { kind }]) => kind !== "failure" || !/^(?:convert|mart) /.test(item)));
}

function hiding(storage: Storage, versions: () => readonly (readonly [key: string, token: string])[]): Storage {
  return {
    ...storage,
    async head(key, options) {
      const found = await storage.head(key, options);
      return found !== undefined && new Map(versions()).get(key) === found.token ? undefined : found;
    },
    async *list(prefix, options) {
      const hidden = new Map(versions());
      for await (const page of storage.list(prefix, options)) {
        const rest = hidden.size === 0 ? page : page.filter(({ key, token }) => hidden.get(key) !== token);
        if (rest.length > 0) yield rest;
      }
    },
  };
}
