import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { hourMs, intervalId } from "../model/calendar.ts";
import { ownOrder } from "./own-order.ts";

test("no two writers have orders that are alike", () => {
  const startMs = Date.parse("2026-02-01T00:00:00Z");
  const names = Array.from({ length: 48 }, (_, hour) =>
    intervalId({ every: "hour", startMs: startMs + hour * hourMs }),
  );
  const inOrder = (): readonly string[] => {
    const order = ownOrder(randomUUID().replaceAll("-", ""));
    return names.toSorted((a, b) => order(a) - order(b));
  };
  for (let pair = 0; pair < 500; pair++) {
    const [one, other] = [inOrder(), inOrder()];
    const near = one.filter((name, at) => Math.abs(other.indexOf(name) - at) <= 2).length;
    // Five are by chance. Sums that are not mixed give more than 24 in one pair of twenty.
    assert.ok(near < 24, `${near} of 48 stand at the same place`);
  }
});
