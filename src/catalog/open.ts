/** The one table of catalogs. */
import { Failure } from "../errors.ts";
import type { CatalogSettings, HiveSettings } from "../model/project.ts";
import type { Storage } from "../storage/contract.ts";
import type { CallOptions, Catalog, TableRegistry } from "./contract.ts";
import { embeddedCatalog } from "./embedded.ts";
import type { HiveOptions } from "./hive/options.ts";

/** What a catalog for other tools must know of the project. */
export interface CatalogContext {
  /** The place of the tables. */
  readonly tables: Storage;
  /** The database that a mart names itself (`MartSettings.database`); `undefined` for one that takes the project's. */
  databaseOf(mart: string): string | undefined;
}

/**
 * `marts` is the place of the marts, whose `_catalog/` holds the log. Opening asks nobody: a metastore is called, and its
 * client loaded, when the first name is looked up.
 */
export function openCatalog(marts: Storage): Catalog;
export function openCatalog(marts: Storage, settings: CatalogSettings, context: CatalogContext): Catalog;
export function openCatalog(
  marts: Storage,
  settings: CatalogSettings = { kind: "embedded" },
  context?: CatalogContext,
): Catalog {
  const log = embeddedCatalog(marts);
  if (settings.kind === "embedded") return log;
  if (context === undefined) throw new Failure("bug", "a Hive Metastore is opened without the project's context");
  return onDemand(log, hiveOptions(marts, settings, context));
}

function hiveOptions(marts: Storage, settings: HiveSettings, { tables, databaseOf }: CatalogContext): HiveOptions {
  return {
    settings,
    martsLocation: demandLocation(marts),
    tablesLocation: demandLocation(tables),
    databaseOf,
  };
}

/** Where the place itself lies, with a slash at the end. Storages are asked for names in it, so one is taken off again. */
function demandLocation(place: Storage): string {
  const name = "_catalog/";
  const location = place.location(name);
  if (location !== undefined) return location.slice(0, -name.length);
  throw new Failure(
    "usage",
    `${place.name}: no other program can open what lies there, so a metastore cannot show it`,
    {
      remedy: "take a directory or a bucket for the lake, or leave `catalog` out",
    },
  );
}

/** The catalog on a metastore, whose code is loaded with the first call that needs it. */
function onDemand(log: Catalog, options: HiveOptions): Catalog {
  let loading: Promise<Catalog> | undefined;
  const catalog = (): Promise<Catalog> => {
    loading ??= import("./hive/hive.ts").then(({ hiveCatalog }) => hiveCatalog(log, options));
    return loading;
  };
  const registry = async (): Promise<TableRegistry> => {
    const { tables } = await catalog();
    if (tables === undefined) throw new Failure("bug", "the catalog has no registry of tables");
    return tables;
  };
  const tables: TableRegistry = {
    registered: async (...call) => await (await registry()).registered(...call),
    register: async (...call) => await (await registry()).register(...call),
    async *partitions(table: string, callOptions?: CallOptions) {
      yield* (await registry()).partitions(table, callOptions);
    },
    add: async (...call) => await (await registry()).add(...call),
    touch: async (...call) => await (await registry()).touch(...call),
    remove: async (...call) => await (await registry()).remove(...call),
    unregister: async (...call) => await (await registry()).unregister(...call),
  };
  return {
    ...log,
    registersItself: false,
    registered: async (...call) => await (await catalog()).registered(...call),
    register: async (...call) => await (await catalog()).register(...call),
    unregister: async (...call) => await (await catalog()).unregister(...call),
    former: {
      find: async (...call) => (await (await catalog()).former?.find(...call)) ?? [],
      unregister: async (...call) => (await (await catalog()).former?.unregister(...call)) ?? false,
    },
    ...(options.settings.tables ? { tables } : {}),
    prove: async (...call) => await (await catalog()).prove(...call),
    async close() {
      await (await loading)?.close();
      await log.close();
    },
  };
}
