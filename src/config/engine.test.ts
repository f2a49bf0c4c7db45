/** `engine`: what a project file says of Spark, and what it is refused for. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Failure } from "../errors.ts";
import type { MartSettings, Project } from "../model/project.ts";
import type { Surroundings } from "./normalize.ts";
import { localFiles, parseProject } from "./read.ts";

const around: Surroundings = { file: "/p/millrace.yaml", directory: "/p", environment: {}, files: localFiles };
const url = "https://data.gharchive.org/{yyyy}-{MM}-{dd}-{H}.json.gz";

const read = (text: string, more: Partial<Surroundings> = {}): Project =>
  parseProject(`sources: { a: { url: "${url}" } }\ntables: { events: { from: a } }\n${text}`, "millrace.yaml", {
    ...around,
    ...more,
  });

const buckets = "lake: { tables: s3://gha-tables, marts: s3://gha-marts }\ns3: { region: eu-west-1 }\n";

/** `line: message | remedy` of each mistake. */
function mistakes(text: string, more: Partial<Surroundings> = {}): readonly string[] {
  try {
    read(text, more);
    return [];
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    return [error, ...(error.detail.others ?? [])].map(
      ({ message, detail }) =>
        `${detail.place?.line ?? "-"}: ${message}${detail.remedy === undefined ? "" : ` | ${detail.remedy}`}`,
    );
  }
}

const serverOf = (text: string, more: Partial<Surroundings> = {}): object => {
  const { engine } = read(text, more);
  return engine.kind === "spark" ? engine.server : assert.fail("not Spark");
};

describe("engine.spark", () => {
  it("names a server", () => {
    assert.deepEqual(serverOf(`${buckets}engine: { spark: { url: "sc://spark" } }`), {
      ...{ kind: "url", url: "sc://spark:15002", isHere: false },
      ...{ token: undefined, user: undefined, ca: undefined },
    });
    const full = `${buckets}ca: env:CA\nengine: { spark: { url: "sc://spark:443/;use_ssl=true", token: env:TOKEN, user: etl } }`;
    assert.deepEqual(serverOf(full), {
      ...{ kind: "url", url: "sc://spark:443/;use_ssl=true", isHere: false, user: "etl" },
      ...{ token: { kind: "env", name: "TOKEN" }, ca: { kind: "env", name: "CA" } },
    });
  });

  it("gives the project's authorities only to a connection over TLS", () => {
    const caOf = (spark: string): unknown =>
      Reflect.get(serverOf(`${buckets}ca: env:CA\nengine: { spark: ${spark} }`), "ca");
    assert.equal(caOf("{ url: sc://spark }"), undefined);
    assert.deepEqual(caOf("{ url: sc://spark, token: file:token }"), { kind: "env", name: "CA" });
    assert.equal(caOf("{ url: sc://127.0.0.1, token: file:token }"), undefined);
  });

  it("starts one of its own by a word", () => {
    const local = { kind: "local", version: undefined, dist: undefined, memoryBytes: 2 * 1024 ** 3, cores: 0 };
    assert.deepEqual(serverOf("engine: { spark: local }"), local);
    assert.deepEqual(serverOf("engine: { spark: { local: {} } }"), local);
    assert.deepEqual(
      serverOf("engine: { spark: { local: { version: 4.2.0, dist: ../spark, memory: 4GiB, cores: 2 } } }"),
      {
        ...{ kind: "local", version: "4.2.0", dist: "/spark", memoryBytes: 4 * 1024 ** 3, cores: 2 },
      },
    );
  });

  it("comes from a target and from the environment, and goes by none", () => {
    const target = { name: "prod", chosenBy: "--target" };
    const text = `engine: { spark: local }\ntargets:\n  prod:\n    engine: { spark: { url: sc://localhost } }\n  dev:\n    engine: { spark: none, threads: 3 }`;
    assert.partialDeepStrictEqual(serverOf(text, { target }), { url: "sc://localhost:15002", isHere: true });
    assert.deepEqual(read(text, { target: { name: "dev", chosenBy: "--target" } }).engine, {
      ...{ kind: "duckdb", threads: 3, memoryBytes: 2_000_000_000 },
    });
    assert.partialDeepStrictEqual(serverOf("", { environment: { MILLRACE_ENGINE__SPARK: "local" } }), {
      kind: "local",
    });
    const environment = { MILLRACE_ENGINE__SPARK__URL: "sc://[::1]:15003" };
    assert.partialDeepStrictEqual(serverOf("", { environment }), { url: "sc://[::1]:15003" });
    const both =
      "engine: { spark: { url: sc://localhost } }\ntargets: { prod: { engine: { spark: { url: none, local: { cores: 1 } } } } }";
    assert.partialDeepStrictEqual(serverOf(both, { target }), { kind: "local", cores: 1 });
  });

  const wrong: readonly (readonly [spark: string, expected: string])[] = [
    [
      "{}",
      "3: engine.spark.url: missing: expected url, or local | Write spark: { url: sc://host:15002 } or spark: local",
    ],
    [
      "loca",
      'engine.spark: expected a mapping of keys to values, or "local" or "none", got "loca" | Did you mean "local"?',
    ],
    [
      '"sc://h;token=hush"',
      'engine.spark: expected a mapping of keys to values, or "local" or "none", got a text | A server has an address: spark: { url: sc://host:15002 }',
    ],
    [
      '{ url: "https://spark:15002" }',
      "engine.spark.url: https:// is not the address of a Spark Connect server | Write sc://host:15002, with /;use_ssl=true behind it for TLS",
    ],
    [
      '{ url: "spark://master:7077" }',
      "engine.spark.url: spark:// is not the address of a Spark Connect server | Start a Spark Connect server on that cluster and name it: sc://host:15002",
    ],
    [
      '{ url: "local[2]" }',
      "engine.spark.url: local[2] is not the address of a Spark Connect server | Write spark: local",
    ],
    ['{ url: "spark:15002" }', "engine.spark.url: is not the URL of a Spark Connect server | Write sc://spark:15002"],
    ['{ url: "sc://" }', "engine.spark.url: is not the URL of a Spark Connect server | Write sc://host:15002"],
    ['{ url: "sc://a:b:c" }', "engine.spark.url: is not the URL of a Spark Connect server | Write sc://host:15002"],
    ['{ url: "sc://h:70000" }', "engine.spark.url: is not the URL of a Spark Connect server | Write sc://host:15002"],
    [
      '{ url: "sc://h/;token=hush" }',
      "engine.spark.url: a secret must not stand in a URL | Remove token=… and write token: env:NAME beside url",
    ],
    [
      '{ url: "sc://me:hush@h" }',
      "engine.spark.url: a secret must not stand in a URL | Name the user with user: and the token with token: env:NAME",
    ],
    [
      '{ url: "sc://h/;user_id=me" }',
      "engine.spark.url: user_id is not taken from the URL | Write user: NAME beside url",
    ],
    [
      '{ url: "sc://h/;x=1" }',
      "engine.spark.url: the URL's parameter x is not known | The one that is read here is use_ssl=true or use_ssl=false",
    ],
    [
      "{ url: sc://localhost, token: hush }",
      "engine.spark.token: a secret must not stand in a file or a flag | Write env:NAME or file:PATH and put the secret there",
    ],
    [
      "{ url: sc://localhost, local: {} }",
      "engine.spark.local: stands beside url | Keep one: url names a server, local starts one (url: none undoes the other)",
    ],
    [
      "{ local: {}, token: env:T }",
      "engine.spark.token: stands beside local | Remove it: the server of a run lets nobody else in",
    ],
    ["{ local: { version: latest } }", 'engine.spark.local.version: expected a version such as 4.2.0, got "latest"'],
    ["{ uri: sc://h }", 'engine.spark.uri: unknown key | Did you mean "url"?'],
    [
      "{ url: sc://spark }",
      "engine.spark.url: the server is on another machine, and lake.tables and lake.marts are directories of this one | Keep tables and marts in buckets, or let Spark run here: spark: local",
    ],
  ];
  for (const [spark, expected] of wrong) {
    it(`is refused as ${spark}`, () => {
      const found = mistakes(`engine: { spark: ${spark} }`);
      assert.ok(
        found.some((line) => line.endsWith(expected)),
        JSON.stringify(found),
      );
      assert.ok(!found.join().includes("hush"), "a secret is in no message");
    });
  }

  it("is fine with directories through a loopback address", () => {
    for (const host of ["localhost", "127.0.0.1:15003", "[::1]", "127.1.2.3"])
      assert.deepEqual(mistakes(`engine: { spark: { url: "sc://${host}" } }`), []);
  });
});

describe("a mart in Spark's words", () => {
  const martOf = (mart: string, engine = "engine: { spark: local }"): MartSettings =>
    read(`${engine}\nmarts: { m: { ${mart} } }`).marts.get("m") ?? assert.fail("no mart");

  it("has both statements, and runs that of the engine", () => {
    const text = `select: "len(labels) as n", from: events, spark: { select: "size(labels) as n" }`;
    const duckdb = "select len(labels) as n from events";
    const spark = "select size(labels) as n from events";
    assert.deepEqual(martOf(text).statements, { duckdb, spark });
    assert.equal(martOf(text).sql, spark);
    assert.deepEqual(martOf(text).projection, { select: "size(labels) as n", from: "events" });
    assert.equal(martOf(text, "").sql, duckdb);
    const whole = martOf(`select: src, from: events, spark: { sql: "select x from events;" }`);
    assert.deepEqual([whole.sql, whole.projection], ["select x from events", undefined]);
  });

  it("has conditions of its own", () => {
    const text = `select: src, from: events, checks: { min_rows: 1, expression: "a" }, spark: { expression: [b, c] }`;
    const conditions = (mart: MartSettings) =>
      mart.checks.flatMap((check) => (check.kind === "expression" ? check.sql : []));
    assert.deepEqual(conditions(martOf(text)), ["b", "c"]);
    assert.deepEqual(conditions(martOf(text, "")), ["a"]);
    assert.deepEqual([martOf(text).hasOwnConditions, martOf(text, "").hasOwnConditions], [true, false]);
    assert.equal(martOf(text).sql, "select src from events");
  });

  it("is refused without a statement, or with two", () => {
    const found = (mart: string): readonly string[] => mistakes(`marts: { m: { ${mart} } }`);
    assert.deepEqual(found("select: src, from: events, spark: { select: src, sql: x }"), [
      "3: marts.m.spark.select: stands beside sql | Remove one: sql is a whole statement",
    ]);
    assert.deepEqual(found("sql: select 1, spark: { select: src }"), [
      "3: marts.m.spark: has a select, but there is no from | Write the whole statement: spark: { sql: … }",
    ]);
    assert.deepEqual(found("sql: select 1, spark: {}"), [
      "3: marts.m.spark.sql: missing: expected select, sql or expression",
    ]);
  });
});
