/** Real kills: a child process over real files meets SIGKILL at every named point; the ordinary next run repairs it. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import test from "node:test";
import { points } from "./kill-points.ts";
import { catalogFaults, makeSmallLake, stateOf } from "./small-lake.ts";

const victim = new URL("victim.ts", import.meta.url).pathname;

function run(directory: string, point: string): NodeJS.Signals | null {
  const done = spawnSync(process.execPath, [victim, join(directory, "millrace.yaml"), point], {
    encoding: "utf8",
    timeout: 60_000,
  });
  if (done.signal === null) assert.equal(done.status, 0, done.stderr);
  return done.signal;
}

test("a process killed at any named point is repaired by the next run", async (context) => {
  const clean = makeSmallLake();
  run(clean.directory, "");
  const expected = await stateOf(clean);
  clean.remove();
  for (const [name, point] of Object.entries(points)) {
    await context.test(name, async () => {
      const lake = makeSmallLake();
      try {
        assert.equal(run(lake.directory, point), "SIGKILL", "the point was not reached");
        assert.deepEqual(catalogFaults(lake), []);
        const app = await lake.open(1);
        const summary = await app.run();
        assert.equal(summary.exitCode, 0, JSON.stringify(summary.failures));
        await app.close();
        assert.deepEqual(await stateOf(lake), expected);
        assert.deepEqual(catalogFaults(lake), []);
      } finally {
        lake.remove();
      }
    });
  }
});

test("two processes at once on one lake end as one would have", async () => {
  const clean = makeSmallLake();
  run(clean.directory, "");
  const expected = await stateOf(clean);
  clean.remove();
  const { spawn } = await import("node:child_process");
  for (let round = 0; round < 3; round++) {
    const lake = makeSmallLake();
    try {
      const ends = Array.from({ length: 3 }, () => {
        const child = spawn(process.execPath, [victim, join(lake.directory, "millrace.yaml")], { stdio: "ignore" });
        return new Promise((resolve) => child.on("exit", resolve));
      });
      await Promise.all(ends);
      assert.deepEqual(catalogFaults(lake), []);
      const app = await lake.open(1);
      assert.equal((await app.run()).exitCode, 0);
      await app.close();
      assert.deepEqual(await stateOf(lake), expected);
    } finally {
      lake.remove();
    }
  }
});
