import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { elementLevels, type NodeLevels, presenceRuns, type Runs, rootLevels } from "./levels.ts";
import { addEntry, Node, setLength } from "./node.ts";
import { PackedLevels } from "./packed-levels.ts";

/** A list of lists of numbers that may be missing at every level: what makes all levels occur. */
type Rows = readonly (readonly (readonly (number | null)[] | null)[] | null)[];

function newNode(name: string): Node {
  const place = { name, key: name, path: name, foldedPath: name, known: undefined, declared: undefined };
  return new Node({ ...place, createdLine: 1 });
}

/** Levels as the format defines them, one entry after the other. */
function definedLevels(rows: Rows): { readonly definition: number[]; readonly repetition: number[] } {
  const definition: number[] = [];
  const repetition: number[] = [];
  const emit = (level: number, repeated: number): void => {
    definition.push(level);
    repetition.push(repeated);
  };
  for (const outer of rows) {
    if (outer === null || outer.length === 0) emit(outer === null ? 0 : 1, 0);
    for (const [i, inner] of (outer ?? []).entries()) {
      const first = i === 0 ? 0 : 1;
      if (inner === null || inner.length === 0) emit(inner === null ? 2 : 3, first);
      for (const [j, value] of (inner ?? []).entries()) emit(value === null ? 4 : 5, j === 0 ? first : 2);
    }
  }
  return { definition, repetition };
}

/** The same through nodes, as the shredder fills them. */
function shred(rows: Rows): { readonly levels: NodeLevels; readonly presence: Runs; readonly nodes: readonly Node[] } {
  const [list, inner, leaf] = [newNode("list"), newNode("inner"), newNode("leaf")];
  for (const [row, outer] of rows.entries()) {
    if (outer === null) continue;
    setLength(list, addEntry(list, row), outer.length);
    for (const elements of outer) {
      const slot = list.total++;
      if (elements === null) continue;
      setLength(inner, addEntry(inner, slot), elements.length);
      for (const value of elements) {
        const place = inner.total++;
        if (value !== null) addEntry(leaf, place);
      }
    }
  }
  const root = rootLevels(rows.length);
  const ofList = elementLevels(list, presenceRuns(root, list), 1, root);
  const ofInner = elementLevels(inner, presenceRuns(ofList, inner), 3, ofList);
  return { levels: ofInner, presence: presenceRuns(ofInner, leaf), nodes: [list, inner] };
}

function expand({ pairs, used, entries }: Runs): number[] {
  const levels: number[] = [];
  for (let i = 0; i < used; i += 2) levels.push(...Array<number>(pairs[i + 1] ?? 0).fill(pairs[i] ?? -1));
  assert.equal(levels.length, entries);
  for (let i = 2; i < used; i += 2) assert.notEqual(pairs[i], pairs[i - 2], "neighbours differ");
  return levels;
}

const rows: fc.Arbitrary<Rows> = fc.array(
  fc.option(fc.array(fc.option(fc.array(fc.option(fc.nat(9)), { maxLength: 3 })), { maxLength: 3 })),
  { maxLength: 12 },
);

test("levels are what the format defines", (t) => {
  const settings = runSettings(1_000);
  t.diagnostic(`seed ${settings.seed}`);
  fc.assert(
    fc.property(rows, (each) => {
      const { levels, presence } = shred(each);
      const expected = definedLevels(each);
      assert.deepEqual(expand(presence), expected.definition);
      assert.ok(levels.repetition !== undefined);
      assert.deepEqual(expand(levels.repetition), expected.repetition);
      assert.equal(levels.repetitionMax, 2);
    }),
    settings,
  );
});

test("packed levels come back as they were, sharing what was shared", (t) => {
  const settings = runSettings(200);
  t.diagnostic(`seed ${settings.seed}`);
  fc.assert(
    fc.property(rows, (each) => {
      const { levels, nodes } = shred(each);
      const root = rootLevels(each.length);
      const all = new Map([...nodes.map((node) => [node, levels] as const), [newNode("root"), root] as const]);
      const unpacked = new PackedLevels(all).unpack();
      assert.deepEqual([...unpacked.values()], [...all.values()]);
      const [first, second] = nodes.map((node) => unpacked.get(node)?.definition);
      assert.equal(first, second);
    }),
    settings,
  );
});

test("a run of millions packs into a few bytes", () => {
  const levels = new Map([[newNode("a"), rootLevels(3_000_000)]]);
  assert.deepEqual([...new PackedLevels(levels).unpack().values()], [...levels.values()]);
});
