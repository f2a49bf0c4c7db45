import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { hadoopText, logText, propertiesText, sparkSettings, writeConf } from "./conf.ts";

const wish = {
  appName: "millrace-1",
  port: 15002,
  memory: "1g",
  cores: 0,
  scratch: "/private",
  trustStore: undefined,
  eventLog: undefined,
  s3: false,
  metastore: undefined,
  delta: undefined,
  extra: {},
};

test("everything of a server listens on the loopback, in UTC and with ANSI mode", () => {
  const settings = sparkSettings(wish);
  const addresses = [
    "spark.driver.bindAddress",
    "spark.driver.host",
    "spark.connect.grpc.binding.address",
    "spark.hadoop.hive.server2.thrift.bind.host",
  ];
  for (const key of addresses) {
    assert.equal(settings.get(key), "127.0.0.1", key);
  }
  assert.equal(settings.get("spark.ui.enabled"), "false");
  assert.equal(settings.get("spark.master"), "local[*]");
  assert.equal(settings.get("spark.sql.session.timeZone"), "UTC");
  assert.equal(settings.get("spark.sql.ansi.enabled"), "true");
  assert.match(settings.get("spark.driver.extraJavaOptions") ?? "", /-Duser\.timezone=UTC/);
});

test("with buckets the magic committer is asked for by all of its names, without them by none", () => {
  const named = [...sparkSettings({ ...wish, s3: true })].filter(([key]) => /committ?er|commitProtocol/i.test(key));
  assert.deepEqual(
    named.map(([, value]) => value.split(".").at(-1)),
    ["magic", "true", "S3ACommitterFactory", "PathOutputCommitProtocol", "BindingParquetOutputCommitter"],
  );
  assert.equal([...sparkSettings(wish).keys()].filter((key) => key.includes("s3a")).length, 0);
});

test("names are those of the metastore, or of nobody", () => {
  const alone = sparkSettings(wish);
  assert.equal(alone.get("spark.sql.catalogImplementation"), "in-memory");
  assert.deepEqual(
    [...alone.keys()].filter((key) => key.includes("metastore")),
    [],
  );
  const hosts = [
    { host: "one", port: 9083 },
    { host: "fe80::1", port: 9084 },
  ];
  const shared = sparkSettings({ ...wish, metastore: { hosts, transport: "buffered" } });
  assert.equal(shared.get("spark.sql.catalogImplementation"), "hive");
  assert.equal(shared.get("spark.hadoop.hive.metastore.uris"), "thrift://one:9083,thrift://[fe80::1]:9084");
  assert.equal(shared.get("spark.hadoop.hive.metastore.thrift.framed.transport.enabled"), undefined);
  assert.equal(shared.get("spark.sql.warehouse.dir"), "/private/warehouse");
  const framed = sparkSettings({ ...wish, metastore: { hosts, transport: "framed" } });
  assert.equal(framed.get("spark.hadoop.hive.metastore.thrift.framed.transport.enabled"), "true");
});

test("with Delta Lake sessions know its tables, and find its jars where they were brought to", () => {
  const asked = (delta: { readonly directory: string | undefined }): ReadonlyMap<string, string> =>
    sparkSettings({ ...wish, delta });
  const brought = asked({ directory: "/cache/delta-4.4.0" });
  assert.equal(brought.get("spark.sql.extensions"), "io.delta.sql.DeltaSparkSessionExtension");
  assert.equal(brought.get("spark.sql.catalog.spark_catalog"), "org.apache.spark.sql.delta.catalog.DeltaCatalog");
  assert.equal(brought.get("spark.driver.extraClassPath"), "/cache/delta-4.4.0/*");
  const own = asked({ directory: undefined });
  assert.equal(own.get("spark.sql.extensions"), "io.delta.sql.DeltaSparkSessionExtension");
  assert.equal(own.get("spark.driver.extraClassPath"), undefined);
  assert.equal(sparkSettings(wish).get("spark.sql.extensions"), undefined);
});

test("cores, memory, a trust store, event logs and settings of the user's own, which win", () => {
  const settings = sparkSettings({
    ...wish,
    cores: 2,
    memory: "4g",
    trustStore: { file: "/private/trust-store", password: "changeit" },
    eventLog: "/logs",
    extra: { "spark.ui.enabled": "true", "spark.sql.shuffle.partitions": "8" },
  });
  assert.equal(settings.get("spark.master"), "local[2]");
  assert.equal(settings.get("spark.driver.memory"), "4g");
  assert.match(
    settings.get("spark.driver.extraJavaOptions") ?? "",
    /-Djavax\.net\.ssl\.trustStore=\/private\/trust-store/,
  );
  assert.equal(settings.get("spark.eventLog.dir"), "/logs");
  assert.equal(settings.get("spark.ui.enabled"), "true");
  assert.equal(settings.get("spark.sql.shuffle.partitions"), "8");
});

test("properties say what Java reads back", () => {
  const text = propertiesText(
    new Map([
      ["a", " x=1:2#3!4\\5"],
      ["b", "two\nlines\tand a tab"],
    ]),
  );
  assert.equal(text, "a=\\ x\\=1\\:2\\#3\\!4\\\\5\nb=two\\nlines\\tand a tab\n");
});

const seed = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31);
test(`every text comes back from properties and from Hadoop's form (seed ${seed})`, () => {
  const setting = fc.string({ unit: "grapheme", maxLength: 40 }).filter((text) => !/[\f\v\0]/.test(text));
  fc.assert(
    fc.property(setting, (value) => {
      const line = propertiesText(new Map([["key", value]])).slice("key=".length, -1);
      assert.ok(!/[\n\r]/.test(line));
      assert.equal(readJava(line), value);
      const xml = hadoopText(new Map([["key", value]]));
      const [, found = ""] = /<value>([\s\S]*)<\/value>/.exec(xml) ?? [];
      assert.ok(!/[<\r]/.test(found));
      assert.equal(unescapeXml(found), value);
    }),
    { seed, numRuns: Number(process.env.FC_RUNS ?? 300) },
  );
});

/** java.util.Properties, of the escapes that there may be: a line's leading blanks do not count. */
function readJava(line: string): string {
  const letters: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };
  return line.replace(/^[ \t\f]+/, "").replace(/\\(.)/gs, (_, letter: string) => letters[letter] ?? letter);
}

function unescapeXml(text: string): string {
  return text.replaceAll("&#13;", "\r").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

test("the files are their user's alone, in a directory that nobody else enters", async () => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-conf-"));
  try {
    const conf = join(directory, "conf");
    const hadoop = new Map([["fs.s3a.bucket.b.secret.key", "hunter2"]]);
    await writeConf(conf, { spark: sparkSettings(wish), hadoop, logLevel: "warn" });
    assert.equal(statSync(conf).mode & 0o777, 0o700);
    for (const name of ["spark-defaults.conf", "core-site.xml", "log4j2.properties"]) {
      assert.equal(statSync(join(conf, name)).mode & 0o777, 0o600, name);
    }
    assert.match(readFileSync(join(conf, "core-site.xml"), "utf8"), /hunter2/);
    assert.doesNotMatch(readFileSync(join(conf, "spark-defaults.conf"), "utf8"), /hunter2/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("what Spark says can be as much as is asked for", () => {
  assert.match(logText("info"), /^rootLogger\.level = info$/m);
  assert.match(logText("warn"), /NativeCodeLoader/);
  assert.doesNotMatch(logText("debug"), /quiet/);
});
