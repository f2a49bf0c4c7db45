/** pyarrow as an independent reader: the same schema and rows, and footers as they should be. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { edgeCorpus } from "../corpus/corpus.ts";
import { pythonWith } from "../real/installed.ts";
import { realHours } from "../real/real.ts";
import { differenceTo, eraHours, generatedHour, openReaderFolder, type ReaderFolder, realHour } from "./files.ts";
import { pyarrowLimits } from "./limits.ts";
import { inspectWithPython, readWithPython } from "./python-reader.ts";

let folder: ReaderFolder;
before(() => {
  folder = openReaderFolder();
});
after(() => folder.close());

const isDeep = process.env.FC_RUNS !== undefined;
const script = ["pyarrow_read.py", "rows"];

test("pyarrow reads the edge corpus as it is meant", async (t) => {
  const python = pythonWith(t, "pyarrow");
  if (python === undefined) return;
  const cases = await folder.convert(edgeCorpus());
  const reads = readWithPython(
    python,
    script,
    cases.map(({ parquet }) => parquet),
  );
  const differences = cases.flatMap((each, at) => {
    const found = differenceTo(each, reads[at]);
    const limit = pyarrowLimits.get(each.name);
    if (limit !== undefined) return limit.test(found ?? "") ? [] : [`${each.name}: expected ${limit}, got ${found}`];
    return found === undefined ? [] : [`${each.name}: ${found}`];
  });
  t.diagnostic(`${cases.length} files, of which ${pyarrowLimits.size} are beyond pyarrow`);
  assert.deepEqual(differences, []);
});

test("pyarrow reads hours of every era as they are meant", async (t) => {
  const python = pythonWith(t, "pyarrow");
  if (python === undefined) return;
  const cases = await folder.convert(await Promise.all(eraHours.map((hour) => generatedHour(hour, 120))));
  const reads = readWithPython(
    python,
    script,
    cases.map(({ parquet }) => parquet),
  );
  for (const [at, each] of cases.entries()) assert.equal(differenceTo(each, reads[at]), undefined, each.name);
});

test("pyarrow reads real hours as they are meant", async (t) => {
  const real = realHours(t);
  const python = real === undefined ? undefined : pythonWith(t, "pyarrow");
  if (real === undefined || python === undefined) return;
  const cases = await folder.convert(await Promise.all(real.files.map((name) => realHour(real.directory, name))));
  const reads = readWithPython(
    python,
    script,
    cases.map(({ parquet }) => parquet),
  );
  for (const [at, each] of cases.entries()) assert.equal(differenceTo(each, reads[at]), undefined, each.name);
  for (const { problems } of inspectWithPython(
    python,
    cases.map(({ parquet }) => parquet),
  ))
    assert.deepEqual(problems, []);
});

test("footers: statistics of every column, three-level lists, zstd, less than 250 KB for 1,200 leaves", async (t) => {
  const python = pythonWith(t, "pyarrow");
  if (python === undefined) return;
  const cases = await folder.convert([await generatedHour("2023-02-08T12", 4000)]);
  const [facts] = inspectWithPython(
    python,
    cases.map(({ parquet }) => parquet),
  );
  assert.ok(facts !== undefined);
  t.diagnostic(`${facts.leaves} leaves, ${facts.footerBytes} bytes of footer, ${facts.lists} leaves in lists`);
  assert.deepEqual(facts.problems, []);
  assert.deepEqual([facts.rows, facts.rowGroups], [4000, 1]);
  assert.ok(facts.leaves >= 1000, `${facts.leaves} leaves`);
  assert.ok(facts.footerBytes < (250_000 * facts.leaves) / 1200, `${facts.footerBytes} bytes of footer`);
  assert.ok(facts.lists > 20);
  assert.deepEqual(
    facts.codecs.filter((codec) => codec !== "UNCOMPRESSED"),
    ["ZSTD"],
  );
});

test("statistics of the edge corpus hold for pyarrow, also in small row groups", async (t) => {
  const python = pythonWith(t, "pyarrow");
  if (python === undefined) return;
  const small = openReaderFolder(2000);
  try {
    const entries = edgeCorpus().filter(
      ({ name, file }, at) => !pyarrowLimits.has(name) && file.length < 50_000 && (isDeep || at % 3 === 0),
    );
    const cases = await small.convert(entries);
    const files = cases.map(({ parquet }) => parquet);
    const problems = inspectWithPython(python, files).flatMap((facts, at) =>
      facts.problems.map((problem) => `${cases[at]?.name}: ${problem}`),
    );
    assert.deepEqual(problems, []);
  } finally {
    await small.close();
  }
});
