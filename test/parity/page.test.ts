import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { pageFile, portablePage } from "./page.ts";

test("docs/portable-sql.md is what the lint's tables say", () => {
  assert.equal(readFileSync(pageFile, "utf8"), portablePage(), "run: node test/parity/page.ts");
});
