import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { Failure } from "../errors.ts";
import { directoryTree, type Patience, patiently, renamePatienceMs } from "./durable.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-durable-"));
after(() => rmSync(directory, { recursive: true, force: true }));

function failing(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function clock(platform: NodeJS.Platform): Patience & { readonly now: () => number } {
  let at = 0;
  return {
    platform,
    now: () => at,
    nowMs: () => at,
    sleep: async (ms) => {
      at += ms;
    },
  };
}

describe("patience with a busy file", () => {
  test("on Windows an operation is repeated until it works", async () => {
    for (const code of ["EPERM", "EBUSY", "EACCES"]) {
      let calls = 0;
      const result = await patiently(async () => {
        if (++calls < 5) throw failing(code);
        return calls;
      }, clock("win32"));
      assert.equal(result, 5);
    }
  });

  test("it ends after ten seconds", async () => {
    const time = clock("win32");
    await assert.rejects(
      patiently(() => Promise.reject(failing("EBUSY")), time),
      /EBUSY/,
    );
    assert.ok(time.now() > renamePatienceMs - 600 && time.now() <= renamePatienceMs, `${time.now()} ms`);
  });

  test("other errors, and other systems, fail at once", async () => {
    for (const [platform, code] of [
      ["win32", "ENOENT"],
      ["win32", "EEXIST"],
      ["linux", "EPERM"],
      ["darwin", "EBUSY"],
    ] as const) {
      const time = clock(platform);
      await assert.rejects(
        patiently(() => Promise.reject(failing(code)), time),
        new RegExp(code),
      );
      assert.equal(time.now(), 0);
    }
  });
});

describe("a tree of directories", () => {
  const inTheWay = (path: string) => new Failure("usage", `${path} is in the way`);

  test("is made with its root, again after somebody removed it, and pruned upwards", async () => {
    const root = join(directory, "made", "root");
    const tree = directoryTree(root, "lake");
    assert.equal(await tree.root(), undefined);
    assert.equal(await tree.check(["a"]), false);
    const path = await tree.make(["a", "b"], inTheWay);
    assert.equal(path, join(root, "a", "b"));
    rmSync(root, { recursive: true });
    tree.forget(["a", "b"]);
    await tree.make(["a", "b"], inTheWay);
    assert.ok(existsSync(path));
    writeFileSync(join(root, "a", "keep"), "");
    await tree.prune(["a", "b"]);
    assert.ok(!existsSync(path));
    assert.ok(existsSync(join(root, "a")));
  });

  test("many at a time make the same directories", async () => {
    const tree = directoryTree(join(directory, "many"), "lake");
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, i) => tree.make(["a", "b", String(i % 3)], inTheWay)),
    );
    assert.ok(made.every(existsSync));
  });

  test("knows files and links from directories", async () => {
    const root = join(directory, "odd");
    mkdirSync(join(root, "real"), { recursive: true });
    writeFileSync(join(root, "file"), "");
    symlinkSync(join(root, "real"), join(root, "link"));
    symlinkSync("link-to-itself", join(root, "link-to-itself"));
    const tree = directoryTree(root, "lake");
    await assert.rejects(tree.make(["file"], inTheWay), /in the way/);
    await assert.rejects(tree.make(["link"], inTheWay), /symbolic link/);
    await assert.rejects(tree.check(["link"]), /symbolic link/);
    await assert.rejects(tree.check(["link-to-itself"]), /symbolic link/);
    assert.equal(await tree.check(["real"]), true);
    assert.equal(await tree.check(["file", "below"]), false);
  });

  test("the root may be a link to a directory", async () => {
    const real = join(directory, "behind");
    mkdirSync(real);
    symlinkSync(real, join(directory, "front"));
    const tree = directoryTree(join(directory, "front"), "lake");
    assert.equal(await tree.make(["a"], inTheWay), join(real, "a"));
  });
});
