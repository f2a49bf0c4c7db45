/** The law of `src/source/contract.ts` in executable form: one suite for every kind of source. */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Failure, type FailureKind } from "../../src/errors.ts";
import { type Interval, parseIntervalId } from "../../src/model/calendar.ts";
import { parseKeyPattern } from "../../src/model/key-pattern.ts";
import type { SourceLocation, SourceSettings } from "../../src/model/project.ts";
import type { Effects } from "../../src/pace/effects.ts";
import type { Fetched, Source } from "../../src/source/contract.ts";

/** An archive whose hours the suite writes, and the source that reads it. */
export interface OpenedSource {
  readonly source: Source;
  /** Stores or replaces the hour `YYYY-MM-DD-HH`. */
  publish(id: string, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export const sourcePattern = "{yyyy}/{M}/{d}/{H}.json.gz";

export function locationOf(kind: SourceLocation["kind"], base: string): SourceLocation {
  return { kind, base, pattern: parseKeyPattern(sourcePattern, "hour", "source") };
}

/** Complete settings with short times; what matters to a test is overridden. */
export function sourceSettings(
  locations: readonly SourceLocation[],
  overrides: Partial<SourceSettings> = {},
): SourceSettings {
  return {
    name: "archive",
    locations,
    object: parseKeyPattern("archive/{yyyy}/{MM}/{dd}/{HH}.json.gz", "hour"),
    every: "hour",
    since: { kind: "at", ms: 0, text: "1970-01-01" },
    untilMs: undefined,
    settleMs: 6 * 3_600_000,
    intervalMs: 300_000,
    retry: 1,
    max: undefined,
    parallel: 4,
    bytesPerSecond: undefined,
    requestsPerSecond: undefined,
    order: "oldest",
    headers: new Map(),
    ca: undefined,
    proxy: "none",
    timeouts: { connectMs: 5000, headersMs: 5000, idleMs: 5000, totalMs: 60_000 },
    expandedBytesMax: 1e9,
    ratioMax: 1000,
    knownMissing: [],
    recheckMs: 0,
    keepMs: undefined,
    ...overrides,
  };
}

/** A clock that jumps over every wait, and a chance that never varies. */
export function virtualEffects(): Effects & { readonly waits: number[] } {
  let nowMs = 0;
  const waits: number[] = [];
  return {
    waits,
    nowMs: () => nowMs,
    random: () => 0.5,
    async sleep(ms, signal) {
      if (signal?.aborted === true) throw new Failure("cancelled", "stopped");
      waits.push(ms);
      nowMs += ms;
    },
  };
}

export function hour(id: string): Interval {
  const interval = parseIntervalId(id);
  assert.ok(interval !== undefined);
  return interval;
}

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export function failsAs(kind: FailureKind, words?: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof Failure, `not a Failure: ${String(error)}`);
    assert.equal(error.kind, kind, error.message);
    if (words !== undefined) assert.match(error.message, words);
    return true;
  };
}

/** The answer must be bytes, and they must be these. */
export function assertFetched(fetched: Fetched, file: string, bytes: Uint8Array): Fetched & { kind: "fetched" } {
  if (fetched.kind !== "fetched") assert.fail(`answered ${fetched.kind}`);
  assert.equal(fetched.bytes, bytes.length);
  assert.equal(fetched.sha256, sha256(bytes));
  assert.ok(readFileSync(file).equals(bytes), "the file holds other bytes");
  return fetched;
}

export function sourceContract(name: string, open: () => Promise<OpenedSource>): void {
  describe(`source contract: ${name}`, () => {
    let opened: OpenedSource;
    let source: Source;
    let directory: string;
    let file: string;
    before(async () => {
      opened = await open();
      source = opened.source;
      directory = mkdtempSync(join(tmpdir(), "millrace-source-"));
      file = join(directory, "body");
    });
    after(async () => {
      await opened.close();
      rmSync(directory, { recursive: true, force: true });
    });

    test("an hour's bytes come whole, with their hash", async () => {
      const bytes = randomBytes(300_000);
      await opened.publish("2026-03-01-05", bytes);
      const fetched = assertFetched(await source.fetch(hour("2026-03-01-05"), file), file, bytes);
      assert.equal(fetched.resumedFrom, 0);
      assert.equal(fetched.tries, 1);
      assert.equal(fetched.url, source.locate(hour("2026-03-01-05")));
    });

    test("an hour without bytes is an hour with no bytes", async () => {
      await opened.publish("2026-03-01-06", Buffer.alloc(0));
      assertFetched(await source.fetch(hour("2026-03-01-06"), file), file, Buffer.alloc(0));
    });

    test("an hour that is not there is absent, and that is no failure", async () => {
      const answer = await source.fetch(hour("2019-09-12-08"), file);
      assert.deepEqual(answer, { kind: "absent", url: source.locate(hour("2019-09-12-08")) });
    });

    test("whatever lay in the file before is gone", async () => {
      const bytes = randomBytes(1000);
      await opened.publish("2026-03-01-07", bytes);
      writeFileSync(file, randomBytes(5000));
      assertFetched(await source.fetch(hour("2026-03-01-07"), file), file, bytes);
      writeFileSync(file, randomBytes(500));
      const fetched = assertFetched(await source.fetch(hour("2026-03-01-07"), file, { resume: true }), file, bytes);
      assert.equal(fetched.resumedFrom, 0, "bytes of unknown origin were continued");
    });

    test("a validator saves the transfer until the hour changes", async () => {
      const bytes = randomBytes(1000);
      await opened.publish("2026-03-01-08", bytes);
      const first = assertFetched(await source.fetch(hour("2026-03-01-08"), file), file, bytes);
      assert.ok(first.validator.etag !== undefined);
      const unlessValidator = first.validator;
      const again = await source.fetch(hour("2026-03-01-08"), file, { unlessValidator });
      assert.deepEqual(again, { kind: "unchanged", url: first.url });
      const changed = randomBytes(1000);
      await opened.publish("2026-03-01-08", changed);
      const later = assertFetched(await source.fetch(hour("2026-03-01-08"), file, { unlessValidator }), file, changed);
      assert.notDeepEqual(later.validator, first.validator);
    });

    test("progress is told, up to the end", async () => {
      const bytes = randomBytes(3_000_000);
      await opened.publish("2026-03-01-09", bytes);
      const seen: (readonly [number, number | undefined])[] = [];
      await source.fetch(hour("2026-03-01-09"), file, { onProgress: (at, total) => seen.push([at, total]) });
      assert.ok(seen.length > 1);
      assert.deepEqual(seen.at(-1), [bytes.length, bytes.length]);
      assert.ok(seen.every(([at], i) => i === 0 || at > (seen[i - 1]?.[0] ?? 0)));
    });

    test("several hours at a time do not mix", async () => {
      const hours = Array.from({ length: 8 }, (_, i) => ({ id: `2026-03-02-0${i}`, bytes: randomBytes(200_000 + i) }));
      for (const { id, bytes } of hours) await opened.publish(id, bytes);
      await Promise.all(
        hours.map(async ({ id, bytes }) => {
          const own = join(directory, id);
          assertFetched(await source.fetch(hour(id), own), own, bytes);
        }),
      );
    });

    test("a signal stops it, before and during", async () => {
      await opened.publish("2026-03-01-10", randomBytes(8_000_000));
      await assert.rejects(
        source.fetch(hour("2026-03-01-10"), file, { signal: AbortSignal.abort() }),
        failsAs("cancelled"),
      );
      const controller = new AbortController();
      const fetching = source.fetch(hour("2026-03-01-10"), file, {
        signal: controller.signal,
        onProgress: () => controller.abort(),
      });
      await assert.rejects(fetching, failsAs("cancelled"));
      await assert.rejects(source.probe({ signal: AbortSignal.abort() }), failsAs("cancelled"));
    });

    test("a file that cannot be written is told as such", async () => {
      await opened.publish("2026-03-01-11", randomBytes(10));
      await assert.rejects(source.fetch(hour("2026-03-01-11"), join(directory, "no", "such", "directory")), (error) => {
        assert.ok(error instanceof Failure);
        assert.notEqual(error.kind, "unavailable", "our own disk is not the archive's fault");
        return true;
      });
    });

    test("a probe says what it found", async () => {
      assert.match(await source.probe(), /\S/);
    });

    test("names and places", () => {
      assert.equal(source.name, "archive");
      assert.ok(source.locate(hour("2026-03-01-05")).endsWith("2026/3/1/5.json.gz"));
    });
  });
}
