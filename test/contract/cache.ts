/** The law of `src/cache/contract.ts` in executable form. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { ByteRange, HeldObject, ObjectCache } from "../../src/cache/contract.ts";
import { Failure, type FailureKind } from "../../src/errors.ts";
import type { ReadOptions, Storage } from "../../src/storage/contract.ts";
import { memoryStorage } from "../../src/storage/memory.ts";
import { propertyRuns } from "./property-runs.ts";

export interface CacheUnderTest {
  readonly directory: string;
  readonly bytesMax: number;
  readonly placeOf: (storage: Storage) => string;
}

export type OpenCache = (options: CacheUnderTest) => ObjectCache;

const isFailure = (kind: FailureKind) => (error: unknown) => error instanceof Failure && error.kind === kind;

/** A storage that counts what is read from it. */
export function counting(storage: Storage): {
  readonly storage: Storage;
  readonly reads: { readonly key: string; readonly bytes: number }[];
} {
  const reads: { key: string; bytes: number }[] = [];
  async function* read(key: string, options?: ReadOptions): AsyncGenerator<Uint8Array> {
    const entry = { key, bytes: 0 };
    reads.push(entry);
    for await (const chunk of storage.read(key, options)) {
      entry.bytes += chunk.length;
      yield chunk;
    }
  }
  return { storage: { ...storage, read }, reads };
}

export function bytesAt(path: string, { start, end }: ByteRange): Buffer {
  return readFileSync(path).subarray(start, end);
}

export function cacheContract(name: string, open: OpenCache): void {
  describe(`cache contract: ${name}`, () => {
    let root: string;
    let directories = 0;
    before(() => {
      root = mkdtempSync(join(tmpdir(), "millrace-cache-"));
    });
    after(() => rmSync(root, { recursive: true, force: true }));

    const newDirectory = (): string => join(root, String(++directories));
    const newCache = (directory = newDirectory()): ObjectCache =>
      open({ directory, bytesMax: 1_000_000_000, placeOf: (storage) => storage.name });
    const newStorage = () => counting(memoryStorage({ name: `memory-${++directories}` }));
    const put = async (storage: Storage, key: string, size: number) => {
      const bytes = randomBytes(size);
      return { info: await storage.put(key, bytes), bytes };
    };
    const assertThere = async (held: HeldObject, bytes: Buffer, ranges: readonly ByteRange[]): Promise<void> => {
      assert.equal(await held.has(ranges), true);
      assert.equal(readFileSync(held.path).length, bytes.length);
      for (const range of ranges)
        assert.ok(bytesAt(held.path, range).equals(bytes.subarray(range.start, range.end)), JSON.stringify(range));
    };

    test("holding and asking reads nothing from the storage, and bringing reads what is wanted, once", async () => {
      const cache = newCache();
      const { storage, reads } = newStorage();
      const { info, bytes } = await put(storage, "a/b", 5_000_000);
      const held = cache.hold(storage, info);
      assert.equal(held.path, cache.pathOf(storage, info));
      assert.equal(await held.has([{ start: 0, end: 1 }]), false);
      assert.equal(await held.has([]), true);
      assert.equal(reads.length, 0);
      const ranges = [
        { start: 4_999_000, end: 5_000_000 },
        { start: 10, end: 100_010 },
      ];
      await held.bring(ranges);
      await assertThere(held, bytes, ranges);
      assert.equal(await held.has([{ start: 0, end: 11 }]), false);
      assert.deepEqual(cache.fetched, { bytes: 101_000, requests: 2 });
      assert.equal(reads.length, 2);
      await held.bring(ranges);
      await held.bring([{ start: 50, end: 51 }]);
      await held.bring([]);
      assert.equal(reads.length, 2);
      await held.release();
      await cache.close();
    });

    test("what lies close together is one request, and most of an object is all of it", async () => {
      const cache = newCache();
      const { storage, reads } = newStorage();
      const { info, bytes } = await put(storage, "x", 1_000_000);
      const held = cache.hold(storage, info);
      const near = [
        { start: 1000, end: 2000 },
        { start: 3000, end: 4000 },
      ];
      await held.bring(near);
      assert.deepEqual(reads, [{ key: "x", bytes: 3000 }]);
      await held.bring([{ start: 100_000, end: 900_000 }]);
      await assertThere(held, bytes, [{ start: 0, end: 1_000_000 }]);
      await held.release();
      await cache.close();
    });

    test("ranges outside of the object are cut, and an empty object is there at once", async () => {
      const cache = newCache();
      const { storage } = newStorage();
      const { info, bytes } = await put(storage, "x", 1000);
      const held = cache.hold(storage, info);
      await held.bring([{ start: -500, end: 1_000_000 }]);
      await assertThere(held, bytes, [{ start: 0, end: 1000 }]);
      const empty = cache.hold(storage, await storage.put("empty", new Uint8Array()));
      await empty.bring([{ start: 0, end: 10 }]);
      assert.equal(await empty.has([{ start: 0, end: 10 }]), true);
      await Promise.all([held.release(), empty.release()]);
      await cache.close();
    });

    test("whatever is brought in whatever order is there, and of the rest no more than what lies between", async () => {
      const { storage, reads } = newStorage();
      const size = 3_000_000;
      const { info, bytes } = await put(storage, "x", size);
      const range = fc
        .record({ start: fc.nat(size), length: fc.oneof(fc.nat(100), fc.nat(100_000)) })
        .map(({ start, length }) => ({ start, end: Math.min(size, start + length) }));
      const steps = fc.array(fc.array(range, { maxLength: 6 }), { minLength: 1, maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(steps, fc.boolean(), async (brings, reopens) => {
          const directory = newDirectory();
          let cache = newCache(directory);
          let held = cache.hold(storage, info);
          const sofar: ByteRange[] = [];
          for (const ranges of brings) {
            const before = reads.length;
            await held.bring(ranges);
            const asked = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
            const fetched = reads.slice(before).reduce((sum, read) => sum + read.bytes, 0);
            assert.ok(fetched <= asked * 1.2 + 65_536 || fetched <= asked / 0.7, `${fetched} for ${asked}`);
            sofar.push(...ranges);
            if (reopens) {
              await cache.close();
              cache = newCache(directory);
              held = cache.hold(storage, info);
            }
            await assertThere(held, bytes, sofar);
          }
          await held.release();
          await cache.close();
          rmSync(directory, { recursive: true });
        }),
        propertyRuns(40),
      );
    });

    test("every version of an object has a copy of its own, and so have objects of one name in two places", async () => {
      const cache = newCache();
      const { storage } = newStorage();
      const other = newStorage();
      const first = await put(storage, "x", 1000);
      const old = cache.hold(storage, first.info);
      await old.bring([{ start: 0, end: 1000 }]);
      const second = await put(storage, "x", 1000);
      const fresh = cache.hold(storage, second.info);
      const elsewhere = await put(other.storage, "x", 1000);
      const foreign = cache.hold(other.storage, { ...elsewhere.info, token: second.info.token });
      assert.equal(new Set([old.path, fresh.path, foreign.path]).size, 3);
      assert.equal(await fresh.has([{ start: 0, end: 1 }]), false);
      await fresh.bring([{ start: 0, end: 1000 }]);
      await assertThere(old, first.bytes, [{ start: 0, end: 1000 }]);
      await assertThere(fresh, second.bytes, [{ start: 0, end: 1000 }]);
      await Promise.all([old.release(), fresh.release(), foreign.release()]);
      await cache.close();
    });

    test("an object that was replaced or removed cannot be brought as what it was", async () => {
      const cache = newCache();
      const { storage } = newStorage();
      const { info } = await put(storage, "x", 1_000_000);
      const held = cache.hold(storage, info);
      await held.bring([{ start: 0, end: 1000 }]);
      await put(storage, "x", 1_000_000);
      await assert.rejects(held.bring([{ start: 500_000, end: 600_000 }]), isFailure("conflict"));
      await storage.remove("x");
      await assert.rejects(held.bring([{ start: 500_000, end: 600_000 }]), isFailure("missing"));
      assert.equal(await held.has([{ start: 500_000, end: 500_001 }]), false);
      await held.bring([{ start: 0, end: 1000 }]);
      await held.release();
      await cache.close();
    });

    test("holders share a copy: what one brought the other has, and both at once fetch it once", async () => {
      const cache = newCache();
      const { storage, reads } = newStorage();
      const { info, bytes } = await put(storage, "x", 1_000_000);
      const [one, two] = [cache.hold(storage, info), cache.hold(storage, info)];
      const ranges = [{ start: 1000, end: 200_000 }];
      await Promise.all([one.bring(ranges), two.bring(ranges), two.bring(ranges)]);
      assert.equal(reads.length, 1);
      await one.release();
      await assertThere(two, bytes, ranges);
      await two.release();
      assert.equal(existsSync(two.path), false, "the place of a held copy is empty when nobody holds it");
      const again = cache.hold(storage, info);
      const coming = again.has(ranges);
      const leaving = again.release();
      assert.equal(await coming, true);
      await leaving;
      await cache.close();
    });

    test("a released copy is not used any more, and releasing twice does nothing", async () => {
      const cache = newCache();
      const { storage } = newStorage();
      const { info } = await put(storage, "x", 10);
      const [held, other] = [cache.hold(storage, info), cache.hold(storage, info)];
      await held.release();
      await held.release();
      await assert.rejects(held.bring([{ start: 0, end: 1 }]), isFailure("bug"));
      await assert.rejects(held.has([]), isFailure("bug"));
      await other.bring([{ start: 0, end: 10 }]);
      await other.release();
      await cache.close();
    });

    test("copies stay for the next process, also beside one that is at work", async () => {
      const directory = newDirectory();
      const [first, second] = [newCache(directory), newCache(directory)];
      const { storage, reads } = newStorage();
      const { info, bytes } = await put(storage, "x", 1_000_000);
      const held = first.hold(storage, info);
      await held.bring([{ start: 0, end: 1000 }]);
      const also = second.hold(storage, info);
      await assertThere(also, bytes, [{ start: 0, end: 1000 }]);
      await also.bring([{ start: 500_000, end: 501_000 }]);
      await Promise.all([held.release(), also.release(), first.close(), second.close()]);
      const third = newCache(directory);
      const later = third.hold(storage, info);
      await later.bring([
        { start: 500_000, end: 501_000 },
        { start: 0, end: 1000 },
      ]);
      assert.equal(reads.length, 2);
      await later.release();
      await third.close();
    });

    test("what is fetched at once through several caches of one directory is right for all", async () => {
      const directory = newDirectory();
      const caches = [newCache(directory), newCache(directory), newCache(directory)];
      const { storage } = newStorage();
      // Which of them meet at which step is chance: many rounds, each with an object of its own.
      for (let round = 0; round < 100; round++) {
        const { info, bytes } = await put(storage, `x${round}`, 10_000);
        const ranges = caches.map((_, at) => ({ start: at * 3000, end: at * 3000 + 1500 }));
        const held = caches.map((cache) => cache.hold(storage, info));
        // In every other round there is a copy that all of them share.
        if (round % 2 === 0) await held[0]?.bring([{ start: 9500, end: 9600 }]);
        await Promise.all(held.map((copy, at) => copy.bring(ranges.slice(at, at + 1))));
        for (const [at, copy] of held.entries()) await assertThere(copy, bytes, ranges.slice(at, at + 1));
        await Promise.all(held.map((copy) => copy.bring(ranges)));
        for (const copy of held) await assertThere(copy, bytes, ranges);
        await Promise.all(held.map((copy) => copy.release()));
      }
      await Promise.all(caches.map((cache) => cache.close()));
    });

    test("a failed or stopped fetch claims nothing, and the next one brings it", async () => {
      const directory = newDirectory();
      const cache = newCache(directory);
      const whole = newStorage().storage;
      const { info, bytes } = await put(whole, "x", 20_000_000);
      let fault: "cut" | "short" | "long" | "hang" | undefined;
      const faulty: Storage = {
        ...whole,
        async *read(key, options = {}) {
          let given = 0;
          for await (const chunk of whole.read(key, options)) {
            if (fault === "cut" && given > 0) throw new Failure("unavailable", "cut");
            if (fault === "short" && given > 0) return;
            given += chunk.length;
            yield chunk;
          }
          if (fault === "long") yield new Uint8Array(1);
          if (fault === "hang")
            await new Promise((_, reject) => {
              options.signal?.addEventListener("abort", () => reject(new Failure("cancelled", "stopped")));
            });
        },
      };
      const held = cache.hold(faulty, info);
      const all = [{ start: 0, end: 20_000_000 }];
      for (const [kind, failure] of [
        ["cut", "unavailable"],
        ["short", "corrupt"],
        ["long", "corrupt"],
      ] as const) {
        fault = kind;
        await assert.rejects(held.bring(all), isFailure(failure), kind);
        assert.equal(await held.has([{ start: 0, end: 1 }]), false);
      }
      fault = "hang";
      const stop = new AbortController();
      const stopped = held.bring(all, { signal: stop.signal });
      setImmediate(() => stop.abort());
      await assert.rejects(stopped, isFailure("cancelled"));
      await assert.rejects(held.bring(all, { signal: AbortSignal.abort() }), isFailure("cancelled"));
      const other = newCache(directory);
      const beside = other.hold(faulty, info);
      assert.equal(await beside.has([{ start: 0, end: 1 }]), false);
      fault = undefined;
      await held.bring(all);
      await assertThere(held, bytes, all);
      await Promise.all([held.release(), beside.release()]);
      await Promise.all([cache.close(), other.close()]);
    });

    test("a discarded copy is fetched again, also by the next process", async () => {
      const directory = newDirectory();
      const cache = newCache(directory);
      const { storage, reads } = newStorage();
      const { info, bytes } = await put(storage, "x", 1000);
      const range = { start: 0, end: 1000 };
      const held = cache.hold(storage, info);
      await held.bring([range]);
      await held.discard();
      assert.equal(await held.has([range]), false);
      await held.bring([range]);
      await assertThere(held, bytes, [range]);
      await held.release();
      await cache.close();
      assert.equal(reads.length, 2);
      const next = newCache(directory);
      const later = next.hold(storage, info);
      await assertThere(later, bytes, [range]);
      await later.release();
      await next.close();
      assert.equal(reads.length, 2);
    });
  });
}
