/** What is published, compiled and run as it is when installed: no sources beside it, and the Node of this process. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { bundleWorker, compile } from "../scripts/build.ts";

const root = join(import.meta.dirname, "..");

describe("the published package", () => {
  let directory: string;
  let installed: string;
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "millrace-package-"));
    installed = join(directory, "node_modules", "millrace");
    compile(join(root, "tsconfig.build.json"), join(installed, "dist"));
    await bundleWorker(join(installed, "dist"));
    for (const part of ["bin", "schema", "package.json"]) {
      cpSync(join(root, part), join(installed, part), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(installed, "node_modules"), "dir");
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  const run = (...args: string[]) => spawnSync(process.execPath, args, { cwd: directory, encoding: "utf8" });

  test("its worker is one file", () => {
    const worker = readFileSync(join(installed, "dist", "src", "convert", "worker.js"), "utf8");
    assert.deepEqual(
      [...worker.matchAll(/^import .* from "([^"]+)"/gm)]
        .map(([, from]) => from)
        .filter((from) => !from?.startsWith("node:")),
      [],
    );
  });

  test("its command converts, in a worker", () => {
    writeFileSync(join(directory, "events.json"), '{"a":1,"b":["x"]}\n{"a":2.5,"c":{"d":true}}\n');
    const bin = join(installed, "bin", "millrace.js");
    const { status, stdout, stderr } = run(bin, "convert", "events.json", "-o", "out.parquet", "--json");
    assert.equal(status, 0, stderr);
    assert.match(stdout, /"rows":\s*2/);
    assert.match(stdout, /"rejected":\s*0/);
  });

  test("where a process has no WebAssembly, the same file comes of TypeScript", () => {
    const bin = join(installed, "bin", "millrace.js");
    const files = [["--jitless"], []].map((flags, at) => {
      const { status, stderr } = run(...flags, bin, "convert", "events.json", "-o", `flags-${at}.parquet`);
      assert.equal(status, 0, stderr);
      return readFileSync(join(directory, `flags-${at}.parquet`));
    });
    assert.deepEqual(files[0], files[1]);
  });

  test("its library converts", () => {
    mkdirSync(join(directory, "user"));
    writeFileSync(
      join(directory, "user", "use.mjs"),
      `import { createReadStream } from "node:fs";
       import { convert } from "millrace";
       const { rows } = await convert(createReadStream("events.json"), "library.parquet");
       console.log(rows);`,
    );
    const { status, stdout, stderr } = run(join("user", "use.mjs"));
    assert.equal(status, 0, stderr);
    assert.equal(stdout.trim(), "2");
  });
});
