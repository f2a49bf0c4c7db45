import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { failsAs, hour, sourceSettings, virtualEffects } from "../../test/contract/source.ts";
import { Failure } from "../errors.ts";
import { archiveSource } from "./archive.ts";
import type { Mirror, MirrorAnswer, MirrorRequest } from "./mirror.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-archive-"));
after(() => rmSync(directory, { recursive: true, force: true }));
const file = join(directory, "body");
const interval = hour("2026-03-01-05");

const down = new Failure("unavailable", "down");
const denied = new Failure("denied", "denied");
const bytes: MirrorAnswer = { kind: "fetched", url: "u", bytes: 1, sha256: "00", validator: {}, resumedFrom: 0 };
const absent: MirrorAnswer = { kind: "absent", url: "u" };

interface Script {
  readonly name: string;
  /** One answer for each try; the last one stands for all that follow. */
  readonly answers: readonly (MirrorAnswer | Failure)[];
  /** Bytes that can be continued after each try. */
  readonly gains?: readonly number[];
}

function archive(scripts: readonly Script[], retry: number) {
  const log: string[] = [];
  const requests: MirrorRequest[] = [];
  const mirrors = scripts.map(({ name, answers, gains = [] }): Mirror => {
    let tries = 0;
    return {
      locate: () => name,
      async fetchOnce(request) {
        log.push(name);
        requests.push(request);
        const answer = answers[Math.min(tries++, answers.length - 1)];
        assert.ok(answer !== undefined);
        if (answer instanceof Failure) throw answer;
        return answer;
      },
      resumable: async () => gains[tries - 1] ?? 0,
      probe: async () => {
        const [answer] = answers;
        if (answer instanceof Failure) throw answer;
        return `${name} answers`;
      },
      close: async () => void log.push(`close ${name}`),
    };
  });
  const effects = virtualEffects();
  return {
    source: archiveSource(sourceSettings([], { retry }), mirrors, effects),
    log,
    requests,
    waits: effects.waits,
  };
}

describe("an archive with mirrors", () => {
  test("asks in order, waits only between rounds, and does not ask twice who said no", async () => {
    const { source, log, waits } = archive(
      [
        { name: "a", answers: [down, down, bytes] },
        { name: "b", answers: [absent] },
        { name: "c", answers: [denied] },
        { name: "d", answers: [down] },
      ],
      3,
    );
    const fetched = await source.fetch(interval, file);
    assert.ok(fetched.kind === "fetched");
    assert.equal(fetched.tries, 7);
    assert.deepEqual(log, ["a", "b", "c", "d", "a", "d", "a"]);
    assert.equal(waits.length, 2);
  });

  test("says absent only if all do", async () => {
    assert.equal(
      (
        await archive(
          [
            { name: "a", answers: [absent] },
            { name: "b", answers: [absent] },
          ],
          3,
        ).source.fetch(interval, file)
      ).kind,
      "absent",
    );
    const { source, log } = archive(
      [
        { name: "a", answers: [absent] },
        { name: "b", answers: [down] },
      ],
      2,
    );
    await assert.rejects(source.fetch(interval, file), failsAs("unavailable", /down/));
    assert.deepEqual(log, ["a", "b", "b"]);
    await assert.rejects(
      archive(
        [
          { name: "a", answers: [absent] },
          { name: "b", answers: [denied] },
        ],
        3,
      ).source.fetch(interval, file),
      failsAs("denied", /denied/),
    );
    const healed = archive(
      [
        { name: "a", answers: [down, absent] },
        { name: "b", answers: [absent] },
      ],
      3,
    );
    assert.deepEqual(await healed.source.fetch(interval, file), { kind: "absent", url: "a" });
  });

  test("what may pass is told before what will not", async () => {
    const { source } = archive(
      [
        { name: "a", answers: [denied] },
        { name: "b", answers: [down] },
      ],
      1,
    );
    await assert.rejects(source.fetch(interval, file), failsAs("unavailable", /down \(2 tries\)/));
  });

  test("stays with a mirror that makes progress, and leaves it when it does not", async () => {
    const { source, log, requests } = archive(
      [
        { name: "a", answers: [down], gains: [100, 200, 200] },
        { name: "b", answers: [bytes] },
      ],
      5,
    );
    await source.fetch(interval, file);
    assert.deepEqual(log, ["a", "a", "a", "b"]);
    assert.deepEqual(
      requests.map(({ resume }) => resume),
      [false, true, true, true],
    );
  });

  test("every mirror is asked before the tries are used up", async () => {
    const { source, log } = archive(
      [
        { name: "a", answers: [down], gains: [100] },
        { name: "b", answers: [bytes] },
      ],
      1,
    );
    await source.fetch(interval, file);
    assert.deepEqual(log, ["a", "b"]);
  });

  test("failures of our own end it at once", async () => {
    for (const kind of ["cancelled", "full", "usage", "bug"] as const) {
      const { source, log } = archive(
        [
          { name: "a", answers: [new Failure(kind, "ours")] },
          { name: "b", answers: [bytes] },
        ],
        5,
      );
      await assert.rejects(source.fetch(interval, file), failsAs(kind));
      assert.deepEqual(log, ["a"]);
    }
  });

  test("waits as long as it was asked to", async () => {
    const asked = new Failure("unavailable", "later", { retryAfterMs: 45_000 });
    const { source, waits } = archive([{ name: "a", answers: [asked, bytes] }], 2);
    await source.fetch(interval, file);
    assert.deepEqual(waits, [45_000]);
  });

  test("is probed at every mirror and closes all", async () => {
    const { source, log } = archive(
      [
        { name: "a", answers: [down] },
        { name: "b", answers: [bytes] },
      ],
      1,
    );
    assert.equal(await source.probe(), "down; b answers");
    await source.close();
    assert.deepEqual(log, ["close a", "close b"]);
    await assert.rejects(archive([{ name: "a", answers: [down] }], 1).source.probe(), failsAs("unavailable"));
  });

  test("what cannot be reached or read is told with what to do, in the source's own words where it has some", async () => {
    const probed = async (failure: Failure): Promise<string | undefined> => {
      const error: unknown = await archive([{ name: "a", answers: [failure] }], 1)
        .source.probe()
        .catch((thrown: unknown) => thrown);
      assert.ok(error instanceof Failure && error.message === failure.message);
      return error.detail.remedy;
    };
    assert.match((await probed(down)) ?? "", /^check sources\.archive\.url, the network, and sources\.archive\.proxy/);
    assert.match(
      (await probed(new Failure("denied", "no"))) ?? "",
      /^check sources\.archive\.url, and who may read there$/,
    );
    assert.equal(await probed(new Failure("denied", "no", { remedy: "name the authority" })), "name the authority");
  });

  test("needs an address", () => {
    assert.throws(() => archive([], 1), failsAs("usage"));
  });
});
