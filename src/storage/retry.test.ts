import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { virtualEffects } from "../../test/contract/source.ts";
import { storageContract } from "../../test/contract/storage.ts";
import { type Fault, faulty } from "../../test/faulty.ts";
import { Failure } from "../errors.ts";
import type { ObjectInfo, Storage } from "./contract.ts";
import { withLimit } from "./limit.ts";
import { localStorage } from "./local.ts";
import { memoryStorage } from "./memory.ts";
import { withRetry } from "./retry.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-retry-"));
after(() => rmSync(directory, { recursive: true, force: true }));

const backoff = { tries: 3, firstMs: 100, capMs: 1000 };
const body = Buffer.from("a body");

function flaky(faults: readonly (readonly [number, Fault])[], inner: Storage = memoryStorage()) {
  const { port, calls } = faulty(inner, { at: new Map(faults) });
  const effects = virtualEffects();
  return { storage: withRetry(port, backoff, effects), inner, calls, waits: effects.waits };
}

async function readAll(storage: Storage, key: string, options = {}): Promise<string> {
  let text = "";
  for await (const chunk of storage.read(key, options)) text += Buffer.from(chunk).toString("latin1");
  return text;
}

const unavailable = (error: unknown): boolean => error instanceof Failure && error.kind === "unavailable";

storageContract("memory, with retry and limit", async () => {
  const storage = withRetry(withLimit(memoryStorage(), 3), backoff, virtualEffects());
  return { again: () => storage, close: async () => undefined };
});

describe("retry", () => {
  test("repeats what may be repeated, with growing waits, and gives up", async () => {
    const { storage, waits, calls } = flaky([
      [1, "before"],
      [2, "lost"],
    ]);
    assert.equal((await storage.put("x", body)).size, body.length);
    assert.deepEqual(waits, [75, 150]);
    assert.equal(calls.length, 3);
    const hopeless = flaky([1, 2, 3].map((n) => [n, "before"] as const));
    await assert.rejects(hopeless.storage.head("x"), unavailable);
    assert.equal(hopeless.calls.length, 3);
  });

  test("what cannot pass is not repeated", async () => {
    const { storage, calls } = flaky([]);
    await assert.rejects(readAll(storage, "absent"), (error) => error instanceof Failure && error.kind === "missing");
    await assert.rejects(storage.put("../x", body), (error) => error instanceof Failure && error.kind === "usage");
    assert.equal(calls.length, 2);
  });

  test("putIfAbsent that did not happen is repeated", async () => {
    const { storage } = flaky([[1, "before"]]);
    assert.equal((await storage.putIfAbsent("x", body))?.size, body.length);
  });

  test("putIfAbsent that may have happened does not take its own object for another's", async () => {
    const { storage, inner } = flaky([[1, "lost"]]);
    await assert.rejects(storage.putIfAbsent("x", body), unavailable);
    assert.notEqual(await inner.head("x"), undefined);
  });

  test("putIfAbsent against another's object says so", async () => {
    const { storage, inner } = flaky([]);
    await inner.put("x", Buffer.from("other"));
    assert.equal(await storage.putIfAbsent("x", body), undefined);
  });

  test("a body that the lost try has consumed is not missed: the first failure stands", async () => {
    const inner = localStorage({ path: join(directory, "lake"), name: "lake" });
    const { storage } = flaky([[2, "lost"]], inner);
    const scratch = await storage.scratch("body");
    const file = join(scratch.directory, "x");
    writeFileSync(file, body);
    await assert.rejects(storage.put("x", { file }), unavailable);
    assert.equal(await readAll(inner, "x"), body.toString());
    await scratch.dispose();
  });

  test("a read goes on where it broke, if it knows the version", async () => {
    const { storage, inner } = flaky([
      [1, "partial"],
      [2, "before"],
    ]);
    const info = await inner.put("x", body);
    assert.equal(await readAll(storage, "x", { token: info.token }), body.toString());
    for (const options of [{}, { token: info.token, range: { start: -5 } }]) {
      const broken = flaky([[1, "partial"]], inner);
      await assert.rejects(readAll(broken.storage, "x", options), unavailable);
      const early = flaky([[1, "before"]], inner);
      assert.ok(body.toString().endsWith(await readAll(early.storage, "x", options)));
    }
    const ranged = flaky([[1, "partial"]], inner);
    const range = { start: 1, end: 5 };
    assert.equal(await readAll(ranged.storage, "x", { token: info.token, range }), body.subarray(1, 5).toString());
  });

  test("a read goes on where it broke, if the storage says which version it reads", async () => {
    const inner = memoryStorage();
    const info = await inner.put("x", body);
    const told: ObjectInfo[] = [];
    const { port, calls } = faulty(inner, { at: new Map<number, Fault>([1, 3].map((call) => [call, "partial"])) });
    const telling: Storage = {
      ...port,
      read(key, options = {}) {
        options.onVersion?.(info);
        return port.read(key, options);
      },
    };
    const storage = withRetry(telling, backoff, virtualEffects());
    assert.equal(
      await readAll(storage, "x", { onVersion: (version: ObjectInfo) => told.push(version) }),
      body.toString(),
    );
    assert.deepEqual([calls.length, told], [2, [info, info]]);
    assert.equal(await readAll(storage, "x", { range: { start: -5 } }), body.subarray(-5).toString());
    assert.equal(calls.length, 4);

    const broken = withRetry(
      {
        ...inner,
        async *read(key, options = {}) {
          options.onVersion?.(info);
          // Somebody replaces the object while the reader waits.
          if (options.token !== undefined) await inner.put(key, Buffer.from("others"));
          const faults: readonly (readonly [number, Fault])[] = options.token === undefined ? [[1, "partial"]] : [];
          yield* faulty(inner, { at: new Map(faults) }).port.read(key, options);
        },
      },
      backoff,
      virtualEffects(),
    );
    await assert.rejects(readAll(broken, "x"), (error) => error instanceof Failure && error.kind === "conflict");
  });

  test("a listing goes on behind the last key, without a hole and without a double", async () => {
    const inner = memoryStorage();
    const keys = Array.from({ length: 2500 }, (_, i) => `k/${String(i).padStart(5, "0")}`);
    for (const key of keys) await inner.put(key, body);
    const { storage, waits } = flaky(
      [
        [1, "lost"],
        [2, "partial"],
      ],
      inner,
    );
    const found: string[] = [];
    for await (const page of storage.list("k/")) found.push(...page.map(({ key }) => key));
    assert.deepEqual(found, keys);
    // The second try began behind the first page and came further, so its break is a first failure again.
    assert.deepEqual(waits, [75, 75]);
  });

  test("a signal ends the waiting", async () => {
    const { port, calls } = faulty(memoryStorage(), { at: new Map([1, 2, 3].map((n) => [n, "before" as const])) });
    const controller = new AbortController();
    const effects = virtualEffects();
    const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
      controller.abort();
      await effects.sleep(ms, signal);
    };
    const storage = withRetry(port, backoff, { ...effects, sleep });
    await assert.rejects(
      storage.head("x", { signal: controller.signal }),
      (error) => error instanceof Failure && error.kind === "cancelled",
    );
    assert.equal(calls.length, 1);
  });
});

describe("limit", () => {
  test("no more calls run than there are slots, and none is forgotten", async () => {
    let running = 0;
    let most = 0;
    const inner = memoryStorage();
    const counted: Storage = {
      ...inner,
      async head(key) {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running--;
        if (key === "k/3") throw new Failure("unavailable", "three");
        return inner.head(key);
      },
    };
    const storage = withLimit(counted, 3);
    const results = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => storage.head(`k/${i}`)));
    assert.equal(most, 3);
    assert.equal(results.filter(({ status }) => status === "rejected").length, 1);
  });

  test("a stream that writes while it reads does not wait for itself", async () => {
    const storage = withLimit(memoryStorage(), 1);
    for (let i = 0; i < 5; i++) await storage.put(`a/${i}`, body);
    for await (const page of storage.list("a/")) {
      for (const { key } of page) for await (const chunk of storage.read(key)) await storage.put(`b/${key}`, chunk);
    }
    assert.equal((await storage.head("b/a/4"))?.size, body.length);
  });

  test("a waiting call leaves the queue when its signal aborts", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const inner = memoryStorage();
    const storage = withLimit({ ...inner, head: (key) => promise.then(() => inner.head(key)) }, 1);
    const first = storage.head("a");
    const controller = new AbortController();
    const second = storage.head("b", { signal: controller.signal });
    const third = storage.head("c");
    controller.abort();
    await assert.rejects(second, (error) => error instanceof Failure && error.kind === "cancelled");
    resolve();
    assert.deepEqual(await Promise.all([first, third]), [undefined, undefined]);
  });
});
