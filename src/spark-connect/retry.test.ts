import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Failure } from "../errors.ts";
import type { Effects } from "../pace/effects.ts";
import { limitsWithin, makePatience, officialLimits, retryWaitMs } from "./retry.ts";

function clock(random = 0): Effects & { readonly waits: number[]; advance(ms: number): void } {
  let nowMs = 1000;
  const waits: number[] = [];
  return {
    waits,
    advance: (ms) => {
      nowMs += ms;
    },
    nowMs: () => nowMs,
    random: () => random,
    async sleep(ms, signal) {
      if (signal?.aborted === true) throw new Failure("cancelled", "stopped");
      waits.push(ms);
      nowMs += ms;
    },
  };
}

describe("retry schedule", () => {
  test("is four times as long each time, up to a minute, with chance once it takes 2 s", () => {
    const least = [1, 2, 3, 4, 5, 6, 7, 8, 15, 1000].map((failures) => retryWaitMs(failures, undefined, () => 0));
    assert.deepEqual(least, [50, 200, 800, 3200, 12_800, 51_200, 60_000, 60_000, 60_000, 60_000]);
    const most = [1, 2, 3, 4, 7].map((failures) => retryWaitMs(failures, undefined, () => 0.999));
    assert.deepEqual(most, [50, 200, 800, 3699, 60_499]);
  });

  test("waits at least as long as the server asks, up to ten minutes", () => {
    assert.equal(
      retryWaitMs(1, 1500, () => 0.5),
      1500,
    );
    assert.equal(
      retryWaitMs(1, 7000, () => 0.5),
      7250,
    );
    assert.equal(
      retryWaitMs(6, 7000, () => 0),
      51_200,
    );
    assert.equal(
      retryWaitMs(1, 86_400_000, () => 0),
      600_000,
    );
  });
});

describe("patience", () => {
  test("lasts for fifteen repetitions in a row, which are more than ten minutes", async () => {
    const effects = clock();
    const patience = makePatience(officialLimits, effects);
    while (await patience.pause(undefined));
    assert.equal(effects.waits.length, 15);
    const total = effects.waits.reduce((sum, ms) => sum + ms, 0);
    assert.ok(total >= 600_000 && total < 660_000, `${total} ms`);
  });

  test("begins anew after a success", async () => {
    const effects = clock();
    const patience = makePatience(officialLimits, effects);
    for (let i = 0; i < 15; i++) assert.equal(await patience.pause(undefined), true);
    patience.reset();
    assert.equal(await patience.pause(undefined), true);
    assert.equal(effects.waits.at(-1), 50);
  });

  test("uses exactly the time it is given, however often that is, and counts how long tries take", async () => {
    const effects = clock();
    const patience = makePatience(limitsWithin(3000), effects);
    while (await patience.pause(undefined)) effects.advance(100);
    assert.deepEqual(effects.waits, [50, 200, 800, 1650]);
    const long = clock();
    const patient = makePatience(limitsWithin(3_600_000), long);
    while (await patient.pause(undefined));
    assert.ok(long.waits.length > 60);
    assert.equal(
      long.waits.reduce((sum, ms) => sum + ms, 0),
      3_600_000,
    );
  });

  test("no time is no repetition", async () => {
    assert.equal(await makePatience(limitsWithin(0), clock()).pause(undefined), false);
  });

  test("ends with its signal", async () => {
    const patience = makePatience(officialLimits, clock());
    await assert.rejects(patience.pause(undefined, AbortSignal.abort()), Failure);
  });
});
