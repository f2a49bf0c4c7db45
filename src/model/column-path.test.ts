import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { anySchema, columnName } from "../../test/corpus/schemas.ts";
import { Failure } from "../errors.ts";
import {
  columnAt,
  decodeName,
  ELEMENT,
  encodeName,
  foldName,
  foldPath,
  formatPath,
  leafPaths,
  leaves,
  parsePath,
} from "./column-path.ts";

const runs = runSettings(2000);

test("K3 what a metastore cannot carry is written %HH, and the empty key is %", () => {
  assert.equal(encodeName(",:;<>`%"), "%2C%3A%3B%3C%3E%60%25");
  assert.equal(encodeName("\u0000\u001f\u007f\u0080"), "%00%1F%7F\u0080");
  assert.equal(encodeName(""), "%");
  assert.equal(encodeName("+1 a-b é 😀 \"'.[]"), "+1 a-b é 😀 \"'.[]");
});

test("K3 encoding can be undone, and different keys get different names", (t) => {
  t.diagnostic(`seed ${runs.seed}`);
  const key = fc.string({
    unit: fc.oneof(fc.constantFrom(..."%,:;<>`\u0000\u001f\u007f2C"), fc.string({ minLength: 1, maxLength: 1 })),
  });
  fc.assert(
    fc.property(key, (k) => decodeName(encodeName(k)) === k),
    runs,
  );
});

test("K1 names fold by the decoded key", () => {
  assert.equal(foldName("ΑΣ%3Ab"), foldName("ασ%3AB"));
  assert.equal(foldName("A%2CB"), foldName("a%2cb"));
  for (const name of ["%", "%25", "A%2CB", "ΑΣ%3Ab", "İ"]) assert.equal(foldName(foldName(name)), foldName(name));
  assert.notEqual(foldName("%"), foldName("%25"));
});

test("paths are written with escapes and read back", (t) => {
  t.diagnostic(`seed ${runs.seed}`);
  assert.equal(formatPath(["payload", "commits", ELEMENT, "sha"]), "payload.commits.[].sha");
  assert.equal(formatPath(["a.b", "c\\d", "[]", ELEMENT]), "a\\.b.c\\\\d.\\[].[]");
  const step = fc.oneof(columnName, fc.string({ minLength: 1 }), fc.constant(ELEMENT));
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), (path) =>
      assert.deepEqual(parsePath(formatPath(path)), path),
    ),
    runs,
  );
});

test("a path that names nothing is refused", () => {
  for (const text of ["", ".", "a.", ".a", "a..b", "a\\"]) {
    assert.throws(
      () => parsePath(text),
      (error) => error instanceof Failure && error.kind === "usage",
      text,
    );
  }
});

test("paths fold name by name", () => {
  assert.equal(foldPath("ΑΣ.B"), "ας.b", "the dot after a sigma is no letter of the same word");
});

test("columnAt finds every leaf in any spelling and nothing else", (t) => {
  t.diagnostic(`seed ${runs.seed}`);
  fc.assert(
    fc.property(anySchema, (schema) => {
      for (const leaf of leaves(schema)) {
        assert.deepEqual(columnAt(schema, leaf.path), leaf.type);
        assert.deepEqual(columnAt(schema, foldPath(leaf.path)), leaf.type);
        assert.equal(columnAt(schema, `${leaf.path}.nothing`), undefined);
      }
      assert.equal(new Set(leafPaths(schema).map(foldPath)).size, leafPaths(schema).length);
    }),
    runs,
  );
});
