import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../test/corpus/runs.ts";
import { type SealedTexts, SealQueue } from "./seal-queue.ts";
import { beginStrings, StringColumn, type TextValues, takeFullPages } from "./string-column.ts";
import { Text } from "./text.ts";

function plainTexts(arena: Uint8Array): string[] {
  const bytes = Buffer.from(arena);
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; at += 4 + bytes.readInt32LE(at)) {
    texts.push(bytes.toString("utf8", at + 4, at + 4 + bytes.readInt32LE(at)));
  }
  return texts;
}

/** Seals without compressing. */
function seal(texts: Uint8Array): SealedTexts {
  const statistics = { min: texts, max: undefined, minExact: false, maxExact: false };
  return { body: new Uint8Array(texts), uncompressedBytes: texts.length, count: plainTexts(texts).length, statistics };
}

/** The values that a column holds, read as a Parquet reader would. */
function read(values: TextValues): string[] {
  const view = new DataView(values.arena.buffer, values.arena.byteOffset, values.arena.byteLength);
  const textAt = (offset: number): string =>
    Buffer.from(values.arena).toString("utf8", offset + 4, offset + 4 + view.getInt32(offset, true));
  if (values.kind === "sealed") return [...values.pages.map(({ body }) => body), values.arena].flatMap(plainTexts);
  if (values.kind === "texts") return Array.from({ length: values.count }, (_, i) => textAt(values.offsets[i] ?? 0));
  const entries = plainTexts(values.arena);
  assert.equal(entries.length, values.entries);
  assert.equal(new Set(entries).size, entries.length, "no entry twice");
  return Array.from({ length: values.count }, (_, i) => entries[values.indices[i] ?? -1] ?? "missing");
}

const buffer = Buffer.alloc(4_096);
const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);

function add(column: StringColumn, value: number, content: string): void {
  const text = new Text();
  text.setRange(view, 100, 100 + buffer.write(content, 100));
  column.add(value, text);
}

/** Ends a line that stays. */
const keepLine = (): void => void takeFullPages();

type Step = { readonly add: readonly string[]; readonly stays: boolean } | { readonly keep: number };

const content = fc.oneof(
  fc.constantFrom("", "a", "ab", "abc", "abcd", "abcde", "x".repeat(300)),
  fc.integer({ min: 0, max: 3_000 }).map((number) => `value ${number}`),
);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        add: fc.array(content, { minLength: 1, maxLength: 400, size: "max" }),
        stays: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((share) => ({ keep: share })) },
  ),
  { minLength: 1, maxLength: 12 },
);

test("a column holds what was added and not truncated, as if the rest had never been", (t) => {
  const settings = runSettings(300);
  t.diagnostic(`seed ${settings.seed}`);
  fc.assert(
    fc.property(steps, (each) => {
      beginStrings();
      const column = new StringColumn();
      let model: string[] = [];
      let stays = 0;
      for (const step of each) {
        if ("add" in step) {
          for (const text of step.add) add(column, model.push(text) - 1, text);
          if (!step.stays) continue;
          keepLine();
          stays = model.length;
        } else {
          // Only values of the line that is read are ever taken back.
          const keep = Math.max(stays, Math.floor(model.length * step.keep));
          column.truncate(keep, model.length);
          model = model.slice(0, keep);
        }
      }
      keepLine();
      const values = column.values(model.length);
      assert.deepEqual(read(values), model);
      const fresh = new StringColumn();
      for (const [i, text] of model.entries()) add(fresh, i, text);
      keepLine();
      const { arena, kind } = fresh.values(model.length);
      assert.equal(values.kind, kind);
      assert.deepEqual(Buffer.from(values.arena), Buffer.from(arena));
    }),
    settings,
  );
});

test("a dictionary is given up where most texts are distinct, and taken up again after clearing", () => {
  const column = new StringColumn();
  for (let i = 0; i < 2_000; i++) add(column, i, `distinct ${i}`);
  keepLine();
  assert.equal(column.values(2_000).kind, "texts");
  assert.deepEqual(read(column.values(2_000)).at(-1), "distinct 1999");
  column.clear();
  for (let i = 0; i < 2_000; i++) add(column, i, `repeated ${i % 7}`);
  keepLine();
  assert.deepEqual([column.values(2_000).kind, read(column.values(2_000)).at(-1)], ["dictionary", "repeated 4"]);
});

test("pages are sealed with the row that makes it too much, and never with a row that is taken back", (t) => {
  const settings = runSettings(50);
  t.diagnostic(`seed ${settings.seed}`);
  const row = fc.record({ values: fc.integer({ min: 1, max: 700 }), isRejected: fc.boolean() });
  const model: string[] = [];
  const addRow = (column: StringColumn, from: number, values: number): void => {
    beginStrings();
    for (let i = from; i < from + values; i++) add(column, i, `${i} `.padEnd(150, "x"));
  };
  fc.assert(
    fc.property(fc.array(row, { minLength: 10, maxLength: 30 }), (rows) => {
      const [column, fresh] = [new StringColumn(), new StringColumn()];
      const [queue, freshQueue] = [new SealQueue(3 << 17), new SealQueue(3 << 17)];
      model.length = 0;
      for (const { values, isRejected } of rows) {
        const count = model.length;
        addRow(column, count, values);
        if (isRejected) {
          column.truncate(count, count + values);
          continue;
        }
        queue.takePages(takeFullPages(), seal);
        addRow(fresh, count, values);
        freshQueue.takePages(takeFullPages(), seal);
        for (let i = count; i < count + values; i++) model.push(`${i} `.padEnd(150, "x"));
      }
      const [found, wanted] = [column.values(model.length), fresh.values(model.length)];
      assert.deepEqual(read(found), model);
      const sizes = (each: TextValues) => each.kind === "sealed" && each.pages.map(({ count }) => count);
      assert.deepEqual(sizes(found), sizes(wanted));
      if (found.kind === "texts" || found.kind === "sealed") assert.ok(found.arena.length < 3 << 17);
      column.release();
      add(column, 0, "again");
      assert.deepEqual(read(column.values(1)), ["again"]);
    }),
    settings,
  );
});

test("texts that differ in their last byte only, of every length up to twenty", () => {
  const column = new StringColumn();
  const texts = Array.from({ length: 21 }, (_, length) => ["x".repeat(length), `${"x".repeat(length)}y`]).flat();
  for (const [i, text] of [...texts, ...texts].entries()) add(column, i, text);
  assert.deepEqual(read(column.values(texts.length * 2)), [...texts, ...texts]);
});
