import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { test } from "node:test";
import { failsAs } from "../../test/contract/catalog-record.ts";
import type { HiveSettings } from "../model/project.ts";
import { localStorage } from "../storage/local.ts";
import { memoryStorage } from "../storage/memory.ts";
import { openCatalog } from "./open.ts";

const settings: HiveSettings = {
  kind: "hive",
  hosts: [{ host: "127.0.0.1", port: 1 }],
  database: "gha",
  location: undefined,
  tables: false,
  owner: "me",
  transport: "buffered",
  connectMs: 1000,
  callMs: 1000,
};

const place = (name: string) => localStorage({ path: `/nowhere/${name}`, name });
const context = { tables: place("tables"), databaseOf: () => undefined };

test("opening a metastore asks nobody and loads nothing of it; the first question does", async () => {
  const catalog = openCatalog(place("marts"), settings, context);
  assert.equal(catalog.registersItself, false);
  assert.equal(catalog.tables, undefined);
  await catalog.close();
  const asking = openCatalog(place("marts"), { ...settings, tables: true }, context);
  await assert.rejects(asking.registered(["activity"]), failsAs("unavailable", /refuses connections/));
  await assert.rejects(asking.tables?.registered("events") ?? assert.fail("no tables"), failsAs("unavailable"));
  await asking.close();
  await asking.close();
});

test("nothing is imported of the metastore's client before it is needed", () => {
  const seen = new Set<string>();
  const walk = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, "utf8");
    const statement = /^\s*(?:import|export)\s+(?!type\s)[^"';]*?from\s+"(\.[^"]+)"/gm;
    for (const [, path] of text.matchAll(statement)) walk(resolve(dirname(file), path ?? ""));
  };
  walk(resolve(import.meta.dirname, "open.ts"));
  assert.ok(seen.size > 3);
  assert.deepEqual(
    [...seen].filter((file) => /\/src\/thrift\/|\/catalog\/hive\//.test(file)),
    [],
  );
});

test("a lake that only this process knows cannot be shown by a metastore", () => {
  assert.throws(() => openCatalog(memoryStorage(), settings, context), failsAs("usage", /no other program can open/));
  assert.equal(openCatalog(memoryStorage(), { kind: "embedded" }, context).registersItself, true);
});
