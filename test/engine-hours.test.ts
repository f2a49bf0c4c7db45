/** The embedded engine over hours that our converter wrote, against `JSON.parse` of the same lines. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { openGenerator } from "../sample/generator.ts";
import { writeHour } from "../sample/write-hour.ts";
import type { Engine, QueryValue, TableInput } from "../src/engine/contract.ts";
import { openEngine } from "../src/engine/open.ts";
import { hourMs } from "../src/model/calendar.ts";
import { readResult, rowsOf } from "./contract/engine.ts";
import { inputFile, partitioned } from "./contract/engine-inputs.ts";
import { type ConvertedHours, convertHours } from "./converted-hours.ts";
import { realHours } from "./real/real.ts";

let engine: Engine;
let folder: string;
let directories = 0;

before(() => {
  engine = openEngine({ kind: "duckdb", threads: 2, memoryBytes: 500_000_000 });
  folder = mkdtempSync(join(tmpdir(), "millrace-hours-"));
});

after(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const directory = (): string => mkdtempSync(join(folder, `${++directories}-`));

function tableOf(hours: ConvertedHours): ReadonlyMap<string, TableInput> {
  return new Map([
    [
      "events",
      partitioned(
        hours.schema,
        hours.parts.map(({ path, src }) => inputFile(path, src)),
      ),
    ],
  ]);
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

function linesOf(file: string): Json[] {
  return gunzipSync(readFileSync(file))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** The value at a path, null where any step is missing. */
function at(value: Json, ...path: readonly string[]): Json {
  let found: Json = value;
  for (const name of path) {
    found =
      typeof found === "object" && found !== null && !Array.isArray(found)
        ? (Object.entries(found).find(([key]) => key === name)?.[1] ?? null)
        : null;
  }
  return found;
}

const REFERENCE =
  "select actor.login as actor, actor.display_login as actor_display, org.login as org, repo.name as repo, type, " +
  "payload.action, src from events";

interface Hour {
  readonly src: string;
  readonly file: string;
}

async function checkHours(hours: readonly Hour[]): Promise<void> {
  const converted = await convertHours(hours, directory());
  const tables = tableOf(converted);
  const result = await engine.select({
    ...{ sql: REFERENCE, tables, scratch: directory(), directory: directory(), compression: "zstd" },
  });
  const expected = hours.flatMap(({ file, src }) =>
    linesOf(file).map((line) => ({
      actor: at(line, "actor", "login"),
      actor_display: at(line, "actor", "display_login"),
      org: at(line, "org", "login"),
      repo: at(line, "repo", "name"),
      type: at(line, "type"),
      action: at(line, "payload", "action"),
      src,
    })),
  );
  assert.deepEqual(await readResult(result), expected);
  await checkCounts(tables, hours);
}

/** What is null and what is not, deep inside; and the same over more partitions than one statement binds. */
async function checkCounts(tables: ReadonlyMap<string, TableInput>, hours: readonly Hour[]): Promise<void> {
  const sql = `select src, count(*), count(payload), count(payload.pull_request), count(payload.pull_request.base.repo.id),
    sum(payload.pull_request.base.repo.id), count(org) from events group by src order by src`;
  const expected: QueryValue[][] = hours.map(({ file, src }) => {
    const lines = linesOf(file);
    const counts = (...path: string[]): bigint => BigInt(lines.filter((line) => at(line, ...path) !== null).length);
    const base = ["payload", "pull_request", "base", "repo", "id"];
    const sum = lines.reduce((total, line) => total + BigInt(Number(at(line, ...base) ?? 0)), 0n);
    const repositories = counts(...base);
    return [
      ...[src, BigInt(lines.length), counts("payload"), counts("payload", "pull_request"), repositories],
      ...[repositories === 0n ? null : sum, counts("org")],
    ];
  });
  assert.deepEqual(await rowsOf(engine, sql, tables, directory()), expected);
  const table = tables.get("events") ?? assert.fail();
  const copies = Math.ceil(66 / hours.length);
  const files = async () => {
    const some = await table.files();
    return Array.from({ length: copies }, (_, copy) =>
      some.map((file) => ({ ...file, src: `${file.src}/${copy}` })),
    ).flat();
  };
  const many = new Map([["events", { ...table, files }]]);
  const rows = await rowsOf(engine, sql, many, directory());
  assert.deepEqual(
    rows.map(([, ...counts]) => counts),
    expected.flatMap(([, ...counts]) => Array.from({ length: copies }, () => counts)),
  );
}

test("generated hours, of which one has no organisation", async () => {
  const generator = openGenerator({ seed: 11, eventsPerHour: 60, noOrgHours: 2 });
  const place = directory();
  const hours: Hour[] = [];
  for (const hour of [0, 1, 2]) {
    const startMs = Date.parse("2023-02-08T12:00:00Z") + hour * hourMs;
    const file = join(place, `${hour}.json.gz`);
    await writeHour(generator, startMs, file);
    hours.push({ src: `2023-02-08-${12 + hour}`, file });
  }
  await checkHours(hours);
});

test("real hours", async (context) => {
  const found = realHours(context);
  if (found === undefined) return;
  const hours = found.files.map((name) => {
    const [day, hour] = [name.slice(0, 10), name.slice(11).replace(".json.gz", "")];
    return { src: `${day}-${hour.padStart(2, "0")}`, file: join(found.directory, name) };
  });
  await checkHours(hours);
});
