/** The law of `src/storage/contract.ts` in executable form: one suite for every storage. */

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { Failure, type FailureKind } from "../../src/errors.ts";
import type { ListOptions, Metadata, ObjectInfo, ReadOptions, Storage } from "../../src/storage/contract.ts";
import { propertyRuns } from "./property-runs.ts";

/** Bytes of buffers that are still referenced. */
function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
  return process.memoryUsage().arrayBuffers;
}

/** A fresh, empty place. */
export interface OpenedStorage {
  /** Another handle on the same place, as a second process would have it. */
  again(): Storage;
  /** Makes many small objects faster than by `put`, if there is a way. */
  fill?(keys: readonly string[]): void;
  /** In what this storage differs from a disk, as far as the contract lets it. */
  readonly differs?: StorageDifferences;
  close(): Promise<void>;
}

export interface StorageDifferences {
  /** `reckoned`: a put does not learn the object's own time and answers with that of the store's answer. */
  readonly putTimes?: "reckoned";
  /** `may stand`: a key and another one below it are two objects; nobody looks for them at every put. */
  readonly clashes?: "may stand";
  /** `may be denied`: a put into a directory whose last object is being removed may fail and must be repeated. */
  readonly churn?: "may be denied";
}

/** By how much a reckoned time may be wrong. */
const reckonedMsMax = 3000;

const text = (value: string): Uint8Array => Buffer.from(value);

async function bytesOf(storage: Storage, key: string, options?: ReadOptions): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of storage.read(key, options)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function textOf(storage: Storage, key: string, options?: ReadOptions): Promise<string> {
  return (await bytesOf(storage, key, options)).toString();
}

async function listed(storage: Storage, prefix: string): Promise<ObjectInfo[]> {
  const objects: ObjectInfo[] = [];
  for await (const page of storage.list(prefix)) objects.push(...page);
  return objects;
}

async function keysOf(storage: Storage, prefix: string): Promise<string[]> {
  return (await listed(storage, prefix)).map((object) => object.key);
}

const failsAs = (kind: FailureKind, words?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure, `not a Failure: ${String(error)}`);
  assert.equal(error.kind, kind, error.message);
  if (words !== undefined) assert.match(error.message, words);
  return true;
};

export function storageContract(name: string, open: () => Promise<OpenedStorage>): void {
  describe(`storage contract: ${name}`, () => {
    let opened: OpenedStorage;
    let storage: Storage;
    let outside: string;
    before(async () => {
      opened = await open();
      storage = opened.again();
      outside = mkdtempSync(join(tmpdir(), "millrace-contract-"));
    });
    after(async () => {
      await opened.close();
      rmSync(outside, { recursive: true, force: true });
    });

    /** That `seen` is what a put answered with. */
    function sameObject<T extends ObjectInfo>(seen: T | undefined, put: T): void {
      if (seen !== undefined && opened.differs?.putTimes === "reckoned") {
        const off = Math.abs(seen.modifiedMs - put.modifiedMs);
        assert.ok(off <= reckonedMsMax, `${seen.key}: reckoned a time that is ${off} ms off`);
        assert.deepEqual(seen, { ...put, modifiedMs: seen.modifiedMs });
      } else {
        assert.deepEqual(seen, put);
      }
    }

    test("an empty place answers", async () => {
      assert.equal(await storage.head("nothing/here"), undefined);
      assert.deepEqual(await keysOf(storage, ""), []);
      assert.deepEqual(await keysOf(storage, "nothing/"), []);
      await assert.rejects(bytesOf(storage, "nothing/here"), failsAs("missing", /nothing\/here/));
      await storage.remove("nothing/here");
      assert.equal(await storage.sweep(0), 0);
    });

    test("what is put is read, by every handle", async () => {
      const startMs = Date.now();
      const info = await storage.put("put/a/b.json.gz", text("hello"));
      assert.equal(info.key, "put/a/b.json.gz");
      assert.equal(info.size, 5);
      assert.ok(Math.abs(info.modifiedMs - startMs) < 60_000, `${info.modifiedMs} is not about now`);
      for (const handle of [storage, opened.again()]) {
        assert.equal(await textOf(handle, "put/a/b.json.gz"), "hello");
        const detail = await handle.head("put/a/b.json.gz");
        sameObject(detail, { ...info, metadata: undefined });
        const found = await listed(handle, "put/");
        assert.equal(found.length, 1);
        assert.deepEqual({ ...found[0], metadata: undefined }, detail, "a listing says what head says");
      }
    });

    test("an empty object is an object", async () => {
      const info = await storage.put("empty", text(""));
      assert.equal(info.size, 0);
      assert.equal(await textOf(storage, "empty"), "");
      sameObject(await storage.head("empty"), { ...info, metadata: undefined });
    });

    test("put replaces, and every version has its own token", async () => {
      const tokens = new Set<string>();
      for (let i = 0; i < 50; i++) {
        // The same length throughout, so that the size does not tell them apart.
        const info = await storage.put("replaced", text(String(i).padStart(3, "0")));
        assert.ok(!tokens.has(info.token), `token ${info.token} came twice`);
        tokens.add(info.token);
      }
      assert.equal(await textOf(storage, "replaced"), "049");
    });

    test("a reader that began keeps its version, a reader with an old token is told", async () => {
      const before = await storage.put("versions", text("first"));
      const chunks = storage.read("versions")[Symbol.asyncIterator]();
      const first = await chunks.next();
      const after = await storage.put("versions", text("other"));
      assert.equal(Buffer.from(first.value ?? []).toString(), "first");
      assert.equal((await chunks.next()).done, true);
      await assert.rejects(bytesOf(storage, "versions", { token: before.token }), failsAs("conflict"));
      assert.equal(await textOf(storage, "versions", { token: after.token }), "other");
    });

    test("a file outside scratch is copied, one inside may be moved", async () => {
      const file = join(outside, "body");
      writeFileSync(file, "from a file");
      await storage.put("files/outside", { file });
      assert.ok(existsSync(file), "the caller's own file is still there");
      assert.equal(await textOf(storage, "files/outside"), "from a file");

      const scratch = await storage.scratch("move");
      writeFileSync(join(scratch.directory, "a"), "from scratch");
      writeFileSync(join(scratch.directory, "b"), "create");
      await storage.put("files/inside", { file: join(scratch.directory, "a") });
      assert.notEqual(await storage.putIfAbsent("files/created", { file: join(scratch.directory, "b") }), undefined);
      await scratch.dispose();
      assert.ok(!existsSync(scratch.directory));
      assert.equal(await textOf(storage, "files/inside"), "from scratch");
      assert.equal(await textOf(storage, "files/created"), "create");
      assert.deepEqual(await keysOf(storage, "files/"), ["files/created", "files/inside", "files/outside"]);
    });

    test("a body that does not exist leaves nothing", async () => {
      await assert.rejects(storage.put("nobody", { file: join(outside, "absent") }), failsAs("missing"));
      assert.equal(await storage.head("nobody"), undefined);
      assert.equal(await storage.sweep(0), 0);
    });

    test("putIfAbsent creates once", async () => {
      const info = await storage.putIfAbsent("once", text("mine"), { metadata: { by: "first" } });
      assert.equal(info?.size, 4);
      assert.equal(await storage.putIfAbsent("once", text("other"), { metadata: { by: "second" } }), undefined);
      assert.equal(await textOf(storage, "once"), "mine");
      assert.deepEqual((await storage.head("once"))?.metadata, { by: "first" });
      await storage.remove("once");
      assert.notEqual(await storage.putIfAbsent("once", text("again")), undefined);
      assert.equal(await textOf(storage, "once"), "again");
    });

    test("of eight racing writers exactly one wins, with its own bytes and metadata", async () => {
      const handles = Array.from({ length: 8 }, () => opened.again());
      for (let round = 0; round < 20; round++) {
        const key = `race/${round}/object`;
        const results = await Promise.all(
          handles.map((handle, i) => handle.putIfAbsent(key, text(`writer ${i}`), { metadata: { writer: String(i) } })),
        );
        const winners = results.flatMap((info, i) => (info === undefined ? [] : [{ info, i }]));
        assert.equal(winners.length, 1, `round ${round}: ${winners.length} winners`);
        const winner = winners[0];
        assert.equal(await textOf(storage, key), `writer ${winner?.i}`);
        const detail = await storage.head(key);
        if (winner !== undefined) sameObject(detail, { ...winner.info, metadata: { writer: String(winner.i) } });
      }
    });

    test("racing replacements leave one whole object with its own metadata", async () => {
      for (let round = 0; round < 10; round++) {
        const bodies = Array.from({ length: 6 }, (_, i) => String(i).repeat(10_000 + i));
        await Promise.all(bodies.map((body, i) => storage.put("whole", text(body), { metadata: { i: String(i) } })));
        const found = await textOf(storage, "whole");
        const i = bodies.indexOf(found);
        assert.notEqual(i, -1, "a mixture of two bodies");
        assert.deepEqual((await storage.head("whole"))?.metadata, { i: String(i) });
      }
    });

    test("a reader sees only whole objects while they are replaced", async () => {
      const length = 100_000;
      await storage.put("atomic", Buffer.alloc(length, 1));
      let writing = true;
      const writer = (async () => {
        for (let i = 2; i < 30; i++) await storage.put("atomic", Buffer.alloc(length, i));
        writing = false;
      })();
      let reads = 0;
      while (writing) {
        const found = await bytesOf(storage, "atomic");
        assert.equal(found.length, length);
        assert.ok(
          found.every((byte) => byte === found[0]),
          "a mixture of two versions",
        );
        reads++;
      }
      await writer;
      assert.ok(reads > 0);
    });

    test("a listing is in byte order, with size and token of every object", async () => {
      const names = [
        "a-b/x",
        "a/x",
        "a.b",
        "a0",
        "A",
        "é",
        "z",
        "\u{1f600}",
        "\uffee",
        "a/b/c",
        "a/b-c",
        "10",
        "9",
        " ",
      ];
      const infos = new Map<string, ObjectInfo>();
      for (const name of names) infos.set(`order/${name}`, await storage.put(`order/${name}`, text(name)));
      const expected = [...infos.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const found = await listed(storage, "order/");
      assert.deepEqual(
        found.map(({ key }) => key),
        expected,
      );
      for (const info of found) sameObject(info, infos.get(info.key) ?? info);
    });

    test("a listing of more than a page is complete and ordered", async () => {
      const count = opened.fill === undefined ? 1500 : 5000;
      const keys = Array.from({ length: count }, (_, i) => `pages/p=${String(i).padStart(5, "0")}/data`);
      if (opened.fill === undefined) await Promise.all(keys.map((key) => storage.put(key, text("x"))));
      else opened.fill(keys);
      assert.deepEqual(await keysOf(storage, "pages/"), keys);
    });

    test("a prefix ends at a segment", async () => {
      await storage.put("prefix/one/x", text("1"));
      await storage.put("prefix/one-more/x", text("2"));
      assert.deepEqual(await keysOf(storage, "prefix/one/"), ["prefix/one/x"]);
      assert.deepEqual(await keysOf(storage, "prefix/on/"), []);
      for (const bad of ["prefix/one", "/", "../", "prefix//", "prefix/../prefix/"]) {
        await assert.rejects(keysOf(storage, bad), failsAs("usage"), bad);
      }
    });

    test("names that begin with _ are listed only where the prefix names them", async () => {
      await storage.put("hidden/_schema/1.json", text("1"));
      await storage.put("hidden/src=1/data", text("2"));
      await storage.put("_catalog/mart/1.json", text("3"));
      assert.deepEqual(await keysOf(storage, "hidden/"), ["hidden/src=1/data"]);
      assert.deepEqual(await keysOf(storage, "hidden/_schema/"), ["hidden/_schema/1.json"]);
      assert.deepEqual(await keysOf(storage, "_catalog/"), ["_catalog/mart/1.json"]);
      assert.ok((await keysOf(storage, "")).every((key) => !key.startsWith("_")));
      const scratch = await storage.scratch("unlisted");
      writeFileSync(join(scratch.directory, "x"), "x");
      for (const prefix of ["", "_staging/", "_receipts/", "_staging/unlisted/"]) {
        const found = await keysOf(storage, prefix);
        assert.ok(
          found.every((key) => !key.startsWith("_")),
          `${prefix} shows ${found.join()}`,
        );
      }
      await scratch.dispose();
    });

    test("a listing by leaf shows that object of each directory below, in order, and nothing else", async () => {
      const keys = [
        "leaves/b/data",
        "leaves/a/data",
        "leaves/a-b/data",
        "leaves/a/other",
        "leaves/c/d/data",
        "leaves/_x/data",
      ];
      for (const key of keys) await storage.put(key, text("x"));
      const found: string[] = [];
      for await (const page of storage.list("leaves/", { leaf: "data" })) found.push(...page.map(({ key }) => key));
      assert.deepEqual(found, ["leaves/a-b/data", "leaves/a/data", "leaves/b/data"]);
      const whole = await listed(storage, "leaves/");
      const [first] = whole.filter(({ key }) => key === "leaves/a-b/data");
      for await (const [leaf] of storage.list("leaves/", { leaf: "data" })) assert.deepEqual(leaf, first);
    });

    test("a listing may begin behind a key, and be of what begins with a stem", async () => {
      const keys = ["behind/_log/1", "behind/a=1/data", "behind/a=2/data", "behind/a=2/other", "behind/b/data"];
      for (const key of keys) await storage.put(key, text("x"));
      const found = async (options: ListOptions): Promise<string[]> => {
        const list: string[] = [];
        for await (const page of storage.list("behind/", options)) list.push(...page.map(({ key }) => key));
        return list;
      };
      assert.deepEqual(await found({ stem: "a=" }), keys.slice(1, 4));
      assert.deepEqual(await found({ stem: "a=", leaf: "data" }), ["behind/a=1/data", "behind/a=2/data"]);
      assert.deepEqual(await found({ after: "behind/a=1/data" }), keys.slice(2));
      assert.deepEqual(await found({ after: "behind/a=2", leaf: "data" }), ["behind/a=2/data", "behind/b/data"]);
      assert.deepEqual(await found({ after: "behind/b/data" }), []);
      assert.deepEqual(await found({ stem: "c" }), []);
    });

    test("an object that goes during a listing does not disturb it", async () => {
      for (let i = 0; i < 20; i++) await storage.put(`going/${i}/x`, text("x"));
      const found: string[] = [];
      for await (const page of storage.list("going/")) {
        for (let i = 0; i < 20; i++) await storage.remove(`going/${i}/x`);
        found.push(...page.map((object) => object.key));
      }
      assert.ok(found.length <= 20);
      assert.deepEqual(await keysOf(storage, "going/"), []);
    });

    test("a range is exact, whatever its ends", async () => {
      const body = randomBytes(3000);
      await storage.put("ranged", body);
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: -3500, max: 3500 }),
          fc.option(fc.nat(3500), { nil: undefined }),
          async (start, end) => {
            const found = await bytesOf(storage, "ranged", { range: end === undefined ? { start } : { start, end } });
            const from = start < 0 ? Math.max(0, body.length + start) : start;
            assert.deepEqual(found, body.subarray(from, Math.max(from, end ?? body.length)));
          },
        ),
        propertyRuns(60),
      );
    });

    test("metadata belongs to the version it was put with", async () => {
      const metadata = { sha256: "00", url: "https://example.org/é?a=\u{1f600}", empty: "" };
      const info = await storage.put("meta/x", text("one"), { metadata });
      sameObject(await storage.head("meta/x"), { ...info, metadata });
      await storage.put("meta/x", text("two"), { metadata: { sha256: "11" } });
      assert.deepEqual((await storage.head("meta/x"))?.metadata, { sha256: "11" });
      await storage.put("meta/x", text("ten"));
      assert.equal((await storage.head("meta/x"))?.metadata, undefined);
      await storage.put("meta/x", text("six"), { metadata });
      await storage.remove("meta/x");
      await storage.put("meta/x", text("one"));
      assert.equal((await storage.head("meta/x"))?.metadata, undefined, "a removed object's metadata came back");
    });

    test("metadata has a limit", async () => {
      await storage.put("meta/limit", text(""), { metadata: { a: "x".repeat(1912) } });
      for (const value of ["x".repeat(1950), "é".repeat(400)]) {
        await assert.rejects(storage.put("meta/over", text(""), { metadata: { value } }), failsAs("usage", /1920/));
      }
      assert.equal(await storage.head("meta/over"), undefined);
    });

    test("annotate gives metadata once, to the version it names", async () => {
      const info = await storage.put("adopted/x", text("found"));
      await storage.annotate("adopted/x", info.token, { sha256: "aa" });
      sameObject(await storage.head("adopted/x"), { ...info, metadata: { sha256: "aa" } });
      assert.equal(await textOf(storage, "adopted/x"), "found");
      await storage.annotate("adopted/x", info.token, { sha256: "aa" });
      await assert.rejects(storage.annotate("adopted/x", info.token, { sha256: "bb" }), failsAs("conflict"));
      const later = await storage.put("adopted/x", text("other"));
      await assert.rejects(storage.annotate("adopted/x", info.token, { sha256: "cc" }), failsAs("conflict"));
      assert.equal((await storage.head("adopted/x"))?.metadata, undefined);
      await storage.annotate("adopted/x", later.token, { sha256: "cc" });
      assert.deepEqual((await storage.head("adopted/x"))?.metadata, { sha256: "cc" });
      await assert.rejects(storage.annotate("adopted/y", "1", {}), failsAs("missing"));
    });

    test("keys that break the grammar are refused before anything is touched", async () => {
      const bad = [
        "",
        "/",
        "/etc/passwd",
        "a//b",
        "a/",
        "/a",
        ".",
        "..",
        "../a",
        "a/../b",
        "a/./b",
        "a/..",
        "a\\b",
        "..\\a",
        "a\0b",
        "a\nb",
        "\u007f",
        "\ud800",
        "x".repeat(1025),
        "é".repeat(600),
        "_staging/x",
        "_receipts/x.json",
        "_staging",
      ];
      for (const key of bad) {
        const usage = failsAs("usage");
        await assert.rejects(storage.put(key, text("x")), usage, JSON.stringify(key));
        await assert.rejects(storage.putIfAbsent(key, text("x")), usage);
        await assert.rejects(storage.head(key), usage);
        await assert.rejects(bytesOf(storage, key), usage);
        await assert.rejects(storage.remove(key), usage);
        await assert.rejects(storage.annotate(key, "1", {}), usage);
        assert.throws(() => storage.locate(key), usage);
        // What lies below `a/` has a location, though `a/` is no key.
        if (key !== "a/") assert.throws(() => storage.location(key), usage);
      }
    });

    test("keys that look odd but keep the grammar work", async () => {
      for (const key of [
        "src=2026-03-01-15/data",
        "...",
        "a b",
        "ä/ö",
        "a..b",
        ".hidden",
        "-x",
        "%2e%2e/x",
        "a~1",
        "x".repeat(200),
      ]) {
        await storage.put(`odd/${key}`, text(key));
        assert.equal(await textOf(storage, `odd/${key}`), key);
        await storage.remove(`odd/${key}`);
      }
      assert.deepEqual(await keysOf(storage, "odd/"), []);
    });

    test("no key is a directory of another, or both are whole", async () => {
      await storage.put("clash/x", text("x"));
      await storage.put("clash/d/y", text("y"));
      const clash = failsAs("usage", /no key may be a directory of another/);
      const mayStand = opened.differs?.clashes === "may stand";
      const stands = new Set<string>();
      const tried = async (key: string, work: Promise<ObjectInfo | undefined>): Promise<void> => {
        if (!mayStand) return assert.rejects(work, clash);
        // One store refuses what another keeps; what it keeps must be an object like any other.
        const outcome = await work.then(() => undefined, clash);
        if (outcome === undefined) stands.add(key);
      };
      for (const metadata of [undefined, { a: "b" }]) {
        const options = metadata === undefined ? {} : { metadata };
        await tried("clash/x/y", storage.put("clash/x/y", text("1"), options));
        await tried("clash/x/y/z", storage.put("clash/x/y/z", text("1"), options));
        await tried("clash/x/y", storage.putIfAbsent("clash/x/y", text("1"), options));
        await tried("clash/d", storage.put("clash/d", text("1"), options));
        await tried("clash/d", storage.putIfAbsent("clash/d", text("1"), options));
      }
      for (const key of ["clash/d", "clash/x/y", "clash/x/y/z"]) {
        assert.equal((await storage.head(key)) !== undefined, stands.has(key), key);
        if (stands.has(key)) assert.equal(await textOf(storage, key), "1");
        else await assert.rejects(bytesOf(storage, key), failsAs("missing"), key);
        await storage.remove(key);
      }
      assert.deepEqual(await keysOf(storage, "clash/"), ["clash/d/y", "clash/x"]);
      assert.equal(await textOf(storage, "clash/d/y"), "y");
      await storage.remove("clash/x");
      await storage.remove("clash/d/y");
      await storage.put("clash/x/y", text("now"));
      await storage.put("clash/d", text("now"));
      assert.deepEqual(await keysOf(storage, "clash/"), ["clash/d", "clash/x/y"]);
    });

    test("removing and putting side by side never fails", async () => {
      const put = async (key: string, metadata: Metadata): Promise<void> => {
        for (let tries = 1; ; tries++) {
          try {
            await storage.put(key, text("x"), { metadata });
            return;
          } catch (error) {
            if (opened.differs?.churn !== "may be denied" || tries === 20) throw error;
            failsAs("denied")(error);
          }
        }
      };
      await Promise.all(
        Array.from({ length: 4 }, async (_, i) => {
          for (let round = 0; round < 15; round++) {
            await put(`churn/deep/er/${i}`, { i: String(i) });
            await storage.remove(`churn/deep/er/${i}`);
          }
        }),
      );
      assert.deepEqual(await keysOf(storage, "churn/"), []);
    });

    test("an aborted call does nothing", async () => {
      const signal = AbortSignal.abort();
      const cancelled = failsAs("cancelled");
      await assert.rejects(storage.put("aborted", text("x"), { signal }), cancelled);
      await assert.rejects(storage.putIfAbsent("aborted", text("x"), { signal }), cancelled);
      assert.equal(await storage.head("aborted"), undefined);
      await assert.rejects(storage.head("aborted", { signal }), cancelled);
      await assert.rejects(storage.remove("replaced", { signal }), cancelled);
      await assert.rejects(bytesOf(storage, "replaced", { signal }), cancelled);
      await assert.rejects(async () => {
        for await (const _ of storage.list("", { signal })) assert.fail("a page in spite of the signal");
      }, cancelled);
      assert.equal(await storage.sweep(0), 0);
    });

    test("a read stops between chunks", async () => {
      await storage.put("long", Buffer.alloc(3 * 1024 * 1024));
      const controller = new AbortController();
      await assert.rejects(async () => {
        for await (const chunk of storage.read("long", { signal: controller.signal })) {
          assert.ok(chunk.length <= 1024 * 1024);
          controller.abort();
        }
      }, failsAs("cancelled"));
    });

    test("a big object is streamed", async () => {
      const scratch = await storage.scratch("big");
      const file = join(scratch.directory, "big");
      const length = 128 * 1024 * 1024 + 17;
      writeFileSync(file, "head");
      truncateSync(file, length);
      await storage.put("big", { file });
      await scratch.dispose();
      const hash = createHash("sha256");
      let seen = 0;
      const heldBefore = heldBytes();
      let heldMax = 0;
      for await (const chunk of storage.read("big")) {
        assert.ok(chunk.length <= 1024 * 1024);
        seen += chunk.length;
        hash.update(chunk);
        // Once in 16 MiB: what is garbage by now does not count, what is still held does.
        if (seen % (16 << 20) < chunk.length) heldMax = Math.max(heldMax, heldBytes());
      }
      assert.equal(seen, length);
      assert.ok(heldMax - heldBefore < 48 << 20, `reading holds ${(heldMax - heldBefore) >> 20} MiB of memory`);
      await storage.remove("big");
    });

    test("what locate names can be opened by others", async () => {
      const info = await storage.put("located/x", text("here"));
      const path = storage.locate("located/x");
      if (path !== undefined) {
        const chunks: Buffer[] = [];
        const { createReadStream } = await import("node:fs");
        for await (const chunk of createReadStream(path)) chunks.push(Buffer.from(chunk));
        assert.equal(Buffer.concat(chunks).toString(), "here");
      }
      assert.equal((await storage.head("located/x"))?.token, info.token);
    });

    test("where others find an object is said alike for it and for what lies above it", () => {
      const [object, above] = [storage.location("a b/src=x/data"), storage.location("a b/src=x/")];
      assert.equal(object === undefined, above === undefined);
      if (object === undefined) return;
      assert.match(object, /^(?:file:\/\/\/|s3a:\/\/[^/]+\/).*a b\/src=x\/data$/);
      assert.equal(object, `${above}data`);
      const path = storage.locate("a b/src=x/data");
      if (path !== undefined) assert.equal(object, `file://${path}`);
    });

    test("a released attempt is taken over with what it left; one that is in use is not", async () => {
      const first = await storage.scratch("resume");
      writeFileSync(join(first.directory, "half"), "half");
      const other = await storage.scratch("resume");
      assert.notEqual(other.directory, first.directory);
      await other.dispose();
      await first.release();
      const next = await storage.scratch("resume");
      assert.equal(next.directory, first.directory);
      assert.ok(existsSync(join(next.directory, "half")));
      await next.dispose();
      assert.ok(!existsSync(next.directory));
    });

    test("scratch belongs to its attempt and is not swept while the owner lives", async () => {
      const one = await storage.scratch("attempt");
      const two = await storage.scratch("attempt");
      assert.notEqual(one.directory, two.directory);
      writeFileSync(join(one.directory, "x"), "x");
      assert.equal(await storage.sweep(0), 0);
      assert.ok(existsSync(join(one.directory, "x")));
      await one.dispose();
      await one.dispose();
      assert.ok(!existsSync(one.directory));
      assert.ok(existsSync(two.directory));
      await two.dispose();
      for (const bad of ["", "..", "a/b", ".x", "x\0"])
        await assert.rejects(storage.scratch(bad), failsAs("usage"), bad);
    });

    test("a random history of calls equals a map", async () => {
      const key = fc.constantFrom("h/a", "h/b", "h/c/d", "h/c/e", "h/a-b");
      const call = fc.oneof(
        fc.record({ do: fc.constant("put" as const), key, body: fc.string() }),
        fc.record({ do: fc.constant("create" as const), key, body: fc.string() }),
        fc.record({ do: fc.constant("remove" as const), key }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(call, { maxLength: 12 }), async (calls) => {
          const model = new Map<string, string>();
          for (const each of calls) {
            if (each.do === "remove") {
              await storage.remove(each.key);
              model.delete(each.key);
            } else if (each.do === "put") {
              await storage.put(each.key, text(each.body));
              model.set(each.key, each.body);
            } else {
              const info = await storage.putIfAbsent(each.key, text(each.body));
              assert.equal(info === undefined, model.has(each.key));
              if (info !== undefined) model.set(each.key, each.body);
            }
          }
          assert.deepEqual(await keysOf(storage, "h/"), [...model.keys()].sort());
          for (const [key, body] of model) {
            assert.equal(await textOf(storage, key), text(body).toString());
            await storage.remove(key);
          }
        }),
        propertyRuns(25),
      );
    });
  });
}
