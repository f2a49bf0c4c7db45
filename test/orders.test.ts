/**
 * A table does not depend on the order in which its hours come: real and generated hours in several orders, with one
 * worker and with two, end as one table with nothing held back, the same schema and the same rows.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openGenerator } from "../sample/generator.ts";
import { Random } from "../sample/random.ts";
import { writeHour } from "../sample/write-hour.ts";
import { openApp } from "../src/app.ts";
import { readProject } from "../src/config/read.ts";
import { runSettings } from "./corpus/runs.ts";
import { realHours } from "./real/real.ts";

const day = "2021-07-21";
const startMs = Date.parse(`${day}T00:00:00Z`);
const hourMs = 3_600_000;

interface Outcome {
  readonly columns: string;
  readonly rows: readonly unknown[];
  /** Every partition's bytes, by its key. */
  readonly partitions: Readonly<Record<string, string>>;
}

/** The hours arrive in batches, one run after each; every run must leave one table that can be asked. */
async function build(
  hours: readonly string[],
  batches: readonly (readonly string[])[],
  workers: number,
): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-order-"));
  try {
    const archive = join(directory, "archive");
    mkdirSync(archive);
    const file = join(directory, "millrace.yaml");
    writeFileSync(
      file,
      `name: order
sources:
  hours: { url: "file://${archive}/{yyyy}-{MM}-{dd}-{H}.json.gz", object: "hours/{yyyy}-{MM}-{dd}-{HH}.json.gz", every: hour,
    since: ${day}T00:00:00Z, until: "${new Date(startMs + 24 * hourMs).toISOString()}", retry: 0 }
tables:
  events: { from: hours }
`,
    );
    let held = 0;
    for (const [at, batch] of batches.entries()) {
      for (const hour of batch) copyFileSync(hour, join(archive, hour.slice(hour.lastIndexOf("/") + 1)));
      const clock = (): number => startMs + (30 + 20 * at) * 24 * hourMs;
      const app = await openApp(readProject({ file, environment: {} }), { workers, clock });
      try {
        const { waiting, failures } = await app.run();
        assert.deepEqual(failures, []);
        held += waiting.filter(({ kind }) => kind !== "gap").length;
        if (at < batches.length - 1) continue;
        const columns = (await app.schema("events")).columns
          .map(({ path, typeText }) => `${path} ${typeText}`)
          .join("\n");
        const rows: unknown[] = [];
        const answer = await app.query(
          "select src, type, count(*), count(payload.action), count(org.login), min(id), max(id), sum(payload.size) from events group by all order by all",
        );
        for await (const part of answer.rows()) rows.push(...part);
        await answer.close();
        assert.equal(held, 0);
        return { columns, rows, partitions: partitionsOf(join(directory, "lake", "tables", "events")) };
      } finally {
        await app.close();
      }
    }
    throw new Error(`nothing was built of ${hours.length} hours`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function partitionsOf(table: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(table).filter((entry) => entry.startsWith("src="))) {
    found[name] = createHash("sha256")
      .update(readFileSync(join(table, name, "data.parquet")))
      .digest("hex");
  }
  return found;
}

function shuffled<T>(random: Random, list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, key: random.bits() }))
    .sort((left, right) => left.key - right.key)
    .map(({ item }) => item);
}

/** The order cut into one to four batches, none of them empty. */
function cut<T>(random: Random, list: readonly T[]): T[][] {
  const batches: T[][] = [[]];
  for (const item of list) {
    const last = batches.at(-1);
    if (last === undefined || (last.length > 0 && batches.length < 4 && random.chance(0.6))) batches.push([item]);
    else last.push(item);
  }
  return batches;
}

async function checkOrders(t: TestContext, hours: readonly string[]): Promise<void> {
  const { seed, numRuns } = runSettings(3);
  const orders = Math.min(numRuns, 40);
  t.diagnostic(`FC_SEED=${seed}, ${hours.length} hours`);
  const reference = await build(hours, [hours], 0);
  assert.ok(reference.rows.length > 0);
  for (let order = 0; order < orders; order++) {
    const random = new Random(seed + order);
    const batches = order === 0 ? hours.toReversed().map((hour) => [hour]) : cut(random, shuffled(random, hours));
    const found = await build(hours, batches, 1 + (order % 2));
    const told = batches.map((batch) => batch.map((hour) => /-(\d+)\.json/.exec(hour)?.[1]).join(" ")).join(" | ");
    assert.equal(found.columns, reference.columns, told);
    assert.deepEqual(found.rows, reference.rows, told);
    assert.deepEqual(found.partitions, reference.partitions, told);
  }
}

async function generatedHours(directory: string, hours: readonly number[]): Promise<string[]> {
  const generator = openGenerator({ seed: 13, eventsPerHour: 40, noOrgHours: 3 });
  return Promise.all(
    hours.map(
      async (hour) =>
        (await writeHour(generator, startMs + hour * hourMs, join(directory, `${day}-${hour}.json.gz`))).file,
    ),
  );
}

test("generated hours of one day in every order", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "millrace-hours-"));
  try {
    await checkOrders(t, await generatedHours(directory, [3, 4, 5, 9, 12]));
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("real hours among generated ones in every order", async (t) => {
  const real = realHours(t);
  if (real === undefined) return;
  const files = real.files.filter((name) => name.startsWith(`${day}-`));
  assert.ok(files.length > 0, `no hour of ${day} in ${real.directory}`);
  const directory = mkdtempSync(join(tmpdir(), "millrace-hours-"));
  try {
    for (const name of files) cpSync(join(real.directory, name), join(directory, name));
    const generated = await generatedHours(directory, [5, 8, 12]);
    await checkOrders(t, [...files.map((name) => join(directory, name)), ...generated]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
