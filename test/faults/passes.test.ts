/** What ends a run as a whole, and what bounds it: a full disk, a source that is down, a limit, a stop. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import test from "node:test";
import { openApp } from "../../src/app.ts";
import { Failure } from "../../src/errors.ts";
import { parseKeyPattern } from "../../src/model/key-pattern.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { faultyStorage, makeFaults, noFault } from "../faulty.ts";
import { hourOf, makeProject, makeSource } from "../make.ts";
import { catalogFaults, makeSmallLake, startMs, stateOf } from "./small-lake.ts";

/** Every put of a place answers as a full disk would. */
function full(wanted: string): (place: string, storage: Storage) => Storage {
  const noRoom = (): Promise<never> => Promise.reject(new Failure("full", "no space left on device"));
  return (place, storage) => (place === wanted ? { ...storage, put: noRoom, putIfAbsent: noRoom } : storage);
}

for (const place of ["raw", "tables", "marts"]) {
  test(`a full disk below ${place} stops the run, says so, and leaves nothing half-written`, async () => {
    const clean = makeSmallLake();
    const undisturbed = await clean.open(0);
    await undisturbed.run();
    await undisturbed.close();
    const expected = await stateOf(clean);
    clean.remove();
    const lake = makeSmallLake();
    try {
      const app = await lake.open(0, { wrapStorage: full(place) });
      await assert.rejects(app.run(), (error) => error instanceof Failure && error.kind === "full");
      await app.close();
      assert.deepEqual(catalogFaults(lake), []);
      const again = await lake.open(1);
      assert.equal((await again.run()).exitCode, 0);
      await again.close();
      assert.deepEqual(await stateOf(lake), expected);
      assert.deepEqual(readdirSync(join(lake.directory, "lake/raw/_staging")), []);
    } finally {
      lake.remove();
    }
  });
}

test("a pass over a lake that is up to date lists, and asks for nothing else", async () => {
  const lake = makeSmallLake();
  try {
    const first = await lake.open(0);
    assert.equal((await first.run()).exitCode, 0);
    await first.close();
    const calls: string[] = [];
    for (let pass = 0; pass < 2; pass++) {
      const state = makeFaults(noFault);
      const app = await lake.open(0, { wrapStorage: (_place, storage) => faultyStorage(storage, state).port });
      assert.equal((await app.run()).exitCode, 0);
      await app.close();
      calls.splice(0, calls.length, ...state.calls);
    }
    // Revisions, originals and acknowledgements; the table's schema and partitions; the mart's chain.
    const expected = ["list _revisions/hours/", "list hours/", "list _acknowledged/hours/"];
    expected.push("list events/_schema/", "list events/", "list _catalog/activity/");
    assert.deepEqual(
      calls.filter((call) => call !== "sweep" && !call.startsWith("sweep ")),
      expected,
    );
  } finally {
    lake.remove();
  }
});

test("a source that is down is not asked for every hour, and the run ends with 5", async () => {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests++;
    response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const lake = makeSmallLake();
  try {
    const location = {
      kind: "http",
      base: `http://127.0.0.1:${address.port}`,
      pattern: parseKeyPattern("{yyyy}-{MM}-{dd}-{H}.json.gz", "hour", "source"),
    } as const;
    const source = makeSource({
      locations: [location],
      since: { kind: "at", ms: hourOf("2026-01-01-00"), text: "" },
      retry: 0,
      parallel: 2,
    });
    const app = await openApp(makeProject(lake.directory, { sources: [source], tables: [] }), {
      clock: () => startMs,
      workers: 0,
    });
    const codes: string[] = [];
    const summary = await app.run({ report: (event) => codes.push(event.code) });
    await app.close();
    assert.equal(summary.exitCode, 5);
    assert.ok(requests < 20, `${requests} requests for 1,440 hours`);
    assert.equal(codes.filter((code) => code === "source.unreachable").length, 1);
  } finally {
    server.close();
    lake.remove();
  }
});

test("a stop ends the run as cancelled, and the next one completes it", async () => {
  const lake = makeSmallLake();
  try {
    const stop = new AbortController();
    const app = await lake.open(0);
    await assert.rejects(
      app.run({ signal: stop.signal, report: (event) => event.code === "fetch.done" && stop.abort() }),
      (error) => error instanceof Failure && error.kind === "cancelled",
    );
    await app.close();
    const again = await lake.open(0);
    assert.equal((await again.run()).exitCode, 0);
    await again.close();
  } finally {
    lake.remove();
  }
});

test("watch passes until it is stopped, also after a pass that failed as a whole", async () => {
  const lake = makeSmallLake();
  try {
    const stop = new AbortController();
    let broken = true;
    const breakable = (_place: string, storage: Storage): Storage => ({
      ...storage,
      sweep: (ageMs) =>
        broken ? Promise.reject(new Failure("unavailable", "the place is away")) : storage.sweep(ageMs),
    });
    const app = await lake.open(0, { wrapStorage: breakable, clock: () => Date.now() });
    const codes: string[] = [];
    await app.watch({
      signal: stop.signal,
      report: (event) => codes.push(event.code),
      onFailedPass: (failure) => {
        assert.equal(failure.kind, "unavailable");
        broken = false;
        stop.abort();
      },
    });
    await app.close();
    assert.deepEqual(
      codes.filter((code) => code.startsWith("pass.")),
      ["pass.start", "pass.failed"],
    );
  } finally {
    lake.remove();
  }
});
