import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldsBeyondHive } from "./hive-grammar.ts";
import type { ColumnType } from "./schema.ts";

const structOf = (...names: readonly string[]): ColumnType => ({
  kind: "struct",
  fields: names.map((name) => ({ name, type: { kind: "int64" } })),
});

test("names that Hive's grammar of types has", () => {
  const names = ["with space", " lead", "dot.ted", "123", "select", "ÄÖ", "é漢", "$", "_links", "MixedCase"];
  assert.deepEqual(fieldsBeyondHive([{ name: "deep", type: structOf(...names) }]), []);
});

test("names that it does not have, at any depth", () => {
  const reactions = structOf("total_count", "+1", "-1");
  const list: ColumnType = { kind: "list", element: structOf("@type") };
  const fields = [
    { name: "reactions", type: reactions },
    { name: "list", type: list },
    { name: "created-at", type: list },
  ];
  assert.deepEqual(fieldsBeyondHive([{ name: "payload", type: { kind: "struct", fields } }]), [
    "payload.reactions.+1",
    "payload.reactions.-1",
    "payload.list.[].@type",
    "payload.created-at",
    "payload.created-at.[].@type",
  ]);
  assert.deepEqual(fieldsBeyondHive([{ name: "deep", type: structOf("😀", "new\nline", "a&b") }]).length, 3);
});

test("the names of columns are not in a type", () => {
  assert.deepEqual(fieldsBeyondHive([{ name: "+1", type: { kind: "date" } }]), []);
  assert.deepEqual(fieldsBeyondHive([{ name: "a-b", type: { kind: "struct", fields: [] } }]), []);
});
