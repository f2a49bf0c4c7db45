/**
 * Real hours of the archive (generated ones where there are none) as one lake on a disk, with the same marts built by both
 * engines: columns, types and rows are equal, to the last one.
 */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { openGenerator } from "../../sample/generator.ts";
import { writeHour } from "../../sample/write-hour.ts";
import { openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";
import { hourMs } from "../../src/model/calendar.ts";
import { describeColumnType } from "../../src/model/column-type-text.ts";
import { realHours } from "../real/real.ts";
import { sparkServer } from "../real/spark-server.ts";

const startMs = Date.parse("2026-03-01T00:00:00Z");

/** Statements of the portable subset, deep and wide. */
const marts: Readonly<Record<string, string>> = {
  activity:
    "select actor.login as actor, actor.display_login as actor_display, org.login as org, repo.name as repo, type, payload.action, src from events",
  hourly: "select src, type, count(*) as events, count(distinct actor.login) as actors from events group by src, type",
  repositories: `with pushes as (
    select repo.name as repo, actor.login as actor, count(*) as pushes, sum(payload.size) as commits
    from events where type = 'PushEvent' group by repo.name, actor.login
  )
  select repo, count(*) as actors, sum(pushes) as pushes, sum(commits) as commits, max(actor) as last_actor
  from pushes group by repo having count(*) >= 1`,
  depths: `select src, count(payload) as payloads, count(payload.pull_request) as pulls,
    count(payload.pull_request.base.repo.id) as bases, sum(payload.pull_request.base.repo.id) as ids, count(org) as orgs
    from events group by src`,
  pairs: `select a.actor, a.type as first_type, b.type as second_type, count(*) as times
    from (select actor.login as actor, type, src from events where org is not null) a
    join (select actor.login as actor, type, src from events where org is not null) b
      on a.actor = b.actor and a.src = b.src and a.type < b.type
    group by a.actor, a.type, b.type`,
};

/** Names the hours as the calendar of the test wants them: one behind the other. */
async function archiveOf(context: TestContext, directory: string): Promise<number> {
  mkdirSync(directory);
  const found = process.env.MILLRACE_REAL_HOURS === undefined ? undefined : realHours(context);
  if (found !== undefined) {
    for (const [at, name] of found.files.entries())
      copyFileSync(join(found.directory, name), join(directory, `2026-03-01-${at}.json.gz`));
    return found.files.length;
  }
  const generator = openGenerator({ seed: 11, eventsPerHour: 500, noOrgHours: 2 });
  for (const hour of [0, 1, 2])
    await writeHour(generator, startMs + hour * hourMs, join(directory, `2026-03-01-${hour}.json.gz`));
  return 3;
}

const projectText = (hours: number): string => `name: hours
sources:
  archive:
    url: "file://\${ARCHIVE}/{yyyy}-{MM}-{dd}-{H}.json.gz"
    since: 2026-03-01T00:00:00Z
    until: ${new Date(startMs + hours * hourMs).toISOString()}
tables:
  events:
    from: archive
    on_widen: rewrite
    columns: { org.login: string, actor.display_login: string, payload.action: string, payload.size: int64, payload.pull_request.base.repo.id: int64 }
marts:
${Object.entries(marts)
  .map(([name, sql]) => `  ${name}: { sql: ${JSON.stringify(sql)} }`)
  .join("\n")}
`;

/** Per mart: its columns with types, then its rows in some order. */
type Built = ReadonlyMap<string, readonly string[]>;

async function build(directory: string, environment: Readonly<Record<string, string>>): Promise<Built> {
  const project = readProject({
    file: join(directory, "millrace.yaml"),
    environment: { ARCHIVE: join(directory, "archive"), ...environment },
  });
  const app = await openApp(project, { clock: () => startMs + 48 * hourMs, workers: 0 });
  try {
    const { failures, exitCode } = await app.run();
    assert.deepEqual([failures, exitCode], [[], 0]);
    const built = new Map<string, readonly string[]>();
    for (const name of project.marts.keys()) {
      const answer = await app.query(`select * from ${name}`);
      const columns = answer.columns.map((column) => `${column.name} ${describeColumnType(column.type)}`);
      const rows: string[] = [];
      for await (const batch of answer.rows()) {
        for (const row of batch)
          rows.push(JSON.stringify(row, (_key, value: unknown) => (typeof value === "bigint" ? `${value}n` : value)));
      }
      await answer.close();
      built.set(name, [columns.join(", "), ...rows.sort()]);
    }
    return built;
  } finally {
    await app.close();
  }
}

test("marts over hours are the same on both engines", async (context) => {
  const server = await sparkServer(context);
  if (server === undefined) return;
  const directory = mkdtempSync(join(tmpdir(), "millrace-spark-hours-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const hours = await archiveOf(context, join(directory, "archive"));
  writeFileSync(join(directory, "millrace.yaml"), projectText(hours));
  const embedded = await build(directory, {});
  const spark = await build(directory, {
    MILLRACE_ENGINE__SPARK__URL: server.url,
    MILLRACE_LAKE__MARTS: "lake/marts-of-spark",
  });
  for (const [name, rows] of embedded) {
    assert.ok(rows.length > 1, `${name} has rows`);
    assert.equal(spark.get(name)?.length, rows.length, name);
    assert.deepEqual(spark.get(name)?.slice(0, 3), rows.slice(0, 3), name);
    assert.ok(
      spark.get(name)?.every((row, at) => row === rows[at]),
      name,
    );
    context.diagnostic(`${name}: ${rows.length - 1} rows of ${hours} hours`);
  }
});
