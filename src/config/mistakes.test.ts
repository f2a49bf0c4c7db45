/** Bad project files, and the one line each of them is answered with. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Failure } from "../errors.ts";
import type { Files } from "./option.ts";
import { parseProject } from "./read.ts";
import { scaffold } from "./scaffold.ts";
import type { Environment } from "./substitute.ts";

const files: Files = {
  readText(path) {
    if (path === "/p/good.sql") return "select 1 as one from events;\n";
    if (path === "/p/empty.sql") return " ;\n";
    throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: "ENOENT" });
  },
  realPath: (path) => (path === "/p/link.sql" ? "/etc/passwd" : path),
};

interface Given {
  readonly environment?: Environment;
  readonly target?: string;
}

const read = (text: string, { environment = {}, target }: Given = {}) =>
  parseProject(text, "millrace.yaml", {
    file: "/p/millrace.yaml",
    directory: "/p",
    environment,
    files,
    target: target === undefined ? undefined : { name: target, chosenBy: "--target" },
  });

/** `line: message | remedy` for each mistake. */
function mistakes(text: string, given?: Given): readonly string[] {
  try {
    read(text, given);
  } catch (error) {
    assert.ok(error instanceof Failure, String(error));
    assert.equal(error.kind, "usage");
    const { others = [] } = error.detail;
    return [error, ...others].map((each) => {
      assert.doesNotMatch(each.message, /[\n\r]/, "one line");
      const { place, remedy } = each.detail;
      if (place !== undefined) assert.equal(place.file, "millrace.yaml");
      return `${place?.line ?? "-"}: ${each.message}${remedy === undefined ? "" : ` | ${remedy}`}`;
    });
  }
  return [];
}

/** A good project of eleven lines, with lines of one section added or replaced. */
interface Parts {
  readonly source?: string;
  readonly table?: string;
  readonly mart?: string;
  readonly more?: string;
}

const url = "https://data.gharchive.org/{yyyy}-{MM}-{dd}-{H}.json.gz";

function project({ source, table, mart, more }: Parts): string {
  return `sources:
  gharchive:
    ${source ?? `url: ${url}`}
tables:
  events:
    ${table ?? "from: gharchive"}
marts:
  activity:
    ${mart ?? "{ select: type, from: events }"}
${more ?? ""}
`;
}

const inSource = (line: string): string => project({ source: `url: ${url}\n    ${line}` });
const inTable = (line: string): string => project({ table: `from: gharchive\n    ${line}` });

type Case = readonly [what: string, text: string, expected: readonly string[], given?: Given];

const syntax: readonly Case[] = [
  ["a tab", "sources:\n\tgharchive:\n", ["2: project: a tab in the indentation | Indent with spaces"]],
  [
    "a second colon",
    "name: a: b\n",
    [
      '1: project: a second ": " on one line | Put the value in quotes, or begin a new line: a text that holds ": " needs them',
    ],
  ],
  [
    "a reserved character",
    "name: @home\n",
    ["1: project: the value begins with @, which YAML keeps for itself | Put the value in quotes"],
  ],
  [
    "an unclosed list",
    'name: gha\nsources: { g: { url: "x" }\n',
    [
      "3: project: not valid YAML: flow map in block collection must be sufficiently indented and end with a } | Close what is open; inside [ ] and { } a text that holds one of { } [ ] , needs quotes",
    ],
  ],
  [
    "wrong indentation",
    "sources:\n  a:\n    url: x\n   b: 1\n",
    ["4: project: not valid YAML: all mapping items must start at the same column"],
  ],
  ["two documents", "name: gha\n---\nname: gha\n", ["2: project: a second document (---) | Write one document"]],
  [
    "YAML 1.1",
    "%YAML 1.1\n---\nname: gha\n",
    ["-: project: millrace.yaml asks for YAML 1.1 | Remove the %YAML line: project files are YAML 1.2"],
  ],
  ["hostile nesting", `name: ${"[".repeat(20_000)}`, ["1: project: nested too deep"]],
  [
    "a huge file",
    `name: ${"x".repeat(1024 * 1024)}`,
    ["-: project: millrace.yaml is larger than 1 MiB | Check that -f names a project file"],
  ],
  [
    "a list",
    "- name: gha\n",
    [
      "1: project: expected a mapping with keys such as sources, tables and marts",
      "1: sources: missing: expected at least one source",
    ],
  ],
  ["nothing", "", ["-: sources: missing: expected at least one source"]],
  [
    "a duplicate key",
    inSource("since: 7d\n    settle: 6h\n    since: 8d"),
    ["6: sources.gharchive.since: the key is there twice, first in line 4 | Remove one of the two"],
  ],
  [
    "an alias",
    project({ more: "engine: &e { threads: 1 }\nwatch: *e" }),
    [
      "10: engine: anchors (&) and aliases (*) are refused | Write the value out, or quote a text that begins with & or *",
      "11: watch: anchors (&) and aliases (*) are refused | Write the value out, or quote a text that begins with & or *",
    ],
  ],
  [
    "a tag",
    project({ more: "name: !secret gha" }),
    ["10: name: the tag !secret is refused | Remove it, or quote a text that begins with !"],
  ],
  [
    "a key that is a number",
    inTable("columns: { 404: string }"),
    ['7: tables.events.columns: the key 404 is no text | Write a name, or put it in quotes: "404"'],
  ],
  ["a key that is a list", project({ more: "? [a, b]\n: c" }), ["10: project: a key must be a plain text"]],
];

const keys: readonly Case[] = [
  ["an unknown key", inSource("sinc: 7d"), ['4: sources.gharchive.sinc: unknown key | Did you mean "since"?']],
  [
    "another case",
    inSource("knownMissing: []"),
    ['4: sources.gharchive.knownMissing: unknown key | Did you mean "known_missing"?'],
  ],
  [
    "a key from nowhere",
    project({ more: "colour: red" }),
    [
      "10: colour: unknown key | The keys here are name, ca, lake, s3, sources, tables, marts, engine, watch, gc, cache, catalog, targets",
    ],
  ],
  [
    "a key that is a merge in YAML 1.1",
    project({ more: "watch:\n  <<: { port: 1 }" }),
    ['11: watch."<<": unknown key | The keys here are host, port'],
  ],
  [
    "an unknown key inside a target",
    project({ more: "targets:\n  prod:\n    lak: {}" }),
    ['12: targets.prod.lak: unknown key | Did you mean "lake"?'],
  ],
  [
    "targets inside the chosen target",
    project({ more: "targets:\n  prod:\n    targets: {}" }),
    [
      "12: targets.prod.targets: unknown key | A target may hold ca, lake, s3, sources, tables, marts, engine, watch, gc, cache, catalog, exports",
    ],
    { target: "prod" },
  ],
  [
    "a missing key",
    project({ source: "every: hour" }),
    [`3: sources.gharchive.url: missing: expected a URL or path with a pattern, such as ${url}, or a list of them`],
  ],
  [
    "a section without keys",
    project({ table: "# nothing" }),
    ["5: tables.events.from: missing: expected the name of a source"],
  ],
];

const values: readonly Case[] = [
  [
    "a choice",
    inSource("every: hourly"),
    ['4: sources.gharchive.every: expected "hour" or "day", got "hourly" | Did you mean "hour"?'],
  ],
  [
    "another type",
    inSource("settle: [6h]"),
    ["4: sources.gharchive.settle: expected a duration such as 30s, 5m, 6h or 1d12h, got a list"],
  ],
  [
    "nothing",
    inSource("settle:"),
    ["4: sources.gharchive.settle: expected a duration such as 30s, 5m, 6h or 1d12h, got nothing"],
  ],
  [
    "a section that is a text",
    project({ more: "engine: fast" }),
    ["10: engine: expected a mapping of keys to values, got a text"],
  ],
  [
    "no unit",
    inSource("settle: 6"),
    ["4: sources.gharchive.settle: 6 has no unit | Write the unit behind the number: s, m, h or d"],
  ],
  [
    "a year alone",
    inSource("since: 2015"),
    ["4: sources.gharchive.since: 2015 has no unit | Write a look-back as 7d and an instant as 2015-01-01"],
  ],
  [
    "an unknown unit",
    inSource("settle: 6 hours"),
    ['4: sources.gharchive.settle: expected a duration such as 30s, 5m, 6h or 1d12h, got "6 hours"'],
  ],
  ["too short", inSource("interval: 10ms"), ["4: sources.gharchive.interval: 10ms is less than 1s"]],
  [
    "a number out of range",
    inSource("parallel: 0"),
    ['4: sources.gharchive.parallel: expected a whole number from 1 to 256, got "0"'],
  ],
  [
    "a number with a fraction",
    inSource("retry: 1.5"),
    ['4: sources.gharchive.retry: expected a whole number from 0 to 100, got "1.5"'],
  ],
  [
    "hexadecimal",
    inSource("retry: 0x10"),
    ['4: sources.gharchive.retry: expected a whole number from 0 to 100, got "0x10"'],
  ],
  [
    "a size",
    inTable("line_max: 32 megabytes"),
    ['7: tables.events.line_max: expected a size such as 256MB or 1GiB, got "32 megabytes"'],
  ],
  [
    "a share above one",
    inTable("rejects_max: 5"),
    ['7: tables.events.rejects_max: expected a share such as 0.1% or 0.001, got "5"'],
  ],
  [
    "an impossible date",
    inSource("since: 2015-02-30"),
    ["4: sources.gharchive.since: 2015-02-30 does not exist: that month has 28 days"],
  ],
  [
    "an impossible hour",
    inSource("since: 2015-02-03T24"),
    ["4: sources.gharchive.since: 2015-02-03T24 does not exist: hours go from 00 to 23"],
  ],
  [
    "an impossible month",
    inTable("until: 2015-13-01"),
    ["7: tables.events.until: 2015-13-01 does not exist: months go from 01 to 12"],
  ],
  [
    "a range backwards",
    inSource("known_missing: [2020-01-02..2020-01-01]"),
    [
      "4: sources.gharchive.known_missing[0]: 2020-01-02..2020-01-01 ends before it begins | Write the earlier one first",
    ],
  ],
  [
    "a date that is none",
    inSource("known_missing: [yesterday]"),
    [
      '4: sources.gharchive.known_missing[0]: expected an hour or day such as 2016-10-21T18, or a range such as 2018-10-21T23..2018-10-22T01, got "yesterday"',
    ],
  ],
  [
    "a bad type",
    inTable("columns: { created_at: date }"),
    [
      '7: tables.events.columns.created_at: type "date": expected a type, got "date" at character 1 | types are bool, int64, double, string, timestamp, decimal(p,s), json, drop, list<type> and struct<name type, …>',
    ],
  ],
  [
    "a bad path",
    inTable('columns: { "a..b": string }'),
    ['7: tables.events.columns."a..b": column path "a..b": a name is missing'],
  ],
  [
    "two spellings of a column",
    inTable("columns: { Actor.login: string, actor.Login: json }"),
    ['7: tables.events.columns: "Actor.login" and "actor.Login" are one column | Names match in any case: remove one'],
  ],
  [
    "a column inside json",
    inTable("columns: { payload: json, payload.action: string }"),
    ['7: tables.events.columns: "payload.action" is declared inside "payload", which is json | Remove one of the two'],
  ],
  [
    "a header that is ours",
    inSource("headers: { Range: bytes=0-1 }"),
    ["4: sources.gharchive.headers.Range: millrace sets this header itself | Remove it"],
  ],
  ["no header", inSource('headers: { "a b": c }'), ['4: sources.gharchive.headers."a b": not the name of a header']],
  [
    "a mart's column",
    project({ mart: "{ select: type, from: events, checks: { not_null: [Actor] } }" }),
    ['9: marts.activity.checks.not_null[0]: expected a column of the mart: small letters, digits and _, got "Actor"'],
  ],
  [
    "an accepted value",
    project({ mart: "{ select: type, from: events, checks: { accepted_values: { type: [{}] } } }" }),
    ["9: marts.activity.checks.accepted_values.type[0]: expected a text, number or boolean, got a mapping"],
  ],
];

const patterns: readonly Case[] = [
  [
    "an unknown token",
    inSource("object: g/{yyyy}/{mm}/{dd}/{HH}.gz"),
    [
      '4: sources.gharchive.object: the pattern "g/{yyyy}/{mm}/{dd}/{HH}.gz" has the unknown token {mm} | Did you mean {MM}? The tokens are {yyyy} {MM} {M} {dd} {d} {HH} {H}',
    ],
  ],
  [
    "no hour",
    inSource("object: g/{yyyy}/{MM}/{dd}.gz"),
    [
      '4: sources.gharchive.object: the pattern "g/{yyyy}/{MM}/{dd}.gz" does not tell one hour from another: {HH} is missing',
    ],
  ],
  [
    "a way out",
    inSource("object: ../{yyyy}/{MM}/{dd}/{HH}.gz"),
    [
      '4: sources.gharchive.object: the pattern "../{yyyy}/{MM}/{dd}/{HH}.gz" has the segment ".." | Name the directory itself',
    ],
  ],
  [
    "no pattern",
    project({ source: "url: https://example.org/latest.json.gz" }),
    [`3: sources.gharchive.url: has no pattern, so it would name the same file for every hour | Example: ${url}`],
  ],
  [
    "a URL without an hour",
    project({ source: "url: https://example.org/{yyyy}-{MM}-{dd}.gz" }),
    [
      '3: sources.gharchive.url: the pattern "{yyyy}-{MM}-{dd}.gz" does not tell one hour from another: {HH} is missing',
    ],
  ],
  [
    "an hour in a day's mirror",
    project({ source: `{ url: "https://example.org/{yyyy}-{MM}-{dd}.gz", every: day, mirrors: ["${url}"] }` }),
    [
      '3: sources.gharchive.mirrors: the pattern "{yyyy}-{MM}-{dd}-{H}.json.gz" names an hour, but every is day | Leave the hour out, or write every: hour',
    ],
  ],
  [
    "a token in the host",
    project({ source: "url: https://{yyyy}.example.org/{yyyy}-{MM}-{dd}-{H}" }),
    ["3: sources.gharchive.url: a token stands in the host | Use tokens in the path"],
  ],
  [
    "no host",
    project({ source: "url: https:///{yyyy}-{MM}-{dd}-{H}" }),
    [`3: sources.gharchive.url: not a valid URL | Example: ${url}`],
  ],
  [
    "a fragment",
    project({ source: "url: https://h/{yyyy}-{MM}-{dd}-{H}#x" }),
    ["3: sources.gharchive.url: a URL of a file has no # | Write %23 for a # in a name"],
  ],
  [
    "no such scheme",
    project({ source: "url: ftp://h/{yyyy}-{MM}-{dd}-{H}" }),
    ["3: sources.gharchive.url: ftp: is no source | Sources are http://, https:// and directories, also mounted ones"],
  ],
  [
    "a file URL with a host",
    project({ source: "url: file://h/{yyyy}-{MM}-{dd}-{H}" }),
    ["3: sources.gharchive.url: a file: URL has three slashes | Write file:///path, or the path alone"],
  ],
];

const relations: readonly Case[] = [
  [
    "an unknown source",
    project({ table: "from: gharchiv" }),
    ['6: tables.events.from: unknown source "gharchiv" | Did you mean "gharchive"?'],
  ],
  [
    "a stranger",
    project({ table: "from: weather" }),
    ['6: tables.events.from: unknown source "weather" | The sources are gharchive'],
  ],
  [
    "an unknown table",
    project({ mart: "{ select: type, from: event }" }),
    ['9: marts.activity.from: unknown table "event" | Did you mean "events"?'],
  ],
  [
    "since after until",
    inSource("since: 2016-01-01\n    until: 2015-01-01"),
    ["5: sources.gharchive.until: not after since (2016-01-01) | Nothing would be fetched: move one of the two"],
  ],
  [
    "an empty period of a table",
    inTable("since: 2016-01-01\n    until: 2016-01-01"),
    ["8: tables.events.until: not after since (2016-01-01) | The table would stay empty: move one of the two"],
  ],
  [
    "settle as long as since",
    inSource("since: 6h\n    settle: 6h"),
    [
      "5: sources.gharchive.settle: as long as the look-back of 6h | Make settle shorter than since: otherwise no file is ever missed",
    ],
  ],
  [
    "keep as long as settle",
    inSource("keep: 2d\n    settle: 48h"),
    [
      "4: sources.gharchive.keep: not longer than settle | A file that is missing would expire before it is a gap: make keep longer",
    ],
  ],
  [
    "an hour in a calendar of days",
    project({ source: '{ url: "x/{yyyy}-{MM}-{dd}", every: day, known_missing: 2020-01-01T05 }' }),
    ["3: sources.gharchive.known_missing: 2020-01-01T05 names an hour, but every is day"],
  ],
  [
    "one name for two things",
    project({ more: "  events: { select: type, from: events }" }),
    ["10: marts.events: a table has this name too | Rename one: SQL sees both side by side"],
  ],
  [
    "one key for two sources",
    `sources:\n  a: { url: "a/{yyyy}-{MM}-{dd}-{H}", object: "x/{yyyy}/{MM}/{dd}/{HH}" }\n  b: { url: "b/{yyyy}-{MM}-{dd}-{H}", object: "x/{yyyy}/{MM}/{dd}/{H}" }\n`,
    ["3: sources.b: its objects have the same keys as those of a | Begin the key with the source's name: object: b/…"],
  ],
  [
    "a key below another",
    `sources:\n  a: { url: "a/{yyyy}-{MM}-{dd}-{H}", object: "x/{yyyy}/{MM}/{dd}/{HH}" }\n  b: { url: "b/{yyyy}-{MM}-{dd}", every: day, object: "x/{yyyy}/{MM}/{dd}" }\n`,
    ["3: sources.b: its objects have the same keys as those of a | Begin the key with the source's name: object: b/…"],
  ],
  [
    "a place inside another",
    project({ more: "lake: { raw: lake, tables: lake/tables, marts: elsewhere }" }),
    ["10: lake.tables: lies inside lake.raw | Give each place a directory of its own"],
  ],
  [
    "one place twice",
    project({ more: "lake: { raw: data, tables: ./data }" }),
    ["10: lake.tables: the same directory as lake.raw | Give each place a directory of its own"],
  ],
  [
    "a place around the project",
    project({ more: "lake: { raw: .. }" }),
    ["10: lake.raw: holds the project file itself | Name a directory of its own, for example lake/raw"],
  ],
  [
    "a name with capitals",
    'sources:\n  GH-Archive: { url: "x/{yyyy}-{MM}-{dd}-{H}" }\n',
    [
      '2: sources.GH-Archive: not a name | Names are small letters, digits and _, and begin with a letter: "gh_archive"',
    ],
  ],
  [
    "a hidden name",
    project({ more: "  _hidden: { select: type, from: events }" }),
    ['10: marts._hidden: not a name | Names are small letters, digits and _, and begin with a letter: "hidden"'],
  ],
  [
    "a word of SQL",
    project({ more: "  select: { select: type, from: events }" }),
    ["10: marts.select: select is a word of SQL | Choose another name, for example select_"],
  ],
  [
    "a device",
    project({ more: "  nul: { select: type, from: events }" }),
    ["10: marts.nul: nul is a device on Windows | Choose a name that can be a directory everywhere"],
  ],
];

const statements: readonly Case[] = [
  [
    "no statement",
    project({ mart: "refresh: manual" }),
    ["9: marts.activity.sql: missing: expected sql, or select with from"],
  ],
  [
    "select alone",
    project({ mart: "select: type" }),
    ["9: marts.activity.from: missing: select needs the name of a table"],
  ],
  [
    "from alone",
    project({ mart: "from: events" }),
    ['9: marts.activity.select: missing: from needs it | For all columns write select: "*"'],
  ],
  [
    "both",
    project({ mart: "{ select: type, from: events, sql: select 1 }" }),
    ["9: marts.activity.select: stands beside sql | Remove one: sql is a whole statement"],
  ],
  [
    "sql with from",
    project({ mart: "{ from: events, sql: select 1 }" }),
    ["9: marts.activity.from: stands beside sql | Remove it: sql names its tables itself"],
  ],
  [
    "no such file",
    project({ mart: "sql: marts/no.sql" }),
    ['9: marts.activity.sql: the file "marts/no.sql" does not exist | Paths start at the project file, in /p/marts'],
  ],
  [
    "a file elsewhere",
    project({ mart: "sql: ../other.sql" }),
    [
      '9: marts.activity.sql: "../other.sql" lies outside the project\'s directory | Put the file beside the project file or in a directory below it',
    ],
  ],
  [
    "an absolute file",
    project({ mart: "sql: /p/good.sql" }),
    [
      '9: marts.activity.sql: "/p/good.sql" lies outside the project\'s directory | Put the file beside the project file or in a directory below it',
    ],
  ],
  [
    "a link to elsewhere",
    project({ mart: "sql: link.sql" }),
    [
      '9: marts.activity.sql: "link.sql" lies outside the project\'s directory | Put the file beside the project file or in a directory below it',
    ],
  ],
  ["an empty file", project({ mart: "sql: empty.sql" }), ['9: marts.activity.sql: "empty.sql" holds no statement']],
  [
    "an empty text",
    project({ mart: 'sql: ""' }),
    ['9: marts.activity.sql: expected a statement, or the path of a .sql file, got ""'],
  ],
  [
    "refresh",
    project({ mart: "{ select: type, from: events, refresh: onchange }" }),
    [
      '9: marts.activity.refresh: expected "on_change", "manual" or a duration such as 1h, got "onchange" | Did you mean "on_change"?',
    ],
  ],
];

const variables: readonly Case[] = [
  [
    "a missing variable",
    inSource(`since: \${SINCE}`),
    [`4: sources.gharchive.since: the variable SINCE is not set | Set it, or give a default: \${SINCE:-…}`],
  ],
  [
    "two missing variables",
    inSource(`object: "\${A}/{yyyy}/{MM}/{dd}/{HH}/\${B}"`),
    [
      `4: sources.gharchive.object: the variable A is not set | Set it, or give a default: \${A:-…}`,
      `4: sources.gharchive.object: the variable B is not set | Set it, or give a default: \${B:-…}`,
    ],
  ],
  [
    "a variable in a block",
    project({ mart: `sql: |\n      select *\n      from events\n      where type = '\${TYPE}'` }),
    [`12: marts.activity.sql: the variable TYPE is not set | Set it, or give a default: \${TYPE:-…}`],
  ],
  [
    "no variable",
    inSource(`since: \${7d}`),
    [
      `4: sources.gharchive.since: "\${7d}" is no variable | Write \${NAME} or \${NAME:-default}, and $\${ for a literal \${`,
    ],
  ],
  [
    "an open variable",
    inSource(`since: "\${SINCE"`),
    [
      `4: sources.gharchive.since: "\${SINCE" is no variable | Write \${NAME} or \${NAME:-default}, and $\${ for a literal \${`,
    ],
  ],
  [
    "a bad value of a variable",
    inSource(`since: \${SINCE}`),
    ['4: sources.gharchive.since: expected a look-back such as 7d, or an instant such as 2015-01-01, got "soon"'],
    { environment: { SINCE: "soon" } },
  ],
  [
    "a bad option variable",
    project({}),
    ['-: MILLRACE_SOURCES__GHARCHIVE__EVERY: expected "hour" or "day", got "week"'],
    { environment: { MILLRACE_SOURCES__GHARCHIVE__EVERY: "week" } },
  ],
  [
    "an unknown option variable",
    project({}),
    ['-: MILLRACE_SOURCES__GHARCHIVE__SINC: no such option | Did you mean "MILLRACE_SOURCES__GHARCHIVE__SINCE"?'],
    { environment: { MILLRACE_SOURCES__GHARCHIVE__SINC: "7d" } },
  ],
  [
    "a variable of an unknown source",
    project({}),
    ['-: MILLRACE_SOURCES__GHARCHIV__SINCE: no such option | Did you mean "MILLRACE_SOURCES__GHARCHIVE__SINCE"?'],
    { environment: { MILLRACE_SOURCES__GHARCHIV__SINCE: "7d" } },
  ],
  [
    "a variable below a value",
    project({}),
    ['-: MILLRACE_ENGINE__THREADS__MAX: no such option | "MILLRACE_ENGINE__THREADS" is a single value'],
    { environment: { MILLRACE_ENGINE__THREADS__MAX: "7" } },
  ],
  [
    "almost a reserved variable",
    project({}),
    ['-: MILLRACE_TARGETT: no such option | Did you mean "MILLRACE_TARGET"?'],
    { environment: { MILLRACE_TARGETT: "x" } },
  ],
  [
    "a stranger",
    project({}),
    [
      "-: MILLRACE_ENGINE__COLOUR: no such option | Options here: MILLRACE_ENGINE__THREADS, MILLRACE_ENGINE__MEMORY, MILLRACE_ENGINE__SPARK",
    ],
    { environment: { MILLRACE_ENGINE__COLOUR: "x" } },
  ],
  [
    "a broken list",
    project({}),
    [
      "-: MILLRACE_SOURCES__GHARCHIVE__KNOWN_MISSING: not valid YAML: flow sequence must end with a ] | Close what is open; inside [ ] and { } a text that holds one of { } [ ] , needs quotes",
    ],
    { environment: { MILLRACE_SOURCES__GHARCHIVE__KNOWN_MISSING: "[2020-01-01" } },
  ],
];

const secrets: readonly Case[] = [
  [
    "a literal in a header",
    inSource("headers: { Authorization: Bearer hunter2hunter2 }"),
    [
      "4: sources.gharchive.headers.Authorization: a secret must not stand in a file or a flag | Write env:NAME or file:PATH and put the secret there",
    ],
  ],
  [
    "a token in any header",
    inSource("headers: { X-Team: ghp_hunter2hunter2 }"),
    [
      "4: sources.gharchive.headers.X-Team: a secret must not stand in a file or a flag | Write env:NAME or file:PATH and put the secret there",
    ],
  ],
  [
    "a mixture",
    inSource(`headers: { Authorization: "Bearer \${TOKEN}" }`),
    [
      "4: sources.gharchive.headers.Authorization: mixes text with a variable | Write env:NAME, and let that variable hold the whole value",
    ],
    { environment: { TOKEN: "hunter2" } },
  ],
  [
    "a default",
    inSource(`headers: { Authorization: "\${TOKEN:-hunter2}" }`),
    [
      "4: sources.gharchive.headers.Authorization: mixes text with a variable | Write env:NAME, and let that variable hold the whole value",
    ],
  ],
  [
    "a literal from the environment",
    project({}),
    [
      "-: MILLRACE_SOURCES__GHARCHIVE__HEADERS.Authorization: a secret must not stand in a file or a flag | Write env:NAME or file:PATH and put the secret there",
    ],
    { environment: { MILLRACE_SOURCES__GHARCHIVE__HEADERS: '{"Authorization": "hunter2"}' } },
  ],
  [
    "credentials in a URL",
    project({ source: "url: https://me:hunter2@example.org/{yyyy}-{MM}-{dd}-{H}" }),
    [
      "3: sources.gharchive.url: the URL holds credentials | Take them out and send them as a header: headers: { Authorization: env:NAME }",
    ],
  ],
  [
    "a token in a URL",
    project({ source: "url: https://example.org/{yyyy}-{MM}-{dd}-{H}?access_token=hunter2" }),
    [
      "3: sources.gharchive.url: the URL holds a secret in its parameter access_token | Send it as a header: headers: { NAME: env:NAME }",
    ],
  ],
  [
    "a proxy's password",
    inSource("proxy: http://me:hunter2@proxy:3128"),
    [
      "4: sources.gharchive.proxy: a secret must not stand in a file or a flag | Write env:NAME or file:PATH and put the secret there",
    ],
  ],
  [
    "a proxy that is none",
    inSource("proxy: hunter2"),
    [
      '4: sources.gharchive.proxy: expected a URL such as http://proxy:3128, a reference, "env" or "none", got something else',
    ],
  ],
  [
    "credentials in a bucket's address",
    project({ more: "lake: { raw: s3://AKIA:hunt/er2hunter2@gha-raw/x }\ns3: { region: eu-west-1 }" }),
    [
      "10: lake.raw: an @ in the address, as credentials have it | Name credentials under s3: access_key: env:NAME, secret_key: env:NAME",
    ],
  ],
  [
    "credentials in an endpoint",
    project({ more: "s3: { endpoint: https://me:hunter2@minio }" }),
    [
      "10: s3.endpoint: the URL holds credentials | Take them out and name them: access_key: env:NAME, secret_key: env:NAME",
    ],
  ],
  [
    "keys of a store",
    project({ more: "s3: { access_key: hunter2, secret_key: hunter2 }" }),
    [
      "10: s3.access_key: a secret must not stand in a file or a flag | Write env:NAME or file:PATH and put the secret there",
      "10: s3.secret_key: a secret must not stand in a file or a flag | Write env:NAME or file:PATH and put the secret there",
    ],
  ],
  [
    "a key of a bucket, from the environment",
    project({ more: "s3: { buckets: { gha-raw: { region: x } } }" }),
    [
      "-: MILLRACE_S3__BUCKETS__GHA_RAW__SECRET_KEY: a secret must not stand in a file or a flag | Write env:NAME or file:PATH and put the secret there",
    ],
    { environment: { MILLRACE_S3__BUCKETS__GHA_RAW__SECRET_KEY: "hunter2" } },
  ],
  [
    "a list as a header",
    inSource("headers: { Authorization: [hunter2] }"),
    ["4: sources.gharchive.headers.Authorization: expected a text, env:NAME or file:PATH, got a list"],
  ],
  [
    "an empty reference",
    inSource('headers: { Authorization: "env:" }'),
    ["4: sources.gharchive.headers.Authorization: env: is not followed by the name of a variable | Write env:NAME"],
  ],
];

const aws = "s3: { region: eu-west-1 }";
const minio = "s3: { endpoint: https://127.0.0.1:9000 }";
const inLake = (raw: string, more = aws): string => project({ more: `lake: { raw: "${raw}" }\n${more}` });
const inStore = (line: string): string =>
  project({ more: `lake: { raw: s3://gha-raw }\ns3:\n  region: eu-west-1\n  ${line}` });
const bucketRule =
  "A bucket's name has 3 to 63 small letters, digits, - and ., begins and ends with a letter or digit, and is no IP address";

const buckets: readonly Case[] = [
  ["a bucket alone", inLake("s3://gha-raw"), []],
  ["no bucket", inLake("s3://"), [`10: lake.raw: names no bucket | ${bucketRule}`]],
  ["a short name", inLake("s3://ab/x"), [`10: lake.raw: not the name of a bucket | ${bucketRule}`]],
  ["capitals", inLake("s3://GHA-raw/x"), [`10: lake.raw: not the name of a bucket | ${bucketRule}`]],
  ["an underscore", inLake("s3://gha_raw"), [`10: lake.raw: not the name of a bucket | ${bucketRule}`]],
  ["an address", inLake("s3://10.0.0.1/x"), [`10: lake.raw: not the name of a bucket | ${bucketRule}`]],
  [
    "a host",
    inLake("s3://127.0.0.1:9000/gha-raw"),
    [
      "10: lake.raw: names a host where the bucket belongs | Write s3://bucket/prefix, and the host under s3: endpoint: https://host:port",
    ],
  ],
  [
    "a way out",
    inLake("s3://gha-raw/a/../b"),
    ['10: lake.raw: the prefix has the segment ".." | Write s3://bucket/prefix'],
  ],
  [
    "two slashes",
    inLake("s3://gha-raw//x"),
    ["10: lake.raw: the prefix has two slashes side by side | Write s3://bucket/prefix"],
  ],
  [
    "a long prefix",
    inLake(`s3://gha-raw/${"a/".repeat(300)}b`),
    ["10: lake.raw: the prefix has more than 512 bytes | Write s3://bucket/prefix"],
  ],
  [
    "a query",
    inLake("s3://gha-raw/x?versionId=1"),
    [
      "10: lake.raw: an address of a place has no ? and no # | Write s3://bucket/prefix, and settings of the store under s3",
    ],
  ],
  [
    "Hadoop's scheme",
    inLake("s3a://gha-raw/x"),
    ['10: lake.raw: s3a:// is Hadoop\'s name for a bucket | Did you mean "s3://gha-raw/x"?'],
  ],
  [
    "another cloud",
    inLake("gs://gha-raw/x"),
    ["10: lake.raw: gs:// is not offered by this version | Name a local directory"],
  ],
  [
    "a prefix inside another",
    project({ more: `lake: { raw: s3://gha/lake, tables: s3://gha/lake/tables, marts: s3://gha/lakes }\n${aws}` }),
    ["10: lake.tables: lies inside lake.raw | Give each place a prefix of its own"],
  ],
  [
    "a prefix inside a bucket",
    project({ more: `lake: { raw: s3://gha/raw, tables: s3://gha, marts: s3://marts }\n${aws}` }),
    ["10: lake.raw: lies inside lake.tables | Give each place a prefix of its own"],
  ],
  [
    "one bucket twice",
    project({ more: `lake: { raw: s3://gha/x/, tables: s3://gha/x }\n${aws}` }),
    ["10: lake.tables: the same prefix as lake.raw | Give each place a prefix of its own"],
  ],
  [
    "writers",
    project({ more: "lake: { writers: two }" }),
    ['10: lake.writers: expected "several" or "one", got "two"'],
  ],
  [
    "AWS without a region, once for three places",
    project({ more: "lake: { raw: s3://gha-raw, tables: s3://gha-tables, marts: s3://gha-marts }" }),
    [
      "10: s3.region: missing: a bucket on AWS has a region | Write s3: { region: eu-west-1 } or set AWS_REGION; for another store write s3: { endpoint: https://host:port }",
    ],
  ],
  [
    "a region of the environment that is none",
    inLake("s3://gha-raw", ""),
    ["10: s3.region: the variable AWS_REGION holds no region | Set it to one such as eu-west-1"],
    { environment: { AWS_REGION: "eu west" } },
  ],
  [
    "a store without an address",
    inStore("store: minio"),
    ["13: s3.store: minio has no address of its own | Name it: endpoint: https://host:port"],
  ],
  [
    "an unknown store",
    inStore("store: mino"),
    [
      '13: s3.store: expected "aws", "seaweedfs", "garage", "ceph", "rustfs", "minio", "versitygw" or "other", got "mino" | Did you mean "minio"?',
    ],
  ],
  [
    "plain HTTP to another machine",
    inStore("endpoint: http://minio:9000"),
    [
      "13: s3.endpoint: http:// to another machine, where everybody on the way can read and change the data | Write https://, with ca for a private authority; or allow_http: true where every host on the way is trusted",
    ],
  ],
  ["plain HTTP on this machine", inStore("endpoint: http://127.0.0.1:9000"), []],
  [
    "an endpoint without a scheme",
    inStore("endpoint: minio:9000"),
    ["13: s3.endpoint: a URL begins with https:// or http:// | Write https://minio:9000"],
  ],
  [
    "an endpoint with a bucket",
    inStore("endpoint: https://minio:9000/gha-raw"),
    [
      "13: s3.endpoint: holds more than a host and its port | Write https://minio:9000; buckets and prefixes stand under lake",
    ],
  ],
  [
    "a profile beside keys",
    inStore("{ profile: lake, access_key: env:A, secret_key: env:B }").replace(
      "region: eu-west-1\n  {",
      "{ region: r,",
    ),
    ["12: s3.profile: stands beside access_key | Keep one: either keys or a profile"],
  ],
  ["half of the keys", inStore("access_key: env:A"), ["12: s3.secret_key: missing: access_key needs it"]],
  ["the other half", inStore("secret_key: env:A"), ["12: s3.access_key: missing: secret_key needs it"]],
  [
    "a token alone",
    inStore("session_token: env:A"),
    ["13: s3.session_token: stands alone | Name access_key and secret_key with it"],
  ],
  [
    "half of the keys in a bucket",
    inStore("access_key: env:A\n  secret_key: env:B\n  buckets: { gha-raw: { access_key: env:C } }"),
    ["15: s3.buckets.gha-raw.secret_key: missing: access_key needs it"],
  ],
  [
    "a key of s3 for another endpoint",
    inStore("access_key: env:A\n  secret_key: env:B\n  buckets: { gha-raw: { endpoint: https://other } }"),
    [
      "15: s3.buckets.gha-raw.endpoint: another endpoint, but the credentials are those of s3 | Name those of this bucket: access_key and secret_key, or a profile (profile: none is the standard chain)",
    ],
  ],
  [
    "a bucket that is none",
    inStore("buckets: { GHA: {} }"),
    [`13: s3.buckets.GHA: not the name of a bucket | ${bucketRule}`],
  ],
  [
    "an unknown key of a bucket",
    inStore("buckets: { gha-raw: { regio: x } }"),
    ['13: s3.buckets.gha-raw.regio: unknown key | Did you mean "region"?'],
  ],
  [
    "a verification that cannot be switched off",
    inStore("verify: false"),
    [
      "13: s3.verify: unknown key | The keys here are store, endpoint, region, path_style, allow_http, ca, access_key, secret_key, session_token, profile, parallel, buckets",
    ],
  ],
  [
    "a certificate where its file belongs",
    project({ more: 'ca: "-----BEGIN CERTIFICATE-----"' }),
    ["10: ca: holds the certificate itself | Put it into a file and write the file's path, or write env:NAME"],
  ],
  [
    "an unknown variable of the store",
    inLake("s3://gha-raw", minio),
    ['-: MILLRACE_S3__ENDPONT: no such option | Did you mean "MILLRACE_S3__ENDPOINT"?'],
    { environment: { MILLRACE_S3__ENDPONT: "https://x" } },
  ],
  [
    "a mistake in another target",
    project({ more: "targets:\n  prod:\n    s3: { profile: a, access_key: env:X, secret_key: env:Y }" }),
    ["12: targets.prod.s3.profile: stands beside access_key | Keep one: either keys or a profile"],
  ],
  [
    "what only the chosen target can complete",
    project({ more: "targets:\n  prod:\n    lake: { raw: s3://gha-raw }" }),
    [],
  ],
];

const later: readonly Case[] = [
  [
    "S3 as a source",
    project({ source: 'url: "s3://bucket/{yyyy}-{MM}-{dd}-{H}"' }),
    [
      "3: sources.gharchive.url: s3:// is not offered by this version | Sources are http://, https:// and directories, also mounted ones",
    ],
  ],
  [
    "SFTP as a source",
    project({ source: 'url: "sftp://host/{yyyy}-{MM}-{dd}-{H}"' }),
    [
      "3: sources.gharchive.url: sftp:// is not offered by this version | Sources are http://, https:// and directories, also mounted ones",
    ],
  ],
  [
    "no directory",
    project({ more: "lake: { raw: https://host/raw }" }),
    ["10: lake.raw: https:// is not a directory | Write the path alone"],
  ],
  [
    "exports in a target",
    project({
      more: "targets:\n  prod:\n    engine: { spark: { url: sc://spark:15002 } }\n    exports: { postgres: db:5432 }",
    }),
    ["13: targets.prod.exports: the export of marts into databases is not offered by this version | Remove the key"],
  ],
];

const targets: readonly Case[] = [
  [
    "a wrong target",
    project({ more: "targets: { prod: {} }" }),
    ['-: --target: unknown target "prd" | Did you mean "prod"?'],
    { target: "prd" },
  ],
  [
    "a target of a project without any",
    project({}),
    ['-: --target: unknown target "prod" | The project declares no targets'],
    { target: "prod" },
  ],
  [
    "a mistake in the chosen target",
    project({ more: "targets:\n  prod:\n    engine: { threads: many }" }),
    ['12: targets.prod.engine.threads: expected a whole number from 1 to 1024, or "auto", got "many"'],
    { target: "prod" },
  ],
  [
    "a mistake in another target",
    project({ more: "targets:\n  prod:\n    engine: { threads: many }\n  dev: {}" }),
    ['12: targets.prod.engine.threads: expected a whole number from 1 to 1024, or "auto", got "many"'],
    { target: "dev" },
  ],
  [
    "a missing variable of the chosen target",
    project({ more: `targets:\n  prod:\n    lake: { raw: '\${DATA}/raw' }` }),
    [`12: targets.prod.lake.raw: the variable DATA is not set | Set it, or give a default: \${DATA:-…}`],
    { target: "prod" },
  ],
  [
    "a missing variable of another target",
    project({ more: `targets:\n  prod:\n    lake: { raw: '\${DATA}/raw' }` }),
    [],
  ],
  [
    "a target that is a text",
    project({ more: "targets: { prod: fast }" }),
    ["10: targets.prod: expected a mapping of keys to values, got a text"],
  ],
  [
    "a table of another target",
    project({
      more: "targets:\n  prod:\n    tables: { more: { from: gharchive } }\n    marts: { m: { select: type, from: more } }",
    }),
    [],
  ],
];

const groups: Readonly<Record<string, readonly Case[]>> = {
  syntax,
  keys,
  values,
  patterns,
  relations,
  statements,
  variables,
  secrets,
  buckets,
  later,
  targets,
};

describe("mistakes in a project file", () => {
  it("the project that all are made from has none", () => {
    assert.deepEqual(mistakes(project({})), []);
    assert.deepEqual(mistakes(project({ mart: "sql: good.sql" })), []);
  });

  for (const [group, cases] of Object.entries(groups)) {
    describe(group, () => {
      for (const [what, text, expected, given] of cases) {
        it(what, () => assert.deepEqual(mistakes(text, given), expected));
      }
    });
  }

  it("are reported all together, in the order of the file", () => {
    const text = project({
      source: "since: yesterday\n    sinc: 7d",
      table: "from: gharchiv\n    rejects_max: lots",
      mart: "select: type",
    });
    const found = mistakes(text, { environment: { MILLRACE_LOGG: "x" } });
    assert.deepEqual(
      found.map((each) => each.split(":").slice(0, 2).join(":")),
      [
        "-: MILLRACE_LOGG",
        "3: sources.gharchive.url",
        "3: sources.gharchive.since",
        "4: sources.gharchive.sinc",
        "7: tables.events.from",
        "8: tables.events.rejects_max",
        "11: marts.activity.from",
      ],
    );
  });

  it("never show a secret", () => {
    for (const [what, text, , given] of [...secrets, ...variables]) {
      const found = mistakes(text, given).join("\n");
      assert.doesNotMatch(found, /hunter2/, what);
    }
    const broken = [
      '{"Authorization": "hunter2"',
      '{"Authorization": "hunter2"} hunter2',
      "{Authorization: hunter2: x}",
      "[hunter2]",
      "hunter2",
    ];
    for (const value of broken) {
      const found = mistakes(project({}), { environment: { MILLRACE_SOURCES__GHARCHIVE__HEADERS: value } });
      assert.equal(found.length, 1, value);
      assert.doesNotMatch(found.join("\n"), /hunter2/, value);
    }
  });

  it("however the file is mangled, end as a usage failure or as a project", () => {
    const [yaml = ""] = scaffold({ name: "gha" }).values();
    const edit = fc.record({
      at: fc.nat({ max: yaml.length - 1 }),
      remove: fc.nat({ max: 12 }),
      insert: fc.oneof(
        fc.constantFrom(
          "{",
          "}",
          "[",
          "]",
          ":",
          "- ",
          "\n",
          "\t",
          "&a ",
          "*a",
          "!x ",
          `\${`,
          "null",
          "'",
          '"',
          "|",
          "? ",
        ),
        fc.string({ maxLength: 4 }),
      ),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        let text = yaml;
        for (const { at, remove, insert } of edits) text = text.slice(0, at) + insert + text.slice(at + remove);
        mistakes(text);
      }),
      {
        numRuns: Number(process.env.FC_RUNS ?? 300),
        ...(process.env.FC_SEED === undefined ? {} : { seed: Number(process.env.FC_SEED) }),
      },
    );
  });
});
