import assert from "node:assert/strict";
import { test } from "node:test";
import type { Receipt } from "../model/receipt.ts";
import { type FoundReceipt, judgeRaw, type StoredBytes, type Witness } from "./judge-raw.ts";

const right = "a".repeat(64);
const other = "b".repeat(64);
const third = "c".repeat(64);
const bytes = (sha256: string, size = 10): StoredBytes => ({ sha256, size });
const receipt = (sha256: string, state: FoundReceipt["state"] = "whole", isStray = false): FoundReceipt => {
  const known: Receipt = { sha256, length: 10, revision: 1, verified: true, at: "2026-03-01T00:00:00.000Z" };
  return { receipt: known, state, isStray };
};
const unreadable: FoundReceipt = { receipt: undefined, state: "changed", isStray: true };
const partition = (sha256: string): Witness => ({ key: "events/src=x/data.parquet", sha256, length: 10 });

test("who is believed: a whole receipt before a partition, a partition before a receipt that was changed", () => {
  const verdicts: readonly (readonly [
    StoredBytes | undefined,
    FoundReceipt | undefined,
    Witness | undefined,
    string,
  ])[] = [
    [bytes(right), receipt(right), undefined, "good"],
    [bytes(right), receipt(right, "unchecked"), undefined, "good"],
    [bytes(right), receipt(right, "changed"), undefined, "receipt"],
    [bytes(right), receipt(right, "whole", true), undefined, "receipt"],
    [bytes(right), undefined, undefined, "unknown"],
    [bytes(right), undefined, partition(right), "receipt"],
    [bytes(right), unreadable, partition(right), "receipt"],
    [bytes(right), unreadable, undefined, "receipt"],
    [bytes(right), receipt(other, "unchecked"), partition(right), "receipt"],
    [bytes(right), receipt(other, "changed"), partition(right), "receipt"],
    [bytes(other), receipt(right), partition(other), `object ${right}`],
    [bytes(other), receipt(right), undefined, `object ${right}`],
    [bytes(other), undefined, partition(right), `object ${right}`],
    [bytes(other), unreadable, partition(right), `object ${right}`],
    [bytes(other), receipt(third, "changed"), partition(right), `object ${right} ${third}`],
    [bytes(other), receipt(third, "changed"), undefined, `object ${third}`],
    [undefined, undefined, partition(right), `object ${right}`],
  ];
  for (const [stored, found, witness, wanted] of verdicts) {
    const verdict = judgeRaw(stored, found, witness);
    const text = verdict.kind === "object" ? ["object", ...verdict.expected].join(" ") : verdict.kind;
    assert.equal(text, wanted, JSON.stringify([stored, found, witness]));
  }
});

test("a reason names what differs and who says so", () => {
  const reason = (...witnesses: Parameters<typeof judgeRaw>): string => {
    const verdict = judgeRaw(...witnesses);
    return "reason" in verdict ? verdict.reason : verdict.kind;
  };
  assert.equal(reason(bytes(other, 7), receipt(right), undefined), "7 bytes, its receipt says 10");
  assert.equal(reason(bytes(other), receipt(right), undefined), "sha256 bbbbbbbbbbbb…, its receipt says aaaaaaaaaaaa…");
  assert.equal(
    reason(undefined, undefined, partition(right)),
    "is missing, events/src=x/data.parquet was made from sha256 aaaaaaaaaaaa…",
  );
  // Sums that differ far behind are shown whole.
  assert.match(reason(bytes(`${right.slice(1)}0`), receipt(right), undefined), /a{63}0, its receipt says a{64}$/);
});
