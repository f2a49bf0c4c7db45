import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Failure } from "../errors.ts";
import { repeating, waitMs } from "./backoff.ts";
import { type Effects, realEffects } from "./effects.ts";
import { makeRate, makeSlots } from "./rate.ts";

function clock(): Effects & { readonly waits: number[]; advance(ms: number): void } {
  let nowMs = 0;
  const waits: number[] = [];
  return {
    waits,
    advance: (ms) => {
      nowMs += ms;
    },
    nowMs: () => nowMs,
    random: () => 0,
    async sleep(ms) {
      waits.push(ms);
      nowMs += ms;
    },
  };
}

describe("backoff", () => {
  const backoff = { tries: 5, firstMs: 1000, capMs: 10_000 };

  test("doubles from the first wait to the cap, between half and all of it", () => {
    const least = [1, 2, 3, 4, 5, 60, 2000].map((failures) => waitMs(backoff, failures, () => 0));
    assert.deepEqual(least, [500, 1000, 2000, 4000, 5000, 5000, 5000]);
    assert.ok(waitMs(backoff, 3, () => 0.999) > 3990);
  });

  test("waits at least as long as it was asked to, but not for hours", () => {
    assert.equal(
      waitMs(backoff, 1, () => 0, 7000),
      7000,
    );
    assert.equal(
      waitMs(backoff, 1, () => 0, 7_000_000),
      120_000,
    );
    assert.equal(
      waitMs(backoff, 5, () => 0, 1),
      5000,
    );
  });

  test("repeats only what may pass, and tells the number of the try", async () => {
    const effects = clock();
    const tries: number[] = [];
    const result = await repeating(
      async (tryNumber) => {
        tries.push(tryNumber);
        if (tryNumber < 3) throw new Failure("unavailable", "later", { retryAfterMs: 5000 });
        return "done";
      },
      backoff,
      effects,
    );
    assert.deepEqual([result, tries, effects.waits], ["done", [1, 2, 3], [5000, 5000]]);
    for (const error of [new Failure("denied", "no"), new Error("unavailable")]) {
      await assert.rejects(
        repeating(() => Promise.reject(error), backoff, effects),
        error,
      );
    }
    assert.equal(effects.waits.length, 2);
  });
});

describe("real effects", () => {
  test("a sleep ends as cancelled when its signal aborts", async () => {
    const controller = new AbortController();
    const sleeping = realEffects.sleep(1e6, controller.signal);
    controller.abort();
    await assert.rejects(sleeping, (error) => error instanceof Failure && error.kind === "cancelled");
    await realEffects.sleep(0);
    assert.ok(realEffects.random() < 1);
    assert.ok(realEffects.nowMs() > 0);
  });

  test("a signal that carries a failure is told by it", async () => {
    const reason = new Failure("unavailable", "took too long");
    await assert.rejects(realEffects.sleep(1e6, AbortSignal.abort(reason)), reason);
  });
});

describe("rate", () => {
  test("lets a second's worth pass at once and keeps the mean afterwards, whatever the sizes", async () => {
    const effects = clock();
    const rate = makeRate(100, effects);
    let taken = 0;
    for (const amount of [100, 1, 99, 500, 50, 250]) {
      await rate.take(amount);
      taken += amount;
      assert.ok(taken <= 100 + (effects.nowMs() / 1000) * 100 + 1e-6, `${taken} after ${effects.nowMs()} ms`);
    }
    assert.equal(effects.nowMs(), 9000);
  });

  test("does not save up more than a second's worth", async () => {
    const effects = clock();
    const rate = makeRate(10, effects);
    effects.advance(3_600_000);
    await rate.take(10);
    await rate.take(10);
    assert.deepEqual(effects.waits, [1000]);
  });

  test("without a limit nothing waits", async () => {
    const effects = clock();
    await makeRate(undefined, effects).take(1e12);
    assert.deepEqual(effects.waits, []);
    await assert.rejects(makeRate(undefined, effects).take(1, AbortSignal.abort()), Failure);
    await assert.rejects(makeRate(1, effects).take(1, AbortSignal.abort()), Failure);
  });
});

describe("slots", () => {
  test("are given in the order of asking and given back after failures", async () => {
    const slots = makeSlots(1);
    const order: number[] = [];
    const work = (i: number) =>
      slots.run(async () => {
        order.push(i);
        await new Promise(setImmediate);
        if (i === 2) throw new Error("two");
      });
    const results = await Promise.allSettled([1, 2, 3, 4].map(work));
    assert.deepEqual(order, [1, 2, 3, 4]);
    assert.deepEqual(
      results.map(({ status }) => status === "fulfilled"),
      [true, false, true, true],
    );
  });
});
