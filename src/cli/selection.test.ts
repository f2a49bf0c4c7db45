import assert from "node:assert/strict";
import test from "node:test";
import { project } from "../../test/cli/fixtures.ts";
import { idsOf } from "./ack.ts";
import { instantMs, matcher, parseInstantOption, refuseUnknownName } from "./selection.ts";

test("instants: a day, an hour, so long ago", () => {
  const nowMs = Date.parse("2026-03-10T15:30:00Z");
  assert.equal(instantMs(parseInstantOption("2026-03-01"), nowMs), Date.parse("2026-03-01T00:00:00Z"));
  assert.equal(instantMs(parseInstantOption("2026-03-01T05"), nowMs), Date.parse("2026-03-01T05:00:00Z"));
  assert.equal(instantMs(parseInstantOption("7d"), nowMs), Date.parse("2026-03-03T00:00:00Z"));
});

test("patterns: * is anything, everything else is itself", () => {
  const wants = matcher(["events@2026-03-*", "a.b"]);
  assert.equal(wants("events@2026-03-01-05"), true);
  assert.equal(wants("events@2026-02-28-05"), false);
  assert.equal(wants("my-events@2026-03-01-05"), false);
  assert.equal(wants("a.b"), true);
  assert.equal(wants("axb"), false);
});

test("a name that the project lacks is refused with the nearest", () => {
  assert.throws(() => refuseUnknownName("event@2026-03-01-05", project), {
    message: /no source, table or mart "event"/,
    detail: { remedy: "did you mean events?" },
  });
  for (const pattern of ["events", "gharchive@2026-*", "act*", "*"]) refuseUnknownName(pattern, project);
});

test("ids and ranges to acknowledge", () => {
  assert.deepEqual(idsOf("2026-03-01-05", "hour"), ["2026-03-01-05"]);
  assert.deepEqual(idsOf("2026-03-01-23..2026-03-02-01", "hour"), ["2026-03-01-23", "2026-03-02-00", "2026-03-02-01"]);
  assert.equal(idsOf("2026-03-01", "hour").length, 24);
  assert.deepEqual(idsOf("2026-03-01..2026-03-02", "day"), ["2026-03-01", "2026-03-02"]);
  assert.throws(() => idsOf("2026-03-01-05", "day"), { message: "2026-03-01-05: is no day" });
  assert.throws(() => idsOf("soon", "hour"), { message: "soon: is no hour" });
  assert.throws(() => idsOf("2015-01-01..2026-01-01", "hour"), /more than 10000 hours/);
});
