import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { anySchema, anyType } from "../../test/corpus/schemas.ts";
import { Failure } from "../errors.ts";
import { fingerprint, mergeSchemas } from "./merge.ts";
import type { Schema } from "./schema.ts";
import {
  checkDocument,
  documentText,
  emptyTable,
  fromDocument,
  noteFirst,
  readDocument,
  type TableState,
  toDocument,
} from "./table-document.ts";

const runs = runSettings(2000);

const src = fc.constantFrom("2015-01-01-00", "2015-01-01-01", "2020-10-30-17");

const widening = fc.record(
  {
    path: fc.constantFrom("a", "payload.commits.[].sha", "a\\.b.\\[]"),
    from: anyType,
    to: anyType,
    src,
    line: fc.nat(),
    offset: fc.nat(),
    value: fc.string(),
  },
  { noNullPrototype: true },
);

/** Tables as they come about: merged from files, with `first` noted for each. */
const tableState: fc.Arbitrary<TableState> = fc
  .record({
    files: fc.array(fc.tuple(anySchema, src), { maxLength: 3 }),
    widenings: fc.array(widening, { maxLength: 2 }),
  })
  .map(({ files, widenings }) => {
    let { schema, first } = emptyTable;
    for (const [file, id] of files) {
      schema = mergeSchemas(schema, file, { conflicts: "text", declared: new Map() }).schema;
      first = noteFirst(first, file, id);
    }
    return { schema, first: present(first, schema), widenings };
  });

/** The document keeps `first` beside the columns, so paths that a clash of shapes swallowed are not in it. */
function present(first: ReadonlyMap<string, string>, schema: Schema): Map<string, string> {
  const all = noteFirst(new Map(), schema, "");
  return new Map([...first].filter(([path]) => all.has(path)));
}

test("a stored document has its own sum, and no other byte gives the same", (t) => {
  t.diagnostic(`seed ${runs.seed}`);
  fc.assert(
    fc.property(tableState, fc.nat(), fc.nat(7), (state, place, bit) => {
      const text = documentText(state);
      assert.deepEqual(readDocument(text), state);
      assert.equal(checkDocument(text), "whole");
      const [, sum = ""] = /"sha256":"([0-9a-f]{64})"\}\n$/.exec(text) ?? [];
      const zeroed = text.replace(sum, "0".repeat(64));
      assert.equal(createHash("sha256").update(zeroed).digest("hex"), sum);
      assert.equal(checkDocument(`${JSON.stringify(toDocument(state))}\n`), "unsummed");
      const bytes = Buffer.from(text);
      const at = place % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
      let judged: string;
      try {
        judged = checkDocument(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
      } catch (error) {
        assert.ok(error instanceof Failure && error.kind === "corrupt", String(error));
        judged = "changed";
      }
      assert.equal(judged, "changed", JSON.stringify(bytes.toString()));
    }),
    runs,
  );
});

test("a document gives back the table it was written from", (t) => {
  t.diagnostic(`seed ${runs.seed}`);
  fc.assert(
    fc.property(tableState, (state) => {
      const text = JSON.stringify(toDocument(state));
      assert.deepEqual(fromDocument(JSON.parse(text)), state);
      assert.equal(JSON.stringify(toDocument(fromDocument(JSON.parse(text)))), text);
    }),
    runs,
  );
});

test("what a document looks like", () => {
  const schema: Schema = {
    fields: [
      { name: "A", type: { kind: "string", mixed: true } },
      {
        name: "b",
        type: {
          kind: "list",
          element: { kind: "struct", fields: [{ name: "X", type: { kind: "int64", big: true } }] },
        },
      },
    ],
  };
  const first = noteFirst(
    noteFirst(new Map(), schema, "2015-01-02"),
    { fields: schema.fields.slice(0, 1) },
    "2015-01-01",
  );
  assert.deepEqual(toDocument({ schema, first, widenings: [] }), {
    version: 1,
    fingerprint: fingerprint(schema),
    fields: [
      { name: "A", first: "2015-01-01", type: "string", mixed: true },
      {
        name: "b",
        first: "2015-01-02",
        type: "list",
        element: { type: "struct", fields: [{ name: "X", first: "2015-01-02", type: "int64", big: true }] },
      },
    ],
    widenings: [],
  });
});

test("`first` does not depend on the order in which partitions arrive", () => {
  const schema: Schema = { fields: [{ name: "a", type: { kind: "null" } }] };
  const forth = noteFirst(noteFirst(new Map(), schema, "2015-01-01-00"), schema, "2015-01-01-01");
  const back = noteFirst(noteFirst(new Map(), schema, "2015-01-01-01"), schema, "2015-01-01-00");
  assert.deepEqual(forth, back);
  assert.equal(forth.get("a"), "2015-01-01-00");
});

test("a damaged document is refused with the place", () => {
  const good = toDocument({
    schema: { fields: [{ name: "a", type: { kind: "bool" } }] },
    first: new Map(),
    widenings: [],
  });
  const bad: [unknown, RegExp][] = [
    [null, /expected an object, got null/],
    [{ ...good, version: 2 }, /version: expected 1, got 2/],
    [{ ...good, fields: [{ name: "a", type: "text" }] }, /fields\[0\]\.type: expected a column type, got "text"/],
    [
      {
        ...good,
        fields: [
          { name: "a", type: "bool" },
          { name: "A", type: "bool" },
        ],
      },
      /fields\[1\]\.name/,
    ],
    [{ ...good, fields: [{ name: "a", type: "int64", big: 1 }] }, /fields\[0\]\.big/],
    [{ ...good, fields: [{ name: "a", type: "list" }] }, /fields\[0\]\.element: expected an object, got nothing/],
    [{ ...good, fields: [{ name: "a", type: "int64" }] }, /fingerprint/],
    [{ ...good, widenings: [{}] }, /widenings\[0\]\.path/],
  ];
  for (const [value, message] of bad) {
    assert.throws(
      () => fromDocument(value),
      (error) => error instanceof Failure && error.kind === "corrupt" && message.test(error.message),
    );
  }
});
