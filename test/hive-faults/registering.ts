/** A mart whose versions are published and registered one after the other, as passes do it, without building anything. */
import assert from "node:assert/strict";
import type { Catalog } from "../../src/catalog/contract.ts";
import type { HiveTable } from "../../src/catalog/hive/structs.ts";
import { parameter } from "../../src/catalog/hive/table-form.ts";
import type { RegisteredColumn } from "../../src/model/registration.ts";
import { plainColumns, publishRecord, registrationOf } from "../contract/catalog-record.ts";

export const mart = "activity";

/** The third has other columns, with types that do not follow from those before: a server has to be asked for that in another way. */
export const versions = 3;

export function columnsOf(number: number): readonly RegisteredColumn[] {
  if (number % 3 !== 0) return plainColumns;
  return [
    { name: "type", type: { kind: "int64" } },
    { name: "repo", type: { kind: "struct", fields: [{ name: "id", type: { kind: "int64" } }] }, comment: "which" },
  ];
}

const idOf = (number: number): string => `${String(number).padStart(4, "0")}xxxxxxxx`;

const register = (catalog: Catalog, number: number, call: { readonly signal?: AbortSignal }) =>
  catalog.register(mart, registrationOf(number, idOf(number), columnsOf(number)), call);

/**
 * Passes until `upTo` versions are published and registered: each looks, puts right what differs, and publishes the next one. Any
 * call may throw, and then the same is done again from the beginning.
 */
export async function publishAll(
  catalog: Catalog,
  upTo = versions,
  call: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  for (;;) {
    const shown = (await catalog.registered([mart], call)).get(mart);
    assert.notEqual(shown?.kind, "foreign");
    const current = await catalog.current(mart, call);
    const number = current?.number ?? 0;
    const isShown = shown?.kind === "ours" && shown.number === number && shown.fault === undefined;
    if (number > 0 && !isShown) await register(catalog, number, call);
    else if (number < upTo) await catalog.append(mart, number, publishRecord(number, idOf(number + 1)), call);
    else return;
  }
}

/** The version that a table's location names. */
export function versionAt({ storage }: HiveTable): number {
  return Number(/\/v(\d{12})-[^/]+$/.exec(storage.location)?.[1]);
}

/**
 * What a reader saw is one whole version. A metastore reads a table with several statements, between which a swap may be done: so what
 * the parameters say may be a moment older or newer than the location, which readers of data do not notice. The columns belong to the
 * location, except in the moment in which the swap changes them too.
 */
export function assertWhole(table: HiveTable): void {
  const number = Number(table.parameters.get(parameter.number));
  const { version, publishId } = registrationOf(number, idOf(number));
  assert.equal(table.parameters.get(parameter.version), version);
  assert.equal(table.parameters.get(parameter.publishId), publishId);
  const located = versionAt(table);
  const place = `/${mart}/${registrationOf(located, idOf(located)).version}`;
  assert.ok(table.storage.location.endsWith(place), `the location ${table.storage.location}`);
  const seen = table.storage.columns.map(({ name }) => name).join();
  const names = (of: number): string =>
    columnsOf(of)
      .map(({ name }) => name)
      .join();
  if (seen === names(located)) return;
  const changes = [located - 1, located + 1].filter((near) => near > 0 && names(near) !== names(located));
  const mayBe = changes.length === 0 ? [] : ["", ...changes.map(names)];
  assert.ok(mayBe.includes(seen), `version ${located} with the columns ${seen}`);
}

/** The chain has each record once, and the name shows the last. */
export async function assertConverged(catalog: Catalog, upTo: number, when: string): Promise<void> {
  const numbers: number[] = [];
  for await (const { number, record } of catalog.history(mart)) {
    numbers.unshift(number);
    assert.deepEqual(record, publishRecord(number - 1, idOf(number)), when);
  }
  assert.deepEqual(
    numbers,
    Array.from({ length: upTo }, (_, index) => index + 1),
    when,
  );
  const shown = (await catalog.registered([mart])).get(mart);
  assert.ok(shown?.kind === "ours", when);
  assert.deepEqual([shown.number, shown.publishId, shown.fault], [upTo, idOf(upTo), undefined], when);
}
