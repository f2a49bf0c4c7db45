import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { cacheContract } from "../../test/contract/cache.ts";
import { propertyRuns } from "../../test/contract/property-runs.ts";
import { Failure } from "../errors.ts";
import type { ObjectInfo, Storage } from "../storage/contract.ts";
import { memoryStorage } from "../storage/memory.ts";
import type { ByteRange, ObjectCache } from "./contract.ts";
import { openCache } from "./open.ts";

cacheContract("directory", openCache);

const KIB = 1024;
const MIB = 1024 * 1024;
const here = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);

/** The bytes of an object, the same in every process. */
function bytesOf(key: string, size: number): Buffer {
  const block = createHash("sha512").update(key).digest();
  const bytes = Buffer.alloc(size, block);
  for (let at = 0; at + 8 <= size; at += 64) bytes.writeUInt32LE(at, at);
  return bytes;
}

async function filled(keys: readonly string[], size: number): Promise<{ storage: Storage; infos: ObjectInfo[] }> {
  const storage = memoryStorage({ name: "bucket" });
  const infos: ObjectInfo[] = [];
  for (const key of keys) infos.push(await storage.put(key, bytesOf(key, size)));
  return { storage, infos };
}

describe("a cache's directory", () => {
  let root: string;
  let directories = 0;
  before(() => {
    root = mkdtempSync(join(tmpdir(), "millrace-cache-directory-"));
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  const newDirectory = (): string => join(root, String(++directories));
  const newCache = (directory: string, bytesMax = 1000 * MIB): ObjectCache =>
    openCache({ directory, bytesMax, placeOf: (storage) => storage.name });
  const filesIn = (directory: string, ending: string): string[] =>
    (existsSync(directory) ? readdirSync(directory, { recursive: true, encoding: "utf8" }) : [])
      .filter((name) => name.endsWith(ending))
      .map((name) => join(directory, name))
      .sort();
  const allocatedIn = (directory: string): number =>
    filesIn(directory, ".data").reduce((sum, path) => sum + lstatSync(path).blocks * 512, 0);
  /** Brings ranges and gives the copy back at once. */
  const use = async (
    cache: ObjectCache,
    storage: Storage,
    info: ObjectInfo,
    ranges: readonly ByteRange[] = [{ start: 0, end: info.size }],
  ): Promise<void> => {
    const held = cache.hold(storage, info);
    await held.bring(ranges);
    for (const { start, end } of ranges) {
      const seen = readFileSync(held.path).subarray(start, end);
      assert.ok(seen.equals(bytesOf(info.key, info.size).subarray(start, end)), `${info.key} ${start}-${end}`);
    }
    await held.release();
  };

  test("nothing is made before a copy is used", async () => {
    const directory = newDirectory();
    const cache = newCache(directory);
    const { storage, infos } = await filled(["a"], 10);
    for (const info of infos) await cache.hold(storage, info).release();
    await cache.close();
    assert.equal(existsSync(directory), false);
  });

  test("a copy takes the room of what was brought", async () => {
    const directory = newDirectory();
    const cache = newCache(directory);
    const { storage, infos } = await filled(["large"], 50 * MIB);
    for (const info of infos) {
      await use(cache, storage, info, [
        { start: 49 * MIB, end: 50 * MIB },
        { start: 10 * MIB, end: 10 * MIB + 5000 },
      ]);
    }
    const [data] = filesIn(directory, ".data");
    assert.equal(lstatSync(data ?? "").size, 50 * MIB);
    assert.ok(allocatedIn(directory) < 1.2 * MIB, `${allocatedIn(directory)} bytes`);
    await cache.close();
    assert.deepEqual(readdirSync(join(directory, "held")), []);
  });

  test("what was used longest ago goes first, down to the bound", async () => {
    const directory = newDirectory();
    const cache = newCache(directory, 5.5 * MIB);
    const keys = ["a", "b", "c", "d", "e"];
    const { storage, infos } = await filled([...keys, "f"], MIB);
    const fetchedBy = async (work: () => Promise<void>): Promise<number> => {
      const before = cache.fetched.bytes;
      await work();
      return cache.fetched.bytes - before;
    };
    const [a, b, , , , f] = infos;
    if (a === undefined || b === undefined || f === undefined) assert.fail();
    for (const [at, info] of infos.slice(0, 5).entries()) {
      const before = new Set(filesIn(directory, ".data"));
      await use(cache, storage, info);
      // As if they had been used a minute apart.
      const made = filesIn(directory, ".data").find((path) => !before.has(path)) ?? assert.fail();
      utimesSync(made, 1_700_000_000 + at * 60, 1_700_000_000 + at * 60);
    }
    assert.equal(filesIn(directory, ".data").length, 5);
    assert.equal(await fetchedBy(() => use(cache, storage, a)), 0, "a is used again");
    await use(cache, storage, f);
    assert.ok(allocatedIn(directory) <= 5.5 * MIB);
    assert.equal(filesIn(directory, ".json").length, filesIn(directory, ".data").length);
    assert.equal(await fetchedBy(() => use(cache, storage, a)), 0, "a stays");
    assert.equal(await fetchedBy(() => use(cache, storage, f)), 0, "f stays");
    assert.equal(await fetchedBy(() => use(cache, storage, b)), MIB, "b went first");
    await cache.close();
  });

  test("what is held stays, whoever holds it, and goes when it is given back", async () => {
    const directory = newDirectory();
    const [cache, other] = [newCache(directory, 2 * MIB), newCache(directory, 2 * MIB)];
    const { storage, infos } = await filled(["a", "b", "c", "d"], MIB);
    const held = infos.slice(0, 3).map((info, at) => (at === 1 ? other : cache).hold(storage, info));
    const whole = [{ start: 0, end: MIB }];
    for (const copy of held) await copy.bring(whole);
    for (const info of infos.slice(3)) await use(cache, storage, info);
    for (const [at, copy] of held.entries()) {
      assert.ok(readFileSync(copy.path).equals(bytesOf(infos[at]?.key ?? "", MIB)));
      assert.equal(await copy.has(whole), true);
    }
    assert.ok(allocatedIn(directory) >= 3 * MIB);
    await Promise.all([held[0]?.release(), held[2]?.release()]);
    assert.ok(allocatedIn(directory) <= 2 * MIB, "the bound holds again");
    assert.equal(await held[1]?.has(whole), true);
    assert.ok(readFileSync(held[1]?.path ?? "").equals(bytesOf("b", MIB)), "the other one still has its own");
    await Promise.all([cache.close(), other.close()]);
  });

  test("a copy that is removed under its holder stays his, and becomes known again with what he brings next", async () => {
    const directory = newDirectory();
    const cache = newCache(directory);
    const { storage, infos } = await filled(["a"], 10 * MIB);
    const info = infos[0] ?? assert.fail();
    const held = cache.hold(storage, info);
    await held.bring([{ start: 0, end: MIB }]);
    for (const path of [...filesIn(directory, ".json"), ...filesIn(directory, ".data")]) rmSync(path);
    assert.equal(await held.has([{ start: 0, end: MIB }]), true);
    await held.bring([{ start: 5 * MIB, end: 6 * MIB }]);
    assert.ok(
      readFileSync(held.path)
        .subarray(0, MIB)
        .equals(bytesOf("a", 10 * MIB).subarray(0, MIB)),
    );
    await held.release();
    const before = cache.fetched.bytes;
    await use(cache, storage, info, [
      { start: 0, end: MIB },
      { start: 5 * MIB, end: 6 * MIB },
    ]);
    assert.equal(cache.fetched.bytes, before);
    await cache.close();
  });

  test("what processes that died left behind is removed, and nothing that is not ours", async () => {
    const directory = newDirectory();
    mkdirSync(join(directory, "00"), { recursive: true });
    const name = "0".repeat(40);
    const ours = [`${name}.${"1".repeat(16)}.data`, `${name.replace(/0$/, "1")}.json`, `${name}.${"2".repeat(16)}.tmp`];
    const foreign = ["notes.txt", `${name}.json.bak`, `${name}.${"1".repeat(16)}.tmp`];
    for (const file of [...ours, ...foreign]) writeFileSync(join(directory, "00", file), Buffer.alloc(MIB));
    utimesSync(join(directory, "00", ours[2] ?? ""), 1_700_000_000, 1_700_000_000);
    mkdirSync(join(directory, "elsewhere"));
    writeFileSync(join(directory, "elsewhere", ours[0] ?? ""), "kept");
    const cache = newCache(directory, MIB);
    const { storage, infos } = await filled(["a"], MIB);
    for (const info of infos) await use(cache, storage, info);
    assert.deepEqual(readdirSync(join(directory, "00")).sort(), foreign.sort());
    assert.equal(readdirSync(join(directory, "elsewhere")).length, 1);
    await cache.close();
  });

  describe("damage is taken for what is not there", () => {
    const ranges = [
      { start: 0, end: 100 * KIB },
      { start: 700 * KIB, end: 800 * KIB },
    ];
    let storage: Storage;
    let info: ObjectInfo;
    before(async () => {
      const made = await filled(["x"], MIB);
      storage = made.storage;
      info = made.infos[0] ?? assert.fail();
    });
    const damaged = async (damage: (record: string, data: string, directory: string) => void): Promise<number> => {
      const directory = newDirectory();
      const first = newCache(directory);
      await use(first, storage, info, ranges);
      await first.close();
      const [[record], [data]] = [filesIn(directory, ".json"), filesIn(directory, ".data")];
      damage(record ?? assert.fail(), data ?? assert.fail(), directory);
      const second = newCache(directory);
      await use(second, storage, info, ranges);
      await second.close();
      // And once more: what replaced the damage is whole.
      const third = newCache(directory);
      await use(third, storage, info, ranges);
      assert.equal(third.fetched.bytes, 0);
      await third.close();
      rmSync(directory, { recursive: true });
      return second.fetched.bytes;
    };
    const refetched = 200 * KIB;

    test("a lost, cut or extended copy", async () => {
      assert.equal(await damaged(() => undefined), 0);
      assert.equal(await damaged((_, data) => rmSync(data)), refetched);
      assert.equal(await damaged((_, data) => truncateSync(data, MIB - 1)), refetched);
      assert.equal(await damaged((_, data) => truncateSync(data, 0)), refetched);
      assert.equal(await damaged((_, data) => truncateSync(data, 2 * MIB)), refetched);
    });

    test("a lost record, or one of another copy", async () => {
      assert.equal(await damaged((record) => rmSync(record)), refetched);
      assert.equal(await damaged((record, data) => copyFileSync(data, record)), refetched);
      // What a power failure could leave: the new name of the data, and the record from before.
      const renamed = (record: string, data: string): void => {
        renameSync(data, data.replace(/\.[0-9a-f]{16}\./, `.${"a".repeat(16)}.`));
        assert.ok(existsSync(record));
      };
      assert.equal(await damaged(renamed), refetched);
    });

    test("any change of a record", async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), async (where, change, cuts) => {
          const bytes = await damaged((record) => {
            const text = readFileSync(record);
            const at = where % text.length;
            text[at] = (text[at] ?? 0) ^ change;
            writeFileSync(record, cuts ? text.subarray(0, at) : text);
          });
          // Changes of white space alone change nothing.
          assert.ok(bytes === refetched || bytes === 0);
        }),
        propertyRuns(60),
      );
    });

    test("a record that claims more than it was written for", async () => {
      const bytes = await damaged((record) => {
        const text = readFileSync(record, "utf8").replace(/"ranges":\[\[0,\d+\]/, '"ranges":[[0,700000]');
        writeFileSync(record, text);
      });
      assert.equal(bytes, refetched);
    });
  });

  describe("several processes", () => {
    const SIZE = 2 * MIB;
    const KEYS = ["a", "b", "c"];
    /** Brings random ranges of random objects and checks them, for ever; a dot for each. */
    const program = (directory: string, bytesMax: number, seed: number): string => `
      import { readFileSync } from "node:fs";
      import { createHash } from "node:crypto";
      import { openCache } from ${here("./open.ts")};
      import { memoryStorage } from ${here("../storage/memory.ts")};
      const bytesOf = ${bytesOf.toString()};
      const storage = memoryStorage({ name: "bucket" });
      const objects = [];
      for (const key of ${JSON.stringify(KEYS)}) {
        const bytes = bytesOf(key, ${SIZE});
        objects.push({ bytes, info: await storage.put(key, bytes) });
      }
      const cache = openCache({ directory: ${JSON.stringify(directory)}, bytesMax: ${bytesMax}, placeOf: (s) => s.name });
      let state = ${seed};
      const random = (below) => (state = (state * 48271) % 2147483647) % below;
      const work = async () => {
        for (let round = 0; ; round++) {
          const { bytes, info } = objects[random(objects.length)];
          const held = cache.hold(storage, info);
          const ranges = Array.from({ length: 1 + random(4) }, () => {
            const start = random(${SIZE});
            return { start, end: Math.min(${SIZE}, start + random(100000)) };
          });
          await held.bring(ranges);
          const seen = readFileSync(held.path);
          for (const { start, end } of ranges) {
            if (!seen.subarray(start, end).equals(bytes.subarray(start, end))) throw new Error("not what was put: " + info.key + " " + start + "-" + end);
          }
          await held.release();
          process.stdout.write(".");
        }
      };
      await Promise.all([work(), work()]);
    `;
    const start = (text: string): ChildProcess =>
      spawn(process.execPath, ["--input-type=module", "-e", text], { stdio: ["ignore", "pipe", "pipe"] });

    test("use one directory, are killed at any time, and nothing untrue is left", { timeout: 120_000 }, async () => {
      const directory = newDirectory();
      for (let round = 0; round < 5; round++) {
        // A small bound, so that they take from each other all the time.
        const children = [1, 2, 3].map((number) => start(program(directory, 2 * MIB, 7 + round * 10 + number)));
        const errors: string[] = [];
        for (const child of children) child.stderr?.on("data", (text) => errors.push(String(text)));
        const wanted = 20 + round * 7;
        await Promise.all(
          children.map(async (child) => {
            let dots = 0;
            child.stdout?.on("data", (text) => {
              dots += String(text).length;
              if (dots >= wanted) child.kill("SIGKILL");
            });
            await once(child, "exit");
          }),
        );
        assert.deepEqual(errors, []);
        await assertTrue(directory);
      }
      const cache = newCache(directory, 2 * MIB);
      const { storage, infos } = await filled(KEYS, SIZE);
      for (const info of infos) await use(cache, storage, info);
      const [own, ...others] = readdirSync(join(directory, "held"));
      assert.ok(own?.startsWith(`${process.pid}-`));
      assert.deepEqual(others, [], "what the dead ones held is given back");
      assert.ok(allocatedIn(directory) <= 2 * MIB);
      await cache.close();
    });

    /** Whatever a record claims is what the object has there. */
    async function assertTrue(directory: string): Promise<void> {
      for (const path of filesIn(directory, ".json")) {
        const record: { key: string; file: string; ranges: [number, number][] } = JSON.parse(
          readFileSync(path, "utf8"),
        );
        const data = path.replace(/json$/, `${record.file}.data`);
        if (!existsSync(data)) continue;
        const [seen, bytes] = [readFileSync(data), bytesOf(record.key, SIZE)];
        for (const [from, until] of record.ranges)
          assert.ok(
            seen.subarray(from, until).equals(bytes.subarray(from, until)),
            `${basename(path)} ${from}-${until}`,
          );
      }
    }

    test("what a living one holds is not removed by another", { timeout: 60_000 }, async () => {
      const directory = newDirectory();
      const holding = program(directory, MIB, 1).replace(
        "await held.release();",
        "await new Promise(() => setInterval(() => process.stdout.write('.'), 50));",
      );
      const child = start(holding);
      try {
        await once(child.stdout ?? assert.fail(), "data");
        const held = filesIn(join(directory, "held"), ".parquet");
        assert.ok(held.length > 0);
        const cache = newCache(directory, 0);
        const { storage, infos } = await filled(["other"], MIB);
        for (const info of infos) await use(cache, storage, info);
        assert.ok(held.every((path) => existsSync(path)));
        assert.ok(filesIn(directory, ".data").length > 0);
        child.kill("SIGKILL");
        await once(child, "exit");
        const next = newCache(directory, 0);
        for (const info of infos) await use(next, storage, info);
        assert.deepEqual(filesIn(directory, ".data"), [], "nobody holds anything any more");
        await Promise.all([cache.close(), next.close()]);
      } finally {
        child.kill("SIGKILL");
      }
    });
  });

  test("a full disk: what nobody holds makes room, and where that is not enough it is said", {
    timeout: 60_000,
  }, (t) => {
    const place = newDirectory();
    mkdirSync(place);
    const program = `
      import { openCache } from ${here("./open.ts")};
      import { memoryStorage } from ${here("../storage/memory.ts")};
      const storage = memoryStorage({ name: "bucket" });
      const cache = openCache({ directory: ${JSON.stringify(join(place, "cache"))}, bytesMax: 1e9, placeOf: (s) => s.name });
      const whole = [{ start: 0, end: 400_000 }];
      const holdNew = async (key, size) => cache.hold(storage, await storage.put(key, Buffer.alloc(size, 1)));
      for (let i = 0; i < 6; i++) {
        const held = await holdNew("k" + i, 400_000);
        await held.bring(whole);
        await held.release();
      }
      const [one, two] = [await holdNew("one", 400_000), await holdNew("two", 3_000_000)];
      await one.bring(whole);
      const failure = await two.bring([{ start: 0, end: 3_000_000 }]).then(() => undefined, (error) => error);
      await two.bring(whole);
      console.log(JSON.stringify({ kind: failure.kind, message: failure.message, remedy: failure.detail.remedy, kept: await one.has(whole) }));
    `;
    const inside = 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$1" --input-type=module -e "$2"';
    const run = spawnSync("unshare", ["-Urm", "sh", "-c", inside, place, process.execPath, program], {
      encoding: "utf8",
    });
    if (run.status !== 0 && /unshare|mount|ENOENT/.test(`${run.stderr}${run.error?.message}`)) {
      assert.notEqual(process.env.REQUIRE_REAL, "all", "a small file system is required and cannot be mounted here");
      t.skip("no small file system can be mounted here");
      return;
    }
    assert.equal(run.stderr, "");
    const said = JSON.parse(run.stdout);
    assert.equal(said.kind, "full");
    assert.ok(said.message.includes(join(place, "cache")));
    assert.match(said.remedy, /cache\.directory/);
    assert.equal(said.kept, true);
  });

  test("a directory that cannot be made is named", async () => {
    const file = newDirectory();
    writeFileSync(file, "");
    const cache = newCache(join(file, "cache"));
    const { storage, infos } = await filled(["a"], 10);
    for (const info of infos) {
      const held = cache.hold(storage, info);
      await assert.rejects(held.bring([{ start: 0, end: 10 }]), (error: unknown) => {
        assert.ok(error instanceof Failure);
        assert.ok(error.message.includes(file), error.message);
        return true;
      });
      await held.release();
    }
    await cache.close();
  });
});
