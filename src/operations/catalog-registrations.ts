/** What other tools find by name, beside what the lake publishes: of marts and, where they are registered, of tables. */
import type { RegistrationStatus } from "../answers.ts";
import type { Catalog, Registered, RegisteredTable, TableRegistry } from "../catalog/contract.ts";
import { asFailure, type Failure } from "../errors.ts";
import { parseIntervalId } from "../model/calendar.ts";
import { partitionFile, partitionId, partitionStem } from "../model/layout.ts";
import type { MartSettings, TableSettings } from "../model/project.ts";
import { type TableRegistration, tableFingerprint } from "../model/registration.ts";
import { callOptions } from "../reconcile/observe.ts";
import type { Parts } from "../reconcile/parts.ts";
import { type PublishedMart, readPublishedMart } from "../step/manifest.ts";
import { tableRegistration } from "../step/register-table.ts";
import { latestSchema } from "../step/table-schema.ts";
import { registrationStatus } from "./catalog-state.ts";

export interface MartRegistration {
  readonly settings: MartSettings;
  /** What readers are to be shown; `undefined` of a mart that was never published. */
  readonly current: PublishedMart | undefined;
  readonly registered: Registered | undefined;
  readonly status: RegistrationStatus;
}

/** A mart whose log or version cannot be read. */
export interface UnreadableMart {
  readonly settings: MartSettings;
  readonly registered: Registered | undefined;
  readonly failure: Failure;
}

/** Of the project's marts, in its order; `wants` leaves some out. Throws what the catalog throws that is asked. */
export async function martRegistrations(
  { marts, project }: Pick<Parts, "marts" | "project">,
  catalog: Catalog,
  options: { readonly signal?: AbortSignal | undefined; readonly wants?: (mart: string) => boolean } = {},
): Promise<readonly (MartRegistration | UnreadableMart)[]> {
  const { signal, wants = () => true } = options;
  const wanted = [...project.marts.values()].filter(({ name }) => wants(name));
  if (wanted.length === 0) return [];
  const names = wanted.map(({ name }) => name);
  const shown = catalog.registersItself ? new Map() : await catalog.registered(names, callOptions(signal));
  const found: (MartRegistration | UnreadableMart)[] = [];
  for (const settings of wanted) {
    const registered = shown.get(settings.name);
    try {
      const current = await readPublishedMart(marts, catalog, settings.name, signal);
      found.push({ settings, current, registered, status: registrationStatus({ settings, current }, registered) });
    } catch (error) {
      const failure = asFailure(error, settings.name);
      if (failure.kind !== "corrupt" && failure.kind !== "missing") throw failure;
      found.push({ settings, registered, failure });
    }
  }
  return found;
}

/** What of a table is registered otherwise than it is. */
export interface TableDifference {
  readonly settings: TableSettings;
  readonly registered: RegisteredTable | undefined;
  /** As it should be; `undefined` of a table without a published schema. */
  readonly registration: TableRegistration | undefined;
  /** The table itself is not there, or has other columns. */
  readonly isOther: boolean;
  /** Partitions that lie in the lake. */
  readonly partitions: number;
  /** The `src` of partitions. */
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

export async function tableDifference(
  { tables, project }: Pick<Parts, "tables" | "project">,
  registry: TableRegistry,
  settings: TableSettings,
  signal: AbortSignal | undefined,
): Promise<TableDifference> {
  const { name } = settings;
  const call = callOptions(signal);
  const every = project.sources.get(settings.from)?.every;
  const registered = await registry.registered(name, call);
  const listed = new Set<string>();
  if (registered?.kind === "ours")
    for await (const page of registry.partitions(name, call)) for (const id of page) listed.add(id);
  const schema = await latestSchema(tables, name, signal);
  const registration = schema === undefined ? undefined : tableRegistration(schema);
  const present = new Set<string>();
  for await (const page of tables.list(`${name}/`, { leaf: partitionFile, stem: partitionStem, ...call })) {
    for (const { key } of page) {
      const id = partitionId(name, key);
      if (id !== undefined && parseIntervalId(id)?.every === every) present.add(id);
    }
  }
  const fingerprint = registered?.kind === "ours" ? registered.fingerprint : undefined;
  const isForeign = registered?.kind === "foreign";
  return {
    settings,
    registered,
    registration,
    isOther: !isForeign && registration !== undefined && fingerprint !== tableFingerprint(registration),
    partitions: present.size,
    add: isForeign || registration === undefined ? [] : [...present].filter((id) => !listed.has(id)).sort(),
    remove: [...listed].filter((id) => !present.has(id)).sort(),
  };
}

export const hasDifference = ({ isOther, add, remove }: TableDifference): boolean =>
  isOther || add.length > 0 || remove.length > 0;
