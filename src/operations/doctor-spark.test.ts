/** What facts about a Spark server mean, without a server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../errors.ts";
import { sparkVersions } from "../model/versions.ts";
import { compareVersions, sparkFindings } from "./doctor-spark.ts";
import type { NameSettings, NamesFacts, PlaceFacts, SessionFacts, WriteFacts } from "./doctor-spark-facts.ts";
import { jarsIn, s3aJars } from "./doctor-spark-jars.ts";
import type { SparkExpectations } from "./doctor-spark-release.ts";
import type { SparkFinding } from "./doctor-spark-verdict.ts";

const expected: SparkExpectations = { releases: sparkVersions, protocol: "4.2", oldest: "4.0", needsS3: true };

const jars = [
  ...["hadoop-client-api-3.5.0.jar", "hadoop-aws-3.5.0.jar", "sdk-core-2.35.4.jar"],
  ...["analyticsaccelerator-s3-1.3.1.jar", "spark-hadoop-cloud_2.13-4.1.2.jar", "slf4j-api-2.0.17.jar"],
];

const classPath = (names: readonly string[]): string => names.map((name) => `/opt/spark/jars/${name}`).join(":");

const good: SessionFacts = {
  defaults: {
    value: {
      timeZone: "Etc/UTC",
      ansi: true,
      master: "local[2]",
      driverMemory: "2g",
      executorMemory: undefined,
      addedJars: "",
    },
  },
  machine: { value: { java: "17.0.15", hadoop: "3.5.0", scala: "2.13.18", classPath: classPath(jars) } },
  s3a: { value: { fileSystem: { driver: true, tasks: true }, committer: { driver: true, tasks: true } } },
  clock: { value: { aheadMs: 40, uncertaintyMs: 50 } },
  tasks: { value: 2 },
  places: [],
};

function found(
  session: Partial<SessionFacts>,
  version = "4.2.0",
  more: Partial<SparkExpectations> = {},
): SparkFinding[] {
  const facts = { url: "sc://spark:15002", server: { value: version }, session: { ...good, ...session } };
  return [...sparkFindings(facts, { ...expected, ...more })];
}

/** Subject, verdict and what is said of everything that is not well; each has a remedy. */
function wrong(findings: readonly SparkFinding[]): string[] {
  return findings.flatMap(({ subject, verdict, finding, remedy }) => {
    assert.equal(
      remedy === undefined,
      verdict === "ok",
      `${subject}: a remedy where, and only where, something is wrong`,
    );
    return verdict === "ok" ? [] : [`${verdict} ${subject}: ${finding}`];
  });
}

const withJars = (names: readonly string[]): Partial<SessionFacts> => ({
  machine: { value: { java: "17.0.15", hadoop: "3.5.0", scala: "2.13.18", classPath: classPath(names) } },
});

const write: WriteFacts = {
  seen: "all",
  success: JSON.stringify({ name: "org.apache.hadoop.fs.s3a.commit.files.SuccessData/1", committer: "magic" }),
  replaced: { value: true },
  left: [],
};

const marts = (facts: Partial<WriteFacts>, more: Partial<PlaceFacts> = {}): Partial<SessionFacts> => ({
  places: [
    {
      place: "marts",
      name: "s3://b/marts",
      kind: "s3",
      read: undefined,
      write: { value: { ...write, ...facts } },
      ...more,
    },
  ],
});

test("a matched server with rights is well", () => {
  assert.deepEqual(wrong(found(marts({}, { read: { key: "m/v1/part-0.parquet", value: "read" } }))), []);
});

test("a server that cannot be reached is one finding", () => {
  const failure = new Failure("unavailable", "connection refused");
  const [only, ...others] = sparkFindings({ url: "sc://x:1", server: { failure }, session: undefined }, expected);
  assert.deepEqual(others, []);
  assert.equal(only?.verdict, "fails");
  assert.match(only?.remedy ?? "", /millrace spark serve/);
  const denied = new Failure("denied", "token refused");
  const [refused] = sparkFindings({ url: "sc://x:1", server: { failure: denied }, session: undefined }, expected);
  assert.match(refused?.remedy ?? "", /engine\.spark\.token/);
});

test("versions are measured by the matrix", () => {
  assert.deepEqual(wrong(found({}, "4.2.7")), []);
  assert.match(wrong(found({}, "3.5.9"))[0] ?? "", /^fails version: 3\.5\.9 is older than 4\.0/);
  assert.match(wrong(found({}, "4.9.0"))[0] ?? "", /^note version: 4\.9\.0 is not in the version matrix/);
  const old = { value: { java: "11.0.2", hadoop: "3.4.1", scala: "2.13", classPath: classPath(jars) } };
  assert.deepEqual(wrong(found({ machine: old })).slice(0, 3), [
    "note Java: 11.0.2; Spark 4.2 is made for 17, 21, 25",
    "note Hadoop: 3.4.1; Spark 4.2.0 brings 3.5.0",
    "fails S3A: hadoop-aws 3.5.0 beside Hadoop 3.4.1; they must be equal",
  ]);
  assert.deepEqual(
    [
      ["4.10", "4.9"],
      ["4.2.0-SNAPSHOT", "4.2"],
      ["3.5", "4.0"],
    ].map(([a = "", b = ""]) => compareVersions(a, b)),
    [1, 0, -1],
  );
});

test("jars of S3A match to the digit", () => {
  const without = (part: string, ...more: readonly string[]): string[] =>
    wrong(found(withJars([...jars.filter((name) => !name.startsWith(part)), ...more])));
  assert.deepEqual(without("hadoop-aws", "hadoop-aws-3.4.2.jar"), [
    "fails S3A: hadoop-aws 3.4.2 beside Hadoop 3.5.0; they must be equal",
  ]);
  assert.deepEqual(without("no", "hadoop-aws-3.4.2.jar"), [
    "fails S3A: hadoop-aws is there in versions 3.5.0 and 3.4.2",
  ]);
  assert.deepEqual(without("sdk-core", "bundle-2.24.6.jar"), ["note AWS SDK: 2.24.6; hadoop-aws 3.5.0 names 2.35.4"]);
  assert.deepEqual(without("sdk-core"), [
    "fails AWS SDK: none among the server's jars; hadoop-aws 3.5.0 needs AWS SDK 2.35.4",
  ]);
  assert.deepEqual(without("analytics"), ["fails analyticsaccelerator-s3: missing; hadoop-aws 3.5.0 reads with it"]);
  assert.match(without("hadoop-aws")[0] ?? "", /^note S3A: the classes can be loaded, but no jar's name tells/);
});

test("missing classes fail where a place is in a bucket, and are told elsewhere", () => {
  const none = { driver: false, tasks: false };
  const session = { s3a: { value: { fileSystem: none, committer: none } } };
  assert.deepEqual(wrong(found(session)), [
    "fails S3A: the server has no such classes, and places of this lake are in buckets",
    "fails committer classes: the server has no such classes, and places of this lake are in buckets",
  ]);
  assert.deepEqual(
    wrong(found(session, "4.2.0", { needsS3: false })).map((text) => text.split(" ", 1)[0]),
    ["note", "note"],
  );
  const half = {
    s3a: { value: { fileSystem: { driver: true, tasks: false }, committer: { driver: true, tasks: true } } },
  };
  assert.deepEqual(wrong(found(half)), ["fails S3A: the driver can load the classes, the executors cannot"]);
});

test("the committer is known by what it leaves", () => {
  assert.match(wrong(found(marts({ success: "" })))[0] ?? "", /^fails committer in marts: _SUCCESS is empty/);
  assert.match(
    wrong(found(marts({ success: undefined })))[0] ?? "",
    /^note committer in marts: the job left no _SUCCESS/,
  );
  assert.match(wrong(found(marts({ success: '{"committer":"directory"}' })))[0] ?? "", /committer is "directory"/);
  assert.match(wrong(found(marts({ success: "nonsense" })))[0] ?? "", /one that is not known/);
  assert.deepEqual(wrong(found(marts({ success: "" }, { kind: "directory" }))), []);
});

test("rights are those of the server, and two machines are told from one", () => {
  const failure = new Failure("application", "AccessDeniedException: 403");
  const reads = marts({}, { read: { key: "a", failure } });
  assert.match(wrong(found(reads))[0] ?? "", /^fails read marts: s3:\/\/b\/marts: AccessDenied/);
  assert.match(wrong(found(marts({}, { write: { failure } })))[0] ?? "", /^fails write marts/);
  assert.match(wrong(found(marts({ replaced: { failure } })))[0] ?? "", /^fails delete marts/);
  assert.match(wrong(found(marts({ replaced: { value: false } })))[0] ?? "", /^fails delete marts: .* still there/);
  const nothing = marts({ seen: "nothing" }, { kind: "directory" });
  assert.match(wrong(found(nothing))[0] ?? "", /^fails write marts: what the server wrote is not there for us/);
  const absent = marts({}, { read: { key: "a", value: "absent" } });
  assert.match(wrong(found(absent))[0] ?? "", /^fails read marts: a is not there for the server/);
  assert.deepEqual(wrong(found(marts({ left: ["_probe/x", "_probe/y"] }))), [
    "note cleanup marts: we may not remove _probe/x and 1 more",
  ]);
});

test("settings, clock and size", () => {
  const defaults = {
    timeZone: "Europe/Berlin",
    ansi: false,
    master: "k8s://x",
    driverMemory: "512m",
    executorMemory: "4g",
  };
  assert.deepEqual(
    wrong(found({ defaults: { value: { ...defaults, addedJars: "" } }, tasks: { value: 1 } })).map((text) =>
      text.split(/[;,]/, 1).join(),
    ),
    [
      "note session time zone: our sessions set UTC",
      "note ANSI mode: our sessions set it",
      "note memory and cores: k8s://x: 1 task at a time",
    ],
  );
  const clock = (aheadMs: number, uncertaintyMs = 0): string[] =>
    wrong(found({ clock: { value: { aheadMs, uncertaintyMs } } }));
  assert.deepEqual(clock(-59_000), []);
  assert.deepEqual(clock(70_000, 20_000), []);
  assert.match(clock(-70_000)[0] ?? "", /^note clock: 70\.0 s behind ours/);
  assert.match(clock(1_000_000)[0] ?? "", /^fails clock: 1000\.0 s ahead of ours .*stores refuse/);
});

test("a server that says nothing of itself gets a note for each question", () => {
  const failure = new Failure("denied", "java_method is forbidden");
  const none = { failure };
  const silent = { defaults: none, machine: none, s3a: none, clock: none, tasks: none };
  assert.deepEqual(
    wrong(found(silent)).map((text) => text.split(":", 1)[0]),
    ["note Java and Hadoop", "note S3A", "note settings", "note clock", "note memory and cores"],
  );
});

test("jars are known by their names", () => {
  const path = `${classPath(jars)}:/opt/spark/conf:C:\\spark\\jars\\hadoop-aws-3.4.2.jar`;
  assert.deepEqual(s3aJars(jarsIn(path, "s3a://b/bundle-2.35.4.jar,/x/aws-java-sdk-bundle-1.12.262.jar,y.jar")), {
    hadoopAws: ["3.5.0", "3.4.2"],
    awsSdk: ["2.35.4"],
    awsSdk1: ["1.12.262"],
    accelerator: ["1.3.1"],
    cloud: ["4.1.2"],
  });
});

const settings = {
  implementation: "hive",
  uris: "thrift://metastore:9083",
  readsParquet: true,
  remembersPartitions: true,
};
const metastore = { hosts: [{ host: "metastore", port: 9083 }], tables: false };

test("marts by name: found as registered, or why not", () => {
  const names = (more: Partial<NamesFacts>): string[] =>
    wrong(
      found({
        names: {
          metastore,
          settings: { value: settings },
          mart: { value: { name: "gha.a", isOurs: true, row: { value: true } } },
          ...more,
        },
      }),
    );
  const set = (more: Partial<NameSettings>): Partial<NamesFacts> => ({ settings: { value: { ...settings, ...more } } });
  assert.deepEqual(names({}), []);
  assert.deepEqual(names({ mart: { value: undefined } }), []);
  assert.deepEqual(names(set({ implementation: "in-memory" })), [
    "note marts by name: the server knows no metastore (catalogImplementation is in-memory): nobody finds marts there by name",
  ]);
  assert.deepEqual(names({ ...set({ uris: "thrift://other:9083" }), mart: { value: undefined } }), [
    "note marts by name: the server asks thrift://other:9083; no mart is registered yet by which to see whether it is the project's, thrift://metastore:9083",
  ]);
  assert.deepEqual(
    names({ ...set({ uris: undefined }), mart: { value: { name: "gha.a", isOurs: false, row: { value: true } } } }),
    ["note marts by name: the server finds another gha.a than the one that is registered"],
  );
  const lacking =
    "[DATA_SOURCE_NOT_FOUND] Failed to find the data source: delta. Make sure the provider name is correct";
  assert.deepEqual(names({ mart: { failure: new Failure("usage", lacking) } }), [
    "note marts by name: the server has no Delta Lake: marts with format: delta are found there by name and cannot be read",
  ]);
  assert.deepEqual(names({ mart: { failure: new Failure("missing", "[TABLE_OR_VIEW_NOT_FOUND] gha.a") } }), [
    "note marts by name: the server finds or reads none: [TABLE_OR_VIEW_NOT_FOUND] gha.a",
  ]);
  const denied = { failure: new Failure("denied", "403 of s3a://marts") };
  assert.deepEqual(names({ mart: { value: { name: "gha.a", isOurs: true, row: denied } } }), [
    "note marts by name: the server finds gha.a and cannot read it: 403 of s3a://marts",
  ]);
  assert.deepEqual(names(set({ readsParquet: false })), [
    "note Parquet by name: spark.sql.hive.convertMetastoreParquet is false: Hive's own reader fails on timestamps and on decimals of up to 18 digits",
  ]);
  assert.equal(names({ metastore: { ...metastore, tables: true } }).length, 1);
  assert.equal(names({ metastore: { ...metastore, tables: true }, ...set({ remembersPartitions: false }) }).length, 0);
});
