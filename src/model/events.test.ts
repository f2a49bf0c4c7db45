import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

test("the reference lists every event code with its fields, and no other", () => {
  const source = readFileSync(new URL("events.ts", import.meta.url), "utf8");
  const reference = readFileSync(new URL("../../docs/reference/events.md", import.meta.url), "utf8");
  const declared = [...source.matchAll(/readonly code: "([^"]+)"([^}]*)\}/g)].map(([, code, fields = ""]) =>
    `${code} ${[...fields.matchAll(/readonly (\w+)/g)].map((match) => match[1]).join(" ")}`.trim(),
  );
  const listed = [...reference.matchAll(/^\| `([a-z]+\.[a-z]+)`[^|]*\|([^|]*)\|/gm)].map(([, code, fields = ""]) =>
    `${code} ${[...fields.matchAll(/`(\w+)`/g)].map((match) => match[1]).join(" ")}`.trim(),
  );
  assert.ok(declared.length > 20);
  assert.deepEqual(listed, declared);
});
