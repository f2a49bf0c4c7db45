import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import {
  assertFetched,
  failsAs,
  hour,
  locationOf,
  sourceContract,
  sourceSettings,
  virtualEffects,
} from "../../test/contract/source.ts";
import type { SourceSettings } from "../model/project.ts";
import type { Source } from "./contract.ts";
import { openSource } from "./open.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-directory-"));
after(() => rmSync(directory, { recursive: true, force: true }));
const file = join(directory, "body");

function sourceOf(base: string, overrides: Partial<SourceSettings> = {}): Promise<Source> {
  const settings = sourceSettings([locationOf("directory", base)], overrides);
  return openSource(settings, { resolveSecret: () => "", effects: virtualEffects() });
}

function place(base: string, path: string, bytes: Uint8Array): string {
  const at = join(base, path);
  mkdirSync(dirname(at), { recursive: true });
  // By rename, as those do it who do not want to be read in the middle.
  writeFileSync(`${at}.new`, bytes);
  renameSync(`${at}.new`, at);
  return at;
}

const pathOf = (id: string): string => {
  const [year = "", month = "", day = "", h = ""] = id.split("-");
  return `${year}/${Number(month)}/${Number(day)}/${Number(h)}.json.gz`;
};

sourceContract("directory", async () => {
  const base = join(directory, "contract");
  mkdirSync(base);
  return {
    source: await sourceOf(base),
    publish: async (id, bytes) => {
      place(base, pathOf(id), bytes);
    },
    close: async () => undefined,
  };
});

describe("directory source", () => {
  test("a directory that is not there is a failure, not an archive full of gaps", async () => {
    const source = await sourceOf(join(directory, "not mounted"));
    await assert.rejects(source.fetch(hour("2026-03-01-05"), file), failsAs("unavailable", /does not exist/));
    await assert.rejects(source.probe(), failsAs("unavailable", /does not exist/));
  });

  test("links inside are followed, links that lead out are refused", async () => {
    const base = join(directory, "links");
    const bytes = randomBytes(100);
    const inside = place(base, "real", bytes);
    const outside = place(directory, "outside/secret", bytes);
    mkdirSync(join(base, "2026/3/1"), { recursive: true });
    symlinkSync(inside, join(base, "2026/3/1/5.json.gz"));
    symlinkSync(outside, join(base, "2026/3/1/6.json.gz"));
    symlinkSync(dirname(outside), join(base, "2026/3/2"));
    place(directory, "outside/5.json.gz", bytes);
    symlinkSync(join(base, "gone"), join(base, "2026/3/1/7.json.gz"));
    const source = await sourceOf(base);
    assertFetched(await source.fetch(hour("2026-03-01-05"), file), file, bytes);
    await assert.rejects(source.fetch(hour("2026-03-01-06"), file), failsAs("denied", /leads out of/));
    await assert.rejects(source.fetch(hour("2026-03-02-05"), file), failsAs("denied", /leads out of/));
    assert.equal((await source.fetch(hour("2026-03-01-07"), file)).kind, "absent");
  });

  test("the base itself may be a link", async () => {
    const bytes = randomBytes(100);
    place(join(directory, "behind"), pathOf("2026-03-01-05"), bytes);
    symlinkSync(join(directory, "behind"), join(directory, "link"));
    const source = await sourceOf(join(directory, "link"));
    assertFetched(await source.fetch(hour("2026-03-01-05"), file), file, bytes);
  });

  test("what is no plain file is refused", async () => {
    const base = join(directory, "odd");
    mkdirSync(join(base, pathOf("2026-03-01-05")), { recursive: true });
    const source = await sourceOf(base);
    await assert.rejects(source.fetch(hour("2026-03-01-05"), file), failsAs("denied", /not a plain file/));
  });

  test("a file that changes while it is copied is tried again, and given up if it goes on", async () => {
    const base = join(directory, "growing");
    const at = place(base, pathOf("2026-03-01-05"), randomBytes(2_500_000));
    for (const change of [
      () => appendFileSync(at, "more"),
      () => place(base, pathOf("2026-03-01-05"), randomBytes(2_500_000)),
      () => writeFileSync(at, "short"),
    ]) {
      place(base, pathOf("2026-03-01-05"), randomBytes(2_500_000));
      const source = await sourceOf(base, { retry: 2 });
      let changes = 0;
      const changing = source.fetch(hour("2026-03-01-05"), file, {
        onProgress: () => {
          if (changes++ < 3) change();
        },
      });
      const answer = await changing.then(
        (fetched) => fetched.kind === "fetched" && fetched.tries > 1,
        (error: unknown) => failsAs("unavailable", /changed while it was copied/)(error),
      );
      assert.ok(answer, "a mixture was reported as whole");
    }
  });

  test("a longer file than allowed is refused before it fills the disk", async () => {
    const base = join(directory, "long");
    place(base, pathOf("2026-03-01-05"), randomBytes(2000));
    const source = await sourceOf(base, { expandedBytesMax: 1999 });
    await assert.rejects(source.fetch(hour("2026-03-01-05"), file), failsAs("corrupt", /longer than 1999 bytes/));
  });

  test("the byte rate is kept", async () => {
    const base = join(directory, "rate");
    place(base, pathOf("2026-03-01-05"), randomBytes(5_000_000));
    const effects = virtualEffects();
    const settings = sourceSettings([locationOf("directory", base)], { bytesPerSecond: 1_000_000 });
    const source = await openSource(settings, { resolveSecret: () => "", effects });
    await source.fetch(hour("2026-03-01-05"), file);
    const waited = effects.waits.reduce((sum, ms) => sum + ms, 0);
    assert.ok(waited > 3900 && waited < 5100, `${waited} ms for 5 MB at 1 MB/s with a burst of one second`);
  });
});
