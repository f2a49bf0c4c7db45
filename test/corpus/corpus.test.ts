/** The corpus itself: names are unique, and the reference copes with all of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fingerprint, joinTypes, mergeSchemas } from "../../src/model/merge.ts";
import { seenNullOf, standInsOf } from "../../src/model/stand-in.ts";
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
  const clashes = mergeSchemas(settings.known, { fields: [] }, settings).conflicts.map(({ path }) =>
    path.toLowerCase(),
  );
  const paths = (entries: readonly { path: string }[]): string[] =>
    entries
      .map((entry) => entry.path.toLowerCase())
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
