/** Readers that never stop asking while a mart is replaced again and again: every answer is one whole version. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { App } from "../../src/answers.ts";
import { startVersitygw } from "../real/s3-servers.ts";
import { openBuckets } from "./bucket-lake.ts";
import { makeSmallLake, type SmallLake } from "./small-lake.ts";

const replacer = new URL("replacer.ts", import.meta.url).pathname;
const replacements = process.env.FAULTS === "all" ? 200 : 20;
const readers = 2;

async function answerOf(app: App): Promise<readonly number[]> {
  const answer = await app.query(
    "select min(version), max(version), count(*), count(distinct row), max(row) from activity",
  );
  try {
    for await (const [row] of answer.rows()) if (row !== undefined) return row.map(Number);
    assert.fail("no row");
  } finally {
    await answer.close();
  }
}

/** Reads until the writer is through, and once more. Answers the versions that were seen. */
async function readOn(lake: SmallLake, isDone: () => boolean): Promise<number[]> {
  const app = await lake.open(0);
  const seen: number[] = [];
  try {
    for (let last = false; !last; ) {
      last = isDone();
      const [version = 0, ...rest] = await answerOf(app);
      const rows = 1000 + version;
      assert.deepEqual(rest, [version, rows, rows, rows - 1], `version ${version} is not whole`);
      assert.ok(version >= (seen.at(-1) ?? 0), `version ${version} after ${seen.at(-1)}`);
      seen.push(version);
    }
  } finally {
    await app.close();
  }
  return seen;
}

async function replaceUnderReaders(context: TestContext, lake: SmallLake): Promise<void> {
  const first = await lake.open(0);
  assert.equal((await first.run()).exitCode, 0);
  await first.close();
  const file = join(lake.directory, "millrace.yaml");
  const write = async (from: number, to: number): Promise<void> => {
    const child = spawn(process.execPath, [replacer, file, "activity", String(from), String(to)], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [status] = await once(child, "exit");
    assert.equal(status, 0, "the writer failed");
  };
  await write(1, 1);
  let done = false;
  const writing = write(2, replacements + 1).finally(() => {
    done = true;
  });
  const reading = Array.from({ length: readers }, () => readOn(lake, () => done));
  // Nobody may be at work any more when the lake is removed.
  await Promise.allSettled([...reading, writing]);
  await writing;
  const seen = await Promise.all(reading);
  for (const versions of seen) assert.equal(versions.at(-1), replacements + 1);
  const answers = seen.flat();
  context.diagnostic(
    `${replacements} replacements, ${answers.length} answers of ${new Set(answers).size} different versions`,
  );
}

test("every answer of a mart that is replaced meanwhile is one whole version: on a disk", async (context) => {
  const lake = makeSmallLake();
  try {
    await replaceUnderReaders(context, lake);
  } finally {
    lake.remove();
  }
});

test("every answer of a mart that is replaced meanwhile is one whole version: on a store", async (context) => {
  const server = await startVersitygw(context);
  if (server === undefined) return;
  const buckets = await openBuckets(server);
  try {
    const lake = await buckets.another();
    try {
      await replaceUnderReaders(context, lake);
    } finally {
      lake.remove();
    }
  } finally {
    buckets.remove();
    await server.stop();
  }
});
