/**
 * A catalog whose marts and tables other tools find by name, for tests without a metastore: the chain of the lake that is handed
 * in, and names in memory that are swapped as a metastore does it, by comparing the number. One registry serves any number of
 * catalogs over it, as a server does. Faults come from `onCall`.
 */
import type {
  CallOptions,
  Catalog,
  OwnRegistered,
  Registered,
  RegisteredTable,
  TableRegistry,
} from "../src/catalog/contract.ts";
import { Failure } from "../src/errors.ts";
import {
  type Registration,
  registrationFingerprint,
  type TableRegistration,
  tableFingerprint,
} from "../src/model/registration.ts";

export type RegistryCall =
  | "registered"
  | "register"
  | "unregister"
  | "prove"
  | "table.registered"
  | "table.register"
  | "table.partitions"
  | "table.add"
  | "table.touch"
  | "table.remove";

export interface RegisteredMart {
  readonly registration: Registration;
  readonly fault?: string;
}

interface MemoryTable {
  readonly registration: TableRegistration;
  readonly partitions: Set<string>;
  files?: string;
}

export interface MemoryRegistry {
  /** What each mart's name shows, and by whom else it is taken. Tests may change it, as people do by hand. */
  readonly marts: Map<string, RegisteredMart | { readonly foreign: string }>;
  readonly tables: Map<string, MemoryTable>;
  readonly foreignTables: Map<string, string>;
  /** Every call so far, with its subject. */
  readonly calls: string[];
  /**
   * Sees each call before it is done and, with `done`, after it was done and before it is answered. What it throws is what the
   * caller gets.
   */
  onCall: (call: RegistryCall, when: "before" | "done") => void | Promise<void>;
  /** The catalog over a lake's chain; with `tables` it registers these too. */
  over(log: Catalog, options?: { readonly tables?: boolean }): Catalog;
}

/** Partitions a page: few, so that tests see pages. */
const pageSize = 1000;
const batchSize = 500;

export function memoryRegistry(database = "test"): MemoryRegistry {
  const marts: MemoryRegistry["marts"] = new Map();
  const tables: MemoryRegistry["tables"] = new Map();
  const foreignTables: MemoryRegistry["foreignTables"] = new Map();
  const registry: MemoryRegistry = {
    marts,
    tables,
    foreignTables,
    calls: [],
    onCall: () => undefined,
    over: (log, { tables: withTables = false } = {}) => ({
      ...log,
      name: `memory ${database}`,
      registersItself: false,
      ...martNames(),
      ...(withTables ? { tables: tableNames() } : {}),
      async prove(writers, options = {}) {
        return await call("prove", writers, options, () => ({
          what: `a registry in memory of ${database}`,
          findings: ["of 24 racing swaps one wins"],
        }));
      },
    }),
  };

  async function call<T>(
    name: RegistryCall,
    subject: string,
    { signal }: CallOptions,
    work: () => T,
  ): Promise<Awaited<T>> {
    signal?.throwIfAborted();
    registry.calls.push(`${name} ${subject}`);
    await registry.onCall(name, "before");
    const answer = await work();
    await registry.onCall(name, "done");
    return answer;
  }

  const nameOf = (each: string): string => `${database}.${each}`;

  function shown(mart: string): Registered | undefined {
    const found = marts.get(mart);
    if (found === undefined) return undefined;
    if ("foreign" in found) return { kind: "foreign", name: nameOf(mart), what: found.foreign };
    const { registration, fault } = found;
    const { number, version, publishId, at, manifestSha256 } = registration;
    const fingerprint = registrationFingerprint(registration);
    const record = { number, version, publishId, at, manifestSha256 };
    return { kind: "ours", name: nameOf(mart), ...record, fingerprint, fault };
  }

  function own(mart: string): OwnRegistered | undefined {
    const found = shown(mart);
    if (found?.kind === "foreign") throw taken(found.name, found.what);
    return found;
  }

  function martNames(): Pick<Catalog, "registered" | "register" | "unregister"> {
    return {
      registered: (names, options = {}) =>
        call("registered", names.join(" "), options, () => {
          const found = names.map((mart) => [mart, shown(mart)] as const);
          return new Map(found.flatMap(([mart, each]) => (each === undefined ? [] : [[mart, each] as const])));
        }),
      register: (mart, registration, options = {}) =>
        call("register", `${mart} ${registration.number}`, options, () => {
          const before = own(mart);
          const isLater = before === undefined || before.number < registration.number;
          const isSame = before?.number === registration.number && before.publishId === registration.publishId;
          if (isLater || isSame) marts.set(mart, { registration });
          const after = own(mart);
          if (after === undefined) throw new Failure("bug", `${mart}: not there after it was registered`);
          return after;
        }),
      unregister: (mart, options = {}) =>
        call("unregister", mart, options, () => own(mart) !== undefined && marts.delete(mart)),
    };
  }

  function tableNames(): TableRegistry {
    const demand = (table: string) => {
      const found = tables.get(table);
      if (found === undefined) throw new Failure("missing", `${nameOf(table)}: is not registered`);
      return found;
    };
    return {
      registered: (table, options = {}) =>
        call("table.registered", table, options, (): RegisteredTable | undefined => {
          const what = foreignTables.get(table);
          if (what !== undefined) return { kind: "foreign", name: nameOf(table), what };
          const found = tables.get(table)?.registration;
          if (found === undefined) return undefined;
          const fingerprint = tableFingerprint(found);
          const { schemaVersion } = found;
          return { kind: "ours", name: nameOf(table), fingerprint, schemaVersion, files: tables.get(table)?.files };
        }),
      register: (table, registration, options = {}) =>
        call("table.register", table, options, () => {
          const what = foreignTables.get(table);
          if (what !== undefined) throw taken(nameOf(table), what);
          tables.set(table, { partitions: new Set(), ...tables.get(table), registration });
        }),
      async *partitions(table, options = {}) {
        const ids = await call("table.partitions", table, options, () => [...demand(table).partitions].sort());
        for (let at = 0; at < ids.length; at += pageSize) yield ids.slice(at, at + pageSize);
      },
      async add(table, ids, options = {}) {
        for (let at = 0; at < ids.length; at += batchSize) {
          const batch = ids.slice(at, at + batchSize);
          await call("table.add", `${table} ${batch.length}`, options, () => {
            for (const id of batch) demand(table).partitions.add(id);
          });
          options.onAdded?.(batch.length);
        }
      },
      touch: (table, files, options = {}) =>
        call("table.touch", table, options, () => {
          demand(table).files = files;
        }),
      remove: (table, ids, options = {}) =>
        call("table.remove", `${table} ${ids.length}`, options, () => {
          for (const id of ids) demand(table).partitions.delete(id);
        }),
      unregister: (table, options = {}) => call("table.register", table, options, () => tables.delete(table)),
    };
  }

  return registry;
}

const taken = (name: string, what: string): Failure =>
  new Failure("conflict", `${name}: is taken by ${what}`, { remedy: "choose another name" });
