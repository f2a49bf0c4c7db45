import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { anySchema } from "../../test/corpus/schemas.ts";
import { fingerprint, mergeSchemas } from "../model/merge.ts";
import { emptyTable, noteFirst } from "../model/table-document.ts";
import { SchemaGatherer } from "./gather-schema.ts";

const settings = { conflicts: "text", columns: new Map() } as const;

test("footers give one schema in whatever order they come, and it lacks nothing of any of them", (t) => {
  const runs = runSettings(500);
  t.diagnostic(`seed ${runs.seed}`);
  const files = fc.uniqueArray(fc.tuple(fc.stringMatching(/^2026-03-01-[01]\d$/), anySchema), {
    minLength: 1,
    maxLength: 5,
    selector: ([src]) => src,
  });
  fc.assert(
    fc.property(files, fc.infiniteStream(fc.nat()), (parts, picks) => {
      const shuffled = parts.map((part) => ({ part, at: picks.next().value ?? 0 })).sort((a, b) => a.at - b.at);
      const gather = (order: typeof parts): SchemaGatherer => {
        const gathered = new SchemaGatherer(settings);
        for (const [src, schema] of order) gathered.add(fingerprint(schema), src, schema);
        return gathered;
      };
      const [one, other] = [gather(parts), gather(shuffled.map(({ part }) => part))];
      assert.equal(fingerprint(one.state().schema), fingerprint(other.state().schema));
      assert.deepEqual([...one.state().first].sort(), [...other.state().first].sort());
      assert.deepEqual(one.missingIn(other.state().schema), []);
      for (const [src, schema] of parts) {
        assert.ok(one.knows(fingerprint(schema), src));
        const merged = mergeSchemas(one.state().schema, schema, { conflicts: "text", declared: new Map() });
        assert.equal(fingerprint(merged.schema), fingerprint(one.state().schema));
        for (const [path, first] of noteFirst(new Map(), schema, src)) {
          assert.ok((one.state().first.get(path) ?? "") <= first, path);
        }
      }
    }),
    runs,
  );
});

test("what a table lacks is named; declarations of today are not taken for losses", () => {
  const gathered = new SchemaGatherer({ ...settings, columns: new Map([["b", { kind: "json" }]]) });
  assert.deepEqual(gathered.missingIn(emptyTable.schema), []);
  gathered.add("x", "2026-03-01-05", {
    fields: [
      { name: "a", type: { kind: "double" } },
      { name: "b", type: { kind: "string" } },
      { name: "n", type: { kind: "null" } },
    ],
  });
  const table = { fields: [{ name: "a", type: { kind: "int64" } }] } as const;
  assert.deepEqual(gathered.missingIn(table), ["n", "a"]);
  const { schema, first, widenings } = gathered.state({
    schema: table,
    first: new Map([["a", "2026-03-01-02"]]),
    widenings: [],
  });
  assert.deepEqual(gathered.missingIn(schema), []);
  assert.deepEqual([first.get("a"), first.get("n")], ["2026-03-01-02", "2026-03-01-05"]);
  assert.deepEqual(
    widenings.map(({ path, src, line }) => [path, src, line]),
    [["a", "", 0]],
  );
  assert.equal(gathered.knows("x", "2026-03-01-05"), true);
  assert.equal(gathered.knows("x", "2026-03-01-04"), false);
});
