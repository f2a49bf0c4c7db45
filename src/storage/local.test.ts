import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import { storageContract } from "../../test/contract/storage.ts";
import { Failure, type FailureKind } from "../errors.ts";
import type { Storage } from "./contract.ts";
import { checkPlatformKey, localStorage } from "./local.ts";
import { ownerText, thisProcess } from "./owner.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-local-"));
after(() => rmSync(directory, { recursive: true, force: true }));

storageContract("local", async () => {
  const path = join(directory, "contract", "not yet", "made");
  return {
    again: () => localStorage({ path, name: "lake/raw" }),
    fill(keys) {
      for (const key of keys) {
        mkdirSync(dirname(join(path, key)), { recursive: true });
        writeFileSync(join(path, key), "x");
      }
    },
    close: async () => undefined,
  };
});

let places = 0;
function newPlace(): { readonly path: string; readonly storage: Storage } {
  const path = join(directory, `lake-${places++}`);
  return { path, storage: localStorage({ path, name: "lake" }) };
}

const text = (value: string): Uint8Array => Buffer.from(value);

async function textOf(storage: Storage, key: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of storage.read(key)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function keysOf(storage: Storage, prefix = ""): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of storage.list(prefix)) keys.push(...page.map(({ key }) => key));
  return keys;
}

const failsAs = (kind: FailureKind, words: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure, String(error));
  assert.equal(error.kind, kind, error.message);
  assert.match(error.message, words);
  return true;
};

/** Everything below a directory, for what must have been left or not left there. */
function everything(path: string): string[] {
  return readdirSync(path, { recursive: true, encoding: "utf8" })
    .filter((name) => !statSync(join(path, name)).isDirectory())
    .sort();
}

describe("files on a disk", () => {
  test("are plain files under their keys, with nothing left beside them", async () => {
    const { path, storage } = newPlace();
    await storage.put("a/b/c.json.gz", text("1"));
    await storage.put("a/b/d.json.gz", text("2"), { metadata: { sha256: "xx" } });
    await storage.putIfAbsent("a/b/e.json.gz", text("3"), { metadata: { sha256: "yy" } });
    await storage.putIfAbsent("a/b/e.json.gz", text("4"), { metadata: { sha256: "zz" } });
    assert.deepEqual(everything(path), [
      "_receipts/a/b/d.json.gz.json",
      "_receipts/a/b/e.json.gz.json",
      "a/b/c.json.gz",
      "a/b/d.json.gz",
      "a/b/e.json.gz",
    ]);
    assert.equal(storage.locate("a/b/c.json.gz"), join(path, "a/b/c.json.gz"));
    assert.equal(lstatSync(join(path, "a/b/e.json.gz")).nlink, 1, "a published object keeps a second name");
    for (const key of ["a/b/c.json.gz", "a/b/d.json.gz", "a/b/e.json.gz"]) await storage.remove(key);
    assert.deepEqual(everything(path), []);
    assert.ok(!existsSync(join(path, "a")));
  });

  test("a body in scratch space with a second name is copied, not shared", async () => {
    const { storage } = newPlace();
    const scratch = await storage.scratch("linked");
    const [one, two] = [join(scratch.directory, "one"), join(scratch.directory, "two")];
    writeFileSync(one, "before");
    linkSync(one, two);
    await storage.put("x", { file: one });
    writeFileSync(two, "after!");
    assert.equal(await textOf(storage, "x"), "before");
    await scratch.dispose();
  });

  test("a published body has no second name and the time of its publication", async () => {
    const { path, storage } = newPlace();
    const scratch = await storage.scratch("old");
    const past = new Date(Date.now() - 3_600_000);
    for (const [verb, key] of [
      ["put", "a"],
      ["putIfAbsent", "b"],
    ] as const) {
      const file = join(scratch.directory, key);
      writeFileSync(file, "body");
      utimesSync(file, past, past);
      const info = await storage[verb](key, { file });
      assert.equal(lstatSync(join(path, key)).nlink, 1, `${verb} leaves a second name`);
      assert.ok(Math.abs((info?.modifiedMs ?? 0) - Date.now()) < 600_000, `${verb} keeps the body's own time`);
    }
    await scratch.dispose();
  });

  test("what was written by hand is an object without metadata", async () => {
    const { path, storage } = newPlace();
    mkdirSync(join(path, "found"), { recursive: true });
    writeFileSync(join(path, "found/15.json.gz"), "found");
    const head = await storage.head("found/15.json.gz");
    assert.equal(head?.metadata, undefined);
    assert.deepEqual(await keysOf(storage), ["found/15.json.gz"]);
    await storage.annotate("found/15.json.gz", head?.token ?? "", { verified: "false" });
    assert.deepEqual((await storage.head("found/15.json.gz"))?.metadata, { verified: "false" });
  });

  test("a directory that a broken removal left does not block its name", async () => {
    const { path, storage } = newPlace();
    mkdirSync(join(path, "left", "behind"), { recursive: true });
    await storage.remove("left/behind/x");
    mkdirSync(join(path, "left", "behind"), { recursive: true });
    await storage.put("left/behind", text("now an object"));
    mkdirSync(join(path, "other"));
    assert.notEqual(await storage.putIfAbsent("other", text("x")), undefined);
  });
});

describe("symbolic links", () => {
  test("are followed nowhere: not as objects, not as directories, not by listings", async () => {
    const { path, storage } = newPlace();
    const outside = join(directory, "outside");
    mkdirSync(outside, { recursive: true });
    writeFileSync(join(outside, "secret"), "secret");
    await storage.put("real/x", text("x"));
    symlinkSync(join(outside, "secret"), join(path, "real/link"));
    symlinkSync(outside, join(path, "linked"));
    symlinkSync(join(path, "real"), join(path, "inner"));
    symlinkSync("nowhere", join(path, "dangling"));
    assert.deepEqual(await keysOf(storage), ["real/x"]);
    const denied = failsAs("denied", /symbolic link/);
    for (const key of ["real/link", "linked/secret", "linked/new", "inner/x", "dangling"]) {
      await assert.rejects(storage.head(key), denied, key);
      await assert.rejects(textOf(storage, key), denied, key);
      await assert.rejects(storage.put(key, text("overwritten")), denied, key);
      await assert.rejects(storage.putIfAbsent(key, text("overwritten"), { metadata: { a: "b" } }), denied, key);
      await assert.rejects(storage.remove(key), denied, key);
      await assert.rejects(storage.annotate(key, "1", {}), denied, key);
    }
    await assert.rejects(storage.put("linked/deep/er", text("made behind a link")), denied);
    await assert.rejects(keysOf(storage, "linked/"), denied);
    await assert.rejects(keysOf(storage, "inner/"), denied);
    assert.deepEqual(everything(outside), ["secret"]);
    assert.equal(readFileSync(join(outside, "secret"), "utf8"), "secret");
    assert.equal(await textOf(storage, "real/x"), "x");
    const scratch = await storage.scratch("body");
    symlinkSync(join(outside, "secret"), join(scratch.directory, "body"));
    await storage.put("copied", { file: join(scratch.directory, "body") });
    assert.ok(existsSync(join(outside, "secret")), "what a link in scratch space names was moved");
    await scratch.dispose();
  });

  test("the place itself may be one", async () => {
    const real = join(directory, "real place");
    mkdirSync(real);
    symlinkSync(real, join(directory, "link to place"));
    const storage = localStorage({ path: join(directory, "link to place"), name: "lake" });
    const scratch = await storage.scratch("s");
    writeFileSync(join(scratch.directory, "b"), "body");
    await storage.put("a/x", { file: join(scratch.directory, "b") });
    assert.ok(!existsSync(join(scratch.directory, "b")), "a scratch file was copied instead of moved");
    await scratch.dispose();
    assert.deepEqual(await keysOf(storage), ["a/x"]);
    assert.deepEqual(everything(real), ["a/x"]);
  });
});

describe("sidecars", () => {
  const metadata = { sha256: "ab", verified: "true" };
  const sidecarOf = (path: string, key: string): string => join(path, "_receipts", `${key}.json`);

  test("of another size, or that cannot be read, are no metadata", async () => {
    const { path, storage } = newPlace();
    await storage.put("a/x", text("12345"), { metadata });
    const sidecar = sidecarOf(path, "a/x");
    const good = readFileSync(sidecar, "utf8");
    const bad = [
      "",
      "{",
      "null",
      "[]",
      "5",
      good.replace('"size":5', '"size":6').replace(/"token":"[^"]*"/, '"token":"0"'),
      good.replace('"ab"', "7"),
      "x".repeat(100_000),
    ];
    for (const content of bad) {
      writeFileSync(sidecar, content);
      const found = await storage.head("a/x");
      assert.equal(found?.metadata, undefined, content.slice(0, 100));
      // That something is there is told, since adopting such an object would make its damage the truth.
      const isOther = content.includes('"size":6');
      assert.deepEqual(found?.stray, isOther ? { size: 6, metadata } : "unreadable", content.slice(0, 100));
    }
    rmSync(sidecar);
    symlinkSync(join(path, "a/x"), sidecar);
    assert.equal((await storage.head("a/x"))?.metadata, undefined);
    rmSync(sidecar);
    assert.equal((await storage.head("a/x"))?.stray, undefined);
    writeFileSync(sidecar, good);
    assert.deepEqual((await storage.head("a/x"))?.metadata, metadata);
  });

  test("follow a lake that is copied elsewhere", async () => {
    const { path, storage } = newPlace();
    await storage.put("a/x", text("12345"), { metadata });
    const copy = join(directory, "copied lake");
    cpSync(path, copy, { recursive: true });
    const moved = localStorage({ path: copy, name: "copy" });
    const head = await moved.head("a/x");
    assert.deepEqual(head?.metadata, metadata);
    assert.notEqual(head?.token, (await storage.head("a/x"))?.token);
  });

  /** What a kill between two steps of a put leaves: made by taking the last step back. */
  async function interrupted(): Promise<{
    readonly path: string;
    readonly storage: Storage;
    readonly pending: string;
  }> {
    const { path, storage } = newPlace();
    const info = await storage.put("a/x", text("12345"), { metadata });
    const pending = join(path, "_receipts/_pending", info.token);
    renameSync(sidecarOf(path, "a/x"), pending);
    return { path, storage, pending };
  }

  function ownedByTheDead(file: string): void {
    const dead = { ...thisProcess(), pid: deadPid() };
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), owner: ownerText(dead) }));
  }

  test("are found when the writer died before they came to their place, and are put there", async () => {
    const { path, storage, pending } = await interrupted();
    assert.deepEqual((await storage.head("a/x"))?.metadata, metadata);
    await storage.sweep(0);
    assert.ok(existsSync(pending), "the sidecar of a living writer was touched");
    ownedByTheDead(pending);
    // A dead writer will not finish, however young its work is.
    await storage.sweep(60_000);
    assert.deepEqual(everything(path), ["_receipts/a/x.json", "a/x"]);
    assert.deepEqual((await storage.head("a/x"))?.metadata, metadata);
  });

  test("of a writer that cannot be asked are settled when they are old", async () => {
    const { path, storage, pending } = await interrupted();
    const elsewhere = ownerText({ ...thisProcess(), host: "another" });
    writeFileSync(pending, JSON.stringify({ ...JSON.parse(readFileSync(pending, "utf8")), owner: elsewhere }));
    await storage.sweep(60_000);
    assert.ok(existsSync(pending), "a young one was touched");
    await storage.sweep(0);
    assert.deepEqual(everything(path), ["_receipts/a/x.json", "a/x"]);
  });

  test("of an object that never became visible are swept", async () => {
    const { path, storage, pending } = await interrupted();
    ownedByTheDead(pending);
    rmSync(join(path, "a/x"));
    await storage.sweep(0);
    assert.deepEqual(everything(path), []);
  });

  test("of an older object are not taken for a new one's of the same size", async () => {
    const { path, storage } = newPlace();
    const old = await storage.put("a/x", text("12345"), { metadata });
    const sidecar = readFileSync(sidecarOf(path, "a/x"));
    // The writer of an object without metadata dies after making it visible and before removing the old sidecar.
    const info = await storage.put("a/x", text("67890"));
    assert.ok(!existsSync(sidecarOf(path, "a/x")));
    writeFileSync(sidecarOf(path, "a/x"), sidecar);
    const tombstone = join(path, "_receipts/_pending", info.token);
    const dead = ownerText({ ...thisProcess(), pid: deadPid() });
    writeFileSync(tombstone, JSON.stringify({ key: "a/x", size: 5, token: info.token, owner: dead }));
    assert.equal((await storage.head("a/x"))?.metadata, undefined);
    await storage.sweep(0);
    assert.deepEqual(everything(path), ["a/x"]);
    assert.notEqual(info.token, old.token);
  });

  test("that name another key or a bad one are not believed", async () => {
    const { path, storage, pending } = await interrupted();
    const content = readFileSync(pending, "utf8");
    const dead = ownerText({ ...thisProcess(), pid: deadPid() });
    for (const key of ["a/y", "../../x", ""]) {
      writeFileSync(pending, JSON.stringify({ ...JSON.parse(content), key, owner: dead }));
      assert.equal((await storage.head("a/x"))?.metadata, undefined);
      await storage.sweep(0);
      assert.deepEqual(everything(path), ["a/x"]);
    }
  });
});

/** The id of a process that has ended. */
function deadPid(): number {
  const { pid } = spawnSync(process.execPath, ["-e", ""]);
  assert.ok(pid > 0);
  return pid;
}

describe("sweeping", () => {
  const past = new Date(Date.now() - 100_000);

  /** A scratch directory whose owner file says what it is told to, last changed 100 seconds ago. */
  function leftover(path: string, name: string, owner: string | undefined): string {
    const at = join(path, "_staging", name);
    mkdirSync(join(at, "deep"), { recursive: true });
    writeFileSync(join(at, "body"), "half");
    if (owner !== undefined) writeFileSync(join(at, ".owner.json"), owner);
    for (const entry of [...readdirSync(at).map((each) => join(at, each)), at]) utimesSync(entry, past, past);
    return at;
  }

  test("takes what the dead left, leaves what the living have", async () => {
    const { path, storage } = newPlace();
    const own = await storage.scratch("own");
    const self = thisProcess();
    const taken = [
      leftover(path, "dead", ownerText({ ...self, pid: deadPid() })),
      // The id lives again in another process.
      leftover(path, "reused", ownerText({ ...self, started: `${self.started}0` })),
      leftover(path, "elsewhere", ownerText({ ...self, host: "another" })),
      leftover(path, "nobody", undefined),
      leftover(path, "garbage", "{"),
    ];
    const kept = [leftover(path, "mine", ownerText(self)), own.directory];
    assert.equal(await storage.sweep(200_000), 0, "younger than asked for");
    assert.equal(await storage.sweep(50_000), process.platform === "linux" ? taken.length : taken.length - 1);
    if (process.platform === "linux") for (const at of taken) assert.ok(!existsSync(at), at);
    for (const at of kept) assert.ok(existsSync(at), at);
  });

  test("counts age from the last change of anything directly inside", async () => {
    const { path, storage } = newPlace();
    const at = leftover(path, "busy", undefined);
    writeFileSync(join(at, "body"), "still written to");
    assert.equal(await storage.sweep(50_000), 0);
    assert.ok(existsSync(at));
  });
});

describe("a full disk", () => {
  test("is told as full, with nothing left behind", { timeout: 30_000 }, async (t) => {
    const place = join(directory, "small");
    mkdirSync(place);
    const module = JSON.stringify(new URL("./local.ts", import.meta.url).href);
    const program = `
      import { readdirSync } from "node:fs";
      import { localStorage } from ${module};
      const storage = localStorage({ path: ${JSON.stringify(join(place, "lake"))}, name: "lake" });
      await storage.put("kept", Buffer.alloc(100_000, 1));
      const said = [];
      for (const metadata of [undefined, { a: "b" }]) {
        for (const verb of ["put", "putIfAbsent"]) {
          await storage[verb]("big/x", Buffer.alloc(3_000_000), metadata && { metadata }).catch((error) => said.push(error.kind));
        }
      }
      const left = readdirSync(${JSON.stringify(join(place, "lake"))}, { recursive: true }).filter((name) => !/^(_staging|_receipts|_receipts._pending)$/.test(name));
      await storage.put("after", Buffer.alloc(100_000, 2));
      console.log(JSON.stringify({ said, left }));
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
    assert.deepEqual(JSON.parse(run.stdout), { said: ["full", "full", "full", "full"], left: ["kept"] });
  });
});

describe("kills", () => {
  test("whenever a writer is killed, every object is whole and has its own metadata", { timeout: 60_000 }, async () => {
    const { path, storage } = newPlace();
    const program = `
      import { localStorage } from ${JSON.stringify(new URL("./local.ts", import.meta.url).href)};
      const storage = localStorage({ path: ${JSON.stringify(path)}, name: "lake" });
      for (let i = 0; ; i++) {
        const body = Buffer.alloc(200_000, i % 250);
        const metadata = { i: String(i % 250) };
        await storage.put("replaced", body, { metadata });
        await storage.putIfAbsent("created/" + process.pid + "-" + i, body, { metadata });
        await storage.remove("created/" + process.pid + "-" + (i - 3));
        process.stdout.write(".");
      }
    `;
    for (let round = 0; round < 6; round++) {
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let dots = 0;
      for await (const data of child.stdout) {
        dots += String(data).length;
        if (dots > round * 3) break;
      }
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      for (const key of ["replaced", ...(await keysOf(storage, "created/"))]) {
        const found = Buffer.from(await textOf(storage, key), "utf8");
        const bytes = readFileSync(join(path, key));
        assert.equal(bytes.length, 200_000, key);
        assert.ok(
          bytes.every((byte) => byte === bytes[0]),
          `${key} is a mixture`,
        );
        assert.ok(found.length > 0);
        assert.deepEqual((await storage.head(key))?.metadata, { i: String(bytes[0]) }, key);
      }
    }
    await storage.sweep(0);
    const beside = everything(path).filter((name) => name.startsWith("_") && !name.startsWith("_receipts/created/"));
    assert.deepEqual(beside, ["_receipts/replaced.json"], "something is left after sweeping");
    for (const key of await keysOf(storage)) assert.notEqual((await storage.head(key))?.metadata, undefined, key);
  });
});

describe("Windows", () => {
  test("names that Windows reads more into are refused there", () => {
    const bad = [
      "a:b",
      "a/con",
      "CON.txt",
      "nul",
      "com1.json/x",
      "a.",
      "a /b",
      "a/b.",
      "a?b",
      "a*b",
      'a"b',
      "a|b",
      "<a",
      "lpt9",
    ];
    for (const key of bad) {
      assert.throws(() => checkPlatformKey("lake", key, "win32"), failsAs("usage", /Windows/), key);
      checkPlatformKey("lake", key, "linux");
    }
    for (const key of ["src=2026-03-01-15/data.parquet", "console", "a.b", "com10", ".hidden/x"])
      checkPlatformKey("lake", key, "win32");
  });
});
