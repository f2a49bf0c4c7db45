import assert from "node:assert/strict";
import test from "node:test";
import { commandEntries } from "../../src/cli/commands.ts";
import { topics } from "../../src/cli/help-topics.ts";
import { parseCommandLine, splitCommand } from "../../src/cli/parse.ts";
import { displayWidth } from "../../src/cli/terminal/text.ts";
import { millrace } from "./console.ts";
import { assertGolden } from "./golden.ts";

const wide = { env: { COLUMNS: "80" } };

async function assertPage(name: string, argv: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await millrace(argv, wide);
  assert.equal(stderr, "");
  assert.equal(code, 0);
  const lines = stdout.trimEnd().split("\n");
  // A command is printed whole, however long it is.
  for (const line of lines) if (!line.includes("millrace ")) assert.ok(displayWidth(line) <= 80, line);
  assertGolden(`help/${name}.txt`, lines);
}

test("millrace alone shows the chain and the commands", () => assertPage("overview", []));

for (const entry of commandEntries) {
  test(`help of ${entry.name}`, async () => {
    await assertPage(entry.name, [entry.name, "--help"]);
    assert.deepEqual(await millrace(["help", entry.name], wide), await millrace([entry.name, "-h"], wide));
  });

  test(`${entry.name}: the overview says what its own page says, and its examples are real`, async () => {
    const command = await entry.load();
    assert.equal(command.name, entry.name);
    assert.equal(command.purpose, entry.purpose);
    assert.ok(command.examples.length >= 1 && command.examples.length <= 5);
    for (const [example] of command.examples) {
      const words = shellWords(example);
      if (words[0] === "--version") continue;
      const split = splitCommand(words);
      // The demo's page also shows what comes after it.
      const shown = await commandEntries.find((each) => each.name === split.name)?.load();
      assert.ok(shown, example);
      const parsed = parseCommandLine(split.rest, shown);
      for (const option of shown.options) option.read(parsed.given.get(option.name) ?? []);
    }
  });
}

for (const topic of topics)
  test(`help of the topic ${topic.name}`, () => assertPage(`topic-${topic.name}`, ["help", topic.name]));

test("help of nothing that exists", async () => {
  const { code, stderr } = await millrace(["help", "staus"], wide);
  assert.equal(code, 2);
  assert.match(stderr, /did you mean millrace status\?/);
});

test("forty columns are enough", async () => {
  for (const argv of [[], ["plan", "--help"], ["help", "keys"]]) {
    const { stdout } = await millrace(argv, { env: { COLUMNS: "40" } });
    for (const line of stdout.split("\n")) if (!line.includes("millrace ")) assert.ok(displayWidth(line) <= 44, line);
  }
});

/** An example's words as a shell would hand them over; redirections are left out. */
function shellWords(text: string): readonly string[] {
  const words = text.match(/"[^"]*"|'[^']*'|[^\s]+/g) ?? [];
  const redirected = words.findIndex((word) => word === ">" || word === "<");
  return (redirected < 0 ? words : words.slice(0, redirected)).map((word) => word.replace(/^(["'])(.*)\1$/, "$2"));
}
