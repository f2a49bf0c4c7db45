/** What `plan` says of tables that Spark shall convert and never will; and that nobody converts with Spark without a server. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openApp } from "../../src/app.ts";
import { renderPlan } from "../../src/cli/terminal/plan-report.ts";
import { readProject } from "../../src/config/read.ts";
import type { Project } from "../../src/model/project.ts";

function project(context: TestContext, engine: string, table: string): Project {
  const directory = mkdtempSync(join(tmpdir(), "millrace-convert-plan-"));
  context.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "millrace.yaml");
  writeFileSync(
    file,
    `name: t
engine: ${engine}
sources:
  a: { url: "file:///nowhere/{yyyy}-{MM}-{dd}-{H}.gz", since: 2026-03-01T00:00:00Z, until: 2026-03-01T01:00:00Z }
tables:
  events: { from: a, ${table} }
`,
  );
  return readProject({ file, environment: {} });
}

const spark = '{ spark: { url: "sc://127.0.0.1:1" } }';

async function warnings(project: Project): Promise<readonly string[]> {
  const app = await openApp(project, { workers: 0 });
  try {
    const plan = await app.plan();
    const paint = { accent: String, quiet: String, alarm: String };
    const shown = renderPlan(plan, { project, widenings: new Map() }, { width: 200, paint });
    for (const text of plan.warnings ?? []) assert.ok(shown.includes(`  ! ${text}`), shown.join("\n"));
    return plan.warnings ?? [];
  } finally {
    await app.close();
  }
}

test("plan warns of a table from which Spark gets nothing", async (context) => {
  assert.deepEqual(await warnings(project(context, spark, "convert: spark, columns: { t: timestamp, s: string }")), [
    "tables.events.convert: spark is of no use, since the column t is declared as timestamp, and Spark knows fewer ways to write an instant",
  ]);
  assert.match(
    (await warnings(project(context, spark, "convert: spark, duplicate_keys: last")))[0] ?? "",
    /^tables\.events\.convert: spark is of no use, since duplicate_keys is last/,
  );
  assert.deepEqual(await warnings(project(context, spark, "convert: spark")), []);
  assert.deepEqual(await warnings(project(context, spark, "convert: native, columns: { t: timestamp }")), []);
});

test("convert: spark without a Spark server is a mistake of the project file", (context) => {
  assert.throws(() => project(context, "{ threads: 1 }", "convert: spark"), {
    kind: "usage",
    message: /tables\.events\.convert: spark, and the project has no Spark server/,
  });
});
