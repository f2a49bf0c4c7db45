import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Result } from "../../spark-connect/contract.ts";
import { keepAnswer } from "./answer.ts";

/** A result of these batches; `fail` comes behind them. */
function resultOf(batches: readonly Uint8Array[], fail?: Error): Result {
  const unused = (): never => assert.fail("only Arrow is asked for");
  return {
    operationId: "x",
    schema: { kind: "struct", fields: [] },
    async *arrow() {
      for (const data of batches) yield { rows: 1, data };
      if (fail !== undefined) throw fail;
    },
    batches: unused,
    rows: unused,
    objects: unused,
    collect: unused,
    close: async () => undefined,
    figures: unused,
  };
}

describe("an answer that is kept", () => {
  let scratch: string;
  before(() => {
    scratch = mkdtempSync(join(tmpdir(), "millrace-answer-"));
  });
  after(() => rmSync(scratch, { recursive: true, force: true }));

  const batch = (size: number, byte: number): Uint8Array => new Uint8Array(size).fill(byte);

  for (const [name, sizes, files] of [
    ["nothing", [], 0],
    ["a small one stays in memory", [1, 0, 1000], 0],
    ["a large one goes to a file as soon as it is large", [3 << 20, 3 << 20, 3 << 20, 1, 0, 7], 1],
    ["one large batch", [9 << 20], 1],
  ] as const) {
    test(name, async () => {
      const batches = sizes.map((size, index) => batch(size, index + 1));
      const answer = await keepAnswer(resultOf(batches), scratch);
      assert.equal(readdirSync(scratch).length, files);
      const found: number[] = [];
      for await (const data of answer.batches()) {
        const expected = batches[found.length] ?? assert.fail("too many");
        assert.ok(Buffer.from(data).equals(expected));
        found.push(data.length);
      }
      assert.deepEqual(found, sizes);
      await answer.close();
      await answer.close();
      assert.deepEqual(readdirSync(scratch), []);
    });
  }

  test("one that fails leaves nothing behind", async () => {
    const error = new Error("the server is gone");
    for (const size of [10, 9 << 20]) {
      await assert.rejects(keepAnswer(resultOf([batch(size, 1)], error), scratch), error);
      assert.deepEqual(readdirSync(scratch), []);
    }
  });
});
