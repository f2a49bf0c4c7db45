/** What other tools find by name against what the lake publishes. Whatever differs, any run registers; `verify` says so. */
import type { ItemFailure, Repaired } from "../answers.ts";
import { asFailure, messageWithPlace } from "../errors.ts";
import { registerMart } from "../step/register.ts";
import { registerTable } from "../step/register-table.ts";
import { hasDifference, martRegistrations, type TableDifference, tableDifference } from "./catalog-registrations.ts";
import type { Cure } from "./cure.ts";
import { cureEach, type NoteRepair, type Repair } from "./repair-run.ts";
import type { Scrub } from "./scrub.ts";

/** Answers what kept it from looking: a catalog that does not answer says nothing of the lake. */
export async function verifyRegistrations(scrub: Scrub): Promise<readonly ItemFailure[]> {
  const { catalog } = scrub.parts;
  if (catalog.registersItself) return [];
  try {
    await verifyMartNames(scrub);
    await verifyTableNames(scrub);
    return [];
  } catch (error) {
    const failure = asFailure(error, catalog.name);
    if (scrub.signal?.aborted === true || failure.kind === "cancelled" || failure.kind === "bug") throw failure;
    const { kind, detail } = failure;
    return [{ stage: "marts", key: catalog.name, kind, reason: messageWithPlace(failure), remedy: detail.remedy }];
  }
}

async function verifyMartNames({ parts, signal, wants, note }: Scrub): Promise<void> {
  const found = await martRegistrations(parts, parts.catalog, { signal, wants: (mart) => wants("marts", mart) });
  for (const each of found) {
    // Of one whose version is damaged that is said already, and it will be another version.
    if ("failure" in each) continue;
    const { settings, status } = each;
    if (status.state === "registered" || status.state === "unpublished") continue;
    const { name: mart } = settings;
    const reason = status.state === "foreign" ? `is taken by ${status.reason}` : (status.reason ?? "is not registered");
    note({ place: "marts", key: status.name ?? mart, reason, cure: { kind: "mart-name", mart } });
  }
}

async function verifyTableNames({ parts, signal, wants, note }: Scrub): Promise<void> {
  const { catalog, project } = parts;
  if (catalog.tables === undefined) return;
  for (const settings of project.tables.values()) {
    if (!wants("marts", settings.name)) continue;
    const found = await tableDifference(parts, catalog.tables, settings, signal);
    const reason = tableReason(found);
    if (reason === undefined) continue;
    const key = found.registered?.name ?? settings.name;
    note({ place: "marts", key, reason, cure: { kind: "table-name", name: settings.name } });
  }
}

/** What is wrong with a table's registration, in a sentence without an end. */
export function tableReason(found: TableDifference): string | undefined {
  if (found.registered?.kind === "foreign") return `is taken by ${found.registered.what}`;
  if (!hasDifference(found)) return undefined;
  const { registered, isOther, add, remove } = found;
  if (registered === undefined) return "is not registered";
  const facts = [
    ...(isOther ? ["has other columns than the table"] : []),
    ...(add.length > 0 ? [`lacks ${partitions(add)}`] : []),
    ...(remove.length > 0 ? [`lists ${partitions(remove)} that ${remove.length === 1 ? "is" : "are"} gone`] : []),
  ];
  return facts.join(", ");
}

const partitions = (ids: readonly string[]): string => `${ids.length} partition${ids.length === 1 ? "" : "s"}`;

export async function repairRegistrations(run: Repair, note: NoteRepair): Promise<void> {
  await cureEach(run, "mart-name", note, (cure) => repairMartName(run, cure));
  await cureEach(run, "table-name", note, (cure) => repairTableName(run, cure));
}

async function repairMartName(run: Repair, { mart }: Extract<Cure, { kind: "mart-name" }>): Promise<Repaired> {
  const { parts, signal, call } = run;
  const [found] = await martRegistrations(parts, parts.catalog, { signal, wants: (name) => name === mart });
  if (found === undefined) throw new Error(`no mart ${mart} in the project`);
  if ("failure" in found) throw found.failure;
  const { settings, current, registered, status } = found;
  // Repairs of the lake may have registered it on their way.
  if (status.state === "registered") return { state: "repaired", how: "registered with the new version" };
  if (current === undefined) {
    return {
      state: "impossible",
      reason: "the lake has no version of it",
      remedy: `millrace run --select ${mart} publishes one`,
    };
  }
  const { name, version } = await registerMart(parts.catalog, settings, current, call);
  return {
    state: "repaired",
    how: `${registered === undefined ? "registered" : "registered again"}: ${name} shows ${version}`,
  };
}

async function repairTableName(run: Repair, { name }: Extract<Cure, { kind: "table-name" }>): Promise<Repaired> {
  const { parts, signal, call } = run;
  const settings = parts.project.tables.get(name);
  if (settings === undefined || parts.catalog.tables === undefined) throw new Error(`no table ${name} in the catalog`);
  const { isOther, registration, add, remove } = await tableDifference(parts, parts.catalog.tables, settings, signal);
  const change = { registration: isOther ? registration : undefined, add, remove, files: undefined };
  await registerTable(parts.catalog.tables, name, change, call);
  return { state: "repaired", how: `registered: ${partitions(add)} added, ${remove.length} removed` };
}
