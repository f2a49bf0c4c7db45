import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ChunkLevels,
  countLevel,
  type LevelRuns,
  pageStarts,
  pageStartsByValues,
  RunCutter,
} from "./level-runs.ts";

function runs(...pairs: readonly number[]): LevelRuns {
  const entries = pairs.reduce((sum, number, i) => sum + (i % 2 === 1 ? number : 0), 0);
  return { pairs: Int32Array.from(pairs), used: pairs.length, entries };
}

function plain({ pairs, used, entries }: LevelRuns): readonly number[][] {
  return [[...pairs.subarray(0, used)], [entries]];
}

test("runs are cut in the middle and at their ends", () => {
  const cutter = new RunCutter(runs(1, 5, 0, 3, 2, 1));
  assert.deepEqual(plain(cutter.cut(2)), [[1, 2], [2]]);
  assert.deepEqual(plain(cutter.cut(3)), [[1, 3], [3]]);
  assert.deepEqual(plain(cutter.cut(4)), [[0, 3, 2, 1], [4]]);
});

test("a run is cut into several pieces", () => {
  const cutter = new RunCutter(runs(1, 7, 0, 2));
  for (const size of [2, 1, 3]) assert.deepEqual(plain(cutter.cut(size)), [[1, size], [size]]);
  assert.deepEqual(plain(cutter.cut(2)), [[1, 1, 0, 1], [2]]);
  assert.deepEqual(plain(cutter.cut(1)), [[0, 1], [1]]);
});

test("cutting all at once answers the same runs", () => {
  const whole = runs(1, 5, 0, 3);
  assert.equal(new RunCutter(whole).cut(8), whole);
});

test("levels are counted in the used part only", () => {
  assert.equal(countLevel({ pairs: Int32Array.of(1, 5, 0, 3, 1, 9), used: 4, entries: 8 }, 1), 5);
});

test("pages of a flat column begin every so many rows", () => {
  const levels: ChunkLevels = { definition: runs(1, 10), definitionMax: 1, repetition: undefined, repetitionMax: 0 };
  assert.deepEqual(pageStarts(levels, 4), [0, 4, 8]);
  assert.deepEqual(pageStarts(levels, 10), [0]);
});

test("pages of a repeated column begin at rows", () => {
  // Rows of 1, 3, 1, 1, 2 and 1 entries.
  const repetition = runs(0, 2, 1, 2, 0, 3, 1, 1, 0, 1);
  const levels: ChunkLevels = { definition: runs(2, 9), definitionMax: 2, repetition, repetitionMax: 1 };
  assert.deepEqual(pageStarts(levels, 1), [0, 1, 4, 5, 6, 8]);
  assert.deepEqual(pageStarts(levels, 2), [0, 4, 6]);
  assert.deepEqual(pageStarts(levels, 4), [0, 6]);
});

test("pages of so many values begin with the row of their first value", () => {
  // Values at the entries 1, 2, 5, 6 and 8.
  const definition = runs(0, 1, 1, 2, 0, 2, 1, 2, 0, 1, 1, 1, 0, 2);
  const flat: ChunkLevels = { definition, definitionMax: 1, repetition: undefined, repetitionMax: 0 };
  assert.deepEqual(pageStartsByValues(flat, [5]), [0]);
  assert.deepEqual(pageStartsByValues(flat, [2, 3]), [0, 5]);
  assert.deepEqual(pageStartsByValues(flat, [1, 3, 1]), [0, 2, 8]);
  // Rows of 3, 1, 4 (in two lists, the first element of which has no value), 1, 1 and 1 entries.
  const repetition = runs(0, 1, 2, 2, 0, 2, 1, 1, 2, 2, 0, 3);
  const repeated: ChunkLevels = { definition, definitionMax: 1, repetition, repetitionMax: 2 };
  assert.deepEqual(pageStartsByValues(repeated, [2, 3]), [0, 4]);
  assert.deepEqual(pageStartsByValues(repeated, [4, 1]), [0, 8]);
  assert.throws(() => pageStartsByValues(flat, [5, 1]), RangeError);
});
