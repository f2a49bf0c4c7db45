import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { placeAt } from "../../../test/contract/canned-store.ts";
import { Failure } from "../../errors.ts";
import { watchProgress } from "./client.ts";

const call = { action: "read", key: "a/key", idleMs: 1000 } as const;

describe("the watch over a request", () => {
  test("gives up what does not move, and only that", (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const watch = watchProgress("s3://bucket", call);
    context.mock.timers.tick(999);
    watch.touch();
    watch.pause();
    context.mock.timers.tick(100_000);
    assert.equal(watch.why(), undefined, "a slow reader is no fault of the store");
    watch.touch();
    context.mock.timers.tick(1000);
    assert.equal(watch.signal.aborted, true);
    assert.equal(watch.why()?.kind, "unavailable");
    assert.match(watch.why()?.message ?? "", /^s3:\/\/bucket: a\/key: nothing moved for 1 s$/);
    watch.end();
  });

  test("hands the caller's stop on, and forgets the caller at the end", () => {
    const controller = new AbortController();
    const watch = watchProgress("s3://bucket", { ...call, signal: controller.signal });
    const later = watchProgress("s3://bucket", { ...call, signal: controller.signal });
    later.end();
    controller.abort(new Failure("full", "the disk is full"));
    assert.equal(watch.why()?.kind, "full");
    assert.equal(later.signal.aborted, false);
    assert.throws(() => watchProgress("s3://bucket", { ...call, signal: controller.signal }), /the disk is full/);
    watch.end();
  });
});

test("opening a store and failing with it prints nothing", () => {
  const { store } = placeAt("http://127.0.0.1:1");
  const settings = [store, { ...store, credentials: { kind: "profile", name: "absent" } }];
  const program = `
    const { s3Storage } = await import(${JSON.stringify(new URL("./storage.ts", import.meta.url).href)});
    for (const store of ${JSON.stringify(settings)}) {
      const place = { kind: "s3", bucket: "bucket", prefix: "", name: "s3://bucket", store };
      const storage = await s3Storage(place, { resolveSecret: () => "secret", scratchRoot: "none" });
      for (const body of [Buffer.alloc(1), { file: process.execPath }]) {
        let kind;
        try { await storage.put("a", body); } catch (error) { kind = error.kind; }
        if (kind !== "unavailable" && kind !== "denied") throw new Error("not refused: " + kind);
      }
    }`;
  const environment = {
    PATH: process.env.PATH,
    HOME: "/nonexistent",
    // Two sources of credentials are what the SDK likes to warn of.
    AWS_ACCESS_KEY_ID: "a",
    AWS_SECRET_ACCESS_KEY: "b",
    AWS_EC2_METADATA_DISABLED: "true",
    NODE_TEST_CONTEXT: undefined,
  };
  const done = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    env: environment,
    encoding: "utf8",
  });
  assert.equal(done.stderr, "");
  assert.equal(done.status, 0);
  assert.equal(done.stdout, "");
});
