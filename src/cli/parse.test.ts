import assert from "node:assert/strict";
import test from "node:test";
import { Failure } from "../errors.ts";
import { type CommandEntry, commandEntries } from "./commands.ts";
import { commonOptionList } from "./common-options.ts";
import { parseCommandLine, splitCommand, unknownCommand } from "./parse.ts";

const entryOf = (name: string): CommandEntry => {
  const entry = commandEntries.find((each) => each.name === name);
  assert.ok(entry, name);
  return entry;
};

/** What a command line means: the words, and the options with their texts. */
async function parsed(
  line: readonly string[],
): Promise<{ words: readonly string[]; given: Record<string, readonly string[]> }> {
  const split = splitCommand(line);
  const command = await entryOf(split.name ?? "").load();
  const { words, given } = parseCommandLine(split.rest, command);
  // Reading each option judges its text, as main does before it runs a command.
  for (const option of [...commonOptionList, ...command.options]) option.read(given.get(option.name) ?? []);
  return { words, given: Object.fromEntries(given) };
}

async function refused(...line: string[]): Promise<string> {
  try {
    await parsed(line);
  } catch (error) {
    assert.ok(error instanceof Failure);
    assert.equal(error.kind, "usage");
    return [error.message, error.detail.remedy ?? ""].join(" | ");
  }
  assert.fail(`accepted: ${line.join(" ")}`);
}

const accepted: readonly (readonly [
  line: string,
  words: readonly string[],
  given: Record<string, readonly string[]>,
])[] = [
  ["demo", [], {}],
  ["demo elsewhere", ["elsewhere"], {}],
  ["init gha --directory . --since 7d", ["gha"], { directory: ["."], since: ["7d"] }],
  ["doctor --target server", [], { target: ["server"] }],
  ["plan --only convert --detailed-exitcode", [], { only: ["convert"], "detailed-exitcode": [""] }],
  ["-f x.yaml --json plan", [], { file: ["x.yaml"], json: [""] }],
  ["--file=x.yaml plan -f y.yaml", [], { file: ["x.yaml", "y.yaml"] }],
  [
    "run --select a --select b@* --since 2026-03-01T05 --until 2026-03-02 --max 3 --rerun --accept-rewrite",
    [],
    {
      select: ["a", "b@*"],
      since: ["2026-03-01T05"],
      until: ["2026-03-02"],
      max: ["3"],
      rerun: [""],
      "accept-rewrite": [""],
    },
  ],
  [
    "watch --host 0.0.0.0 --port 0 --log json --quiet",
    [],
    { host: ["0.0.0.0"], port: ["0"], log: ["json"], quiet: [""] },
  ],
  ["status --full --no-color", [], { full: [""], "no-color": [""] }],
  ["explain gharchive@2026-03-01-05", ["gharchive@2026-03-01-05"], {}],
  ["schema events --ddl spark", ["events"], { ddl: ["spark"] }],
  ["convert a.json b.json.gz -o out", ["a.json", "b.json.gz"], { output: ["out"] }],
  ["query -", ["-"], {}],
  ["query --input a.sql --csv", [], { input: ["a.sql"], csv: [""] }],
  ["query -- --not-an-option", ["--not-an-option"], {}],
  ["verify --only raw --select gharchive@2026-*", [], { only: ["raw"], select: ["gharchive@2026-*"] }],
  ["verify --repair --dry-run", [], { repair: [""], "dry-run": [""] }],
  ["rebuild-index --json", [], { json: [""] }],
  ["gc --dry-run", [], { "dry-run": [""] }],
  ["lake policy", ["policy"], {}],
  [
    "spark submit --memory 4g -- report.py --day 2026-03-01",
    ["submit", "report.py", "--day", "2026-03-01"],
    { memory: ["4g"] },
  ],
  [
    "ack gharchive 2026-03-01-05 2026-03-02-01..2026-03-02-03",
    ["gharchive", "2026-03-01-05", "2026-03-02-01..2026-03-02-03"],
    {},
  ],
  [
    "sample serve --fault late:2026-03-01-07=90s --port 0 --seed 9 --events 10",
    ["serve"],
    {
      fault: ["late:2026-03-01-07=90s"],
      port: ["0"],
      seed: ["9"],
      events: ["10"],
    },
  ],
  [
    "sample write dir --since 2026-03-01 --until 2026-03-02",
    ["write", "dir"],
    { since: ["2026-03-01"], until: ["2026-03-02"] },
  ],
  ["catalog rollback activity 14 --dry-run", ["rollback", "activity", "14"], { "dry-run": [""] }],
  ["metastore check metastore:9083 --writers one", ["check", "metastore:9083"], { writers: ["one"] }],
  ["version --json", [], { json: [""] }],
];

for (const [line, words, given] of accepted) {
  test(`accepts: ${line}`, async () => {
    assert.deepEqual(await parsed(line.split(" ")), { words, given });
  });
}

test("every command is tried above", () => {
  const tried = new Set(accepted.map(([line]) => splitCommand(line.split(" ")).name));
  assert.deepEqual(
    commandEntries.map((entry) => entry.name).filter((name) => !tried.has(name)),
    [],
  );
});

test("unknown options meet the nearest one", async () => {
  assert.equal(
    await refused("run", "--sicne", "7d"),
    "--sicne: no such option of millrace run | did you mean --since?",
  );
  assert.equal(
    await refused("run", "--zzzzzzzz"),
    "--zzzzzzzz: no such option of millrace run | see millrace run --help",
  );
  assert.equal(await refused("run", "-x"), "-x: no such option of millrace run | see millrace run --help");
  assert.equal(await refused("--quite", "run"), "--quite: no such option | did you mean --quiet?");
});

test("an option of a command cannot stand before its name", async () => {
  assert.equal(
    await refused("--rerun", "run"),
    "--rerun: no such option | options of a command stand after its name; see millrace help",
  );
});

test("values are judged when they are read", async () => {
  assert.match(
    await refused("run", "--only", "colect"),
    /^--only: expected collect, convert, marts, got "colect" \| did you mean collect\?/,
  );
  assert.match(await refused("run", "--since", "yesterday"), /^--since: expected an instant, got "yesterday"/);
  assert.match(await refused("run", "--since", "2026-02-30"), /^--since: 2026-02-30 does not exist/);
  assert.match(await refused("run", "--max", "0"), /^--max: expected a whole number of at least 1, got "0"/);
  assert.match(await refused("run", "--max", "1e3"), /^--max: expected a whole number/);
  assert.match(await refused("run", "--select="), /^--select: expected a text/);
  assert.match(await refused("status", "--log", "yaml"), /^--log: expected text, json/);
});

test("missing and superfluous values", async () => {
  assert.match(await refused("run", "--since"), /^--since: expected a value \(INSTANT\)/);
  assert.match(await refused("run", "--since", "--rerun"), /^--since: expected a value/);
  assert.match(await refused("run", "--rerun=yes"), /^--rerun: takes no value, got "yes"/);
});

test("words are counted", async () => {
  assert.match(await refused("explain"), /^millrace explain: expected one key/);
  assert.match(await refused("plan", "events"), /^millrace plan: takes no argument, got "events" as well/);
  assert.match(await refused("schema", "a", "b"), /^millrace schema: expected only one table or file, got "b" as well/);
  assert.match(await refused("ack", "gharchive"), /^millrace ack: expected a source and one or more ids/);
});

test("an unknown command meets the nearest one", () => {
  const names = commandEntries.map((entry) => entry.name);
  assert.equal(unknownCommand("statsu", names).detail.remedy, "did you mean millrace status?");
  assert.equal(unknownCommand("frobnicate", names).detail.remedy, "millrace alone shows the commands");
});

test("--help wins over whatever else is wrong with the words", async () => {
  assert.deepEqual(await parsed(["explain", "--help"]), { words: [], given: { help: [""] } });
});
