import assert from "node:assert/strict";
import { test } from "node:test";
import { chosenRows } from "./rows.ts";
import { reservedVariables } from "./variables.ts";

test("rows are WebAssembly's unless the environment says otherwise", () => {
  assert.equal(chosenRows({}), "webassembly");
  assert.equal(chosenRows({ MILLRACE_SHRED: "" }), "webassembly");
  assert.equal(chosenRows({ MILLRACE_SHRED: "webassembly" }), "webassembly");
  assert.equal(chosenRows({ MILLRACE_SHRED: "typescript" }), "typescript");
});

test("any other word is a mistake that names the variable and what it can be", () => {
  assert.throws(() => chosenRows({ MILLRACE_SHRED: "wasm" }), {
    name: "Failure",
    kind: "usage",
    message: 'MILLRACE_SHRED: expected webassembly or typescript, got "wasm"',
  });
});

test("the variable is no path of a project", () => {
  assert.ok(reservedVariables.has("MILLRACE_SHRED"));
});
