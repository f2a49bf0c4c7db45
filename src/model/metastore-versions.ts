/**
 * A Hive Metastore as data: the archive of its release, and the jars that it lacks to run alone. The release was made to stand on
 * an installed Hadoop and brings nothing of it; what stands here is the least that serves tables on disks and, with the second list,
 * in buckets. Where the release has another version of the same artifact, this one takes its place.
 */
import { type Jar, jarFile, jarsOf, versionsOf } from "./versions.ts";

export interface MetastoreVersions {
  readonly metastore: string;
  /** What the row in its database's table "VERSION" says. */
  readonly schema: string;
  /** Those of older releases, as patterns of a shell. */
  readonly olderSchemas: readonly string[];
  /** Major versions of Java, the one that was tried first. */
  readonly java: readonly number[];
  /** The release: `bin/`, `lib/`, `scripts/metastore/upgrade/`, below one folder. */
  readonly archive: MetastoreArchive;
  /** What the release lacks, with the driver of PostgreSQL. */
  readonly jars: readonly Jar[];
  /** What it lacks beside to reach S3. */
  readonly s3Jars: readonly Jar[];
  /** The class that makes and describes the schema. */
  readonly schemaTool: string;
  /**
   * Whether a swap that names the value it expects is refused when the value is another one. Where it is not, one writer may use it
   * and several must not.
   */
  readonly honoursSwaps: boolean;
  /** Whether it listens where it is told to, or everywhere. */
  readonly honoursBindHost: boolean;
  /** Where this was read. */
  readonly source: string;
}

/** `<artifact>-<version>-bin.tar.gz` in Maven's repositories. */
export interface MetastoreArchive extends Jar {
  readonly classifier: "bin";
  readonly type: "tar.gz";
}

/** Of Hadoop the two shaded jars that Spark takes, too, and `hadoop-hdfs`, without which a metastore answers `create_table` with silence. */
const runtimeJars: readonly Jar[] = [
  ...jarsOf("com.google.code.gson", "2.9.0", {
    gson: [249_277, "c96d60551331a196dac54b745aa642cd078ef89b6f267146b705f2c2cbef052d"],
  }),
  ...jarsOf("commons-cli", "1.5.0", {
    "commons-cli": [58_284, "bc8bb01fc0fad250385706e20f927ddcff6173f6339b387dc879237752567ac6"],
  }),
  ...jarsOf("commons-codec", "1.15", {
    "commons-codec": [353_793, "b3e9f6d63a790109bf0d056611fbed1cf69055826defeb9894a71369d246ed63"],
  }),
  ...jarsOf("commons-collections", "3.2.2", {
    "commons-collections": [588_337, "eeeae917917144a68a741d4c0dff66aa5c5c5fd85593ff217bced3fc8ca783b8"],
  }),
  ...jarsOf("commons-io", "2.11.0", {
    "commons-io": [327_135, "961b2f6d87dbacc5d54abf45ab7a6e2495f89b75598962d8c723cea9bc210908"],
  }),
  ...jarsOf("commons-logging", "1.2", {
    "commons-logging": [61_829, "daddea1ea0be0f56978ab3006b8ac92834afeefbd9b7e4e6316fca57df0fa636"],
  }),
  ...jarsOf("javax.servlet", "3.1.0", {
    "javax.servlet-api": [95_806, "af456b2dd41c4e82cf54f3e743bc678973d9fe35bd4d3071fa05c7e5333b8482"],
  }),
  ...jarsOf("org.apache.hadoop", "3.5.0", {
    "hadoop-client-api": [19_811_352, "cc59446ec9ebaceae56fdb8d8c21477766dc5d426325642151c796bec5c4e6b7"],
    "hadoop-client-runtime": [30_082_430, "b7db3e60c5df1cd37c2995b3e0142e57487260706834e5325bbe0a5e683eedf1"],
  }),
  ...jarsOf("org.apache.hadoop", "3.4.1", {
    "hadoop-hdfs": [6_365_135, "91d1bcdb554dcf95d2daa12c7c0ef706c64692c21e9edcf2059d4683bedb0cc6"],
  }),
  ...jarsOf("org.apache.httpcomponents", "4.5.13", {
    httpclient: [780_321, "6fe9026a566c6a5001608cf3fc32196641f6c1e5e1986d1037ccdbd5f31ef743"],
  }),
  ...jarsOf("org.apache.httpcomponents", "4.4.16", {
    httpcore: [327_891, "6c9b3dd142a09dc468e23ad39aad6f75a0f2b85125104469f026e52a474e464f"],
  }),
  ...jarsOf("org.postgresql", "42.7.8", {
    postgresql: [1_116_727, "2a32a9dcbc42d67a50ad3a0de5efd102c8d2be46720045f2cbd6689f160ab7c7"],
  }),
  ...jarsOf("org.slf4j", "1.7.36", {
    "slf4j-api": [41_125, "d3ef575e3e4979678dc01bf1dcce51021493b4d11fb7f1be8ad982877c16a1c0"],
  }),
];

/** Those of Spark with the same Hadoop. The committer is Spark's own affair: a metastore writes no data. */
const s3Jars: readonly Jar[] = (versionsOf("4.2.0")?.jars ?? []).filter(
  ({ artifact }) => !artifact.startsWith("spark-hadoop-cloud"),
);

/** The one to take first. */
export const metastoreVersions: readonly MetastoreVersions[] = [
  {
    metastore: "4.0.0",
    schema: "4.0.0",
    olderSchemas: ["0.*", "1.*", "2.*", "3.*", "4.0.0-*"],
    java: [17],
    archive: {
      group: "org.apache.hive",
      artifact: "hive-standalone-metastore-server",
      version: "4.0.0",
      classifier: "bin",
      type: "tar.gz",
      bytes: 77_015_207,
      sha256: "98691daba012f576755e406c4ca0a3777254f7e60a85a956ed7a3ed60e71db78",
    },
    jars: runtimeJars,
    s3Jars,
    schemaTool: "org.apache.hadoop.hive.metastore.tools.schematool.MetastoreSchemaTool",
    honoursSwaps: true,
    honoursBindHost: true,
    source: "run by the project's own tests, with Java 17",
  },
  {
    metastore: "3.1.3",
    schema: "3.1.0",
    olderSchemas: ["0.*", "1.*", "2.*", "3.0.*"],
    java: [17],
    archive: {
      group: "org.apache.hive",
      artifact: "hive-standalone-metastore",
      version: "3.1.3",
      classifier: "bin",
      type: "tar.gz",
      bytes: 27_496_847,
      sha256: "83ddf76717eeb789091d845c069a631c25cad561c3d31ec0843a1ddf21f29409",
    },
    jars: runtimeJars,
    s3Jars,
    schemaTool: "org.apache.hadoop.hive.metastore.tools.MetastoreSchemaTool",
    honoursSwaps: false,
    honoursBindHost: false,
    source: "run by the project's own tests, with Java 17",
  },
];

/** The only one that has both the call that Spark's own client makes and swaps that can be trusted. */
export const defaultMetastore = "4.0.0";

export function metastoreVersionsOf(metastore: string): MetastoreVersions | undefined {
  return metastoreVersions.find((row) => row.metastore === metastore);
}

/** Drivers of other databases, which nobody needs here. */
const unneeded: ReadonlySet<string> = new Set(["mssql-jdbc", "mysql-connector-j"]);

/** Of the files in the release's `lib/` those that are taken: jars that `jars` do not replace. */
export function jarsKept(names: readonly string[], jars: readonly Jar[]): readonly string[] {
  const replaced = new Set(jars.map(({ artifact }) => artifact));
  return names.filter((name) => {
    const artifact = /^(.+?)-\d[^/]*\.jar$/.exec(name)?.[1];
    return artifact !== undefined && !replaced.has(artifact) && !unneeded.has(artifact);
  });
}

/** Files of the class path: what is added comes first, so that the order says the same as the choice. */
export function classPathOf(
  release: { readonly directory: string; readonly names: readonly string[] },
  added: { readonly directory: string; readonly jars: readonly Jar[] },
): readonly string[] {
  return [
    ...added.jars.map((jar) => `${added.directory}/${jarFile(jar)}`),
    ...jarsKept(release.names, added.jars).map((name) => `${release.directory}/${name}`),
  ];
}
