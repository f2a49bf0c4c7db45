/** Everything that the sample archive can do wrong, met by the source and the verification that follows it. */
import assert from "node:assert/strict";
import { createReadStream, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { faultCatalogue } from "../../sample/faults.ts";
import { startServer } from "../../sample/server.ts";
import { failsAs, hour, sourceSettings, virtualEffects } from "../../test/contract/source.ts";
import type { FailureKind } from "../errors.ts";
import { verifyBody } from "../gzip/verify.ts";
import { parseKeyPattern } from "../model/key-pattern.ts";
import type { SourceSettings } from "../model/project.ts";
import type { Source } from "./contract.ts";
import { openSource } from "./open.ts";

const id = "2026-03-01-05";
const interval = hour(id);
const directory = mkdtempSync(join(tmpdir(), "millrace-sample-faults-"));
const file = join(directory, "body");
const closing: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closing) await close();
  rmSync(directory, { recursive: true, force: true });
});

async function open(faults: readonly string[], overrides: Partial<SourceSettings> = {}): Promise<Source> {
  const server = await startServer({ seed: 3, eventsPerHour: 300, faults });
  const pattern = parseKeyPattern("{yyyy}-{MM}-{dd}-{H}.json.gz", "hour", "source");
  const timeouts = { connectMs: 2000, headersMs: 500, idleMs: 500, totalMs: 20_000 };
  const settings = sourceSettings([{ kind: "http", base: server.url, pattern }], { timeouts, ...overrides });
  const source = await openSource(settings, { resolveSecret: () => "", effects: virtualEffects() });
  closing.unshift(async () => {
    await source.close();
    await server.close();
  });
  return source;
}

const verified = () =>
  verifyBody(createReadStream(file), { key: `${id}.json.gz`, expandedBytesMax: 1e9, ratioMax: 1000 });

/** `absent`, a failure of the transport, damage that verification finds, or a body that is in order. */
type Outcome = "absent" | "whole" | { readonly transport: FailureKind } | { readonly verification: RegExp };

const damaged = /damaged|differs|truncated/;
const outcomes: Readonly<Record<string, Outcome>> = {
  missing: "absent",
  late: "absent",
  "401": { transport: "denied" },
  "403": { transport: "denied" },
  "429": { transport: "unavailable" },
  "500": { transport: "unavailable" },
  "503": { transport: "unavailable" },
  redirect: "whole",
  "redirect-host": "whole",
  "redirect-loop": { transport: "unavailable" },
  html: { verification: /an HTML page/ },
  xml: { verification: /an XML document \(<Code>NoSuchKey/ },
  empty: { verification: /the body is empty/ },
  "stall-headers": { transport: "unavailable" },
  truncated: { verification: /truncated in member 1/ },
  "bad-crc": { verification: /CRC32 differs in member 1/ },
  "bad-isize": { verification: /length differs in member 1/ },
  "flipped-bit": { verification: damaged },
  "trailing-garbage": { verification: /bytes of trailing garbage/ },
  // Gzip in order; what is wrong inside is the converter's business.
  "trailing-zeros": "whole",
  "two-members": "whole",
  "partial-not-json": "whole",
  "cut-line": "whole",
  small: "whole",
  changed: "whole",
  "changed-during-resume": { transport: "unavailable" },
  "truncated-length": { transport: "unavailable" },
  "truncated-close": { verification: /truncated in member 1/ },
  "wrong-length": { verification: /truncated in member 1/ },
  slow: "whole",
  stall: { transport: "unavailable" },
  reset: { transport: "unavailable" },
  "no-etag": "whole",
  "no-validators": "whole",
  "no-ranges": "whole",
  "content-encoding": { transport: "corrupt" },
};
const amounts: Readonly<Record<string, string>> = { late: "=9req", slow: "=1MB/s" };

describe("every fault of the sample archive, one try", () => {
  for (const { name } of faultCatalogue) {
    test(name, async () => {
      const outcome = outcomes[name];
      assert.ok(outcome !== undefined, `no outcome is written down for the fault ${name}`);
      const source = await open([`${name}:${id}${amounts[name] ?? ""}`]);
      const fetching = source.fetch(interval, file);
      if (typeof outcome === "object" && "transport" in outcome) {
        await assert.rejects(fetching, failsAs(outcome.transport));
        return;
      }
      const fetched = await fetching;
      assert.equal(fetched.kind, outcome === "absent" ? "absent" : "fetched");
      if (outcome === "whole") assert.equal((await verified()).bytesIn, readFileSync(file).length);
      else if (outcome !== "absent") await assert.rejects(verified(), failsAs("corrupt", outcome.verification));
    });
  }
});

describe("faults that pass, some tries", () => {
  let truth: Buffer;
  before(async () => {
    await (await open([])).fetch(interval, file);
    truth = readFileSync(file);
  });

  const validators = [[], ["no-etag:*"], ["no-validators:*"], ["no-ranges:*"]];
  for (const fault of ["429", "500", "503", "stall-headers", "stall", "reset", "truncated-length"]) {
    // What is waited for takes its time; one of each is enough.
    for (const also of fault === "reset" || fault === "truncated-length" ? validators : [[]]) {
      test([fault, ...also].join(" with "), async () => {
        const source = await open([`${fault}:${id}=1req`, ...also], { retry: 3 });
        const fetched = await source.fetch(interval, file);
        assert.ok(fetched.kind === "fetched");
        assert.equal(fetched.tries, 2);
        assert.ok(readFileSync(file).equals(truth));
        assert.ok((await verified()).sha256 === fetched.sha256);
      });
    }
  }

  test("a file that is replaced between two tries is taken whole, from its first byte", async () => {
    const source = await open([`changed-during-resume:${id}`], { retry: 3 });
    const fetched = await source.fetch(interval, file);
    assert.ok(fetched.kind === "fetched");
    assert.equal(fetched.resumedFrom, 0);
    assert.equal((await verified()).sha256, fetched.sha256);
    assert.ok(!readFileSync(file).equals(truth));
  });
});
