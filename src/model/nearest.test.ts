import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { editDistance, nearest } from "./nearest.ts";

describe("nearest", () => {
  it("counts edits, a swap as one", () => {
    assert.equal(editDistance("since", "since"), 0);
    assert.equal(editDistance("", "abc"), 3);
    assert.equal(editDistance("abc", ""), 3);
    assert.equal(editDistance("sicne", "since"), 1);
    assert.equal(editDistance("kitten", "sitting"), 3);
  });

  it("finds the word that was meant, and nothing for a stranger", () => {
    const words = ["since", "settle", "interval", "known_missing"];
    assert.equal(nearest("sinc", words), "since");
    assert.equal(nearest("knownMissing", words), "known_missing");
    assert.equal(nearest("known-missing", words), "known_missing");
    assert.equal(nearest("SETTLE", words), "settle");
    assert.equal(nearest("colour", words), undefined);
    assert.equal(nearest("x".repeat(1000), words), undefined);
    assert.equal(nearest("a", []), undefined);
  });
});
