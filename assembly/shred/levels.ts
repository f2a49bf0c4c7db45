/**
 * Definition and repetition levels, derived from what is stored about presence, as in `src/shred/levels.ts`. Runs are pairs of a
 * level and how often it repeats.
 */
import { Node } from "./node";
import { addRun, beginRuns, finishRuns, newRunBuilder, RunBuilder } from "./run-builder";

const builder = newRunBuilder();
const repetitions = newRunBuilder();

/** The last runs: their bytes, and the sum of all repeats. */
export let runBytes: usize = 0;
export let runEntries: u32 = 0;
/** The repetition levels that belong to the last runs of a list's elements. */
export let repetitionRuns: usize = 0;
export let repetitionBytes: usize = 0;

/** So many times the level. */
export function constantRuns(level: u32, entries: u32): usize {
  beginRuns(builder);
  addRun(builder, level, entries);
  return finish();
}

function finish(): usize {
  runBytes = builder.used;
  runEntries = builder.entries;
  return finishRuns(builder);
}

/** Splits the places where a slot of the parent exists (level `absent`) by whether the child is present in it: one level more if so. */
export function presenceRuns(pairs: usize, bytes: usize, absent: u32, child: Node): usize {
  beginRuns(builder);
  const runs = builder;
  const positions = child.positions;
  const end = pairs + bytes;
  let slot: u32 = 0;
  let entry: u32 = 0;
  for (let at = pairs; at < end; at += 8) {
    const level = load<u32>(at);
    const count = load<u32>(at, 4);
    if (level < absent) {
      addRun(runs, level, count);
      continue;
    }
    if (positions !== 0) entry = addPresence(runs, child, entry, slot, slot + count, absent + 1);
    else {
      const there = child.count > slot ? min(count, child.count - slot) : 0;
      addRun(runs, absent + 1, there);
      addRun(runs, absent, count - there);
    }
    slot += count;
  }
  return finish();
}

/**
 * Adds runs for the slots `from..to` of the parent, where `first` is the child's first entry in them; answers the next. `present`
 * is the level of those in which the child is present.
 */
function addPresence(runs: RunBuilder, child: Node, first: u32, from: u32, to: u32, present: u32): u32 {
  const positions = child.positions;
  const count = child.count;
  let entry = first;
  let slot = from;
  while (slot < to) {
    const next = entry < count ? min(load<u32>(positions + ((<usize>entry) << 2)), to) : to;
    addRun(runs, present - 1, next - slot);
    const end = lastInRow(positions, entry, count, to - next);
    addRun(runs, present, end - entry);
    slot = next + end - entry;
    entry = end;
  }
  return entry;
}

/** Behind the last of the entries from `entry` on that stand directly one after the other, at most `room` of them. */
@inline
function lastInRow(positions: usize, entry: u32, count: u32, room: u32): u32 {
  const end = min(count, entry + room);
  if (entry >= end) return entry;
  const start = load<u32>(positions + ((<usize>entry) << 2)) - entry;
  let next = entry + 1;
  while (next < end && load<u32>(positions + ((<usize>next) << 2)) === start + next) next++;
  return next;
}

// The runs from which repetition levels of a list are taken over, and how far that has come. Without runs every level is 0.
let outer: usize = 0;
let outerEnd: usize = 0;
let outerLeft: u32 = 0;

/** Adds the next `count` repetition levels of the list to those of its elements. */
@inline
function copyOuter(count: u32): void {
  if (outer === 0) addRun(repetitions, 0, count);
  else copyRuns(count);
}

function copyRuns(count: u32): void {
  let missing = count;
  while (missing > 0) {
    const step = min(missing, outerLeft);
    addRun(repetitions, load<u32>(outer), step);
    missing -= step;
    outerLeft -= step;
    if (outerLeft > 0) continue;
    if (outer + 8 >= outerEnd) return;
    outer += 8;
    outerLeft = load<u32>(outer, 4);
  }
}

/**
 * From the levels of a list (`level` means present) to those of its elements, whose repetition level is `repeated`. `outerPairs`
 * are the repetition levels of the list, 0 if it stands in no other.
 */
export function elementRuns(
  list: Node,
  pairs: usize,
  bytes: usize,
  level: u32,
  repeated: u32,
  outerPairs: usize,
  outerBytes: usize,
): usize {
  beginRuns(builder);
  beginRuns(repetitions);
  outer = outerPairs;
  outerEnd = outerPairs + outerBytes;
  outerLeft = outerPairs === 0 ? 0 : load<u32>(outerPairs, 4);
  let lengths = list.lengths;
  const end = pairs + bytes;
  for (let at = pairs; at < end; at += 8) {
    const found = load<u32>(at);
    const count = load<u32>(at, 4);
    if (found < level) {
      addRun(builder, found, count);
      copyOuter(count);
      continue;
    }
    for (const lengthsEnd = lengths + ((<usize>count) << 2); lengths < lengthsEnd; lengths += 4) {
      const length = load<u32>(lengths);
      copyOuter(1);
      if (length === 0) addRun(builder, level, 1);
      else {
        addRun(builder, level + 1, length);
        addRun(repetitions, repeated, length - 1);
      }
    }
  }
  repetitionBytes = repetitions.used;
  repetitionRuns = finishRuns(repetitions);
  return finish();
}
