import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { openDuckdbReader } from "../../test/corpus/duckdb-reader.ts";
import { compare } from "../../test/corpus/read-back.ts";
import { Failure } from "../errors.ts";
import type { Schema } from "../model/schema.ts";
import { boundSchema } from "../model/stand-in.ts";
import type { ConvertRequest } from "./contract.ts";
import { openNativeConverter } from "./open.ts";
import { WorkerPool } from "./worker-pool.ts";

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-converter-"));
});

after(async () => {
  await rm(folder, { recursive: true });
});

let requests = 0;

/** A request in files of its own; the input is a million short rows unless given. */
async function request(input?: string, settings: Partial<ConvertRequest["settings"]> = {}): Promise<ConvertRequest> {
  const stem = join(folder, `r${requests++}`);
  const text = input ?? Array.from({ length: 200_000 }, (_, i) => `{"id":${i},"name":"n${i % 1000}"}\n`).join("");
  await writeFile(`${stem}.gz`, gzipSync(text));
  return {
    input: { file: `${stem}.gz` },
    output: `${stem}.parquet`,
    rejects: `${stem}.rejects`,
    known: { fields: [] },
    provenance: { src: "x" },
    settings: {
      ...{ declared: new Map(), conflicts: "hold", duplicateKeys: "reject", compression: "zstd" },
      ...{ lineBytesMax: 32 << 20, depthMax: 128, columnsMax: 10_000 },
      ...settings,
    },
  };
}

test("workers write the same bytes as the calling thread", async () => {
  const here = openNativeConverter({ workers: 0 });
  const workers = openNativeConverter({ workers: 2 });
  try {
    const each = await request();
    const expected = await here.convert(each);
    const bytes = await readFile(each.output);
    const others = await Promise.all([1, 2, 3, 4].map(async () => request()));
    let progress = 0;
    const reports = await Promise.all(
      others.map((other) =>
        workers.convert(other, {
          onProgress: (bytesIn) => {
            progress = Math.max(progress, bytesIn);
          },
        }),
      ),
    );
    for (const [i, other] of others.entries()) {
      assert.ok((await readFile(other.output)).equals(bytes));
      assert.deepEqual({ ...reports[i], timings: {} }, { ...expected, timings: {} });
    }
    assert.equal(progress, expected.bytesIn);
  } finally {
    await workers.close();
    await here.close();
  }
});

test("a failure crosses from the worker with its kind and its remedy", async () => {
  const converter = openNativeConverter({ workers: 1 });
  try {
    const keys = Array.from({ length: 20 }, (_, i) => `{"map":{"k${i}":1}}`).join("\n");
    await assert.rejects(
      converter.convert(await request(keys, { columnsMax: 10 })),
      (error) =>
        error instanceof Failure && error.kind === "refused" && error.detail.remedy?.includes('"map": json') === true,
    );
    const missing = { ...(await request()), input: { file: join(folder, "nowhere") } };
    await assert.rejects(converter.convert(missing), { kind: "missing" });
    assert.equal((await converter.convert(await request('{"a":1}'))).rows, 1, "the worker goes on");
  } finally {
    await converter.close();
  }
});

for (const workers of [0, 1]) {
  test(`a signal stops a conversion and leaves no file (${workers} workers)`, async () => {
    const converter = openNativeConverter({ workers });
    try {
      const running = await request();
      const stop = new AbortController();
      const reason = new Failure("cancelled", "stopped by the test");
      const stopped = converter.convert(running, { signal: stop.signal, onProgress: () => stop.abort(reason) });
      await assert.rejects(stopped, reason);
      await assert.rejects(converter.convert(running, { signal: stop.signal }), reason);
      const left = (await readdir(folder)).filter((name) => name.startsWith(`r${requests - 1}.`));
      assert.deepEqual(left, [`r${requests - 1}.gz`]);
      assert.equal((await converter.convert(await request('{"a":1}'))).rows, 1);
    } finally {
      await converter.close();
    }
  });
}

test("a conversion that waits for a worker ends at once when it is stopped", async () => {
  const converter = openNativeConverter({ workers: 1 });
  try {
    const first = converter.convert(await request());
    const stop = new AbortController();
    const second = converter.convert(await request(), { signal: stop.signal });
    stop.abort(new Failure("cancelled", "not needed any more"));
    await assert.rejects(second, /not needed any more/);
    assert.equal((await first).rows, 200_000);
  } finally {
    await converter.close();
  }
});

test("closing stops what runs and what waits", async () => {
  const converter = openNativeConverter({ workers: 1 });
  const each = await Promise.all([1, 2].map(async () => request()));
  const results = each.map((one) => assert.rejects(converter.convert(one), { kind: "cancelled" }));
  await converter.close();
  await Promise.all(results);
  for (const { output } of each)
    assert.deepEqual([existsSync(output), existsSync(`${output}.partial`)], [false, false]);
  await assert.rejects(converter.convert(await request()), /closed/);
});

test("a worker that dies fails its request only, and is replaced", async () => {
  // Names of a million fields in one row of a nested list exhaust the heap that this worker is given.
  const script = `
    import { WorkerPool } from ${JSON.stringify(new URL("./worker-pool.ts", import.meta.url).href)};
    const [poison, good] = JSON.parse(process.argv[1]).map((one) => ({ ...one, settings: { ...one.settings, declared: new Map() } }));
    const pool = new WorkerPool({ workers: 1, groupBytes: undefined, resourceLimits: { maxOldGenerationSizeMb: 24 } });
    const failed = await pool.run(poison).then(() => "converted", (error) => error.kind + " " + error.message);
    const { rows } = await pool.run(good);
    console.log(JSON.stringify({ failed, rows }));
  `;
  const keys = Array.from({ length: 400_000 }, (_, i) => `"k${i}":${i}`).join();
  const poison = await request(`{${keys}}\n`, { columnsMax: 1_000_000 });
  const good = await request('{"a":1}\n');
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", script, JSON.stringify([poison, good])], {
    encoding: "utf8",
  });
  assert.equal(child.status, 0, child.stderr);
  const { failed, rows } = JSON.parse(child.stdout);
  assert.match(failed, /^bug .*r\d+\.gz: the worker that converted it died: .*memory/);
  assert.equal(rows, 1);
  for (const file of [poison.output, `${poison.output}.partial`]) assert.equal(existsSync(file), false);
});

test("a worker without work ends, and the next conversion gets another", async () => {
  const pool = new WorkerPool({ workers: 2, groupBytes: undefined, rows: undefined, idleMs: 20 });
  try {
    for (let round = 0; round < 3; round++) {
      const both = await Promise.all([1, 2].map(async () => pool.run(await request('{"a":1}\n'))));
      assert.deepEqual(
        both.map(({ rows }) => rows),
        [1, 1],
      );
      const patience = performance.now() + 30_000;
      while (pool.size > 0 && performance.now() < patience) await setTimeout(5);
      assert.equal(pool.size, 0);
    }
  } finally {
    await pool.close();
  }
});

test("idle workers do not keep a process alive", async () => {
  const script = `
    import { openNativeConverter } from ${JSON.stringify(new URL("./open.ts", import.meta.url).href)};
    const one = JSON.parse(process.argv[1]);
    const { rows } = await openNativeConverter({ workers: 2 }).convert({ ...one, settings: { ...one.settings, declared: new Map() } });
    console.log(rows);
  `;
  const one = await request('{"a":1}\n');
  const child = spawnSync(process.execPath, ["--input-type=module", "-e", script, JSON.stringify(one)], {
    encoding: "utf8",
    timeout: 60_000,
  });
  assert.deepEqual([child.status, child.stdout], [0, "1\n"], child.stderr);
});

test("an empty file has every column of the schema", async () => {
  const schema: Schema = {
    fields: [
      { name: "seen", type: { kind: "null" } },
      { name: "tags", type: { kind: "list", element: { kind: "null" } } },
      { name: "empty", type: { kind: "struct", fields: [] } },
      { name: "at", type: { kind: "timestamp" } },
      { name: "price", type: { kind: "decimal", precision: 20, scale: 2 } },
      { name: "actor", type: { kind: "struct", fields: [{ name: "id", type: { kind: "int64" } }] } },
    ],
  };
  const converter = openNativeConverter({ workers: 0 });
  const duckdb = await openDuckdbReader();
  try {
    const file = join(folder, "empty.parquet");
    await converter.emptyFile(schema, file);
    assert.equal(compare({ fields: boundSchema(schema).fields, rows: [] }, await duckdb.read(file)), undefined);
    await converter.emptyFile({ fields: [] }, file);
    assert.equal((await duckdb.read(file)).rows.length, 0);
  } finally {
    duckdb.close();
    await converter.close();
  }
});
