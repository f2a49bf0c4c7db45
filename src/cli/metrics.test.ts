import assert from "node:assert/strict";
import test from "node:test";
import { nowMs, status, summary } from "../../test/cli/fixtures.ts";
import { assertGolden } from "../../test/cli/golden.ts";
import { newMetrics } from "./metrics.ts";
import { startWatchServer } from "./watch-server.ts";

function filled() {
  const metrics = newMetrics("0.1.0", () => nowMs + 60_000);
  metrics.onEvent({
    code: "fetch.done",
    key: "gharchive@2026-03-01-00",
    bytes: 742_000,
    ms: 25,
    revision: 1,
    tries: 1,
    resumed: 0,
  });
  metrics.onEvent({ code: "fetch.failed", key: "gharchive@2026-03-01-02", reason: "503", kind: "unavailable" });
  metrics.onEvent({
    code: "convert.done",
    key: "events@2026-03-01-00",
    rows: 2000,
    rejected: 3,
    bytesIn: 742_000,
    bytes: 900_000,
    ms: 90,
  });
  metrics.onEvent({ code: "convert.held", key: "events@2026-03-01-11", reason: "rejects" });
  metrics.onEvent({ code: "mart.published", key: "activity", version: "v1", rows: 2000, bytes: 50_000, ms: 300 });
  metrics.onPass(summary, Date.parse("2026-03-02T01:12:04.100Z"));
  metrics.onPass({ ...summary, exitCode: 0 }, Date.parse("2026-03-02T01:17:04.100Z"));
  metrics.onStatus(status);
  return metrics;
}

test("metrics in Prometheus' text format", () => {
  assertGolden("golden/metrics.txt", filled().text().trimEnd().split("\n"));
});

test("every family is introduced once and every sample is well formed", () => {
  const lines = filled().text().trimEnd().split("\n");
  const types = lines.filter((line) => line.startsWith("# TYPE ")).map((line) => line.split(" ")[2]);
  assert.equal(new Set(types).size, types.length);
  for (const line of lines.filter((each) => !each.startsWith("#"))) {
    assert.match(line, /^millrace_[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? -?[\d.e+]+$/);
    assert.ok(types.includes(line.split(/[{ ]/)[0]), line);
  }
});

test("counters are there from the beginning", () => {
  assert.match(newMetrics("0.1.0", Date.now).text(), /millrace_items_done_total\{stage="convert"\} 0\n/);
});

test("health, readiness and metrics over HTTP", async () => {
  let notReady: string | undefined = "the first pass is not over";
  const server = await startWatchServer({
    host: "127.0.0.1",
    port: 0,
    notReady: () => notReady,
    metrics: () => "millrace_info 1\n",
  });
  try {
    const get = async (path: string, method = "GET") => {
      const response = await fetch(server.url + path, { method });
      return [response.status, await response.text()];
    };
    assert.deepEqual(await get("/healthz"), [200, "ok\n"]);
    assert.deepEqual(await get("/readyz"), [503, "the first pass is not over\n"]);
    notReady = undefined;
    assert.deepEqual(await get("/readyz?verbose"), [200, "ready\n"]);
    assert.deepEqual(await get("/metrics"), [200, "millrace_info 1\n"]);
    assert.deepEqual(await get("/healthz", "HEAD"), [200, ""]);
    assert.equal((await get("/healthz", "POST"))[0], 405);
    assert.equal((await get("/"))[0], 404);
    await assert.rejects(
      startWatchServer({
        host: "127.0.0.1",
        port: Number(new URL(server.url).port),
        notReady: () => undefined,
        metrics: () => "",
      }),
      { kind: "unavailable", message: /cannot listen on 127\.0\.0\.1/ },
    );
  } finally {
    await server.close();
  }
});
