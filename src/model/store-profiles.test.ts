import assert from "node:assert/strict";
import test from "node:test";
import { storeProfiles } from "./store-profiles.ts";

test("every profile says where it was read, and only what runs in the tests is called verified", () => {
  for (const [name, { title, source, defects, verified }] of Object.entries(storeProfiles)) {
    assert.ok(URL.canParse(source) && source.startsWith("https://"), name);
    for (const text of defects) assert.match(text, /^[A-Z].{10,140}\.$/, name);
    assert.notEqual(title, "");
    assert.equal(verified, name === "versitygw" || name === "minio", name);
  }
});
