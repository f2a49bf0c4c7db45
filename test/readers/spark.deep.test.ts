/** Spark as an independent reader: the same schema and rows. Needs Java 17; `npm run test:deep -- spark`. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { edgeCorpus } from "../corpus/corpus.ts";
import { pythonWith } from "../real/installed.ts";
import { hasProgram, missing, realHours } from "../real/real.ts";
import { differenceTo, eraHours, generatedHour, openReaderFolder, type ReaderFolder, realHour } from "./files.ts";
import { sparkLimits } from "./limits.ts";
import { readWithPython } from "./python-reader.ts";

let folder: ReaderFolder;
before(() => {
  folder = openReaderFolder();
});
after(() => folder.close());

test("Spark reads the edge corpus, hours of every era and real hours as they are meant", async (t) => {
  if (!hasProgram("java", ["-version"])) {
    missing(t, "java", "install Java 17");
    return;
  }
  const real = realHours(t);
  const python = real === undefined ? undefined : pythonWith(t, "pyspark");
  if (real === undefined || python === undefined) return;
  const cases = await folder.convert([
    ...edgeCorpus(),
    ...(await Promise.all(eraHours.map((hour) => generatedHour(hour, 120)))),
    ...(await Promise.all(real.files.map((name) => realHour(real.directory, name)))),
  ]);
  const reads = readWithPython(
    python,
    ["spark_read.py"],
    cases.map(({ parquet }) => parquet),
  );
  const differences = cases.flatMap((each, at) => {
    const found = differenceTo(each, reads[at]);
    const limit = sparkLimits.get(each.name);
    if (limit !== undefined) return limit.test(found ?? "") ? [] : [`${each.name}: expected ${limit}, got ${found}`];
    return found === undefined ? [] : [`${each.name}: ${found}`];
  });
  t.diagnostic(`${cases.length} files, of which ${sparkLimits.size} are beyond Spark`);
  assert.deepEqual(differences, []);
});
