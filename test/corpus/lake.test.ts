/**
 * What the schema's rules promise a lake: whatever files come in whatever order, one round of re-conversion of the files
 * that are narrower makes every file readable by the table's schema, and the schema does not depend on the order.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { columnAt, formatPath } from "../../src/model/column-path.ts";
import { fingerprint, mergeSchemas, narrowerPaths } from "../../src/model/merge.ts";
import type { ColumnType, Field, Schema } from "../../src/model/schema.ts";
import { boundSchema, storedSchema } from "../../src/model/stand-in.ts";
import { describeType } from "../../src/model/type-text.ts";
import { parseFile, type ReferenceSettings } from "../reference/parse.ts";
import { type CorpusCase, settingsOf } from "./corpus-case.ts";
import { corpusDocument } from "./documents.ts";
import { runSettings } from "./runs.ts";

const options = { conflicts: "text" as const, declared: new Map() };

function settingsWith(entry: CorpusCase, known: Schema): ReferenceSettings {
  return {
    ...settingsOf({ ...entry, settings: { ...entry.settings, declared: new Map() } }),
    conflicts: "text",
    known,
  };
}

function arrive(files: readonly CorpusCase[]): { readonly table: Schema; readonly written: readonly Schema[] } {
  let table: Schema = { fields: [] };
  const written = files.map((entry) => {
    const { schema } = parseFile(entry.file, settingsWith(entry, table));
    table = mergeSchemas(table, schema, options).schema;
    return schema;
  });
  return { table, written };
}

/** The stored columns that a reader with the table's schema could not read as they are. */
function unreadable(file: Schema, table: Schema): string[] {
  const bound = boundSchema(table);
  const visit = (path: readonly string[], type: ColumnType): string[] => {
    const wanted = columnAt(bound, path.join("."));
    if (type.kind === "struct" && wanted?.kind === "struct") {
      return type.fields.flatMap((field) => visit([...path, formatPath([field.name])], field.type));
    }
    if (type.kind === "list" && wanted?.kind === "list") return visit([...path, "[]"], type.element);
    return type.kind === wanted?.kind ? [] : [`${path.join(".")} ${describeType(type)}`];
  };
  return storedSchema(file).fields.flatMap((field: Field) => visit([formatPath([field.name])], field.type));
}

test("one round of re-conversion settles a lake, in any order of arrival", (t) => {
  const runs = runSettings(400);
  t.diagnostic(`seed ${runs.seed}`);
  let converted = 0;
  let again = 0;
  fc.assert(
    fc.property(fc.array(corpusDocument, { minLength: 2, maxLength: 4 }), (files) => {
      const { table, written } = arrive(files);
      assert.equal(fingerprint(arrive(files.toReversed()).table), fingerprint(table), "the order does not matter");
      for (const [index, entry] of files.entries()) {
        converted++;
        let schema = written[index] ?? { fields: [] };
        if (narrowerPaths(schema, table).length > 0) {
          again++;
          schema = parseFile(entry.file, settingsWith(entry, table)).schema;
          assert.deepEqual(narrowerPaths(schema, table), [], "it is not converted a third time");
          assert.equal(
            fingerprint(mergeSchemas(table, schema, options).schema),
            fingerprint(table),
            "and tells nothing new",
          );
        }
        assert.deepEqual(unreadable(schema, table), []);
      }
    }),
    runs,
  );
  t.diagnostic(`${converted} files, ${again} of them converted again`);
});
