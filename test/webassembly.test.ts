/** The WebAssembly module against the TypeScript reference: every file comes out byte by byte the same. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { compileModule, moduleNames, writtenModule } from "../scripts/webassembly.ts";
import type { Converter, ConvertRequest } from "../src/convert/contract.ts";
import { convertNative } from "../src/convert/native.ts";
import { openNativeConverter } from "../src/convert/open.ts";
import { compiledModule, giveMemoryBack, PAGES_MAX, takeMemory } from "../src/shred/webassembly/module.ts";
import { edgeCorpus } from "./corpus/corpus.ts";
import { settingsOf } from "./corpus/corpus-case.ts";
import { corpusDocument } from "./corpus/documents.ts";
import { openDuckdbReader } from "./corpus/duckdb-reader.ts";
import { convertBytes, type Workplace } from "./corpus/equality.ts";
import { runSettings } from "./corpus/runs.ts";
import { realHours } from "./real/real.ts";
import { splitLines } from "./reference/lines.ts";
import { defaultSettings, type ReferenceSettings } from "./reference/parse.ts";

let shared: Omit<Workplace, "converter">;
/** The same converter with rows in WebAssembly and in TypeScript. */
const inBothWays = (options: { readonly groupBytes?: number } = {}): readonly [Converter, Converter] => [
  openNativeConverter({ workers: 0, ...options }),
  openNativeConverter({ workers: 0, ...options, rows: "typescript" }),
];
const whole = inBothWays();
/** With row groups of a few lines. */
const grouped = inBothWays({ groupBytes: 100 });
/** With row groups of which some columns seal pages ahead. */
const sealed = inBothWays({ groupBytes: 3 << 20 });

before(async () => {
  shared = { duckdb: await openDuckdbReader(), folder: await mkdtemp(join(tmpdir(), "millrace-webassembly-")) };
});

after(async () => {
  for (const converter of [...whole, ...grouped, ...sealed]) await converter.close();
  shared.duckdb.close();
  await rm(shared.folder, { recursive: true });
});

/** All that a conversion leaves, or what it is refused for. */
async function outcome(
  converter: Converter,
  file: Uint8Array,
  settings: ReferenceSettings,
  request: Partial<ConvertRequest["settings"]>,
): Promise<object> {
  try {
    const { report, parquet, rejects } = await convertBytes({ ...shared, converter }, file, settings, request);
    const { timings: _, ...found } = report;
    return { report: found, parquet, rejects };
  } catch (error) {
    return { message: error instanceof Error ? error.message.replace(/\/c\d+\./g, "/c.") : error };
  }
}

async function assertSame(
  name: string,
  file: Uint8Array,
  settings: ReferenceSettings,
  request: Partial<ConvertRequest["settings"]> = {},
  converters = whole,
): Promise<void> {
  const [found, reference] = [
    await outcome(converters[0], file, settings, request),
    await outcome(converters[1], file, settings, request),
  ];
  assert.deepEqual(found, reference, name);
}

test("there is a module to compare with", () => {
  assert.ok(compiledModule() !== null && takeMemory(PAGES_MAX) !== null);
});

test("the modules are what their sources give", () => {
  for (const name of moduleNames) assert.ok(compileModule(name) === writtenModule(name), "run `npm run webassembly`");
});

test("the edge corpus", async () => {
  for (const entry of edgeCorpus()) {
    await assertSame(entry.name, entry.file, settingsOf(entry));
    await assertSame(entry.name, entry.file, settingsOf(entry), { columnsMax: 4 });
  }
});

test("memory of one conversion is the next one's, whatever is in it", async () => {
  for (const [at, entry] of edgeCorpus().entries()) {
    const memory = takeMemory(PAGES_MAX);
    assert.ok(memory !== null);
    Buffer.from(memory.buffer).fill(at % 2 === 0 ? 0xa5 : 0x22);
    giveMemoryBack(memory, PAGES_MAX);
    await assertSame(entry.name, entry.file, settingsOf(entry));
    const next = takeMemory(PAGES_MAX);
    assert.ok(next === memory, entry.name);
    giveMemoryBack(next, PAGES_MAX);
  }
  const bounded = takeMemory(200);
  assert.ok(bounded !== null && bounded !== takeMemory(PAGES_MAX));
});

test("random files", async (t) => {
  const runs = runSettings(300);
  t.diagnostic(`seed ${runs.seed}`);
  await fc.assert(
    fc.asyncProperty(corpusDocument, fc.constantFrom(3, 10_000), async (entry, columnsMax) => {
      for (const duplicateKeys of ["reject", "last"] as const) {
        const settings = { ...settingsOf(entry), duplicateKeys };
        await assertSame(entry.name, entry.file, settings, { columnsMax });
        await assertSame(entry.name, entry.file, settings, { columnsMax }, grouped);
      }
    }),
    runs,
  );
});

/** Each line with a mistake at its end in front of it: whatever is new is met first in a line that is taken back. */
function withTwins(file: Uint8Array): Buffer {
  const lines = splitLines(file).map(({ bytes }) => Buffer.from(bytes));
  return Buffer.concat(lines.flatMap((line) => [line, Buffer.from(" x\n"), line, Buffer.from("\n")]));
}

test("random files in which every line is rejected first", async (t) => {
  const runs = runSettings(150);
  t.diagnostic(`seed ${runs.seed}`);
  await fc.assert(
    fc.asyncProperty(corpusDocument, async (entry) => {
      const file = withTwins(entry.file);
      await assertSame(entry.name, file, settingsOf(entry));
      await assertSame(entry.name, file, settingsOf(entry), {}, grouped);
    }),
    runs,
  );
});

/** Enough rows for dictionaries to be given up and pages to be sealed, with a byte changed here and there. */
test("many rows, some of them damaged", async (t) => {
  const runs = runSettings(12);
  t.diagnostic(`seed ${runs.seed}`);
  const damage = fc.array(fc.tuple(fc.nat(), fc.constantFrom(0x22, 0x5c, 0x7b, 0x7d, 0x2c, 0x00, 0x80, 0x65, 0x30)), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 2, max: 5_000 }), damage, async (distinct, changes) => {
      const lines = Array.from({ length: 4_000 }, (_, i) => {
        const key = (i * 7_919) % distinct;
        const text = `${key}-\\u00e9\\n"`.replace(/"$/, '\\"').repeat(1 + (key % 9));
        const list = Array.from({ length: i % 4 }, (_, at) => `{"x":${key}.${at},"y":"${key % 300}"}`).join(",");
        return `{"id":${i},"t":"${text}","l":[${list}],"b":${i % 3 === 0},"long":"${"long text ".repeat(key % 50)}${i}"}\n`;
      });
      const file = Buffer.from(lines.join(""));
      for (const [at, byte] of changes) file[at % file.length] = byte;
      await assertSame("many rows", file, defaultSettings);
      await assertSame("many rows, pages sealed", file, defaultSettings, {}, sealed);
    }),
    runs,
  );
});

/** A column whose new text number `entry` is value number `count`, with `distinct` texts of so many bytes in all. */
interface LimitColumn {
  readonly entry: number;
  readonly count: number;
  readonly distinct: number;
  readonly bytes: number;
}

/** Every new text is met first in a line that is taken back. */
function limitFile(columns: readonly LimitColumn[], rows: number): Buffer {
  const lines = Array.from({ length: rows }, (_, row) => {
    const members = columns.map(({ entry, count, distinct, bytes }, at) => {
      const text = Math.max(0, Math.min(row - (count - entry), distinct - 1));
      return `"c${at}":"${String(text).padStart(bytes, "0")}"`;
    });
    return `{${members.join(",")}}\n`;
  });
  return withTwins(Buffer.from(lines.join("")));
}

test("dictionaries that just end, or just do not", async () => {
  // Whether one pays is asked when the table of the reference is half full: at entries 257, 1025, 4097, 16385, 65537.
  const shared = [257, 427, 428, 429, 430].flatMap((count) =>
    [256, 257, 258, 4000].map((distinct) => ({ entry: 257, count, distinct, bytes: 8 })),
  );
  await assertSame("by the share of distinct texts", limitFile(shared, 1_500), defaultSettings);
  const large = [1019, 1020].flatMap((bytes) =>
    [3416, 3417].flatMap((count) => [1024, 1025].map((distinct) => ({ entry: 1025, count, distinct, bytes }))),
  );
  await assertSame("by their bytes", limitFile(large, 3_500), defaultSettings);
  const long = [{ entry: 257, count: 257, distinct: 4000, bytes: 1000 }];
  await assertSame("with a page at once", limitFile(long, 1_200), defaultSettings, {}, sealed);
  const many = [65_536, 65_537].map((distinct) => ({ entry: 65_537, count: 120_000, distinct, bytes: 6 }));
  await assertSame("by their number", limitFile(many, 120_010), defaultSettings);
});

test("where memory does not suffice at some line, the file is made without WebAssembly", async () => {
  const file = Buffer.from(
    Array.from(
      { length: 120_000 },
      (_, i) => `{"id":${i},"text":"${`number ${i} of many `.repeat(5)}","e":${i === 70_000 ? '"é"' : 0}}\n`,
    ).join(""),
  );
  // 128 pages are there from the beginning; 2000 are more than this file needs.
  for (const memoryPagesMax of [1, 128, 129, 160, 2000]) {
    const bounded: Converter = { ...whole[0], convert: (request) => convertNative(request, { memoryPagesMax }) };
    await assertSame(`${memoryPagesMax} pages`, file, defaultSettings, {}, [bounded, whole[1]]);
  }
});

test("real hours", async (t) => {
  const hours = realHours(t);
  if (hours === undefined) return;
  for (const name of hours.files) {
    await assertSame(name, await readFile(join(hours.directory, name)), defaultSettings);
  }
});
