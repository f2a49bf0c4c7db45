/**
 * Publishes one version of a mart after the other: `node replacer.ts PROJECT MART FROM TO`. Version n has n in every row
 * and a number of rows that only n has, so that a reader notices a mixture.
 */
import { writeSync } from "node:fs";
import { openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";
import { startMs } from "./small-lake.ts";

const [file = "", name = "", from = "", to = ""] = process.argv.slice(2);
const project = readProject({ file, environment: {} });
const mart = project.marts.get(name);
if (mart === undefined) throw new Error(`no mart ${name}`);
for (let version = Number(from); version <= Number(to); version++) {
  const sql = `select ${version} as version, numbers.range as row from range(${1000 + version}) as numbers`;
  const marts = new Map([
    [name, { ...mart, sql, statements: { duckdb: sql, spark: sql }, projection: undefined, checks: [] }],
  ]);
  const app = await openApp({ ...project, marts }, { workers: 0, clock: () => startMs });
  const { exitCode, stages, failures } = await app.run({ only: "marts" });
  await app.close();
  if (exitCode !== 0 || stages.marts.done !== 1) throw new Error(`version ${version}: ${JSON.stringify(failures)}`);
  writeSync(1, `${version}\n`);
}
