/** What other tools find by name: asked of the catalog once a look, of tables also the list of their partitions. */
import type { TableRegistry } from "../catalog/contract.ts";
import { asFailure } from "../errors.ts";
import type { Every } from "../model/calendar.ts";
import { parseIntervalId } from "../model/calendar.ts";
import type { Parts } from "./parts.ts";
import type { RegisteredPartitions, RegistrySeen, SourceSeen, TableRegistered } from "./seen.ts";

/** Of one run: the partitions of each table as far as they are known to be registered. */
export type NameMemory = Map<string, RegisteredPartitions>;

/** A catalog that cannot be asked is a finding: who fetches and converts does without. */
export async function observeRegistry(
  { catalog, project }: Pick<Parts, "catalog" | "project">,
  sources: ReadonlyMap<string, Pick<SourceSeen, "settings">>,
  memory: NameMemory,
  signal: AbortSignal | undefined,
): Promise<RegistrySeen | undefined> {
  const names = [...project.marts.keys()];
  const registry = catalog.tables;
  if (catalog.registersItself || (names.length === 0 && registry === undefined)) return undefined;
  const call = signal === undefined ? {} : { signal };
  try {
    const marts = new Map(names.length === 0 ? [] : await catalog.registered(names, call));
    const tables = new Map<string, TableRegistered>();
    for (const { name, from } of registry === undefined ? [] : project.tables.values()) {
      const every = sources.get(from)?.settings.every ?? "hour";
      if (registry !== undefined) tables.set(name, await observeTableName(registry, name, every, memory, call));
    }
    return { kind: "seen", marts, tables };
  } catch (error) {
    const failure = asFailure(error, registryName({ catalog, project }));
    if (failure.kind === "cancelled" || failure.kind === "bug" || signal?.aborted === true) throw failure;
    return { kind: "away", name: registryName({ catalog, project }), failure };
  }
}

/** As users know it: the chain of records, which is what the catalog itself is named after, is always there. */
export function registryName({ catalog, project }: Pick<Parts, "catalog" | "project">): string {
  const { catalog: settings } = project;
  if (settings.kind !== "hive") return catalog.name;
  const isIpv6 = (host: string): boolean => host.includes(":");
  return `metastore ${settings.hosts.map(({ host, port }) => `${isIpv6(host) ? `[${host}]` : host}:${port}`).join(", ")}`;
}

async function observeTableName(
  registry: TableRegistry,
  table: string,
  every: Every,
  memory: NameMemory,
  call: { readonly signal?: AbortSignal },
): Promise<TableRegistered> {
  const registered = await registry.registered(table, call);
  const nothing: RegisteredPartitions = { starts: new Set(), strange: new Set() };
  if (registered?.kind !== "ours") return { registered, partitions: nothing };
  const known = memory.get(table);
  if (known !== undefined) return { registered, partitions: known };
  for await (const page of registry.partitions(table, call)) {
    for (const id of page) {
      const interval = parseIntervalId(id);
      if (interval?.every === every) nothing.starts.add(interval.startMs);
      else nothing.strange.add(id);
    }
  }
  memory.set(table, nothing);
  return { registered, partitions: nothing };
}
