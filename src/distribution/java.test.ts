import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { findJava, javaOf } from "./java.ts";

const says = (version: string, specification: string): string =>
  `Property settings:\n    java.home = /opt/jdk\n    java.specification.version = ${specification}\n    java.version = ${version}\n`;

const row = { spark: "4.2.0", java: [17, 21, 25] } as const;

test("what Java says of itself", () => {
  assert.deepEqual(javaOf(says("17.0.15", "17")), { home: "/opt/jdk", major: 17, version: "17.0.15" });
  assert.equal(javaOf(says("1.8.0_402", "1.8"))?.major, 8);
  assert.equal(javaOf("java: command not found"), undefined);
});

/** A JAVA_HOME whose program says that. */
function withJava(output: string, work: (home: string) => Promise<void>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), "millrace-java-"));
  mkdirSync(join(home, "bin"));
  writeFileSync(join(home, "said"), output);
  writeFileSync(join(home, "bin", "java"), `#!/bin/sh\ncat "${join(home, "said")}" >&2\n`);
  chmodSync(join(home, "bin", "java"), 0o755);
  return work(home).finally(() => rmSync(home, { recursive: true }));
}

test("a Java that Spark does not run on is refused with what to install", () =>
  withJava(says("11.0.2", "11"), (JAVA_HOME) =>
    assert.rejects(findJava(row, { JAVA_HOME, PATH: process.env.PATH }), {
      kind: "usage",
      message: "Java 11.0.2 in /opt/jdk: Spark 4.2.0 runs on Java 17, 21, 25",
      detail: { remedy: "install Java 17 and let JAVA_HOME name it" },
    }),
  ));

test("one that fits is taken", () =>
  withJava(says("21.0.1", "21"), async (JAVA_HOME) => {
    assert.equal((await findJava(row, { JAVA_HOME, PATH: process.env.PATH })).major, 21);
  }));

test("no Java at all, in JAVA_HOME or in PATH", async () => {
  await assert.rejects(findJava(row, { JAVA_HOME: "/nowhere" }), {
    kind: "usage",
    message: "JAVA_HOME: there is no /nowhere/bin/java",
  });
  await assert.rejects(findJava(row, { PATH: "/nowhere" }), {
    kind: "usage",
    message: "java: there is no such program",
  });
});
