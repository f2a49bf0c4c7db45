/** What becomes of a conversion when Spark does it well, badly or not at all; the server's part is played by our own converter. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { Failure } from "../errors.ts";
import { FileSum, sumPlace } from "../parquet/file-sum.ts";
import { footerIn, readKeyValue, readSchema } from "../parquet/read.ts";
import type { ConvertReport, ConvertRequest, SqlSession } from "./contract.ts";
import { readFooter } from "./footer-file.ts";
import { openNativeConverter } from "./open.ts";
import { openSparkConverter, WRITER_KEY } from "./spark.ts";
import { readCounts } from "./spark-footer.ts";
import { fieldSpans } from "./thrift-spans.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-spark-convert-"));
const native = openNativeConverter({ workers: 0 });
after(async () => {
  await native.close();
  rmSync(folder, { recursive: true });
});

const text = '{"a":1,"b":["x",null,"y"]}\n{"a":2,"c":{"d":"z"}}\n{"b":[],"c":null}\n';
const settings: ConvertRequest["settings"] = {
  ...{ declared: new Map(), conflicts: "hold", duplicateKeys: "reject", compression: "zstd" },
  ...{ lineBytesMax: 1 << 25, depthMax: 128, columnsMax: 10_000 },
};

let made = 0;

interface Play {
  readonly raw?: string;
  readonly name?: string;
  readonly settings?: Partial<ConvertRequest["settings"]>;
  readonly version?: string;
  /** The lines that "Spark" makes a file of. */
  readonly read?: string;
  readonly fails?: Failure;
  /** So many copies of the file. */
  readonly files?: number;
}

interface Played {
  readonly outcome: ConvertReport | Failure;
  readonly output: string;
  readonly statements: readonly string[];
  readonly closed: number;
  readonly left: readonly string[];
}

async function play({
  raw = text,
  name = "raw.json",
  read = raw,
  version = "4.2.9",
  files = 1,
  ...more
}: Play): Promise<Played> {
  const own = join(folder, String(made++));
  const staging = join(own, "staging");
  mkdirSync(own);
  const input = join(own, name);
  writeFileSync(input, name.endsWith(".gz") ? gzipSync(raw) : raw);
  const output = join(own, "data.parquet");
  const statements: string[] = [];
  let closed = 0;
  const session: SqlSession = {
    version,
    async sql(statement) {
      statements.push(statement.split(" ", 2).join(" "));
      if (!statement.startsWith("INSERT")) return { collect: async () => [] };
      if (more.fails !== undefined) throw more.fails;
      const lines = join(own, "lines.json");
      writeFileSync(lines, read);
      for (let at = 0; at < files; at++) {
        await native.convert({ ...request, input: { file: lines }, output: join(staging, `part-${at}.parquet`) });
      }
      rmSync(lines);
      return { collect: async () => [] };
    },
    close: async () => void closed++,
  };
  const request: ConvertRequest = {
    input: { file: input },
    output,
    rejects: undefined,
    known: { fields: [] },
    provenance: { src: "1" },
    settings: { ...settings, ...more.settings },
  };
  const converter = openSparkConverter({ native, session: async () => session });
  const elsewhere: ConvertRequest["elsewhere"] = {
    raw: `file://${input}`,
    staging: `file://${staging}/`,
    prepare: async () => void mkdirSync(staging),
    async bring(file) {
      const [part = "", ...others] = readdirSync(staging);
      if (others.length > 0) throw new Failure("corrupt", "two files");
      renameSync(join(staging, part), file);
    },
    clear: async () => rmSync(staging, { recursive: true, force: true }),
  };
  const outcome = await converter.convert({ ...request, elsewhere }).catch((error: unknown) => {
    if (error instanceof Failure) return error;
    throw error;
  });
  const left = readdirSync(own).filter((each) => each !== name && each !== "data.parquet");
  return { outcome, output, statements, closed, left };
}

function reportOf({ outcome, left }: Played): ConvertReport {
  if (outcome instanceof Failure) throw outcome;
  assert.deepEqual(left, []);
  return outcome;
}

test("a file that Spark wrote well takes the place of the native one, with our footer", async () => {
  for (const name of ["raw.json", "raw.json.gz"]) {
    const played = await play({ name });
    const report = reportOf(played);
    assert.equal(report.notBySpark, undefined);
    assert.deepEqual(played.statements, ["CREATE TEMPORARY", "CREATE TEMPORARY", "INSERT INTO"]);
    assert.equal(played.closed, 1);
    const bytes = readFileSync(played.output);
    assert.equal(report.provenance[WRITER_KEY], "spark/4.2.9");
    assert.deepEqual(readKeyValue(bytes), report.provenance);
    assert.deepEqual(readSchema(bytes), report.schema);
    assert.equal(report.bytesOut, bytes.length);
    const place = sumPlace(bytes);
    assert.ok(place !== undefined);
    const sum = new FileSum(place);
    sum.update(bytes);
    assert.equal(sum.digest(), report.provenance.file_sha256);
    const { rows, columns } = await readCounts(played.output);
    assert.equal(rows, 3);
    assert.deepEqual(
      [...columns.values()],
      [
        { entries: 3, nulls: 1 },
        { entries: 5, nulls: 3 },
        { entries: 3, nulls: 2 },
      ],
    );
  }
});

test("a file that holds anything else leaves the native one in its place", async () => {
  const lines = text.split("\n");
  const cases: readonly [Play, RegExp][] = [
    [{ read: lines.slice(1).join("\n") }, /2 rows in the place of 3/],
    [{ read: text.replace('"a":2,', "") }, /a has 2 nulls in the place of 1/],
    [{ read: text.replace('"a":1', '"A":1').replace('"a":2', '"A":2') }, /no column a/],
    [{ read: text.replace('"x",', "") }, /b\.list\.element has 4 entries in the place of 5/],
    [{ read: text.replace('"a":1', '"a":1,"n":1') }, /4 columns in the place of 3/],
    [{ fails: new Failure("application", "[FAILED_READ_FILE] no JSON") }, /FAILED_READ_FILE/],
  ];
  for (const [each, reason] of cases) {
    const played = await play(each);
    const report = reportOf(played);
    assert.match(report.notBySpark ?? "", reason);
    assert.equal(report.provenance[WRITER_KEY], undefined);
    assert.deepEqual(readKeyValue(readFileSync(played.output)), report.provenance);
    assert.equal(played.closed, 1);
  }
});

test("what Spark reads otherwise is not given to it", async () => {
  const cases: readonly [Play, RegExp][] = [
    [{ raw: '{"a":"\\ud800"}\n' }, /half of a surrogate pair/],
    [{ raw: '{"a":1}\nbad\n' }, /1 of its lines were rejected/],
    [{ raw: '{"a,b":1}\n' }, /a%2Cb/],
    [{ raw: "\n" }, /no rows/],
    [{ name: "raw.gz.json", settings: { duplicateKeys: "last" } }, /duplicate_keys is last/],
    [{ settings: { declared: new Map([["a", { kind: "json" }]]) } }, /declared as json/],
  ];
  for (const [each, reason] of cases) {
    const played = await play(each);
    assert.match(reportOf(played).notBySpark ?? "", reason);
    assert.deepEqual(played.statements, []);
  }
  const unknown = await play({ version: "4.9.0" });
  assert.match(reportOf(unknown).notBySpark ?? "", /nobody has compared how Spark 4\.9\.0 reads JSON/);
  assert.deepEqual([unknown.statements, unknown.closed], [[], 1]);
});

test("trouble with the server is no property of the object: nothing is left, and the step fails", async () => {
  for (const kind of ["unavailable", "denied", "conflict", "cancelled", "usage"] as const) {
    const { outcome, output, left, closed } = await play({ fails: new Failure(kind, "trouble") });
    assert.ok(outcome instanceof Failure && outcome.kind === kind);
    assert.equal(existsSync(output), false);
    assert.deepEqual([left, closed], [[], 1]);
  }
  const two = await play({ files: 2 });
  assert.ok(two.outcome instanceof Failure && two.outcome.kind === "corrupt");
  assert.deepEqual([existsSync(two.output), two.left], [false, []]);
});

test("a footer that is cut or damaged anywhere is corrupt, never taken over", async () => {
  const played = await play({});
  const footer = Buffer.from(footerIn(await readFooter(played.output)));
  assert.deepEqual(
    fieldSpans(footer).map(({ field }) => field),
    [1, 2, 3, 4, 5, 6, 7],
  );
  for (let length = 0; length < footer.length; length++) {
    assert.throws(() => fieldSpans(footer.subarray(0, length)), { kind: "corrupt" });
  }
  for (let at = 0; at < footer.length; at++) {
    const damaged = Buffer.from(footer);
    damaged[at] = 0xff;
    try {
      fieldSpans(damaged);
    } catch (error) {
      assert.ok(error instanceof Failure && error.kind === "corrupt", `byte ${at}`);
    }
  }
});
