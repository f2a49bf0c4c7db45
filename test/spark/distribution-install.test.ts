/**
 * `millrace spark install` as a user runs it, without half a gigabyte: the jars are the real ones, from a repository on this
 * machine; Spark is an archive with the right names and nothing in it; pip is the real one, with a registry that is ours. The
 * same with the real registries is in `distribution-install.deep.test.ts`.
 */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import test, { type TestContext } from "node:test";
import { jarFile, versionsOf } from "../../src/model/versions.ts";
import { s3aJars } from "../real/installed.ts";
import { hasProgram, missing } from "../real/real.ts";

const bin = join(import.meta.dirname, "..", "..", "bin", "millrace.js");
const jars = versionsOf("4.2.0")?.jars ?? [];

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Ground {
  readonly directory: string;
  /** Where `install` keeps what it brings. */
  readonly cache: string;
  install(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ran>;
}

function openGround(context: TestContext): Ground | undefined {
  if (!hasProgram("java", ["-version"])) {
    missing(context, "java", "install Java 17");
    return undefined;
  }
  const directory = mkdtempSync(join(tmpdir(), "millrace-install-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const own = { ...process.env, XDG_CACHE_HOME: join(directory, "cache") };
  return {
    directory,
    cache: join(directory, "cache", "millrace", "spark"),
    install: (args, env = {}) =>
      new Promise((resolve) => {
        const options = { cwd: directory, env: { ...own, ...env } };
        execFile(process.execPath, [bin, "spark", "install", ...args], options, (error, stdout, stderr) => {
          resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, stdout, stderr });
        });
      }),
  };
}

/** An archive of Spark's own form, with the names that tell its version. */
function makeArchive(
  directory: string,
  { spark = "4.2.0", hadoop = "3.5.0", more = [] as readonly string[] } = {},
): string {
  const top = join(directory, `spark-${spark}-bin-hadoop3`);
  for (const name of ["bin", "jars"]) mkdirSync(join(top, name), { recursive: true });
  writeFileSync(join(top, "bin", "spark-submit"), "#!/bin/sh\n", { mode: 0o755 });
  for (const name of [`spark-core_2.13-${spark}.jar`, `hadoop-client-api-${hadoop}.jar`, ...more]) {
    writeFileSync(join(top, "jars", name), "");
  }
  execFileSync("tar", ["-czf", `${top}.tgz`, "-C", directory, basename(top)]);
  rmSync(top, { recursive: true });
  return `${top}.tgz`;
}

interface Repository {
  readonly url: string;
  readonly asked: string[];
  /** What is served instead of a jar: other bytes, or a status. */
  readonly instead: Map<string, Buffer | number>;
}

/** A Maven repository with the real jars. */
async function openRepository(context: TestContext): Promise<Repository | undefined> {
  const directory = s3aJars(context);
  if (directory === undefined) return undefined;
  const asked: string[] = [];
  const instead = new Map<string, Buffer | number>();
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const name = basename(path);
    asked.push(name);
    const jar = jars.find((each) => jarFile(each) === name);
    const where =
      jar === undefined ? "" : `/maven2/${jar.group.replaceAll(".", "/")}/${jar.artifact}/${jar.version}/${name}`;
    const answer = path !== where ? 404 : (instead.get(name) ?? readFileSync(join(directory, name)));
    if (typeof answer === "number") response.writeHead(answer).end();
    else response.writeHead(200).end(answer);
  });
  return { url: `${await listen(context, server)}/maven2`, asked, instead };
}

async function listen(context: TestContext, server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

const sumOf = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

test("an archive that is here and the jars of a repository become a distribution, once", async (context) => {
  const ground = openGround(context);
  const repository = ground === undefined ? undefined : await openRepository(context);
  if (ground === undefined || repository === undefined) return;
  const archive = makeArchive(ground.directory);
  const args = ["--dist", archive, "--maven-repository", `${repository.url}/`];

  const first = await ground.install([...args, "--json"]);
  assert.equal(first.code, 0, first.stderr);
  const { directory, version, hadoop, isNew } = Object(JSON.parse(first.stdout));
  assert.deepEqual([version, hadoop, isNew], ["4.2.0", "3.5.0", true]);
  assert.equal(readdirSync(join(directory, "jars")).length, jars.length + 2);
  for (const jar of jars) assert.equal(sumOf(join(directory, "jars", jarFile(jar))), jar.sha256);
  assert.equal(repository.asked.length, jars.length);
  // Neither halves nor what was downloaded is left beside it.
  assert.deepEqual(readdirSync(ground.cache).sort(), [basename(directory), "downloads"]);
  assert.deepEqual(readdirSync(join(ground.cache, "downloads")), []);

  const second = await ground.install([...args, "--json"]);
  assert.equal(Object(JSON.parse(second.stdout)).isNew, false);
  assert.equal(repository.asked.length, jars.length);

  const elsewhere = join(ground.directory, "opt", "spark");
  const third = await ground.install(["--dist", directory, "--to", elsewhere, "--maven-repository", repository.url]);
  assert.deepEqual([third.code, third.stdout], [0, `${elsewhere}\n`]);
  assert.match(third.stderr, /^installing Spark 4\.2\.0 in .*\n.*37 jars.*\n(?:.*\n)*Spark 4\.2\.0 is there after/);
  assert.ok(existsSync(join(elsewhere, "bin", "spark-submit")));
});

test("a jar of other bytes is refused and nothing is installed; what was right is not fetched again", async (context) => {
  const ground = openGround(context);
  const repository = ground === undefined ? undefined : await openRepository(context);
  if (ground === undefined || repository === undefined) return;
  const args = ["--dist", makeArchive(ground.directory), "--maven-repository", repository.url];
  const name = jarFile(jars.at(-1) ?? { artifact: "", version: "" });

  repository.instead.set(name, Buffer.from("not this"));
  const refused = await ground.install(args);
  assert.equal(refused.code, 1);
  assert.match(
    refused.stderr,
    new RegExp(`^error  ${name.replaceAll(".", "\\.")}: expected sha256 [0-9a-f]{64}, got`, "m"),
  );
  assert.match(refused.stderr, /nothing was installed/);
  assert.deepEqual(readdirSync(ground.cache), ["downloads"]);

  repository.instead.set(name, Buffer.alloc(4 << 20));
  assert.match((await ground.install(args)).stderr, /more than the \d+ bytes that it should have/);

  repository.instead.clear();
  repository.asked.length = 0;
  assert.equal((await ground.install(args)).code, 0);
  assert.deepEqual(repository.asked, [name]);
});

test("a repository that has nothing, refuses or is not there", async (context) => {
  const ground = openGround(context);
  const repository = ground === undefined ? undefined : await openRepository(context);
  if (ground === undefined || repository === undefined) return;
  const dist = ["--dist", makeArchive(ground.directory)];
  const at = (url: string): Promise<Ran> => ground.install([...dist, "--maven-repository", url]);
  const wrong = await at(repository.url.replace("/maven2", ""));
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /not there \(404\)\n.*check the address/);
  for (const jar of jars) repository.instead.set(jarFile(jar), 403);
  const denied = await at(repository.url);
  assert.deepEqual([denied.code, /refused \(403\)/.test(denied.stderr)], [5, true]);
  const closed = createServer();
  const address = await listen(context, closed);
  closed.close();
  const nobody = await at(address);
  assert.deepEqual([nobody.code, /ECONNREFUSED/.test(nobody.stderr)], [5, true]);
  assert.equal((await at("ftp://x")).code, 2);
});

test("what is no matched Spark is refused by what it is", async (context) => {
  const ground = openGround(context);
  const repository = ground === undefined ? undefined : await openRepository(context);
  if (ground === undefined || repository === undefined) return;
  const refusal = async (dist: string): Promise<string> => {
    const ran = await ground.install(["--dist", dist, "--maven-repository", repository.url]);
    assert.notEqual(ran.code, 0);
    return ran.stderr;
  };
  assert.match(
    await refusal(makeArchive(ground.directory, { spark: "4.1.3", hadoop: "3.4.2" })),
    /is Spark 4\.1\.3 with Hadoop 3\.4\.2, not 4\.2\.0/,
  );
  assert.match(
    await refusal(makeArchive(ground.directory, { more: ["hadoop-aws-3.4.1.jar"] })),
    /other versions of jars that reach S3: hadoop-aws-3\.4\.1\.jar/,
  );
  const renamed = join(ground.directory, "pyspark-4.2.0.tar.gz");
  writeFileSync(renamed, readFileSync(makeArchive(ground.directory)));
  assert.match(await refusal(renamed), /expected sha256 5ad689d5\w+, got/);
  const broken = join(ground.directory, "broken.tgz");
  writeFileSync(broken, "no archive");
  assert.match(await refusal(broken), /cannot be unpacked/);
  assert.match(await refusal(join(ground.directory, "nowhere.tgz")), /cannot be read/);
  assert.deepEqual(readdirSync(ground.cache), ["downloads"]);
});

test("Java, pip or mvn that is not there, or does not fit, is named with what to do", async (context) => {
  const ground = openGround(context);
  if (ground === undefined) return;
  const path = join(ground.directory, "bin");
  mkdirSync(path);
  const java = execFileSync("sh", ["-c", "command -v java"], { encoding: "utf8" }).trim();
  const bare = { PATH: path, JAVA_HOME: "" };
  assert.match(
    (await ground.install([], bare)).stderr,
    /java: there is no such program\n.*Spark 4\.2\.0 needs Java 17/,
  );
  symlinkSync(java, join(path, "java"));
  const noMaven = await ground.install(["--dist", makeArchive(ground.directory)], bare);
  assert.deepEqual([noMaven.code, /mvn: there is no such program/.test(noMaven.stderr)], [2, true]);
  assert.match(noMaven.stderr, /--maven-repository URL/);
  const repository = await openRepository(context);
  if (repository === undefined) return;
  const noPip = await ground.install(["--maven-repository", repository.url], bare);
  assert.deepEqual([noPip.code, /pip: there is none of Python 3/.test(noPip.stderr)], [2, true]);
  assert.match(noPip.stderr, /--dist DIR/);
  const old = join(ground.directory, "old");
  mkdirSync(join(old, "bin"), { recursive: true });
  const says = "java.home = /opt/jdk-11\njava.specification.version = 11\njava.version = 11.0.2";
  writeFileSync(join(old, "bin", "java"), `#!/bin/sh\necho "${says}" >&2\n`, { mode: 0o755 });
  const wrongJava = await ground.install([], { JAVA_HOME: old });
  assert.equal(wrongJava.code, 2);
  assert.match(wrongJava.stderr, /Java 11\.0\.2 in \/opt\/jdk-11: Spark 4\.2\.0 runs on Java 17, 21, 25/);
});

test("a registry with another archive of that version is refused before any of its code runs", async (context) => {
  const ground = openGround(context);
  const repository = ground === undefined ? undefined : await openRepository(context);
  if (ground === undefined || repository === undefined) return;
  if (!hasProgram("pip", ["--version"])) {
    missing(context, "pip", "install Python 3 with pip");
    return;
  }
  const proof = join(ground.directory, "ran");
  const top = join(ground.directory, "pyspark-4.2.0");
  mkdirSync(top);
  writeFileSync(join(top, "setup.py"), `open(${JSON.stringify(proof)}, "w").close()\n`);
  const archive = `${top}.tar.gz`;
  execFileSync("tar", ["-czf", archive, "-C", ground.directory, basename(top)]);
  const server = createServer((request, response) => {
    if (request.url === "/simple/pyspark/") {
      response.writeHead(200, { "content-type": "text/html" });
      response.end(`<html><body><a href="/files/pyspark-4.2.0.tar.gz">pyspark-4.2.0.tar.gz</a></body></html>`);
    } else if (request.url === "/files/pyspark-4.2.0.tar.gz") response.writeHead(200).end(readFileSync(archive));
    else response.writeHead(404).end();
  });
  const url = await listen(context, server);
  const registry = {
    PIP_INDEX_URL: `${url}/simple`,
    PIP_NO_INDEX: "",
    PIP_CONFIG_FILE: "/dev/null",
    NO_PROXY: "127.0.0.1",
  };
  const ran = await ground.install(["--maven-repository", repository.url], registry);
  assert.equal(ran.code, 1, ran.stderr);
  assert.match(ran.stderr, new RegExp(`the registry has another archive of it \\(sha256 ${sumOf(archive)}\\)`));
  assert.ok(!existsSync(proof), "code of the archive was run");
  assert.deepEqual(readdirSync(ground.cache), ["downloads"]);
  assert.deepEqual(readdirSync(join(ground.cache, "downloads")), ["jars"]);
});
