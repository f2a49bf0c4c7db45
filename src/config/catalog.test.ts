/** `catalog`: what a project file says of a metastore, and what it is refused for. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Failure } from "../errors.ts";
import type { HiveSettings, Project } from "../model/project.ts";
import type { Surroundings } from "./normalize.ts";
import { localFiles, parseProject } from "./read.ts";

const around: Surroundings = { file: "/p/millrace.yaml", directory: "/p", environment: {}, files: localFiles };
const url = "https://data.gharchive.org/{yyyy}-{MM}-{dd}-{H}.json.gz";
const head = `sources: { a: { url: "${url}" } }\ntables: { events: { from: a } }\n`;

const read = (text: string, more: Partial<Surroundings> = {}): Project =>
  parseProject(`${head}${text}`, "millrace.yaml", { ...around, ...more });

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

function hiveOf(text: string, more: Partial<Surroundings> = {}): HiveSettings {
  const { catalog } = read(text, more);
  return catalog.kind === "hive" ? catalog : assert.fail("no metastore");
}

describe("catalog", () => {
  it("is the lake's own unless a metastore is named", () => {
    assert.deepEqual(read("name: gha").catalog, { kind: "embedded" });
    assert.deepEqual(read("name: gha\ncatalog: embedded").catalog, { kind: "embedded" });
    assert.deepEqual(read("name: gha\ncatalog:\n").catalog, { kind: "embedded" });
  });

  it("has a default for all but the address", () => {
    assert.deepEqual(hiveOf("name: gh-archive\ncatalog: { hive: Metastore }"), {
      ...{ kind: "hive", hosts: [{ host: "metastore", port: 9083 }], database: "gh_archive", location: undefined },
      ...{ tables: false, owner: "gh-archive", transport: "buffered", connectMs: 10_000, callMs: 60_000 },
    });
  });

  it("takes all of it", () => {
    const text = `catalog:
  hive: ["thrift://a:9083", "b:9084/", "[::1]:9085", "[fe80::1]"]
  database: gha
  location: s3a://marts/databases/gha/
  tables: true
  owner: etl
  transport: framed
  timeouts: { connect: 3s, call: 5m }
marts: { activity: { select: "*", from: events, database: reports }, other: { select: "*", from: events } }`;
    assert.deepEqual(hiveOf(text), {
      kind: "hive",
      hosts: [
        { host: "a", port: 9083 },
        { host: "b", port: 9084 },
        { host: "::1", port: 9085 },
        { host: "fe80::1", port: 9083 },
      ],
      ...{ database: "gha", location: "s3a://marts/databases/gha", tables: true, owner: "etl", transport: "framed" },
      ...{ connectMs: 3000, callMs: 300_000 },
    });
    assert.deepEqual(
      [...read(text).marts.values()].map(({ database }) => database),
      ["reports", undefined],
    );
  });

  it("comes from a target and from the environment", () => {
    const text =
      "name: gha\ncatalog: { hive: local, tables: true }\ntargets:\n  prod: { catalog: { hive: [a, b] } }\n  dev: { catalog: embedded }";
    const at = (name: string): Partial<Surroundings> => ({ target: { name, chosenBy: "--target" } });
    assert.partialDeepStrictEqual(hiveOf(text, at("prod")), { hosts: [{ host: "a" }, { host: "b" }], tables: true });
    assert.deepEqual(read(text, at("dev")).catalog, { kind: "embedded" });
    const environment = { MILLRACE_CATALOG__HIVE: "[c:1, d]", MILLRACE_CATALOG__DATABASE: "other" };
    assert.partialDeepStrictEqual(hiveOf("name: gha", { environment }), {
      hosts: [
        { host: "c", port: 1 },
        { host: "d", port: 9083 },
      ],
      database: "other",
    });
    assert.deepEqual(read(text, { environment: { MILLRACE_CATALOG: "embedded" } }).catalog, { kind: "embedded" });
  });
});

const wrong: readonly (readonly [about: string, text: string, expected: readonly string[]])[] = [
  [
    "a bare address",
    "catalog: metastore:9083",
    [
      '4: catalog: expected a mapping of keys to values, or "embedded", got a text | A metastore has an address: catalog: { hive: metastore:9083 }',
    ],
  ],
  [
    "a word that is nearly one",
    "catalog: embeded",
    ['4: catalog: expected a mapping of keys to values, or "embedded", got "embeded" | Did you mean "embedded"?'],
  ],
  [
    "no address",
    "catalog: { database: gha }",
    ["4: catalog.hive: missing: expected the address of a Hive Metastore such as metastore:9083, or a list of them"],
  ],
  [
    "a key with a slip",
    "catalog: { hive: m, databse: gha }",
    ['4: catalog.databse: unknown key | Did you mean "database"?'],
  ],
  [
    "an empty list",
    "catalog: { hive: [] }",
    [
      "4: catalog.hive: expected the address of a Hive Metastore such as metastore:9083, or a list of them, got an empty list",
    ],
  ],
  [
    "another scheme",
    "catalog: { hive: http://m:9083 }",
    [
      "4: catalog.hive: http:// is not the address of a Hive Metastore | Only Thrift is spoken, without HTTP in between: host:9083",
    ],
  ],
  [
    "a SQL server",
    'catalog: { hive: "jdbc:hive2://m:10000/gha" }',
    [
      "4: catalog.hive: jdbc:hive2:// is not the address of a Hive Metastore | That is the address of a SQL server; name the metastore behind it: host:9083",
    ],
  ],
  [
    "Hadoop's own list",
    "catalog: { hive: 'thrift://a:9083,thrift://b:9083' }",
    ["4: catalog.hive: several addresses in one text | Write a list: [a:9083, b:9083]"],
  ],
  [
    "IPv6 without brackets",
    "catalog: { hive: '::1' }",
    ['4: catalog.hive: an IPv6 address without brackets | Write "[::1]:9083"'],
  ],
  [
    "a port alone",
    "catalog: { hive: 9083 }",
    ["4: catalog.hive: 9083 names no host | Write the host in front of it: metastore:9083"],
  ],
  [
    "no port",
    "catalog: { hive: m:99999 }",
    ["4: catalog.hive: 99999 is not a port | Ports go from 1 to 65535; a metastore's is 9083"],
  ],
  [
    "a path",
    "catalog: { hive: m:9083/gha }",
    ["4: catalog.hive: is not the address of a Hive Metastore | Write host:9083"],
  ],
  [
    "credentials, which are not repeated",
    "catalog: { hive: 'thrift://me:secret@m:9083' }",
    ["4: catalog.hive: an @ in the address, as credentials have it | Write host:9083"],
  ],
  ["one server twice", "catalog: { hive: [m, thrift://M:9083] }", ["4: catalog.hive: names m:9083 twice | Remove one"]],
  [
    "no legal name",
    "catalog: { hive: m, database: GH-Archive }",
    [
      '4: catalog.database: "GH-Archive" is no name that every reader of a metastore takes | Names are small letters, digits and _, and begin with a letter: gh_archive',
    ],
  ],
  [
    "no name at all",
    "catalog: { hive: m, database: 12 }",
    ['4: catalog.database: expected a database\'s name of small letters, digits and _, got "12"'],
  ],
  [
    "a directory for a URL",
    "catalog: { hive: m, location: databases/gha }",
    ['4: catalog.location: expected a URL such as s3a://bucket/databases/gha, got "databases/gha"'],
  ],
  [
    "a way to send",
    "catalog: { hive: m, transport: frame }",
    ['4: catalog.transport: expected "buffered" or "framed", got "frame" | Did you mean "framed"?'],
  ],
  [
    "a time without a unit",
    "catalog: { hive: m, timeouts: { call: 60 } }",
    ["4: catalog.timeouts.call: 60 has no unit | Write the unit behind the number: s, m, h or d"],
  ],
  [
    "a mart's database",
    'marts: { activity: { select: "*", from: events, database: My DB } }',
    [
      '4: marts.activity.database: "My DB" is no name that every reader of a metastore takes | Names are small letters, digits and _, and begin with a letter: my_db',
    ],
  ],
];

describe("mistakes about catalog", () => {
  for (const [about, text, expected] of wrong) {
    it(about, () => assert.deepEqual(mistakes(`name: gha\n${text}`), expected));
  }

  it("a project without a name has none for a database", () => {
    assert.deepEqual(mistakes("catalog: { hive: m }"), [
      "3: catalog.database: missing: the project has no name to call it by | Write database: NAME here, or name: NAME at the top",
    ]);
    assert.deepEqual(mistakes("catalog: { hive: m, database: gha }"), []);
  });

  it("a name that is too long for a database", () => {
    const name = "a".repeat(129);
    assert.deepEqual(mistakes(`name: ${name}\ncatalog: { hive: m }`), [
      `4: catalog.database: missing: the project's name ${name} is too long for one | Write database: NAME here`,
    ]);
  });
});
