import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, test } from "node:test";
import { exitCodeOf, Failure } from "../errors.ts";
import type { Event } from "../model/events.ts";
import type { BucketPlace, Lake } from "../model/project.ts";
import type { ProbeFinding, Storage } from "../storage/contract.ts";
import { memoryStorage } from "../storage/memory.ts";
import { storeCheck } from "./store-check.ts";

const directory = mkdtempSync(join(tmpdir(), "millrace-check-"));
after(() => rmSync(directory, { recursive: true, force: true }));
const dayMs = 86_400_000;

let files = 0;
let notesFile = "";
beforeEach(() => {
  notesFile = join(directory, String(files++), "stores.json");
});

function bucket(name: string, endpoint = "https://store:9000"): BucketPlace {
  const store = {
    profile: "other",
    endpoint,
    region: "us-east-1",
    pathStyle: true,
    ca: undefined,
    credentials: { kind: "chain" },
    parallel: 8,
  } as const;
  return { kind: "s3", bucket: name, prefix: "", name: `s3://${name}`, store };
}

interface Store {
  readonly storage: Storage;
  /** Depths of the probes that were made. */
  readonly probes: string[];
  server: string | undefined;
  bad: ProbeFinding[];
}

const fault = (needed: ProbeFinding["needed"], subject = "If-Match, raced"): ProbeFinding => ({
  subject,
  ok: false,
  finding: "20 rounds of 8 writers: 3 rounds had 2 winners",
  remedy: "take another one",
  needed,
});

/** A place whose store answers probes as it is told to. */
function makeStore(name: string): Store {
  const store: Store = {
    probes: [],
    server: "GOOD/1",
    bad: [],
    storage: {
      ...memoryStorage({ name: `s3://${name}` }),
      async *probe({ depth }) {
        store.probes.push(depth);
        const reachable = { subject: "reachable", needed: "everyone", remedy: undefined } as const;
        const { server } = store;
        if (server === undefined) {
          yield { ...reachable, ok: false, finding: "refuses the connection", remedy: "start it" };
          return;
        }
        yield { ...reachable, ok: true, finding: `${server} answers in ${Math.random()} ms`, server };
        if (depth !== "greeting") yield* store.bad;
      },
    },
  };
  return store;
}

function setUp(writers: Lake["writers"] = "several") {
  const stores = { raw: makeStore("raw"), tables: makeStore("tables"), marts: makeStore("marts") };
  const lake: Lake = { raw: bucket("raw"), tables: bucket("tables"), marts: bucket("marts"), writers };
  let nowMs = Date.parse("2026-03-01T00:00:00Z");
  const { raw, tables, marts } = stores;
  const storages = { raw: raw.storage, tables: tables.storage, marts: marts.storage };
  const open = (changes: { readonly version?: string; readonly lake?: Partial<Lake> } = {}) =>
    storeCheck({
      lake: { ...lake, ...changes.lake },
      storages,
      notesFile,
      version: changes.version ?? "1.0.0",
      clock: () => nowMs,
    });
  return {
    ...stores,
    /** Another process. */
    open,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

const refusal = async (work: Promise<void>): Promise<Failure> => {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof Failure);
    return error;
  }
  throw new Error("was not refused");
};

describe("before the first write", () => {
  test("only the places that may be written are tested, once for each process and machine", async () => {
    const { raw, tables, open } = setUp();
    const first = open();
    const events: Event[] = [];
    await first(["raw"], { report: (event) => void events.push(event) });
    await first(["raw"]);
    assert.deepEqual(raw.probes, ["greeting", "races"]);
    assert.deepEqual(tables.probes, []);
    assert.deepEqual(
      events.map((event) => [event.code, "place" in event ? event.place : ""]),
      [["store.tested", "s3://raw"]],
    );
    await open()(["raw"]);
    assert.deepEqual(raw.probes, ["greeting", "races", "greeting"]);
  });

  test("places side by side leave notes for each other, and hold no secret", async () => {
    const { open } = setUp();
    await open()(["raw", "tables", "marts"]);
    const { stores } = JSON.parse(readFileSync(notesFile, "utf8"));
    assert.deepEqual(stores, [
      ...["marts", "raw", "tables"].map((name) => ({
        store: `https://store:9000 ${name}`,
        server: "GOOD/1",
        millrace: "1.0.0",
        writers: "several",
        at: "2026-03-01T00:00:00.000Z",
      })),
    ]);
  });

  test("places in one bucket of one store are tested once", async () => {
    const { raw, tables, marts, open } = setUp();
    await open({ lake: { tables: bucket("raw"), marts: bucket("raw", "https://other:9000") } })([
      "raw",
      "tables",
      "marts",
    ]);
    assert.deepEqual([raw.probes.length, tables.probes.length, marts.probes.length], [2, 0, 2]);
  });

  test("directories are not tested", async () => {
    const { raw, open } = setUp();
    await open({ lake: { raw: { kind: "directory", path: "/x", name: "x" } } })(["raw"]);
    assert.deepEqual(raw.probes, []);
  });

  test("what is remembered ends: after a month, with another version, another server, without the file, with a damaged one", async () => {
    const { raw, open, pass } = setUp();
    await open()(["raw"]);
    const isTestedAnew = async (check: ReturnType<typeof open>): Promise<boolean> => {
      raw.probes.length = 0;
      await check(["raw"]);
      return raw.probes.includes("races");
    };
    pass(29 * dayMs);
    assert.equal(await isTestedAnew(open()), false);
    pass(2 * dayMs);
    assert.equal(await isTestedAnew(open()), true);
    assert.equal(await isTestedAnew(open()), false);
    assert.equal(await isTestedAnew(open({ version: "1.0.1" })), true);
    assert.equal(await isTestedAnew(open({ version: "1.0.1" })), false);
    raw.server = "GOOD/2";
    assert.equal(await isTestedAnew(open({ version: "1.0.1" })), true);
    for (const text of ["", "{", "[]", '{"format":1,"stores":[{"store":"https://store:9000 raw"}]}', '{"format":2}']) {
      writeFileSync(notesFile, text);
      assert.equal(await isTestedAnew(open()), true, text);
    }
    rmSync(notesFile);
    assert.equal(await isTestedAnew(open()), true);
  });

  test("a process that goes on for months asks again", async () => {
    const { raw, open, pass } = setUp();
    const check = open();
    await check(["raw"]);
    pass(3_600_000);
    await check(["raw"]);
    assert.deepEqual(raw.probes, ["greeting", "races", "greeting"]);
    pass(31 * dayMs);
    await check(["raw"]);
    assert.deepEqual(raw.probes.slice(3), ["greeting", "races"]);
  });
});

describe("a store that does not keep several writers apart", () => {
  test("is refused with what was seen and what to do, and asked again by the next run", async () => {
    const { raw, open } = setUp();
    raw.bad = [fault("several writers"), fault("gc", "right to delete"), fault("nobody", "signature")];
    const failure = await refusal(open()(["raw", "tables"]));
    assert.equal(exitCodeOf(failure), 5);
    assert.equal(
      failure.message,
      "s3://raw: the store does not keep several writers apart, and lake.writers is several",
    );
    assert.match(
      failure.detail.remedy ?? "",
      /^set lake\.writers to one if no other process .* move it to another store/,
    );
    assert.deepEqual(
      failure.detail.others?.map(({ message }) => message),
      ["s3://raw: If-Match, raced: 20 rounds of 8 writers: 3 rounds had 2 winners"],
    );
    raw.bad = [];
    await open()(["raw"]);
  });

  test("is good enough for one writer, who is remembered as such", async () => {
    const { raw, open } = setUp();
    raw.bad = [fault("several writers")];
    const alone = { lake: { writers: "one" } } as const;
    await open(alone)(["raw"]);
    raw.probes.length = 0;
    await open(alone)(["raw"]);
    assert.deepEqual(raw.probes, ["greeting"]);
    assert.match((await refusal(open()(["raw"]))).message, /does not keep several writers apart/);
  });

  test("one that several may share is good for one", async () => {
    const { raw, open } = setUp();
    await open()(["raw"]);
    raw.probes.length = 0;
    await open({ lake: { writers: "one" } })(["raw"]);
    assert.deepEqual(raw.probes, ["greeting"]);
  });
});

describe("a store that lacks what everyone needs", () => {
  test("is refused whoever writes", async () => {
    for (const writers of ["several", "one"] as const) {
      const { raw, open } = setUp(writers);
      raw.bad = [fault("everyone", "listing by pages"), fault("several writers")];
      const failure = await refusal(open()(["raw"]));
      assert.equal(exitCodeOf(failure), 5);
      if (writers === "one") {
        assert.equal(failure.message, "s3://raw: listing by pages: 20 rounds of 8 writers: 3 rounds had 2 winners");
        assert.equal(failure.detail.remedy, "take another one");
      } else {
        assert.equal(failure.message, "s3://raw: the store does not keep what a lake needs");
        assert.equal(failure.detail.others?.length, 2);
      }
    }
  });

  test("one that does not answer is unavailable, not refused", async () => {
    const { raw, open } = setUp();
    raw.server = undefined;
    const failure = await refusal(open()(["raw"]));
    assert.equal(failure.kind, "unavailable");
    assert.equal(failure.message, "s3://raw: reachable: refuses the connection");
    assert.equal(failure.detail.remedy, "start it");
    assert.deepEqual(raw.probes, ["greeting"]);
  });
});
