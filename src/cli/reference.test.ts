import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { commandReference } from "./reference.ts";

test("the reference of the commands is what their declarations say (npm run docs)", async () => {
  const committed = readFileSync(new URL("../../docs/reference/commands.md", import.meta.url), "utf8");
  assert.equal(committed, await commandReference());
});
