/** A mart as a table of the metastore, in both directions. */
import { hiveColumns, hiveComment, sparkSchemaParameters } from "../../model/hive-type-columns.ts";
import { type Registration, registrationFingerprint } from "../../model/registration.ts";
import type { ForeignRegistered, OwnRegistered, Registered } from "../contract.ts";
import { isSameLocation } from "./location.ts";
import type { HiveOptions } from "./options.ts";
import type { HiveTable } from "./structs.ts";
import {
  deltaAt,
  deltaParameters,
  describeForeign,
  externalParameters,
  externalTable,
  faultOf,
  isView,
  parameter,
  parquetAt,
  withShape,
} from "./table-form.ts";

export function martDatabase({ databaseOf, settings }: HiveOptions, mart: string): string {
  return databaseOf(mart) ?? settings.database;
}

/** As users write it. */
export function martName(options: HiveOptions, mart: string): string {
  return `${martDatabase(options, mart)}.${mart}`;
}

const martLocation = ({ martsLocation }: HiveOptions, mart: string, version: string): string =>
  `${martsLocation}${mart}/${version}`;

/** Throws `refused` for columns that readers by name could not read. */
export function martTable(options: HiveOptions, mart: string, registration: Registration): HiveTable {
  const { number, version, publishId, at, manifestSha256, columns, description, rows, bytes, format } = registration;
  const location = martLocation(options, mart, version);
  const described = hiveColumns(columns);
  const comment =
    description === undefined || description === "" ? [] : [["comment", hiveComment(description)] as const];
  return withShape({
    database: martDatabase(options, mart),
    name: mart,
    owner: options.settings.owner,
    type: externalTable,
    storage: format === "delta" ? deltaAt(location, described) : parquetAt(location, described),
    partitionKeys: [],
    parameters: new Map<string, string>([
      ...externalParameters,
      ...comment,
      ["numRows", String(rows)],
      ["totalSize", String(bytes)],
      ...(format === "delta" ? deltaParameters : sparkSchemaParameters(columns)),
      [parameter.lake, options.martsLocation],
      [parameter.mart, mart],
      [parameter.number, String(number)],
      [parameter.version, version],
      [parameter.publishId, publishId],
      [parameter.at, at],
      [parameter.manifestSha256, manifestSha256],
      [parameter.fingerprint, registrationFingerprint(registration)],
    ]),
  });
}

/** What a table that stands under the mart's name is to us. */
export function readMart(options: HiveOptions, mart: string, table: HiveTable): Registered {
  const name = martName(options, mart);
  const { parameters } = table;
  const number = positive(parameters.get(parameter.number));
  const version = parameters.get(parameter.version);
  const publishId = parameters.get(parameter.publishId);
  const whose = foreignerOf(options, table, parameter.mart, mart);
  if (whose !== undefined) return { kind: "foreign", name, what: whose };
  if (number === undefined || version === undefined || publishId === undefined) {
    const what = `a table of this lake whose ${parameter.number}, ${parameter.version} or ${parameter.publishId} was taken away`;
    return { kind: "foreign", name, what };
  }
  const [at, manifestSha256] = [parameters.get(parameter.at), parameters.get(parameter.manifestSha256)];
  return {
    kind: "ours",
    name,
    number,
    version,
    publishId,
    ...(at === undefined ? {} : { at }),
    ...(manifestSha256 === undefined ? {} : { manifestSha256 }),
    fingerprint: parameters.get(parameter.fingerprint),
    fault: faultOf(table, martLocation(options, mart, version), isSameLocation),
  } satisfies OwnRegistered;
}

/** Whose a table is, unless it is this lake's and made for the name under which it stands. */
export function foreignerOf(
  options: HiveOptions,
  table: HiveTable,
  key: string,
  name: string,
): ForeignRegistered["what"] | undefined {
  const lake = table.parameters.get(parameter.lake);
  const madeFor = table.parameters.get(key);
  if (lake === undefined || isView(table)) return describeForeign(table);
  if (!isSameLocation(lake, options.martsLocation)) return `registered by another lake, ${lake}`;
  if (madeFor !== name) {
    const other = table.parameters.get(parameter.mart) ?? table.parameters.get(parameter.table);
    return `registered by this lake for something else${other === undefined ? "" : `, ${other}`}`;
  }
  return undefined;
}

/** A whole number from 1 on, as we write it. */
export function positive(text: string | undefined): number | undefined {
  if (text === undefined || !/^[1-9][0-9]{0,15}$/.test(text)) return undefined;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : undefined;
}
