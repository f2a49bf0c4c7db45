import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Failure } from "../errors.ts";
import { networkFailure, retryAfterMs, statusFailure } from "./http-failure.ts";

const url = "https://archive.example/x";

describe("Retry-After", () => {
  const date = "Sun, 01 Mar 2026 00:00:00 GMT";
  const nowMs = Date.parse(date);

  test("is a number of seconds or a date by the server's clock", () => {
    assert.equal(retryAfterMs("7", undefined, 0), 7000);
    assert.equal(retryAfterMs(" 0 ", undefined, 0), 0);
    assert.equal(retryAfterMs("Sun, 01 Mar 2026 00:01:00 GMT", date, 0), 60_000);
    assert.equal(retryAfterMs("Sun, 01 Mar 2026 00:01:00 GMT", undefined, nowMs), 60_000);
    assert.equal(retryAfterMs("Sat, 28 Feb 2026 00:00:00 GMT", date, 0), 0);
  });

  test("that is neither asks for nothing", () => {
    for (const value of [undefined, "", "soon", "-5", "1.5e9x"])
      assert.equal(retryAfterMs(value, date, nowMs), undefined);
  });
});

describe("statuses and errors", () => {
  test("every status has a kind", () => {
    const kinds = (statuses: readonly number[]) => statuses.map((status) => statusFailure(url, status, {}).kind);
    assert.deepEqual(new Set(kinds([408, 425, 429, 500, 501, 502, 503, 504, 520, 599])), new Set(["unavailable"]));
    assert.deepEqual(new Set(kinds([400, 401, 402, 403, 405, 407, 418, 451])), new Set(["denied"]));
    assert.deepEqual(new Set(kinds([204, 205, 206, 300, 304, 305])), new Set(["corrupt"]));
    assert.equal(statusFailure(url, 599, {}).message, `${url}: the server answers 599`);
  });

  test("an error's own text, which may repeat the request, is not passed on", () => {
    const secret = "tops3cr3t";
    const errors = [
      Object.assign(new Error(secret), { code: "ECONNRESET" }),
      Object.assign(new Error(secret), { code: "UND_ERR_INVALID_ARG" }),
      Object.assign(new Error(secret), { code: "SOMETHING_NEW" }),
      Object.assign(new Error(secret), { code: "CERT_HAS_EXPIRED" }),
      new TypeError("fetch failed", { cause: Object.assign(new Error(secret), { code: "ENOTFOUND" }) }),
      new AggregateError([Object.assign(new Error(secret), { code: "ECONNREFUSED" })], secret),
      new Error(secret),
      secret,
    ];
    const kinds = errors.map((error) => {
      const failure = networkFailure(error, url);
      assert.ok(!failure.message.includes(secret), failure.message);
      assert.equal(failure.cause, undefined);
      return failure.kind;
    });
    assert.deepEqual(kinds, [
      "unavailable",
      "denied",
      "unavailable",
      "denied",
      "unavailable",
      "unavailable",
      "bug",
      "bug",
    ]);
  });

  test("a failure stays what it is", () => {
    const failure = new Failure("full", "no room");
    assert.equal(networkFailure(failure, url), failure);
  });
});
