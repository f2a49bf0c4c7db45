/** The jars of Delta Lake beside a distribution: brought from a repository on this machine with the real ones, once, and whole. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { Distribution } from "../../src/distribution/contract.ts";
import { bringDelta } from "../../src/distribution/delta.ts";
import { inspect } from "../../src/distribution/inspect.ts";
import { Failure } from "../../src/errors.ts";
import { jarFile } from "../../src/model/versions.ts";
import { hasProgram, missing } from "../real/real.ts";
import { jars, openJarRepository } from "./jar-repository.ts";

interface Ground {
  readonly directory: string;
  readonly cache: string;
  readonly environment: NodeJS.ProcessEnv;
  /** A distribution with the right names and nothing in it. */
  distribution(spark?: string, more?: readonly string[]): Promise<Distribution>;
}

function openGround(context: TestContext): Ground {
  const directory = mkdtempSync(join(tmpdir(), "millrace-delta-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  let made = 0;
  return {
    directory,
    cache: join(directory, "cache", "millrace", "spark"),
    environment: { ...process.env, XDG_CACHE_HOME: join(directory, "cache") },
    async distribution(spark = "4.2.0", more = []) {
      const home = join(directory, `spark-${++made}`);
      mkdirSync(join(home, "jars"), { recursive: true });
      for (const name of [`spark-core_2.13-${spark}.jar`, "hadoop-client-api-3.5.0.jar", ...more])
        writeFileSync(join(home, "jars", name), "");
      const found = await inspect(home);
      assert.ok(found !== undefined);
      return found;
    },
  };
}

test("brought into a directory of their own, each with its sum, and found there the next time", async (context) => {
  const repository = await openJarRepository(context);
  if (repository === undefined) return;
  const ground = openGround(context);
  const wish = { environment: ground.environment, mavenRepository: repository.url };
  const distribution = await ground.distribution();
  const both = await Promise.all([bringDelta(distribution, wish), bringDelta(await ground.distribution(), wish)]);
  const [{ version, directory = "" }, second] = both;
  assert.deepEqual([version, second], ["4.4.0", both[0]]);
  assert.deepEqual(readdirSync(directory).sort(), jars.map(jarFile).sort());
  for (const jar of jars) {
    const sum = createHash("sha256")
      .update(readFileSync(join(directory, jarFile(jar))))
      .digest("hex");
    assert.equal(sum, jar.sha256);
  }
  // Neither halves nor what was downloaded is left beside it, and the distribution is as it was.
  assert.match(readdirSync(ground.cache).join(), /^delta-4\.4\.0-[0-9a-f]{8}$/);
  assert.equal(readdirSync(join(distribution.home, "jars")).length, 2);
  repository.asked.length = 0;
  assert.deepEqual(await bringDelta(distribution, wish), both[0]);
  assert.deepEqual(repository.asked, []);
});

test("a jar of other bytes is refused, and nothing is there then", async (context) => {
  const repository = await openJarRepository(context);
  if (repository === undefined) return;
  const ground = openGround(context);
  const wish = { environment: ground.environment, mavenRepository: repository.url };
  repository.instead.set("delta-storage-4.4.0.jar", Buffer.from("not this"));
  const distribution = await ground.distribution();
  await assert.rejects(
    bringDelta(distribution, wish),
    (error) => error instanceof Failure && error.kind === "corrupt" && /delta-storage-4\.4\.0\.jar/.test(error.message),
  );
  assert.deepEqual(readdirSync(ground.cache), []);
  repository.instead.clear();
  assert.ok(existsSync((await bringDelta(distribution, wish)).directory ?? ""));
});

test("a distribution that has Delta Lake keeps its own; one that nobody has tried is refused by name", async (context) => {
  const ground = openGround(context);
  const { environment } = ground;
  const own = await ground.distribution("4.1.3", ["delta-spark_2.13-4.3.1.jar"]);
  assert.deepEqual(await bringDelta(own, { environment }), { version: "4.3.1", directory: undefined });
  await assert.rejects(bringDelta(await ground.distribution("4.1.3"), { environment }), (error) => {
    assert.ok(error instanceof Failure && error.kind === "usage");
    assert.match(error.message, /^Spark 4\.1\.3: nobody has said which Delta Lake fits it/);
    assert.match(String(error.detail.remedy), /take 4\.2\.0/);
    return true;
  });
  assert.ok(!existsSync(ground.cache));
});

test("millrace spark install --delta", async (context) => {
  if (!hasProgram("java", ["-version"])) return void missing(context, "java", "install Java 17");
  const repository = await openJarRepository(context);
  if (repository === undefined) return;
  const ground = openGround(context);
  const { home } = await ground.distribution();
  const bin = join(import.meta.dirname, "..", "..", "bin", "millrace.js");
  const args = ["spark", "install", "--to", home, "--delta", "--maven-repository", repository.url, "--json"];
  const stdout = await new Promise<string>((resolve, reject) => {
    const options = { cwd: ground.directory, env: ground.environment };
    execFile(process.execPath, [bin, ...args], options, (error, out) =>
      error === null ? resolve(out) : reject(error),
    );
  });
  const { isNew, delta } = Object(JSON.parse(stdout));
  assert.equal(isNew, false);
  assert.equal(delta.version, "4.4.0");
  assert.equal(readdirSync(delta.directory).length, jars.length);
});
