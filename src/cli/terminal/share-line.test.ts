import assert from "node:assert/strict";
import { test } from "node:test";
import { shareLine } from "./share-line.ts";

test("a bar, the amounts and the time left", () => {
  const line = { done: 250, total: 1000, text: "250 of 1000", ms: 2000, width: 80 };
  assert.equal(shareLine(line), `${"━".repeat(5)}${"─".repeat(15)}  250 of 1000   6.0 s left`);
  assert.equal(shareLine({ ...line, width: 40 }), "250 of 1000   6.0 s left");
  assert.equal(shareLine({ ...line, total: 0 }), `${"─".repeat(20)}  250 of 1000`);
  // More than was expected is no more than all of it.
  assert.equal(shareLine({ ...line, done: 1200 }), `${"━".repeat(20)}  250 of 1000`);
});
