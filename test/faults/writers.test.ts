/** Several writers at once on one lake: they share the work, and nothing is fetched or converted twice but for a few meetings. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import test from "node:test";
import { gzipSync } from "node:zlib";
import { openApp } from "../../src/app.ts";
import type { Event } from "../../src/model/events.ts";
import { parseKeyPattern } from "../../src/model/key-pattern.ts";
import { makeProject, makeSource, makeTable } from "../make.ts";
import { makeSmallLake } from "./small-lake.ts";

const hours = 48;
const firstMs = Date.parse("2026-02-01T00:00:00Z");

test("writers that begin together share a backlog", async () => {
  const asked = new Map<string, number>();
  const server = createServer((request, response) => {
    const name = request.url ?? "";
    asked.set(name, (asked.get(name) ?? 0) + 1);
    // Long enough that a download is under way when the other writer looks.
    setTimeout(() => response.end(gzipSync(`{"id":"${name}"}\n`)), 10);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const lake = makeSmallLake();
  const location = {
    kind: "http",
    base: `http://127.0.0.1:${address.port}`,
    pattern: parseKeyPattern("{yyyy}-{MM}-{dd}-{H}.json.gz", "hour", "source"),
  } as const;
  const source = makeSource({
    name: "hours",
    locations: [location],
    parallel: 2,
    since: { kind: "at", ms: firstMs, text: "" },
    untilMs: firstMs + hours * 3_600_000,
  });
  const project = makeProject(lake.directory, { sources: [source], tables: [makeTable({ from: "hours" })] });
  const converted: string[] = [];
  const report = (event: Event): void => {
    if (event.code === "convert.done") converted.push(event.key);
  };
  try {
    const apps = await Promise.all(
      ["a", "b"].map((name) =>
        // Each machine has an index of its own.
        openApp(
          { ...project, directory: `${lake.directory}/${name}` },
          { workers: 0, clock: () => firstMs + 60 * 3_600_000 },
        ),
      ),
    );
    const runs = await Promise.all(apps.map((app) => app.run({ report })));
    assert.deepEqual(
      runs.map((run) => run.exitCode),
      [0, 0],
    );
    assert.equal(asked.size, hours);
    const requests = [...asked.values()].reduce((sum, count) => sum + count, 0);
    assert.ok(requests <= hours * 1.35, `${requests} requests for ${hours} hours: the writers do each other's work`);
    assert.ok(converted.length <= hours * 1.35, `${converted.length} conversions of ${hours} hours`);
    for (const app of apps) {
      assert.equal((await app.run()).stages.convert.done, 0);
      assert.equal((await app.plan()).steps.length, 0);
      await app.close();
    }
  } finally {
    server.close();
    lake.remove();
  }
});
