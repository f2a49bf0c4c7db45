/** Where a scene's lake lies, with a metastore and a Spark that reach it: on this machine's disk, or in buckets. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findJava } from "../../src/distribution/java.ts";
import { authoritiesOf, s3aSettings } from "../../src/distribution/s3a.ts";
import { makeTrustStore } from "../../src/distribution/trust-store.ts";
import type { HiveSettings, Place, SecretReference } from "../../src/model/project.ts";
import { sparkVersions } from "../../src/model/versions.ts";
import { type MetastoreServer, ownMetastore } from "../real/metastore-server.ts";
import type { Skipping } from "../real/real.ts";
import type { VersityGateway } from "../real/s3-servers.ts";
import { matchedHome, placesOn, sparkHome } from "../real/spark-server.ts";

/** A lake and a metastore that reaches it. */
export interface LakeGround {
  readonly metastore: MetastoreServer;
  /** A directory of the scene's own. */
  readonly directory: string;
  readonly tables: Place;
  readonly marts: Place;
  readonly resolveSecret: (reference: SecretReference) => string;
  /** Where this process finds the marts' objects as files. */
  readonly martsDirectory: string;
  /** `lake` and `s3` of a project file in the directory. */
  readonly places: Readonly<Record<string, unknown>>;
  close(): Promise<void>;
}

export interface Ground extends LakeGround {
  /** A distribution of Spark. */
  readonly home: string;
  /** What a Spark that millrace does not start needs to reach the places. */
  readonly spark: { readonly settings: Readonly<Record<string, string>>; readonly javaOptions: readonly string[] };
}

/** `undefined` after skipping the test. */
export async function diskGround(context: Skipping, metastore: MetastoreServer): Promise<Ground | undefined> {
  const home = sparkHome(context);
  if (home === undefined) return undefined;
  const directory = mkdtempSync(join(tmpdir(), "millrace-by-name-"));
  const placeOf = (name: string): Place & { readonly path: string } => {
    const path = join(directory, "lake", name);
    mkdirSync(path, { recursive: true });
    return { kind: "directory", path, name: path };
  };
  const [tables, marts] = [placeOf("tables"), placeOf("marts")];
  return {
    ...{ metastore, home, directory, tables, marts, resolveSecret: () => "", martsDirectory: marts.path },
    places: { lake: { raw: "lake/raw", tables: "lake/tables", marts: "lake/marts" } },
    spark: { settings: {}, javaOptions: [] },
    close: async () => rmSync(directory, { recursive: true, force: true }),
  };
}

const buckets = ["raw", "tables", "marts"];

/** With a metastore of its own; `undefined` after skipping the test. */
export async function bucketGround(context: Skipping, store: VersityGateway): Promise<Ground | undefined> {
  const home = matchedHome(context);
  const lake = home === undefined ? undefined : await bucketLake(context, store);
  if (lake === undefined) home?.remove();
  if (home === undefined || lake === undefined) return undefined;
  const close = async (): Promise<void> => {
    await lake.close();
    home.remove();
  };
  try {
    const { places, resolveSecret } = placesOn(store, buckets);
    return { ...lake, home: home.directory, spark: await s3aOf(places, resolveSecret, lake.directory), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** With a metastore of its own; `undefined` after skipping the test. */
export async function bucketLake(context: Skipping, store: VersityGateway): Promise<LakeGround | undefined> {
  for (const bucket of buckets) await store.createBucket(bucket);
  const metastore = await ownMetastore(context, { s3: { server: store, buckets } });
  if (metastore === undefined) return undefined;
  const { places, resolveSecret } = placesOn(store, buckets);
  const [, tables, marts] = places;
  if (tables === undefined || marts === undefined) throw new Error("a bucket without a place");
  const directory = mkdtempSync(join(tmpdir(), "millrace-by-name-"));
  return {
    ...{ metastore, directory, tables, marts, resolveSecret },
    martsDirectory: join(store.objects, "marts"),
    places: projectPlaces(store, directory),
    async close() {
      await metastore.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function projectPlaces({ endpoint, region, accessKey, secretKey, caFile }: VersityGateway, directory: string) {
  writeFileSync(join(directory, "access"), accessKey);
  writeFileSync(join(directory, "secret"), secretKey);
  const ca = caFile === undefined ? {} : { ca: `file:${caFile}` };
  const file = (name: string): string => `file:${join(directory, name)}`;
  const keys = { access_key: file("access"), secret_key: file("secret"), ...ca };
  return {
    lake: Object.fromEntries(buckets.map((bucket) => [bucket, `s3://${bucket}`])),
    s3: { store: "versitygw", endpoint, region, ...keys },
  };
}

async function s3aOf(places: readonly Place[], resolveSecret: Ground["resolveSecret"], directory: string) {
  const [versions] = sparkVersions;
  if (versions === undefined) throw new Error("the product knows no Spark");
  const java = await findJava(versions, process.env);
  const authorities = authoritiesOf(places, resolveSecret);
  const trust = await makeTrustStore({ java, authorities, directory, environment: process.env });
  const settings = [...s3aSettings(places, resolveSecret)].map(([key, value]) => [`spark.hadoop.${key}`, value]);
  const javaOptions =
    trust === undefined
      ? []
      : [`-Djavax.net.ssl.trustStore=${trust.file}`, `-Djavax.net.ssl.trustStorePassword=${trust.password}`];
  return { settings: Object.fromEntries(settings), javaOptions };
}

export function hiveSettings({ host, port }: MetastoreServer, database: string): HiveSettings {
  return {
    ...{ kind: "hive", hosts: [{ host, port }], database, location: undefined, tables: true },
    ...{ owner: "millrace", transport: "buffered", connectMs: 5_000, callMs: 60_000 },
  };
}

/** A project that is the places and the metastore, and hardly more. */
export function writeProject({ directory, places }: LakeGround, { hosts, database }: HiveSettings): string {
  const file = join(directory, "millrace.yaml");
  const [host] = hosts;
  const url = `file://${directory}/none/{yyyy}-{MM}-{dd}-{H}.json`;
  const project = {
    name: "by-name",
    ...places,
    catalog: { hive: `${host?.host}:${host?.port}`, database, tables: true },
    sources: { hours: { url, every: "hour", since: "2026-03-01" } },
    tables: { events: { from: "hours" } },
  };
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(project));
  return file;
}
