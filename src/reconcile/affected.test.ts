import assert from "node:assert/strict";
import test from "node:test";
import { hourOf, makePartition, makeRaw, makeSource, makeTable } from "../../test/make.ts";
import { emptyTable } from "../model/table-document.ts";
import type { Change } from "../step/schema-keeper.ts";
import { affectedPartitions, lostPartitions } from "./affected.ts";

const ids = ["2026-03-01-00", "2026-03-01-01", "2026-03-01-02", "2026-03-01-03"] as const;

function lake(first: Readonly<Record<string, string>>, stored: readonly string[]) {
  const partitions = new Map(
    ids.map((id, at) => [
      hourOf(id),
      makePartition(id, { standIns: at === 0 ? [{ path: "labels", seen: "list" as const }] : [] }),
    ]),
  );
  const state = { ...emptyTable, first: new Map(Object.entries(first)) };
  return {
    table: { settings: makeTable(), schema: { version: 1, complete: true, state }, partitions },
    source: { settings: makeSource(), raw: new Map(stored.map((id) => [hourOf(id), makeRaw(id)])) },
  };
}

const widened = (path: string): readonly Change[] => [{ path, kind: "widened" }];
const settled = (path: string): readonly Change[] => [{ path, kind: "settled" }];

test("as long as every raw object is stored nothing is lost", () => {
  const { table, source } = lake({ n: ids[0] }, ids);
  assert.equal(lostPartitions(table, source, widened("n")), 0);
  assert.equal(lostPartitions(table, source, settled("labels")), 0);
  assert.equal(affectedPartitions(table, widened("n")), 4);
  assert.equal(affectedPartitions(table, settled("labels")), 1);
});

test("a widening loses the partitions without raw objects from the column's first appearance on", () => {
  const { table, source } = lake({ n: ids[0], later: ids[1], list: ids[2], "list.[].x": ids[3] }, [ids[3]]);
  assert.equal(lostPartitions(table, source, widened("n")), 3);
  assert.equal(lostPartitions(table, source, widened("Later")), 2, "in any spelling");
  assert.equal(lostPartitions(table, source, widened("list.[]")), 1, "an element appeared with its list");
  assert.equal(lostPartitions(table, source, widened("list.[].x")), 0);
  assert.equal(lostPartitions(table, source, widened("new")), 0);
  assert.equal(lostPartitions(table, source, [...widened("list.[]"), ...widened("later")]), 2);
});

test("a stand-in that is settled loses the partitions that hold it", () => {
  const { table, source } = lake({}, ids.slice(1));
  assert.equal(lostPartitions(table, source, settled("labels")), 1);
  assert.equal(lostPartitions(table, source, settled("other")), 0);
  assert.equal(lostPartitions(table, undefined, settled("labels")), 1);
});
