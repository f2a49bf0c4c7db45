/**
 * Things that only some machines have: real archive lines, system tools, servers. A test that needs one asks here. On a
 * laptop it is skipped by name; with `REQUIRE_REAL=all` a missing thing is a failure, so that CI cannot look green by
 * leaving things out.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import type { TestContext } from "node:test";

const required = process.env.REQUIRE_REAL === "all";

/** Who is told that a test cannot run. */
export type Skipping = Pick<TestContext, "skip">;

/** Skips the test, or fails it where real parts are required. Answers whether the test must stop. */
export function missing(context: Skipping, what: string, remedy: string): true {
  if (required) throw new Error(`${what} is required (REQUIRE_REAL=all) and missing: ${remedy}`);
  context.skip(`${what} is missing: ${remedy}`);
  return true;
}

/**
 * A directory with real hours of the GH Archive (`2021-07-21-6.json.gz` …), named by MILLRACE_REAL_HOURS. They are other
 * people's events and therefore no part of this repository. Answers `undefined` after skipping the test.
 */
export function realHours(
  context: Skipping,
): { readonly directory: string; readonly files: readonly string[] } | undefined {
  const directory = process.env.MILLRACE_REAL_HOURS;
  const remedy = "set MILLRACE_REAL_HOURS to a directory with some hours of the GH Archive";
  if (directory === undefined || !existsSync(directory)) {
    missing(context, "a directory of real archive hours", remedy);
    return undefined;
  }
  const files = readdirSync(directory).filter((file) => /^\d{4}-\d{2}-\d{2}-\d{1,2}\.json\.gz$/.test(file));
  if (files.length === 0) {
    missing(context, `an archive hour in ${directory}`, remedy);
    return undefined;
  }
  return { directory, files: files.sort() };
}

/** Whether a program can be started; `args` must make it end at once with status 0. */
export function hasProgram(name: string, args: readonly string[]): boolean {
  return spawnSync(name, args, { stdio: "ignore" }).status === 0;
}
