/** What a run does on stores that must be refused, and on the same ones when nobody else writes. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { ListObjectsV2Command } from "@aws-sdk/client-s3";
import type { App } from "../../src/answers.ts";
import { openApp } from "../../src/app.ts";
import { readProject } from "../../src/config/read.ts";
import { exitCodeOf, Failure } from "../../src/errors.ts";
import type { Event } from "../../src/model/events.ts";
import { startS3Proxy } from "../faults/s3-proxy.ts";
import { clientOf, type S3Server, startS3proxy, startS3rver, startVersitygw } from "../real/s3-servers.ts";

const three = { raw: "s3://gha-raw/x", tables: "s3://gha-tables", marts: "s3://gha-marts" } as const;
/** Places in one bucket are tested once. */
const one = { raw: "s3://gha/raw", tables: "s3://gha/tables", marts: "s3://gha/marts" } as const;
const nowMs = Date.parse("2026-03-01T01:30:00Z");

interface Site {
  /** A process of its own each time. */
  withApp<T>(writers: "several" | "one", work: (app: App) => Promise<T>): Promise<T>;
  keys(): Promise<readonly string[]>;
  readonly notes: string;
}

async function siteOn(
  context: TestContext,
  server: S3Server,
  {
    places = one,
    endpoint = server.endpoint,
  }: { readonly places?: typeof one | typeof three; readonly endpoint?: string } = {},
): Promise<Site> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-refusal-"));
  const client = clientOf(server);
  context.after(() => {
    client.destroy();
    rmSync(directory, { recursive: true, force: true });
  });
  const buckets = [...new Set(Object.values(places).map((place) => place.split("/")[2] ?? ""))];
  for (const name of buckets) await server.createBucket(name);
  mkdirSync(join(directory, "in"));
  writeFileSync(
    join(directory, "in", "2026-03-01-0.json.gz"),
    gzipSync('{"type":"Push","id":1}\n{"type":"Fork","id":2}\n'),
  );
  writeFileSync(join(directory, "access"), server.accessKey);
  writeFileSync(join(directory, "secret"), server.secretKey);
  const project = (writers: string): string => {
    const file = join(directory, `${writers}.yaml`);
    writeFileSync(
      file,
      `name: gha
lake: { raw: ${places.raw}, tables: ${places.tables}, marts: ${places.marts}, writers: ${writers} }
s3: { endpoint: "${endpoint}", access_key: "file:access", secret_key: "file:secret" }
sources:
  hours:
    url: "file://${directory}/in/{yyyy}-{MM}-{dd}-{H}.json.gz"
    object: "hours/{yyyy}/{MM}/{dd}/{HH}.json.gz"
    every: hour
    since: 2026-03-01
tables: { events: { from: hours } }
marts: { pushes: { from: events, select: id } }
`,
    );
    return file;
  };
  return {
    async withApp(writers, work) {
      const app = await openApp(readProject({ file: project(writers), environment: {} }), {
        workers: 0,
        version: "1.2.3",
        clock: () => nowMs,
      });
      try {
        return await work(app);
      } finally {
        await app.close();
      }
    },
    async keys() {
      const found: string[] = [];
      for (const name of buckets) {
        const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: name }));
        found.push(...Contents.map(({ Key = "" }) => Key));
      }
      return found;
    },
    notes: join(directory, ".millrace", "stores.json"),
  };
}

async function refusedRun(site: Site, writers: "several" | "one"): Promise<Failure> {
  const error: unknown = await site.withApp(writers, (app) =>
    app.run().then(
      () => undefined,
      (thrown: unknown) => thrown,
    ),
  );
  assert.ok(error instanceof Failure, `was not refused: ${String(error)}`);
  assert.equal(exitCodeOf(error), 5);
  return error;
}

test("s3proxy: refused for several writers, used by one", async (context) => {
  const server = await startS3proxy(context);
  if (server === undefined) return;
  context.after(() => server.stop());
  const site = await siteOn(context, server);

  await context.test("commands that only look neither test nor write", async () => {
    await site.withApp("several", async (app) => {
      const plan = await app.plan();
      assert.ok(plan.steps.length > 0);
      await app.status();
    });
    assert.deepEqual(await site.keys(), []);
    assert.equal(existsSync(site.notes), false);
  });

  await context.test("a run is refused before it writes, and says what was seen", async () => {
    const failure = await refusedRun(site, "several");
    assert.match(failure.message, /^s3:\/\/gha\/raw: the store does not keep several writers apart/);
    assert.match(failure.detail.remedy ?? "", /lake\.writers to one/);
    const others = failure.detail.others?.map(({ message }) => message) ?? [];
    assert.match(others.join("\n"), /If-Match, raced: 20 rounds of 8 writers: \d+ rounds? had/);
    assert.deepEqual(await site.keys(), []);
  });

  await context.test("acknowledging a gap is a write, too", async () => {
    const acknowledge = site.withApp("several", (app) => app.acknowledge("hours", ["2026-03-01-01"]));
    await assert.rejects(acknowledge, /several writers/);
    assert.deepEqual(await site.keys(), []);
  });

  await context.test("one writer does its work; the store is tested once", async () => {
    const events: Event[] = [];
    const run = () => site.withApp("one", (app) => app.run({ report: (event) => void events.push(event) }));
    const first = await run();
    assert.equal(first.stages.collect.done + first.stages.convert.done + first.stages.marts.done, 3);
    assert.equal(events.filter(({ code }) => code === "store.tested").length, 1);
    assert.ok((await site.keys()).includes("raw/hours/2026/03/01/00.json.gz"));
    const { stores } = JSON.parse(readFileSync(site.notes, "utf8"));
    assert.deepEqual(
      stores.map((note: { store: string; writers: string; millrace: string }) => [
        note.store,
        note.writers,
        note.millrace,
      ]),
      [[`${server.endpoint} gha`, "one", "1.2.3"]],
    );
    events.length = 0;
    await site.withApp("one", (app) =>
      app.run({ report: (event) => void events.push(event), only: "marts", rerun: true, select: () => true }),
    );
    assert.deepEqual(
      events.filter(({ code }) => code === "store.tested"),
      [],
    );
  });

  await context.test("what was found good for one is not good for several", async () => {
    const rerun = site.withApp("several", (app) => app.run({ only: "marts", rerun: true, select: () => true }));
    await assert.rejects(rerun, /several writers/);
  });
});

test("s3rver cannot hold a lake, whoever writes", async (context) => {
  const server = await startS3rver(context);
  if (server === undefined) return;
  context.after(() => server.stop());
  const site = await siteOn(context, server);
  for (const writers of ["one", "several"] as const) {
    const failure = await refusedRun(site, writers);
    assert.match(failure.message, /the store does not keep what a lake needs$/);
    const others = failure.detail.others?.map(({ message }) => message).join("\n") ?? "";
    assert.match(others, /ranges: /);
    assert.match(others, /listing by pages: /);
    assert.equal(/If-None-Match: the condition is ignored/.test(others), writers === "several");
    assert.deepEqual(await site.keys(), []);
  }
});

test("a run tests only the places that it writes to, and a pass that finds nothing due tests none", async (context) => {
  const server = await startVersitygw(context);
  if (server === undefined) return;
  const proxy = await startS3Proxy(server);
  context.after(async () => {
    await proxy.stop();
    await server.stop();
  });
  const site = await siteOn(context, server, { places: three, endpoint: proxy.endpoint });
  const events: Event[] = [];
  const run = (only?: "collect") =>
    site.withApp("several", (app) =>
      app.run({ report: (event) => void events.push(event), ...(only === undefined ? {} : { only }) }),
    );
  const tested = (): readonly string[] =>
    events.splice(0).flatMap((event) => (event.code === "store.tested" ? [event.place] : []));
  assert.equal((await run("collect")).exitCode, 0);
  assert.deepEqual(tested(), ["s3://gha-raw/x"]);
  assert.equal((await run()).exitCode, 0);
  assert.deepEqual(tested().toSorted(), ["s3://gha-marts", "s3://gha-tables"]);
  rmSync(site.notes);
  proxy.resetCounts();
  await run();
  assert.deepEqual(tested(), []);
  assert.deepEqual([proxy.counts.put, proxy.counts.delete, proxy.counts.upload], [0, 0, 0]);
  assert.equal(existsSync(site.notes), false);
});
