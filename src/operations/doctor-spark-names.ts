/** Whether others who use the project's Spark server find its marts there by name. */
import { metastoreUris } from "../model/metastore-uris.ts";
import type { HiveSettings } from "../model/project.ts";
import type { Asked, NamedMart, NameSettings, NamesFacts } from "./doctor-spark-facts.ts";
import { type Ask, quoted, tried } from "./doctor-spark-session.ts";
import { note, ok, type SparkFinding } from "./doctor-spark-verdict.ts";

/** What is to be found by name, and where. */
export interface NamesWish {
  readonly metastore: Pick<HiveSettings, "hosts" | "tables">;
  /** A mart that is registered now; `undefined` while there is none. */
  readonly registered: () => Promise<RegisteredName | undefined>;
}

export interface RegisteredName {
  /** `gha.activity` */
  readonly name: string;
  readonly version: string;
}

export async function askNames(ask: Ask, wish: NamesWish, signal: AbortSignal | undefined): Promise<NamesFacts> {
  return {
    metastore: wish.metastore,
    settings: await tried(() => askSettings(ask), signal),
    mart: await tried(() => askMart(ask, wish, signal), signal),
  };
}

async function askSettings(ask: Ask): Promise<NameSettings> {
  const setting = async (key: string): Promise<string | undefined> => {
    const { value } = await ask(`SET ${key}`);
    return typeof value !== "string" || value === "" || value === "<undefined>" ? undefined : value;
  };
  return {
    implementation: (await setting("spark.sql.catalogImplementation")) ?? "in-memory",
    uris: (await setting("spark.hadoop.hive.metastore.uris")) ?? (await setting("spark.hive.metastore.uris")),
    readsParquet: (await setting("spark.sql.hive.convertMetastoreParquet")) !== "false",
    remembersPartitions: (await setting("spark.sql.hive.filesourcePartitionFileCacheSize")) !== "0",
  };
}

/** A mart that is replaced between the two looks is looked at once more. */
async function askMart(
  ask: Ask,
  { registered }: NamesWish,
  signal: AbortSignal | undefined,
): Promise<NamedMart | undefined> {
  let wanted = await registered();
  for (let look = 1; wanted !== undefined; look++) {
    const { name, version }: RegisteredName = wanted;
    const table = name
      .split(".")
      .map((part) => `\`${part.replaceAll("`", "``")}\``)
      .join(".");
    // Of a table of Delta Lake Spark shows what the log says, and not the metastore: it has this one too.
    const property = await ask(`SHOW TBLPROPERTIES ${table} (${quoted("millrace.version")})`);
    const isOurs = property.value === version;
    if (isOurs || look === 2) return { name, isOurs, row: await tried(() => askRow(ask, table), signal) };
    wanted = await registered();
  }
  return undefined;
}

async function askRow(ask: Ask, table: string): Promise<true> {
  await ask(`SELECT * FROM ${table} LIMIT 1`);
  return true;
}

const subject = "marts by name";

/** Nothing that millrace does there needs names: what is wrong is good to know. */
export function nameFindings({ metastore, settings, mart }: NamesFacts): readonly SparkFinding[] {
  const uris = metastoreUris(metastore.hosts);
  const remedy = `start it with spark.sql.catalogImplementation=hive and spark.hadoop.hive.metastore.uris=${uris}`;
  if ("value" in settings && settings.value.implementation !== "hive") {
    const finding = `the server knows no metastore (catalogImplementation is ${settings.value.implementation}): nobody finds marts there by name`;
    return [note(subject, finding, remedy)];
  }
  const theirs = "value" in settings ? settings.value.uris : undefined;
  return [
    martFinding(mart, { uris, theirs, remedy }),
    ...("value" in settings ? readingFindings(settings.value, metastore) : []),
  ];
}

interface Addresses {
  readonly uris: string;
  readonly theirs: string | undefined;
  readonly remedy: string;
}

function martFinding(mart: Asked<NamedMart | undefined>, { uris, theirs, remedy }: Addresses): SparkFinding {
  const whose = theirs === undefined || theirs === uris ? "" : `; its metastore is ${theirs}, the project's is ${uris}`;
  if ("failure" in mart) {
    const { message } = mart.failure;
    if (/DATA_SOURCE_NOT_FOUND.*\bdelta\b/s.test(message)) {
      const finding =
        "the server has no Delta Lake: marts with format: delta are found there by name and cannot be read";
      return note(
        subject,
        finding,
        "give it Delta's jars and settings (docs/delta.md), or leave those marts at format: parquet",
      );
    }
    return note(subject, `the server finds or reads none: ${message}${whose}`, remedy);
  }
  if (mart.value === undefined) {
    if (theirs === uris) return ok(subject, `the server asks ${uris}; no mart is registered yet`);
    const said = theirs === undefined ? "the server does not say which metastore it asks" : `the server asks ${theirs}`;
    return note(
      subject,
      `${said}; no mart is registered yet by which to see whether it is the project's, ${uris}`,
      remedy,
    );
  }
  const { name, isOurs, row } = mart.value;
  if (isOurs && "failure" in row) {
    const rights = "let the server's own credentials read the place of the marts";
    return note(
      subject,
      `the server finds ${name} and cannot read it: ${row.failure.message}`,
      row.failure.detail.remedy ?? rights,
    );
  }
  if (isOurs) return ok(subject, `the server finds ${name} as it is registered, and reads a row of it`);
  return note(subject, `the server finds another ${name} than the one that is registered${whose}`, remedy);
}

function readingFindings(
  { readsParquet, remembersPartitions }: NameSettings,
  { tables }: NamesWish["metastore"],
): readonly SparkFinding[] {
  const reading = readsParquet
    ? []
    : [
        note(
          "Parquet by name",
          "spark.sql.hive.convertMetastoreParquet is false: Hive's own reader fails on timestamps and on decimals of up to 18 digits",
          "leave spark.sql.hive.convertMetastoreParquet at its default, true",
        ),
      ];
  const remembering =
    tables && remembersPartitions
      ? [
          note(
            "tables by name",
            "sessions there remember how long a partition's file was: of one that was replaced by a longer one they may read a part, until REFRESH TABLE",
            "start the server with spark.sql.hive.filesourcePartitionFileCacheSize=0",
          ),
        ]
      : [];
  return [...reading, ...remembering];
}
