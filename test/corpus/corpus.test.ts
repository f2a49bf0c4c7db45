/** The corpus itself: names are unique, and the reference copes with all of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { foldPath } from "../../src/model/column-path.ts";
import { fingerprint, joinTypes, mergeSchemas } from "../../src/model/merge.ts";
import { seenNullOf, standInsOf } from "../../src/model/stand-in.ts";
import { type JsonValue, parseObject, Reject } from "../reference/json.ts";
import { splitLines } from "../reference/lines.ts";
import { parseFile, type ReferenceFile } from "../reference/parse.ts";
import { edgeCorpus } from "./corpus.ts";
import { type CorpusCase, settingsOf } from "./corpus-case.ts";
import { corpusDocument } from "./documents.ts";
import { runSettings } from "./runs.ts";

test("every case has a name of its own", () => {
  const names = edgeCorpus().map((entry) => entry.name);
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length > 200, `${names.length} cases`);
});

/** What must hold of the reference, checked against the model's merge, which it does not use. */
function check(entry: CorpusCase): ReferenceFile {
  const settings = settingsOf(entry);
  const file = parseFile(entry.file, settings);
  assert.deepEqual(file.standIns, standInsOf(file.schema));
  assert.deepEqual(file.seenNull, seenNullOf(file.schema));
  const merged = mergeSchemas(settings.known, file.schema, {
    conflicts: settings.conflicts,
    declared: settings.declared,
  });
  const clashes = mergeSchemas(settings.known, { fields: [] }, settings).conflicts.map(({ path }) => foldPath(path));
  const paths = (entries: readonly { path: string }[]): string[] =>
    entries
      .map((entry) => foldPath(entry.path))
      .filter((path) => !clashes.includes(path))
      .sort();
  assert.deepEqual(paths(merged.conflicts), paths(file.conflicts), "the merge finds the same conflicts");
  if (file.conflicts.length > 0) return file;
  // The file alone, merged, is the table's schema merged with what the file holds by itself.
  const alone = parseFile(entry.file, { ...settings, known: { fields: [] } });
  const joined = joinTypes(struct(settings.known.fields), struct(alone.schema.fields), settings.conflicts);
  if ("type" in joined && settings.declared.size === 0) {
    assert.ok(joined.type.kind === "struct");
    assert.equal(fingerprint(merged.schema), fingerprint({ fields: joined.type.fields }));
  }
  return file;
}

function struct(fields: ReferenceFile["schema"]["fields"]) {
  return { kind: "struct" as const, fields };
}

test("the reference agrees with the merge on the edge corpus", () => {
  let rows = 0;
  let rejects = 0;
  for (const entry of edgeCorpus()) {
    const file = check(entry);
    rows += file.rows.length;
    rejects += file.rejects.length;
  }
  assert.ok(rows > 100_000 && rejects > 2000, `${rows} rows, ${rejects} rejects`);
});

test("the reference agrees with the merge on random files", (t) => {
  const runs = runSettings(500);
  t.diagnostic(`seed ${runs.seed}`);
  let rows = 0;
  let rejects = 0;
  fc.assert(
    fc.property(corpusDocument, (entry) => {
      const file = check(entry);
      rows += file.rows.length;
      rejects += file.rejects.length;
    }),
    runs,
  );
  t.diagnostic(`${rows} rows, ${rejects} rejected lines`);
});

test("the reference accepts exactly the objects that JSON.parse accepts, with the same values", (t) => {
  const runs = runSettings(500);
  t.diagnostic(`seed ${runs.seed}`);
  let objects = 0;
  let others = 0;
  const compareLine = (text: string): void => {
    const expected = parseByEngine(text);
    let actual: JsonValue | undefined;
    try {
      actual = parseObject(text, Number.POSITIVE_INFINITY);
    } catch (error) {
      assert.ok(error instanceof Reject, String(error));
    }
    assert.equal(actual !== undefined, expected !== undefined, JSON.stringify(text));
    if (actual !== undefined) assert.deepEqual(toPlain(actual), expected);
    if (actual === undefined) others++;
    else objects++;
  };
  const compareFile = (file: Uint8Array): void => {
    for (const { bytes } of splitLines(file)) {
      if (bytes.length < 10_000) compareLine(new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes));
    }
  };
  for (const entry of edgeCorpus()) compareFile(entry.file);
  fc.assert(
    fc.property(corpusDocument, (entry) => compareFile(entry.file)),
    runs,
  );
  t.diagnostic(`${objects} objects, ${others} other lines`);
});

function parseByEngine(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? wellFormed(value) : undefined;
  } catch (error) {
    assert.ok(error instanceof SyntaxError);
    return undefined;
  }
}

/** Lone surrogates replaced in every string and key; of two equal keys the last one stays. */
function wellFormed(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== "object" || value === null) return value;
  return new Map(Object.entries(value).map(([key, inner]) => [key.toWellFormed(), wellFormed(inner)]));
}

function toPlain(value: JsonValue): unknown {
  switch (value.kind) {
    case "null":
      return null;
    case "bool":
      return value.value;
    case "number":
      return Number(value.raw);
    case "string":
      return value.text;
    case "array":
      return value.items.map(toPlain);
    case "object":
      return new Map(value.members.map((member) => [member.key, toPlain(member.value)]));
  }
}
