/** The module's loops against those of TypeScript, on columns in its memory and elsewhere. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { runSettings } from "../../../test/corpus/runs.ts";
import { newMemory, type SharedMemory } from "../../webassembly.ts";
import { ByteBuffer } from "../byte-buffer.ts";
import { bitWidth } from "../hybrid.ts";
import type { LevelRuns } from "../level-runs.ts";
import { type Loops, typescriptLoops } from "../loops.ts";
import { openLoops } from "../open-loops.ts";
import { textStatistics } from "../statistics.ts";
import { PHYSICAL } from "../values.ts";

const GUARD_BYTES = 32;
const GUARD = 0xa5;

/** Memory whose blocks are full of other bytes, and of which none may be written behind its end. */
class GuardedMemory implements SharedMemory {
  readonly memory: SharedMemory["memory"];
  readonly #given = new Map<number, number>();
  #top = 1 << 10;

  constructor() {
    const memory = newMemory(256, 1 << 14);
    assert.ok(memory !== null);
    this.memory = memory;
    Buffer.from(memory.buffer).fill(GUARD);
  }

  readonly allocate = (size: number): number => {
    const block = this.#top;
    this.#top += (size + GUARD_BYTES + 15) & ~15;
    assert.ok(this.#top <= this.memory.buffer.byteLength, "no more memory for this test");
    this.#given.set(block, size);
    return block;
  };

  readonly release = (block: number, size: number): void => {
    assert.equal(this.#given.get(block), size);
    this.#given.delete(block);
    const behind = Buffer.from(this.memory.buffer, block + size, GUARD_BYTES);
    assert.ok(behind.every((byte) => byte === GUARD));
  };

  /** Forgets all blocks. */
  begin(): void {
    this.#given.clear();
    Buffer.from(this.memory.buffer, 0, this.#top).fill(GUARD);
    this.#top = 1 << 10;
  }

  /** The same values in this memory. */
  bytesOf(values: Int32Array | Float64Array | Uint8Array): number {
    const block = this.allocate(values.byteLength);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    new Uint8Array(this.memory.buffer, block, values.byteLength).set(bytes);
    return block;
  }

  ints(values: Int32Array): Int32Array {
    return new Int32Array(this.memory.buffer, this.bytesOf(values), values.length);
  }

  doubles(values: Float64Array): Float64Array {
    return new Float64Array(this.memory.buffer, this.bytesOf(values), values.length);
  }

  bytes(values: Uint8Array): Uint8Array {
    return new Uint8Array(this.memory.buffer, this.bytesOf(values), values.length);
  }
}

function appended(append: (out: ByteBuffer) => void): Uint8Array {
  const out = new ByteBuffer(16);
  out.appendByte(7);
  append(out);
  return out.copy();
}

/** One for all: memory of modules is given back only when the collector comes by. */
const guarded = new GuardedMemory();

/** What both answer, for values in the module's memory and for those that are not. */
function assertSame<T>(work: (loops: Loops, move: GuardedMemory | undefined) => T): void {
  const wanted = work(typescriptLoops, undefined);
  for (const memory of [undefined, guarded]) {
    guarded.begin();
    const loops = openLoops(guarded);
    assert.notEqual(loops, typescriptLoops);
    assert.deepEqual(work(loops, memory), wanted);
  }
}

/** Lengths of runs about the limits of the encoding: short ones alone make groups after groups. */
const repeatsMax = fc.constantFrom(1, 3, 7, 9, 40, 1e9);

function levelRuns(pairs: readonly (readonly [number, number])[]): LevelRuns {
  const apart: number[] = [];
  for (const [level, count] of pairs) if (level !== apart.at(-2)) apart.push(level, count);
  const entries = apart.reduce((sum, each, i) => sum + (i % 2 === 1 ? each : 0), 0);
  return { pairs: Int32Array.from([...apart, 99, 99]), used: apart.length, entries };
}

describe("the module's loops are those of TypeScript", () => {
  const runs = runSettings(500);
  const check = (arbitrary: ReturnType<typeof fc.property>): void => fc.assert(arbitrary, runs);

  test("runs of levels", () => {
    const max = fc.constantFrom(1, 2, 3, 5, 7, 15, 31, 100, 255, 256, 600);
    check(
      fc.property(
        fc.tuple(max, repeatsMax).chain(([most, repeats]) => {
          const run = fc.tuple(fc.nat(most), fc.integer({ min: 1, max: repeats }));
          return fc.tuple(fc.constant(most), fc.array(run, { minLength: 1, maxLength: 1500, size: "max" }));
        }),
        ([most, pairs]) => {
          const { pairs: numbers, used, entries } = levelRuns(pairs);
          assertSame((loops, memory) => {
            const moved = memory?.ints(numbers) ?? numbers;
            return appended((out) => loops.appendRuns(out, { pairs: moved, used, entries }, bitWidth(most)));
          });
        },
      ),
    );
  });

  test("dictionary indices", () => {
    const max = fc.constantFrom(0, 1, 2, 5, 200, 300, 65_535, 131_071);
    const values = max.chain((most) =>
      fc.tuple(
        fc.constant(most),
        fc.array(fc.tuple(fc.nat(most), fc.integer({ min: 1, max: 20 })), { maxLength: 300 }),
      ),
    );
    check(
      fc.property(values, fc.nat(), fc.nat(), ([most, pairs], a, b) => {
        const numbers = Int32Array.from(pairs.flatMap(([value, count]) => Array.from({ length: count }, () => value)));
        const [from = 0, to = 0] = [a % (numbers.length + 1), b % (numbers.length + 1)].sort((x, y) => x - y);
        assertSame((loops, memory) => {
          const moved = memory?.ints(numbers) ?? numbers;
          return appended((out) => loops.appendIndices(out, moved, from, to, bitWidth(most)));
        });
      }),
    );
  });

  test("flags", () => {
    check(
      fc.property(fc.uint8Array({ max: 1, maxLength: 100 }), fc.nat(100), (flags, start) => {
        const from = Math.min(start, flags.length);
        assertSame((loops, memory) => {
          const moved = memory?.bytes(flags) ?? flags;
          return appended((out) => loops.appendFlags(out, moved, from, flags.length));
        });
      }),
    );
  });

  const integer = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.maxSafeInteger(),
    fc.constantFrom(-0, 2 ** 53, -(2 ** 53), 2 ** 32, -1),
  );
  const double = fc.oneof(integer, fc.double({ noNaN: true }));

  test("numbers, their limits and their dictionary", () => {
    const integers = fc.tuple(fc.constant(PHYSICAL.int64), fc.array(integer, { minLength: 1, maxLength: 700 }));
    const doubles = fc.tuple(fc.constant(PHYSICAL.double), fc.array(double, { minLength: 1, maxLength: 700 }));
    check(
      fc.property(fc.oneof(integers, doubles), ([physical, list]) => {
        const numbers = Float64Array.from(list);
        const { length } = numbers;
        assertSame((loops, memory) => {
          const moved = memory?.doubles(numbers) ?? numbers;
          const dictionary = loops.numberDictionary(moved, length);
          return {
            bytes: appended((out) => loops.appendNumbers(out, physical, moved, length >> 2, length)),
            range: loops.rangeOf(moved, length).map((each) => each + 0),
            distinct: dictionary && [...dictionary.distinct.subarray(0, dictionary.entries)],
            indices: dictionary && [...dictionary.indices.subarray(0, length)],
          };
        });
      }),
    );
  });

  test("dictionaries of numbers at their limits", () => {
    const dictionaryOf = (loops: Loops, numbers: Float64Array): unknown => {
      const dictionary = loops.numberDictionary(numbers, numbers.length);
      if (dictionary === undefined) return undefined;
      const { entries, indices, distinct } = dictionary;
      return [
        entries,
        Buffer.from(Int32Array.from(indices).buffer, 0, 4 * numbers.length),
        [...distinct.subarray(0, entries)],
      ];
    };
    const assertSameDictionary = (name: string, numbers: Float64Array): void => {
      guarded.begin();
      assert.deepEqual(dictionaryOf(openLoops(guarded), numbers), dictionaryOf(typescriptLoops, numbers), name);
    };
    for (const distinct of [255, 256, 257, 512, 513, 514, 2048, 2049, 32_769, 131_072, 131_073]) {
      for (const copies of [1, 2, 3]) {
        const numbers = Float64Array.from({ length: distinct * copies }, (_, i) => (i % distinct) * 1.5 - 7);
        assertSameDictionary(`${distinct} × ${copies}`, numbers);
      }
    }
    // Whether it pays is asked at the 513th distinct value: where that stands decides.
    for (let place = 1020; place < 1030; place++) {
      const numbers = Float64Array.from({ length: 4000 }, (_, i) => (i === place ? 512 : i % 512));
      assertSameDictionary(`the 513th at ${place}`, numbers);
    }
  });

  test("texts: how many, and the limits", () => {
    const begin = fc.constantFrom(
      "",
      "a",
      "aaaaaaa",
      "aaaaaaaa",
      "https://example.org/",
      "x".repeat(47),
      "x".repeat(48),
      "x".repeat(55),
      "é".repeat(24),
    );
    const text = fc.tuple(begin, fc.oneof(fc.string({ maxLength: 3 }), fc.string({ unit: "binary", maxLength: 70 })));
    check(
      fc.property(fc.array(text, { minLength: 1, maxLength: 60 }), (list) => {
        const texts = Buffer.concat(
          list.map(([first, rest]) => {
            const bytes = Buffer.from(first + rest);
            const length = Buffer.alloc(4);
            length.writeUInt32LE(bytes.length);
            return Buffer.concat([length, bytes]);
          }),
        );
        const plain = new Uint8Array(texts);
        assertSame((loops, memory) => {
          const moved = memory?.bytes(plain) ?? plain;
          return { count: loops.countTexts(moved), statistics: textStatistics(moved, loops) };
        });
      }),
    );
  });
});
