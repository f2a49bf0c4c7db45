/** `millrace spark install` from the registries that pip and mvn are set to, and what Spark's own programs then do. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { hasProgram, missing } from "../real/real.ts";

const bin = join(import.meta.dirname, "..", "..", "bin", "millrace.js");

const job = `
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
total = spark.range(int(sys.argv[1])).count()
print("total", total, spark.conf.get("spark.sql.session.timeZone"))
sys.exit(0 if total < 100 else 7)
`;

test("installed from the registries; its shell and its jobs run with the same settings", (context) => {
  for (const program of ["java", "mvn", "pip"]) {
    if (hasProgram(program, [program === "java" ? "-version" : "--version"])) continue;
    missing(context, program, `install ${program}`);
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), "millrace-deep-install-"));
  try {
    const env = { ...process.env, XDG_CACHE_HOME: join(directory, "cache") };
    const spark = (...args: readonly string[]) =>
      spawnSync(process.execPath, [bin, "spark", ...args], { cwd: directory, env, encoding: "utf8" });
    const installed = spark("install", "--json");
    assert.equal(installed.status, 0, installed.stderr);
    const home = String(Object(JSON.parse(installed.stdout)).directory);
    assert.equal(execFileSync("sh", ["-c", `ls '${home}/jars' | grep -c jar$`], { encoding: "utf8" }).trim(), "313");

    const shell = spark("shell", "--sql", "--cores", "1", "--", "-S", "-e", "select 40 + 2, current_timezone()");
    assert.deepEqual([shell.status, shell.stdout.trim()], [0, "42\tUTC"], shell.stderr);
    writeFileSync(join(directory, "job.py"), job);
    const done = spark("submit", "--cores", "1", "--", "job.py", "5");
    assert.deepEqual([done.status, done.stdout.trim()], [0, "total 5 UTC"], done.stderr);
    assert.equal(spark("submit", "--cores", "1", "--", "job.py", "500").status, 1);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
