import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { clockVerdict, tlsVerdict } from "./probe-greeting.ts";

const dayMs = 86_400_000;
const nowMs = Date.parse("2026-03-01T00:00:00Z");

describe("clock", () => {
  for (const [aheadMs, ok, says] of [
    [0, true, /agree$/],
    [1_999, true, /agree$/],
    [-12_000, true, /^this machine's is 12 s ahead of the store's$/],
    [30_000, true, /^this machine's is 30 s behind the store's$/],
    [31_000, true, /31 s behind the store's; from 5 min on requests may be refused$/],
    [300_000, true, /5 min behind the store's; from/],
    [300_001, false, /^this machine's is 5 min behind the store's$/],
    [-7_200_000, false, /120 min ahead of/],
    [undefined, true, /not compared/],
  ] as const) {
    test(`${aheadMs} ms ahead`, () => {
      const verdict = clockVerdict(aheadMs);
      assert.equal(verdict.ok, ok);
      assert.match(verdict.finding, says);
      assert.equal(verdict.remedy === undefined, ok);
    });
  }
});

describe("TLS", () => {
  const tls = (fromDays: number, toDays: number, usual = false) => ({
    protocol: "TLSv1.3",
    name: "store.example",
    valid: { fromMs: nowMs + fromDays * dayMs, toMs: nowMs + toDays * dayMs },
    authority: "Our own",
    usual,
  });
  const verdict = (host: string, seen?: ReturnType<typeof tls>) =>
    tlsVerdict({ secure: seen !== undefined, host, tls: seen }, nowMs);

  test("names the certificate, its end and its authority", () => {
    assert.deepEqual(verdict("10.0.0.1", tls(-100, 100)), {
      ok: true,
      finding: "TLSv1.3, certificate of store.example until 2026-06-09, verified by Our own (by ca)",
    });
    assert.match(verdict("10.0.0.1", tls(-100, 100, true)).finding, /\(a usual authority\)$/);
  });

  test("tells of a certificate that nobody has renewed; one that lives for a day is renewed late", () => {
    assert.match(verdict("x", tls(-350, 13)).finding, /ends in 13 days$/);
    assert.equal(verdict("x", tls(-350, 13)).ok, false);
    assert.equal(verdict("x", tls(-350, 15)).ok, true);
    assert.equal(verdict("x", tls(-0.5, 0.5)).ok, true);
    assert.match(verdict("x", tls(-0.9, 0.1)).finding, /ends in 2 hours$/);
  });

  test("plain http is for the loopback", () => {
    for (const host of ["127.0.0.1", "localhost", "[::1]", "store.localhost"])
      assert.equal(verdict(host).ok, true, host);
    for (const host of ["10.0.0.1", "store.example", "localhost.example"]) assert.equal(verdict(host).ok, false, host);
  });
});
