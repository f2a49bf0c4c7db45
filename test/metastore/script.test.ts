/** What the script writes and refuses, by every shell of this machine; no database is asked. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fallbackShown, parameters } from "../../src/metastore/parameters.ts";
import { metastoreScript } from "../../src/metastore/script.ts";
import { makeChain } from "../contract/certificate.ts";
import { nobody } from "../real/nobody.ts";
import { hasProgram } from "../real/real.ts";
import { emptyHome, hasJava, launch, least, type Parameters, rowOf, shells } from "./launches.ts";

const cases = join(import.meta.dirname, "cases");

/** As `UPDATE_GOLDEN=1` leaves it. */
function assertGolden(file: string, found: string): void {
  if (process.env.UPDATE_GOLDEN !== undefined) writeFileSync(file, found);
  assert.equal(found, existsSync(file) ? readFileSync(file, "utf8") : "", `${file} (UPDATE_GOLDEN=1 writes it)`);
}

test("the script of each version is the one that was looked at", () => {
  for (const version of ["4.0.0", "3.1.3"]) {
    assertGolden(join(import.meta.dirname, `entrypoint-${version}.sh`), metastoreScript(rowOf(version)));
  }
});

test("shells and shellcheck have nothing against it", () => {
  const file = join(import.meta.dirname, "entrypoint-4.0.0.sh");
  for (const [program = "", ...args] of shells) {
    const { status, stderr } = spawnSync(program, [...args, "-n", file], { encoding: "utf8" });
    assert.equal(status, 0, `${program}: ${stderr}`);
  }
  if (!hasProgram("shellcheck", ["--version"])) return;
  const { status, stdout } = spawnSync("shellcheck", ["-s", "sh", file], { encoding: "utf8" });
  assert.equal(status, 0, stdout);
});

test("every parameter is explained by the script and in the documentation", () => {
  const home = emptyHome();
  const { stdout } = spawnSync("sh", [home.script, "help"], { encoding: "utf8" });
  home.remove();
  const document = readFileSync(join(import.meta.dirname, "../../docs/metastore.md"), "utf8");
  for (const parameter of parameters) {
    const { name, hasFile, help } = parameter;
    assert.ok(stdout.includes(`  ${name}\n`), name);
    const named = hasFile ? `\`${name}\`, \`…_FILE\`` : `\`${name}\``;
    const row = `| ${named} | ${fallbackShown(parameter)} | ${help} |`;
    assert.ok(document.includes(row), `docs/metastore.md lacks: ${row}`);
  }
});

for (const name of readdirSync(cases)) {
  test(`writes what a metastore reads: ${name}`, async (context) => {
    if (!hasJava(context)) return;
    const directory = join(cases, name);
    const given = readFileSync(join(directory, "environment"), "utf8");
    const environment = Object.fromEntries(
      given
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1).replaceAll("\\n", "\n")]),
    );
    for (const shell of shells) {
      const home = emptyHome();
      const out = join(home.work, "out");
      const { code, text } = await launch(home, ["configure", out], { ...least, ...environment }, { shell });
      assert.equal(code, 0, `${shell.join(" ")}: ${text}`);
      for (const file of ["metastore-site.xml", "metastore-log4j2.properties"]) {
        assert.equal(statSync(join(out, file)).mode & 0o077, 0, `${file} is for its user alone`);
        assertGolden(join(directory, file), readFileSync(join(out, file), "utf8").replaceAll(out, "OUT"));
      }
      assert.equal(text, "");
      home.remove();
    }
  });
}

const authority = makeChain().authority;

interface Mistake {
  readonly what: string;
  readonly with: Parameters;
  readonly says: readonly string[];
}

const mistakes: readonly Mistake[] = [
  {
    what: "everything that is required is missing, and all of it is said at once",
    with: Object.fromEntries(Object.keys(least).map((name) => [name, ""])),
    says: [
      "METASTORE_DATABASE_HOST: is not set",
      "METASTORE_DATABASE_USER: is not set",
      "METASTORE_DATABASE_PASSWORD: is not set",
      "METASTORE_WAREHOUSE: is not set",
    ],
  },
  {
    what: "a port that is none",
    with: { METASTORE_PORT: "9083a" },
    says: ["METASTORE_PORT: expected a whole number from 1 to 65535, got 9083a"],
  },
  {
    what: "a port too large",
    with: { METASTORE_PORT: "65536" },
    says: ["METASTORE_PORT: expected a whole number from 1 to 65535, got 65536"],
  },
  {
    what: "a heap without a unit",
    with: { METASTORE_MEMORY: "512" },
    says: ["METASTORE_MEMORY: expected a size such as 512m or 2g, got 512"],
  },
  {
    what: "an unknown level",
    with: { METASTORE_LOG_LEVEL: "loud" },
    says: ["METASTORE_LOG_LEVEL: expected one of error warn info debug, got loud"],
  },
  {
    what: "a host with a path",
    with: { METASTORE_DATABASE_HOST: "db/x?user=y" },
    says: ["METASTORE_DATABASE_HOST: is no name or address of a host"],
  },
  {
    what: "a value and a file",
    with: { METASTORE_DATABASE_PASSWORD_FILE: "/etc/hostname" },
    says: ["METASTORE_DATABASE_PASSWORD and METASTORE_DATABASE_PASSWORD_FILE: both are set"],
  },
  {
    what: "a bucket of another scheme",
    with: { METASTORE_WAREHOUSE: "s3://lake/x" },
    says: ["METASTORE_WAREHOUSE: Hadoop reaches buckets as s3a:"],
  },
  {
    what: "a relative warehouse",
    with: { METASTORE_WAREHOUSE: "warehouse" },
    says: ["METASTORE_WAREHOUSE: expected s3a://bucket/path or a directory, got warehouse"],
  },
  {
    what: "half a key",
    with: { METASTORE_S3_ACCESS_KEY: "AK" },
    says: ["METASTORE_S3_SECRET_KEY: is not set, and METASTORE_S3_ACCESS_KEY is"],
  },
  {
    what: "what Hadoop would replace",
    with: { METASTORE_DATABASE_PASSWORD: ["a$", "{b}"].join("") },
    says: ["METASTORE_DATABASE_PASSWORD: has a dollar sign before a brace, which Hadoop's settings cannot hold"],
  },
  {
    what: "a secret of two lines",
    with: { METASTORE_S3_ACCESS_KEY: "AK", METASTORE_S3_SECRET_KEY: "one\ntwo" },
    says: ["METASTORE_S3_SECRET_KEY: has a control character or more than one line"],
  },
  {
    what: "an authority that is none",
    with: { METASTORE_S3_CA: "nothing" },
    says: ["METASTORE_S3_CA: holds no certificate in PEM form"],
  },
  {
    what: "an authority that nothing would be compared with",
    with: { METASTORE_DATABASE_CA: authority, METASTORE_DATABASE_SSLMODE: "require" },
    says: ["METASTORE_DATABASE_CA: nothing is compared with it where METASTORE_DATABASE_SSLMODE is require"],
  },
  { what: "a damaged authority", with: { METASTORE_S3_CA: authority.replace(/^MII/m, "AAA") }, says: [] },
  {
    what: "another home",
    with: { METASTORE_HOME: "/nowhere" },
    says: ["METASTORE_HOME: there is no metastore 4.0.0 in /nowhere"],
  },
  {
    what: "no Java",
    with: { JAVA_HOME: "/nowhere" },
    says: ["/nowhere/bin/java: there is no such program, or it does not run"],
  },
];

for (const mistake of mistakes) {
  test(`refuses ${mistake.what}`, async (context) => {
    if (!hasJava(context)) return;
    const home = emptyHome();
    for (const shell of shells) {
      const { code, errors, fixes, text } = await launch(home, ["check"], { ...least, ...mistake.with }, { shell });
      assert.equal(code, 2, text);
      if (mistake.says.length > 0) assert.deepEqual(errors, mistake.says);
      assert.equal(fixes.length, errors.length);
      assert.equal(errors.length > 0 && !text.includes("a secret"), true, text);
      assert.deepEqual(readdirSync(home.temporary), [], "nothing is left");
    }
    home.remove();
  });
}

test("a file with a secret that cannot be read, or is empty", async () => {
  const home = emptyHome();
  const file = join(home.work, "password");
  const asked = { ...least, METASTORE_DATABASE_PASSWORD: "", METASTORE_DATABASE_PASSWORD_FILE: file };
  const absent = await launch(home, ["check"], asked);
  assert.match(absent.errors[0] ?? "", /^METASTORE_DATABASE_PASSWORD_FILE: .*password cannot be read by user \d+$/);
  home.give("password", "");
  const empty = await launch(home, ["check"], asked);
  assert.match(empty.errors[0] ?? "", /is empty$/);
  assert.deepEqual([absent.code, empty.code], [2, 2]);
  home.remove();
});

test("root is refused, unless somebody says that root may", async (context) => {
  if (process.getuid?.() !== 0) return context.diagnostic("these tests do not run as root");
  const home = emptyHome();
  const { code, errors } = await launch(home, [], least, { asTester: true });
  assert.deepEqual([code, errors], [2, ["refuses to serve as root"]]);
  home.remove();
});

test("a file of the home that its user cannot read is named, before anything is tried with the others", async (context) => {
  if (process.getuid?.() !== 0) return context.diagnostic("these tests do not run as root");
  const home = emptyHome();
  const jar = join(home.directory, "lib", "closed.jar");
  writeFileSync(jar, "", { mode: 0o600 });
  const closed = await launch(home, ["check"], least);
  chmodSync(join(home.directory, "lib"), 0o700);
  const closedAll = await launch(home, ["check"], least);
  const says = (what: string): string => `METASTORE_HOME: ${what} cannot be read by user ${nobody}`;
  assert.deepEqual([closed.errors, closedAll.errors], [[says(jar)], [says(join(home.directory, "lib"))]]);
  assert.deepEqual([closed.code, closed.fixes], [2, [`let everybody read it: chmod -R a+rX ${home.directory}`]]);
  home.remove();
});

test("3.1.3 listens everywhere, and must be told that this is known", async () => {
  const home = emptyHome("3.1.3");
  const { errors } = await launch(home, ["check"], { ...least, METASTORE_BIND: "127.0.0.1" });
  assert.deepEqual(errors, ["METASTORE_BIND: 3.1.3 listens on every address, whatever it is told"]);
  home.remove();
});

test("an action that it does not know", async () => {
  const home = emptyHome();
  const { code, errors } = await launch(home, ["start"], least);
  assert.deepEqual([code, errors], [2, ["start: expected serve, init, check, configure or help"]]);
  home.remove();
});
