/**
 * Which Delta Lake fits which Spark, as data: the jars with which Spark takes part in Delta. Who only reads or writes marts with
 * millrace needs none of them.
 */
import { type Jar, jarsOf } from "./versions.ts";

export interface DeltaVersions {
  readonly spark: string;
  /** Of Delta Lake. */
  readonly delta: string;
  /** What Spark lacks: nothing that it has already, in another version. Empty where nobody has tried it. */
  readonly jars: readonly Jar[];
  /** Whether the project's own tests run with it. */
  readonly verified: boolean;
  /** Where this was read. */
  readonly source: string;
}

/**
 * Maven would bring 35 jars, with older ones of Hadoop, Parquet, Jackson and Scala than Spark's own: these are the ones that it has
 * not, and what they need is there.
 */
const jarsOf440: readonly Jar[] = [
  ...jarsOf("io.delta", "4.4.0", {
    "delta-spark_2.13": [9_515_916, "27d4fd8b1f879535c573ed1c718177d6a27f24d3e626ba02e216369725721ead"],
    "delta-storage": [113_863, "c46735481fa8e326b0957be02b4420cbcab4b325bb08009b7f2045a95133f1cc"],
    "delta-kernel-api": [2_838_619, "ee9b5a14ac3b7efdff4d61a58478fe8eb0e5a3fbca43889dca7290795fe79a11"],
    "delta-kernel-defaults": [227_185, "225c975199e4718b38ee5b7e6da7f19e9585024262b2cec2656b32151a856b0b"],
    "delta-kernel-unitycatalog": [43_048, "cea22dfb4ac562b3cd27bf652697750e8336009d73fb06631363aaaad5345ffa"],
  }),
  ...jarsOf("io.unitycatalog", "0.6.0", {
    "unitycatalog-client": [564_136, "48257499a86b801a3e2372cec55ac226ca1c1c7eabe5c118e7302f29a1fdbc19"],
    "unitycatalog-hadoop": [78_389, "c47b63c961c87102b9e1d63809a0915ba4c86b7652f57c8d39ca3a05b441a150"],
  }),
];

/** Newest first. */
export const deltaVersions: readonly DeltaVersions[] = [
  { spark: "4.2.0", delta: "4.4.0", jars: jarsOf440, verified: true, source: "run by the project's own tests" },
];

/** The row of a Spark; `undefined` for one whose Delta Lake nobody has tried. */
export function deltaVersionsOf(spark: string): DeltaVersions | undefined {
  return deltaVersions.find((row) => row.spark === spark);
}

/** With which a session of Spark knows Delta's tables, by path and by name. */
export const deltaSettings: readonly (readonly [string, string])[] = [
  ["spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension"],
  ["spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog"],
];
