/**
 * The law of `InputFile.bring`: files that lie elsewhere are brought as far as a statement reads them, a bounded number at
 * a time, are released when they are done with, and give the answers that local files give.
 */
import assert from "node:assert/strict";
import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { asyncBufferFromFile, parquetMetadataAsync, parquetSchema, type SchemaTree } from "hyparquet";
import type { Engine, InputFile, TableInput, WantedLeaves } from "../../src/engine/contract.ts";
import { Failure } from "../../src/errors.ts";
import { failsAs, rowsOf, statements } from "./engine-answers.ts";
import { type EngineInputs, engineInputs, partitioned, schemaOf } from "./engine-inputs.ts";
import { propertyRuns } from "./property-runs.ts";

/** What was asked of files that lie elsewhere. */
interface Elsewhere {
  /** The same file, of which there is nothing at its path until it is brought, and nothing any more when it is released. */
  of(file: InputFile): InputFile;
  /** Paths of the leaves that were brought, each once, ordered. */
  readonly leaves: Set<string>;
  brought: number;
  /** Most files that were there at once. */
  most: number;
  /** Files that are there, by their path. */
  readonly there: Set<string>;
}

function elsewhere(directory: string): Elsewhere {
  let files = 0;
  const log: Elsewhere = {
    leaves: new Set(),
    brought: 0,
    most: 0,
    there: new Set(),
    of(file) {
      const path = join(directory, `far-${++files}.parquet`);
      return {
        ...file,
        path,
        async bring(wanted, { signal } = {}) {
          if (signal?.aborted === true) throw new Failure("cancelled", "stopped");
          log.there.add(path);
          log.brought += 1;
          log.most = Math.max(log.most, log.there.size);
          await copyWanted(file.path, path, wanted, log.leaves);
        },
        async release() {
          log.there.delete(path);
          rmSync(path, { force: true });
        },
      };
    },
  };
  return log;
}

/** Copies the footer and the wanted chunks, as an independent reader finds them, to their places in a file of holes. */
async function copyWanted(from: string, to: string, wanted: WantedLeaves, leaves: Set<string>): Promise<void> {
  const bytes = readFileSync(from);
  const metadata = await parquetMetadataAsync(await asyncBufferFromFile(from));
  const root = parquetSchema(metadata);
  const file = openSync(to, "w");
  const copy = (start: number, end: number): void => {
    writeSync(file, bytes, start, end - start, start);
  };
  ftruncateSync(file, bytes.length);
  copy(bytes.length - 8 - metadata.metadata_length, bytes.length);
  for (const chunk of metadata.row_groups.flatMap((group) => group.columns)) {
    const meta = chunk.meta_data ?? assert.fail("a chunk without metadata");
    const path = withoutLists(root, meta.path_in_schema);
    if (wanted !== "all" && !wanted(path)) continue;
    leaves.add(path.join("."));
    const start = Number(meta.dictionary_page_offset ?? meta.data_page_offset);
    copy(start, start + Number(meta.total_compressed_size));
    if (meta.bloom_filter_offset !== undefined) {
      const filter = Number(meta.bloom_filter_offset);
      copy(filter, filter + (meta.bloom_filter_length ?? assert.fail("a filter without its length")));
    }
  }
  closeSync(file);
}

function withoutLists(root: SchemaTree, path: readonly string[]): string[] {
  const found: string[] = [];
  let node = root;
  let left = 0;
  for (const name of path) {
    if (left === 0) found.push(name);
    left = Math.max(0, left - 1);
    node = node.children.find((child) => child.element.name === name) ?? assert.fail(`no ${name}`);
    if (node.element.converted_type === "LIST") left = 2;
  }
  return found;
}

const SCHEMA = schemaOf(
  "struct<id int64, s struct<a int64, b struct<c string>>, l list<struct<k string>>, late double>",
);

const rows = (from: number, to: number): string =>
  `select x as id, case when x % 3 > 0 then {'a': x * 2, 'b': case when x % 4 > 0 then {'c': 'c' || (x % 5)} end}
    end as s, case when x % 2 = 0 then [{'k': 'k' || x}, {'k': null}] end as l, 'n' || x as never
    ${from % 4 === 0 ? ", x / 8 as late" : ""} from range(${from}, ${to}) r(x)`;

export function engineElsewhere(
  name: string,
  open: () => Promise<{ readonly engine: Engine; close(): Promise<void> }>,
): void {
  describe(`engine contract, files that lie elsewhere: ${name}`, () => {
    let opened: { readonly engine: Engine; close(): Promise<void> };
    let inputs: EngineInputs;
    let full: InputFile[];
    let empty: InputFile[];
    before(async () => {
      opened = await open();
      inputs = await engineInputs();
      full = [];
      empty = [];
      for (let part = 0; part < 8; part++)
        full.push(await inputs.partition(`p${part}`, rows(part * 30, part * 30 + 30)));
      for (let part = 0; part < 120; part++) empty.push(await inputs.partition(`q${part}`, rows(part, part)));
    });
    after(async () => {
      await opened.close();
      inputs.close();
    });

    const tableOf = (files: readonly InputFile[]) => new Map([["t", partitioned(SCHEMA, files)]]);
    const query = (sql: string, tables: ReadonlyMap<string, TableInput>) =>
      rowsOf(opened.engine, sql, tables, inputs.directory());
    /** The same statement over the same files, here and elsewhere. */
    const both = async (sql: string, files: readonly InputFile[]): Promise<Elsewhere> => {
      const far = elsewhere(inputs.directory());
      const answer = await query(sql, tableOf(files.map(far.of)));
      assert.deepEqual(answer, await query(sql, tableOf(files)), sql);
      assert.deepEqual([...far.there], [], "everything is released");
      return far;
    };

    for (const [count, isMany] of [
      [8, false],
      [128, true],
    ] as const) {
      const files = (): InputFile[] => (isMany ? [...full, ...empty] : full);

      test(`of ${count} files only the touched columns are brought`, async () => {
        const cases: readonly (readonly [string, readonly string[]])[] = [
          ["select id, src from t order by id", ["id"]],
          ["select s.b.c, late from t order by id", ["id", "late", "s.b.c"]],
          ["select S.A, count(*) from t where ID > 100 group by all order by all", ["id", "s.a"]],
          ["select s from t order by id", ["id", "s.a", "s.b.c"]],
          ["select len(l) as n, l[1].k as k from t order by id", ["id", "l.k"]],
          ["select count(*), min(src) from t", []],
          ["select 1 from t limit 3", []],
        ];
        for (const [sql, leaves] of cases) {
          const far = await both(sql, files());
          assert.deepEqual([...far.leaves].sort(), leaves, sql);
          assert.ok(far.brought >= count);
        }
        const all = await both("select * from t order by id", files());
        assert.ok(all.leaves.has("late") && all.leaves.has("l.k"));
      });

      test(`of ${count} files statements made at random read nothing that was not brought`, async () => {
        await fc.assert(
          fc.asyncProperty(statements, async (sql) => {
            await both(sql, files());
          }),
          propertyRuns(isMany ? 10 : 40),
        );
      });

      test(`a condition is answered alike, whatever statistics and filters of ${count} files say of it`, async () => {
        for (const sql of [
          "select count(*) from t where id = 77",
          "select count(*), sum(id) from t where s.b.c = 'c3'",
          "select count(*) from t where s.b.c = 'not there'",
          "select min(id), max(id), max(late) from t",
          "select count(s), count(l), count(late) from t",
          "select id from t where late is null order by id",
        ])
          await both(sql, files());
      });

      test(`of ${count} files those that cannot contribute are not brought`, async () => {
        const far = await both("select id from t where src = 'p3' order by id", files());
        assert.equal(far.brought, 1);
      });

      test(`what cannot be brought of ${count} files ends the statement, with all of them released`, async () => {
        const far = elsewhere(inputs.directory());
        const some = files().map(far.of);
        const last = some.at(-1) ?? assert.fail();
        const broken: InputFile = {
          ...last,
          bring: async () => {
            throw new Failure("unavailable", "the store is away");
          },
        };
        const tables = tableOf([...some.slice(0, -1), broken]);
        await assert.rejects(query("select sum(id) from t", tables), failsAs("unavailable", /store is away/));
        assert.deepEqual([...far.there], []);
      });

      test(`a change of one of ${count} files while it is brought is a reason to look again`, async () => {
        const far = elsewhere(inputs.directory());
        const some = files().map(far.of);
        let asked = 0;
        let isGone = false;
        const table: TableInput = {
          ...partitioned(SCHEMA, []),
          files: async () => {
            asked += 1;
            const [first, ...rest] = some;
            if (first === undefined) return [];
            if (asked > 2) return rest;
            isGone = false;
            const bring = async (): Promise<void> => {
              isGone = true;
              throw new Failure(asked > 1 ? "missing" : "conflict", "another version lies there");
            };
            return [{ ...first, bring, check: async () => (isGone ? undefined : first.token) }, ...rest];
          },
        };
        const answer = await query("select count(*) from t", new Map([["t", table]]));
        assert.deepEqual(answer, await query("select count(*) from t", tableOf(files().slice(1))));
        assert.equal(asked, 3);
        assert.deepEqual([...far.there], []);
      });

      test(`a stop while ${count} files are brought ends it, with all of them released`, async () => {
        const far = elsewhere(inputs.directory());
        const controller = new AbortController();
        const slow = files().map((file) => {
          const there = far.of(file);
          const bring: NonNullable<InputFile["bring"]> = async (wanted, options = {}) => {
            await there.bring?.(wanted);
            controller.abort();
            await new Promise<void>((resolve) => {
              if (options.signal?.aborted === true) resolve();
              options.signal?.addEventListener("abort", () => resolve(), { once: true });
            });
            throw new Failure("cancelled", "stopped");
          };
          return { ...there, bring };
        });
        const request = { sql: "select sum(id) from t", tables: tableOf(slow), scratch: inputs.directory() };
        await assert.rejects(opened.engine.query(request, { signal: controller.signal }), failsAs("cancelled"));
        assert.deepEqual([...far.there], []);
      });
    }

    test("of many files some are there at a time, not all", async () => {
      const more = [...full, ...empty, ...empty.map((file) => ({ ...file, src: `r${file.src}` }))];
      const far = await both("select sum(id), count(*) from t", more);
      assert.equal(far.brought, more.length);
      assert.ok(far.most < more.length / 2, `${far.most} of ${more.length} were there at once`);
    });

    test("a mart's parts are brought by their columns, also beside a table of many files", async () => {
      const far = elsewhere(inputs.directory());
      const part = await inputs.partition(
        "ignored",
        "select x as n, {'a': x, 'b': 'b' || x} as s, [x] as l from range(9) r(x)",
      );
      const mart = (some: readonly InputFile[]): TableInput => ({
        ...{ schema: schemaOf("struct<n int64, s struct<a int64, b string>, l list<int64>>"), partitioned: false },
        files: async () => some,
      });
      const near = [{ ...part, src: undefined }];
      for (const sql of [
        "select n from m where n > 3 order by n",
        "select m.s.a from m order by m.n",
        "select * from m order by n",
        "select count(*) from m",
        "select m.n, count(*) from m join t on t.id = m.n group by all order by all",
      ]) {
        far.leaves.clear();
        const [here, there] = [
          await query(sql, new Map([...tableOf([...full, ...empty]), ["m", mart(near)]])),
          await query(sql, new Map([...tableOf([...full, ...empty].map(far.of)), ["m", mart(near.map(far.of))]])),
        ];
        assert.deepEqual(there, here, sql);
        assert.deepEqual([...far.there], []);
        if (sql.startsWith("select n ")) assert.deepEqual([...far.leaves], ["n"]);
        if (sql.startsWith("select count")) assert.deepEqual([...far.leaves], []);
      }
    });

    test("paths that look like patterns are brought to where they are read", async () => {
      const odd = join(inputs.directory(), "a [b] *");
      mkdirSync(odd);
      const far = elsewhere(odd);
      const some = full.map(far.of);
      assert.ok(some.every((file) => !existsSync(file.path)));
      assert.deepEqual(
        await query("select sum(id) from t", tableOf(some)),
        await query("select sum(id) from t", tableOf(full)),
      );
    });
  });
}
