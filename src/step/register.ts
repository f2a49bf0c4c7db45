/**
 * Lets a mart's name show what the chain says. Nothing is built, and nothing can be lost: whatever ends half-way is a
 * difference that the next look finds.
 */
import type { CallOptions, Catalog, CatalogRecord, OwnRegistered } from "../catalog/contract.ts";
import { Failure } from "../errors.ts";
import { parseColumnType } from "../model/column-type-text.ts";
import type { MartSettings } from "../model/project.ts";
import { type Registration, registrationFingerprint } from "../model/registration.ts";
import { formatOf, type Manifest, type PublishedMart } from "./manifest.ts";

type Publish = Extract<CatalogRecord, { kind: "publish" }>;

/** Answers what the name shows then, which may be a later record of another writer. */
export async function registerMart(
  catalog: Catalog,
  settings: Pick<MartSettings, "name" | "description">,
  { number, record, manifest }: PublishedMart,
  call: CallOptions = {},
): Promise<OwnRegistered> {
  const { name: mart } = settings;
  const shown = await visible(catalog, mart, { number, record }, call);
  const registration = registrationOf(settings, shown, manifest);
  const found = await catalog.register(mart, registration, call);
  if (found.fault !== undefined) throw stillWrong(mart, found, found.fault);
  const isOurs = found.number === registration.number && found.publishId === registration.publishId;
  if (!isOurs) await demandLater(catalog, mart, found, call);
  return found;
}

/** The record that made the version visible: behind a fence it is an earlier one. */
async function visible(
  catalog: Catalog,
  mart: string,
  { number, record }: { readonly number: number; readonly record: CatalogRecord },
  call: CallOptions,
): Promise<{ readonly number: number; readonly record: Publish }> {
  if (record.kind === "publish") return { number, record };
  for await (const past of catalog.history(mart, call)) {
    if (past.number < number && past.record.kind === "publish") return { number: past.number, record: past.record };
  }
  throw new Failure("corrupt", `mart ${mart}: no record before ${number} publishes ${record.version}`, {
    remedy: "`millrace verify --repair` puts back what can be proved of the log",
  });
}

function registrationOf(
  { name, description }: Pick<MartSettings, "name" | "description">,
  { number, record }: { readonly number: number; readonly record: Publish },
  manifest: Manifest,
): Registration {
  const { columns, rows, files, version } = manifest;
  return {
    ...{ number, version, publishId: record.publishId, at: record.at, manifestSha256: record.manifestSha256 },
    columns: columns.map((column) => ({ name: column.name, type: typeOf(name, column) })),
    description,
    rows,
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    format: formatOf(manifest),
  };
}

function typeOf(mart: string, { name, type }: { readonly name: string; readonly type: string }) {
  try {
    return parseColumnType(type);
  } catch (error) {
    throw new Failure("refused", `mart ${mart}: column ${name}: its type ${type} is not known to this version`, {
      remedy: "use the newest version of millrace that writes to this lake",
      cause: error,
    });
  }
}

/**
 * What a name must show of a version, besides the record's number. `undefined` where that cannot be said: the columns' types are
 * of a later millrace.
 */
export function wantedFingerprint(
  { name, description }: Pick<MartSettings, "name" | "description">,
  manifest: Pick<Manifest, "version" | "columns" | "delta">,
): string | undefined {
  try {
    const { version } = manifest;
    const columns = manifest.columns.map((column) => ({ name: column.name, type: typeOf(name, column) }));
    const nothing = { number: 0, publishId: "", at: "", manifestSha256: "", rows: 0, bytes: 0 };
    return registrationFingerprint({ ...nothing, version, columns, description, format: formatOf(manifest) });
  } catch (error) {
    if (error instanceof Failure && error.kind === "refused") return undefined;
    throw error;
  }
}

/** A name never goes back, so one that shows what the lake does not have would keep on showing it. */
async function demandLater(catalog: Catalog, mart: string, found: OwnRegistered, call: CallOptions): Promise<void> {
  for await (const past of catalog.history(mart, call)) {
    if (past.number === found.number && past.record.publishId === found.publishId) return;
    if (past.number < found.number) break;
  }
  throw new Failure(
    "conflict",
    `mart ${mart}: ${found.name} shows record ${found.number}, which the lake's log does not have`,
    {
      remedy: `if the lake was restored or made anew, drop the table ${found.name} (its files are not touched) and run again`,
    },
  );
}

const stillWrong = (mart: string, { name }: OwnRegistered, fault: string): Failure =>
  new Failure("conflict", `mart ${mart}: ${name} ${fault}, also after it was registered anew`, {
    remedy: "find out who changes it in the catalog",
  });
