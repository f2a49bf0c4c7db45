/** Every mart and table of the project, beside what stands under its name in the catalog. */
import type { CatalogEntry, CatalogListing } from "../answers.ts";
import type { Catalog, FormerName } from "../catalog/contract.ts";
import { parseVersionName } from "../model/layout.ts";
import { callOptions } from "../reconcile/observe.ts";
import { registryName } from "../reconcile/observe-registry.ts";
import type { Parts } from "../reconcile/parts.ts";
import {
  type MartRegistration,
  martRegistrations,
  type TableDifference,
  tableDifference,
  type UnreadableMart,
} from "./catalog-registrations.ts";
import { tableReason } from "./verify-registrations.ts";

export async function catalogList(
  parts: Parts,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<CatalogListing> {
  const { catalog, project } = parts;
  const marts = await martRegistrations(parts, catalog, { signal });
  const entries = marts.map((each) => martEntry(each, catalog.registersItself));
  const former = await formerNamesOf(parts, catalog, signal);
  for (const name of await droppedMarts(parts, signal)) {
    if (former.some(({ mart }) => mart === name)) continue;
    const asked = !catalog.registersItself && catalog.former === undefined;
    const shown = asked ? (await catalog.registered([name], callOptions(signal))).get(name) : undefined;
    const registered = shown?.kind === "ours" ? shown.name : undefined;
    entries.push({ ...nothing, kind: "mart", name, registered, state: "dropped", reason: undefined });
  }
  for (const { mart: name, name: registered, number, version } of former) {
    const state = project.marts.has(name) ? "moved" : "dropped";
    entries.push({ ...nothing, ...{ kind: "mart", name, registered, state, number, version, reason: undefined } });
  }
  for (const settings of catalog.tables === undefined ? [] : project.tables.values()) {
    if (catalog.tables !== undefined)
      entries.push(tableEntry(await tableDifference(parts, catalog.tables, settings, signal)));
  }
  return { catalog: registryName(parts), entries };
}

/** Marts that the log knows and the project does not. */
export async function droppedMarts(
  { catalog, project }: Pick<Parts, "catalog" | "project">,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  return (await catalog.marts(callOptions(signal))).filter((name) => !project.marts.has(name));
}

/** Names that are left of marts which moved to another database, or which the project does not have any more. */
export async function formerNamesOf(
  { catalog: log, project }: Pick<Parts, "catalog" | "project">,
  catalog: Catalog,
  signal: AbortSignal | undefined,
): Promise<readonly FormerName[]> {
  if (catalog.former === undefined) return [];
  const marts = new Set([...(await log.marts(callOptions(signal))), ...project.marts.keys()]);
  return await catalog.former.find([...marts], (mart) => project.marts.has(mart), callOptions(signal));
}

const nothing = { number: undefined, version: undefined, partitions: undefined } as const;

function martEntry(each: MartRegistration | UnreadableMart, isOwn: boolean): CatalogEntry {
  const { name } = each.settings;
  if ("failure" in each) {
    const reason = each.failure.message;
    return { ...nothing, kind: "mart", name, registered: each.registered?.name, state: "unreadable", reason };
  }
  const { current, status } = each;
  const version = current?.record.version;
  const number = version === undefined ? undefined : (parseVersionName(version)?.number ?? current?.number);
  const shown = { kind: "mart", name, number, version, partitions: undefined } as const;
  if (isOwn) {
    const state = current === undefined ? "unpublished" : "own";
    return { ...shown, registered: undefined, state, reason: undefined };
  }
  return { ...shown, registered: status.name, state: status.state, reason: status.reason };
}

function tableEntry(found: TableDifference): CatalogEntry {
  const { settings, registered, registration, partitions } = found;
  const reason = tableReason(found);
  const state =
    registered?.kind === "foreign"
      ? "foreign"
      : registered !== undefined
        ? reason === undefined
          ? "registered"
          : "behind"
        : registration === undefined
          ? "unpublished"
          : "missing";
  return {
    ...{ kind: "table", name: settings.name, registered: registered?.name, state },
    ...{ reason: state === "missing" ? undefined : reason, number: undefined, version: undefined, partitions },
  };
}
