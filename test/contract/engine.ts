/** The law of `src/engine/contract.ts` in executable form: one suite for every engine. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import type { Engine, InputFile, TableInput } from "../../src/engine/contract.ts";
import { failsAs, readResult, rowsOf, statementsIn, writtenRows } from "./engine-answers.ts";
import { duckdbDialect, type EngineDialect } from "./engine-dialects.ts";
import { type EngineInputs, engineInputs, inputFile, partitioned, schemaOf } from "./engine-inputs.ts";
import { propertyRuns } from "./property-runs.ts";

export { failsAs, readResult, rowsOf };

export interface OpenedEngine {
  readonly engine: Engine;
  close(): Promise<void>;
}

/** What the archive's hours look like, and the reference example's declared columns. */
const EVENTS = schemaOf(
  "struct<actor struct<display_login string, id int64, login string>, created_at timestamp, id string, " +
    "org struct<login string>, payload struct<action string, commits list<struct<sha string>>, size int64>, " +
    "repo struct<name string>, type string>",
);

const REFERENCE =
  "select actor.login as actor, actor.display_login as actor_display, org.login as org, repo.name as repo, type, " +
  "payload.action, src from events";

/** Two hours that differ in their columns; none has `org`. */
const EARLY = `select {'login': 'u' || x, 'id': x} as actor, {'name': 'r' || x} as repo,
  case when x % 2 = 0 then {'action': 'opened'} end as payload, 'Push' as type, x::varchar as id,
  make_timestamptz(1772377200000000 + x) as created_at from range(1, 4) r(x)`;
const LATE = `select {'LOGIN': 'v' || x, 'display_login': 'V' || x} as Actor, {'name': 'r' || x} as repo,
  {'size': x, 'commits': [{'sha': 's' || x}]} as payload, 'Fork' as type from range(2) r(x)`;

export function engineContract(
  name: string,
  open: () => Promise<OpenedEngine>,
  dialect: EngineDialect = duckdbDialect,
): void {
  describe(`engine contract: ${name}`, () => {
    let opened: OpenedEngine;
    let engine: Engine;
    let inputs: EngineInputs;
    let tables: ReadonlyMap<string, TableInput>;
    let files: readonly InputFile[];
    before(async () => {
      opened = await open();
      engine = opened.engine;
      inputs = await engineInputs();
      files = [await inputs.partition("2026-03-01-15", EARLY), await inputs.partition("2026-03-01-16", LATE)];
      tables = new Map([["events", partitioned(EVENTS, files)]]);
    });
    after(async () => {
      await opened.close();
      inputs.close();
    });

    const query = (sql: string, some = tables) => rowsOf(engine, sql, some, inputs.directory());
    const select = async (sql: string, some = tables, options = {}) => {
      const [scratch, directory] = [inputs.directory(), inputs.directory()];
      const result = await engine.select({ sql, tables: some, scratch, directory, compression: "zstd" }, options);
      assert.deepEqual(readdirSync(scratch), [], "scratch is emptied");
      assert.deepEqual(
        readdirSync(directory).map((file) => join(directory, file)),
        result.files.map((file) => file.path),
      );
      return result;
    };

    test("describes the reference select without reading a row", async () => {
      const found = await engine.describe(REFERENCE, tables);
      assert.deepEqual(found.tables, ["events"]);
      assert.deepEqual(found.columns.get("events"), [
        "actor.display_login",
        "actor.login",
        "org.login",
        "payload.action",
        "repo.name",
        "src",
        "type",
      ]);
      const names = ["actor", "actor_display", "org", "repo", "type", "action", "src"];
      assert.deepEqual(
        found.result.map((column) => column.name),
        names,
      );
      for (const column of found.result) assert.deepEqual(column.type, { kind: "string" });
    });

    test("the reference select works where no file has org, and hours differ in their columns", async () => {
      const result = await select(REFERENCE);
      const early = (x: number, action: string | null) => ({
        ...{
          actor: `u${x}`,
          actor_display: null,
          org: null,
          repo: `r${x}`,
          type: "Push",
          action,
          src: "2026-03-01-15",
        },
      });
      const late = (x: number) => ({
        ...{ actor: `v${x}`, actor_display: `V${x}`, org: null, repo: `r${x}`, type: "Fork", action: null },
        src: "2026-03-01-16",
      });
      const expected = [early(1, null), early(2, "opened"), early(3, null), late(0), late(1)];
      assert.deepEqual(await readResult(result), expected);
      assert.equal(writtenRows(result), 5);
      assert.equal(
        result.bytesRead,
        files.reduce((sum, file) => sum + file.size, 0),
      );
    });

    test("parts are named, counted, measured and hashed", async () => {
      const result = await select(REFERENCE);
      for (const [index, file] of result.files.entries()) {
        const bytes = readFileSync(file.path);
        assert.match(file.path, new RegExp(`part-0000${index}\\.parquet$`));
        assert.equal(file.size, bytes.length);
        assert.equal(file.sha256, createHash("sha256").update(bytes).digest("hex"));
      }
      const again = await select(REFERENCE);
      assert.deepEqual(
        again.files.map((file) => file.sha256),
        result.files.map((file) => file.sha256),
      );
    });

    test("no rows still give a file with the result's columns", async () => {
      for (const sql of [
        `${REFERENCE} where false`,
        "select count(*) as n from events where type = 'x' having n > 0",
      ]) {
        const result = await select(sql);
        assert.equal(writtenRows(result), 0);
        assert.equal(result.files.length, 1);
        assert.deepEqual(await readResult(result), []);
      }
    });

    test("a table without partitions has no rows and all its columns", async () => {
      const empty = new Map([["events", partitioned(EVENTS, [])]]);
      assert.deepEqual(await query("select count(*), max(src), max(payload.size) from events", empty), [
        [0n, null, null],
      ]);
      assert.equal(writtenRows(await select(REFERENCE, empty)), 0);
      const nothing = new Map([["events", partitioned({ fields: [] }, [])]]);
      assert.deepEqual(await query("select count(src) from events", nothing), [[0n]]);
    });

    test("src is text, whatever it looks like, and comes from the input", async () => {
      const texts = [
        "2026-03-01-15",
        "2026-03-01",
        "2026030115",
        "007",
        "1e5",
        "true",
        "a%2Fb=c",
        "it's",
        "",
        "é",
        "null",
      ];
      const parts = await Promise.all(texts.map((src) => inputs.partition(src, "select 1 as id")));
      const some = new Map([["events", partitioned(schemaOf("struct<id int64>"), parts)]]);
      const rows = await query("select src, typeof(src) from events order by src", some);
      assert.deepEqual(
        rows.map((row) => row[0]),
        [...texts].sort(),
      );
      for (const row of rows) assert.match(String(row[1]), dialect.textType);
    });

    test("a column named src or file_index inside of the data does not get in the way", async () => {
      const part = await inputs.partition(
        "right",
        "select 'wrong' as SRC, 42 as file_index, 'f' as filename, 1 as input_file",
      );
      const schema = schemaOf("struct<src string, file_index int64, filename string, input_file int64>");
      const some = new Map([["events", partitioned(schema, [part])]]);
      assert.deepEqual(await query("select src, file_index, filename, input_file from events", some), [
        ["right", 42n, "f", 1n],
      ]);
    });

    test("what a path holds is kept: null, empty and nested values", async () => {
      const part = await inputs.partition(
        "a",
        `select * from (values
          ({'x': 1, 'y': {'z': 'deep'}}, ['a', null], []::varchar[]),
          ({'x': null, 'y': null}, [], null),
          (null, null, ['b'])) t(s, l, m)`,
      );
      const schema = schemaOf("struct<s struct<x int64, y struct<z string>>, l list<string>, m list<string>>");
      const some = new Map([["t", partitioned(schema, [part])]]);
      assert.deepEqual(await query("select s, l, m from t", some), [
        [{ x: 1n, y: { z: "deep" } }, ["a", null], []],
        [{ x: null, y: null }, [], null],
        [null, null, ["b"]],
      ]);
      assert.deepEqual(
        await query(`select s is null, s.y is null, s.y.z is null, ${dialect.lists.first} from t`, some),
        [
          [false, false, false, "a"],
          [false, true, true, null],
          [true, true, true, null],
        ],
      );
    });

    test("values are what the contract says", async () => {
      const answer = await engine.query({ sql: dialect.values, tables: new Map(), scratch: inputs.directory() });
      const rows = [];
      for await (const batch of answer.rows()) rows.push(...batch);
      assert.deepEqual(rows, [
        [
          ...[true, 1n, 9223372036854775807n, 1.5, 0.25, "123456789.120", "text", null, "2026-03-01"],
          ...["2026-03-01T15:00:00.000001Z", "1969-12-31T23:59:59.900000", [1n, null]],
          ...[{ a: 1n, b: [{ c: "x" }] }, new Uint8Array([0xab])],
        ],
      ]);
      assert.deepEqual(
        answer.columns.map((column) => column.type.kind),
        [
          "bool",
          "int32",
          "int64",
          "double",
          "float",
          "decimal",
          "string",
          "string",
          "date",
          "timestamp",
          "timestamp_local",
          "list",
          "struct",
          "binary",
        ],
      );
    });

    test("marts are read by their own columns, also beside a table", async () => {
      const [part, other] = [
        await inputs.partition("ignored", "select 'u1' as login, 7::integer as n, date '2026-03-01' as day"),
        await inputs.partition("ignored", "select 'v1' as login, 8::integer as n, null::date as day"),
      ];
      const people: TableInput = {
        schema: {
          fields: [
            { name: "login", type: { kind: "string" } },
            { name: "n", type: { kind: "int32" } },
            { name: "day", type: { kind: "date" } },
          ],
        },
        partitioned: false,
        files: async () => [
          { ...part, src: undefined },
          { ...other, src: undefined },
        ],
      };
      const some = new Map([...tables, ["people", people]]);
      assert.deepEqual(await query("select * from people order by n", some), [
        ["u1", 7n, "2026-03-01"],
        ["v1", 8n, null],
      ]);
      const joined = "select p.login, p.n, src from people p join events e on e.actor.login = p.login order by 1";
      assert.deepEqual(await query(joined, some), [
        ["u1", 7n, "2026-03-01-15"],
        ["v1", 8n, "2026-03-01-16"],
      ]);
    });

    test("a mart whose files are not what its columns say is damaged", async () => {
      const part = await inputs.partition("ignored", "select 'u1' as login, 7::integer as n");
      for (const type of [{ kind: "int64" }, { kind: "string" }] as const) {
        const files = async () => [{ ...part, src: undefined }];
        const table: TableInput = { schema: { fields: [{ name: "n", type }] }, partitioned: false, files };
        await assert.rejects(query("select n from m", new Map([["m", table]])), failsAs("corrupt", /manifest/));
        const other: TableInput = { schema: { fields: [{ name: "other", type }] }, partitioned: false, files };
        await assert.rejects(query("select other from m", new Map([["m", other]])), failsAs("corrupt", /manifest/));
      }
    });

    describe("refuses a statement", () => {
      for (const [sql, words, at] of dialect.refused) {
        test(JSON.stringify(sql), async () => {
          await assert.rejects(engine.describe(sql, tables), failsAs("usage", words, at));
          await assert.rejects(query(sql), failsAs("usage", words, at));
          await assert.rejects(select(sql), failsAs("usage", words, at));
        });
      }
    });

    test("a trailing semicolon and comments do no harm", async () => {
      for (const sql of dialect.adorned) {
        assert.deepEqual(await query(sql), [[1n]]);
        assert.deepEqual(await readResult(await select(sql)), [{ a: 1 }]);
      }
    });

    test("a mart's columns have plain names, each once, and types that both engines have", async () => {
      for (const [sql, words] of dialect.noMarts) {
        await assert.rejects(select(sql), failsAs("usage", words), sql);
        await assert.rejects(engine.describe(sql, tables, { mart: true }), failsAs("usage", words), sql);
        await engine.describe(sql, tables);
      }
    });

    test("a mart's types are those of the table", async () => {
      for (const [expression, kind, value] of dialect.martTypes) {
        const result = await select(`select ${expression} as v from (values (1), (2)) t(x)`);
        assert.equal(result.columns[0]?.type.kind, kind, expression);
        assert.deepEqual(await readResult(result), [{ v: value }], expression);
      }
      await assert.rejects(
        select("select sum(x) as s from (values (9223372036854775807), (1)) t(x)"),
        failsAs("application"),
      );
    });

    test("a statement that fails on the data says so", async () => {
      await assert.rejects(query("select cast(type as integer) from events"), failsAs("application", /Push|Fork/));
      await assert.rejects(
        select("select cast(type as integer) as t from events"),
        failsAs("application", /Push|Fork/),
      );
      await assert.rejects(
        select(`select ${dialect.failing} as t from events`),
        failsAs("application", /stop: (Push|Fork)/),
      );
    });

    test("a partition that contradicts the schema is not read as something else", async () => {
      const part = await inputs.partition("2026-03-01-17", "select 1.5::double as n");
      const some = new Map([["t", partitioned(schemaOf("struct<n int64>"), [part])]]);
      await assert.rejects(
        query("select n from t", some),
        failsAs("refused", /t\.n: is double in src=2026-03-01-17, int64 in the table/),
      );
      assert.deepEqual(
        await query(
          "select count(*) from t where src = '2026-03-01-17'",
          new Map([["t", partitioned(schemaOf("struct<n double>"), [part])]]),
        ),
        [[1n]],
      );
    });

    test("spellings that differ by case are one column, and what cannot be told to be one is refused", async () => {
      const parts = [
        await inputs.partition("a", "select 1 as ID, {'Name': 'x', 'é': 1} as Who"),
        await inputs.partition("b", "select 2 as id, {'NAME': 'y', 'É': 2} as WHO"),
      ];
      const some = new Map([["t", partitioned(schemaOf("struct<Id int64, who struct<name string, é int64>>"), parts)]]);
      assert.deepEqual(await query("select iD, wHo.nAmE, src from T order by 1", some), [
        [1n, "x", "a"],
        [2n, "y", "b"],
      ]);
      // Only ASCII letters are folded by every engine.
      await assert.rejects(
        query('select sum(who."é") from t', some),
        failsAs("refused", /who\.é: is spelt "É" in src=b/),
      );
    });

    test("fields that the schema does not know are not answered", async () => {
      const part = await inputs.partition("a", "select {'x': 1, 'new': 2, 'y': {'z': '1', 'newer': 3}} as s, 4 as top");
      const full = partitioned(schemaOf("struct<s struct<x int64, y struct<z string>>>"), [part]);
      const padded = { ...full, files: async () => [part, ...(await manyEmpty())] };
      for (const table of [full, padded]) {
        assert.deepEqual(await query("select s, s.y from t", new Map([["t", table]])), [
          [{ x: 1n, y: { z: "1" } }, { z: "1" }],
        ]);
        assert.deepEqual(await query("select * from t", new Map([["t", table]])), [[{ x: 1n, y: { z: "1" } }, "a"]]);
      }
    });

    const manyEmpty = (): Promise<InputFile[]> =>
      Promise.all(
        Array.from({ length: 70 }, (_, part) => inputs.partition(`z${part}`, "select {'x': 1} as s limit 0")),
      );

    test("a condition on src leaves the other partitions alone", async () => {
      const parts: InputFile[] = [];
      for (const hour of ["00", "01", "02", "03"])
        parts.push(await inputs.partition(`2026-03-01-${hour}`, `select ${Number(hour)} as h`));
      const opened: string[] = [];
      const watched = parts.map((part) => ({
        ...part,
        check: async () => {
          opened.push(part.src?.slice(-2) ?? "");
          return await part.check();
        },
      }));
      const some = new Map([["t", partitioned(schemaOf("struct<h int64>"), watched)]]);
      for (const [sql, expected, values] of dialect.hours) {
        opened.length = 0;
        assert.deepEqual(
          (await query(sql, some)).map((row) => row[0]),
          values,
          sql,
        );
        assert.equal([...new Set(opened)].sort().join(), expected, sql);
      }
      const [wrong, kind, words] = dialect.wrongCondition;
      await assert.rejects(query(wrong, some), failsAs(kind, words));
    });

    test("partitions whose names look like patterns are taken as they are", async () => {
      const names = ["[1]", "1", "*", "?", "x y", "it's", "%41", "A", "{1,2}", "a+b", "a#b"];
      const parts = await Promise.all(names.map((src) => inputs.partition(src, "select 1 as id")));
      for (const some of [parts, ...parts.map((part) => [part])]) {
        const rows = await query(
          "select src, count(*) from t group by src order by src",
          new Map([["t", partitioned(schemaOf("struct<id int64>"), some)]]),
        );
        assert.deepEqual(rows, some.map((part) => [part.src, 1n]).sort(byName));
      }
    });

    if (dialect.isFileAnywhere) {
      test("names of files that look like patterns are taken as they are", async () => {
        const part = await inputs.partition("a", "select 1 as id");
        const files: InputFile[] = [];
        for (const name of ["[1]", "1", "*", "?", "x y", "it's", "%41", "{1,2}"]) {
          const path = join(inputs.directory(), "..", `${name}.parquet`);
          copyFileSync(part.path, path);
          files.push(inputFile(path, name));
        }
        const some = new Map([["t", partitioned(schemaOf("struct<id int64>"), files)]]);
        const rows = await query("select src, count(*) from t group by src order by src", some);
        assert.deepEqual(rows, files.map((file) => [file.src, 1n]).sort(byName));
      });
    }

    const byName = (a: readonly unknown[], b: readonly unknown[]): number => (String(a[0]) < String(b[0]) ? -1 : 1);

    test("a damaged file is named as what it is", async () => {
      const part = await inputs.partition("a", "select 1 as id");
      writeFileSync(part.path, "PAR1 and nothing else that a footer would need");
      const some = new Map([["t", partitioned(schemaOf("struct<id int64>"), [inputFile(part.path, "a")])]]);
      await assert.rejects(query("select id from t", some), failsAs("corrupt", /data\.parquet/));
    });

    describe("files that change", () => {
      test("before the statement: a fresh list is asked for", async () => {
        const old = await inputs.partition("a", "select 1 as id");
        const fresh = await inputs.replace(old, "select 1 as id union all select 2");
        const lists = [[old], [fresh]];
        let asked = 0;
        const table: TableInput = {
          ...partitioned(schemaOf("struct<id int64>"), []),
          files: async () => lists[asked++] ?? [],
        };
        assert.deepEqual(await query("select count(*) from t", new Map([["t", table]])), [[2n]]);
        assert.equal(asked, 2);
      });

      test("under the statement: the answer is discarded, also an error", async () => {
        for (const sql of ["select count(*) as n from t", "select sum(id) as n from t"]) {
          let part = await inputs.partition("a", "select 1 as id");
          let checks = 0;
          let asked = 0;
          const table: TableInput = {
            ...partitioned(schemaOf("struct<id int64>"), []),
            files: async () => {
              asked += 1;
              const { token } = part;
              // The partition grows when it is looked at before the first run; that look still sees the old one.
              const check = async (): Promise<string | undefined> => {
                checks += 1;
                if (checks > 1) return await part.check();
                part = await inputs.replace(part, "select 2 as id union all select 3");
                return token;
              };
              return [{ ...part, check }];
            },
          };
          const some = new Map([["t", table]]);
          const result = sql.includes("sum") ? await select(sql, some) : undefined;
          if (result === undefined) assert.deepEqual(await query(sql, some), [[2n]]);
          else assert.deepEqual(await readResult(result), [{ n: 5n }]);
          assert.equal(asked, 2);
        }
      });

      test("again and again: a conflict after the third repetition", async () => {
        const part = await inputs.partition("2026-03-01-18", "select 1 as id");
        let asked = 0;
        const table: TableInput = {
          ...partitioned(schemaOf("struct<id int64>"), []),
          files: async () => {
            asked += 1;
            return [{ ...part, check: async () => "another" }];
          },
        };
        const some = new Map([["t", table]]);
        await assert.rejects(query("select id from t", some), failsAs("conflict", /2026-03-01-18/));
        assert.equal(asked, 4);
        await assert.rejects(select("select id from t", some), failsAs("conflict"));
      });

      test("a file that is gone is a change, not an error of its own", async () => {
        const part = await inputs.partition("a", "select 1 as id");
        const left = await inputs.partition("b", "select 2 as id");
        const gone: InputFile = { ...part, path: `${part.path}.gone`, check: async () => undefined };
        const lists = [[gone, left], [left]];
        let asked = 0;
        const table: TableInput = {
          ...partitioned(schemaOf("struct<id int64>"), []),
          files: async () => lists[asked++] ?? [],
        };
        assert.deepEqual(await query("select id, src from t", new Map([["t", table]])), [[2n, "b"]]);
      });
    });

    describe("many files", () => {
      const schema = schemaOf(
        "struct<id int64, s struct<a int64, b struct<c string>>, l list<struct<k string>>, late double>",
      );
      const rows = (from: number, to: number): string =>
        `select x as id, case when x % 3 > 0 then {'a': x * 2, 'b': case when x % 4 > 0 then {'c': 'c' || (x % 5)} end}
          end as s, case when x % 2 = 0 then [{'k': 'k' || x}, {'k': null}] end as l
          ${from % 4 === 0 ? ", x / 8 as late" : ""} from range(${from}, ${to}) r(x)`;
      /** 26 files, which are read as they are. */
      let few: ReadonlyMap<string, TableInput>;
      /** The same and 74 without a row, which are too many for that. */
      let many: ReadonlyMap<string, TableInput>;
      before(async () => {
        const full: InputFile[] = [];
        const empty: InputFile[] = [];
        for (let part = 0; part < 26; part++)
          full.push(await inputs.partition(`p${part}`, rows(part * 10, part * 10 + 10)));
        for (let part = 0; part < 74; part++) empty.push(await inputs.partition(`q${part}`, rows(part, part)));
        few = new Map([["t", partitioned(schema, full)]]);
        many = new Map([["t", partitioned(schema, [...full, ...empty])]]);
      });

      for (const sql of dialect.many) {
        test(`give what few give: ${sql}`, async () => {
          const rows = await query(sql, many);
          assert.ok(rows.length > 0);
          assert.deepEqual(rows, await query(sql, few));
        });
      }

      test("give what few give, for statements made at random", async () => {
        await fc.assert(
          fc.asyncProperty(statementsIn(dialect.lists), async (sql) => {
            assert.deepEqual(await query(sql, many), await query(sql, few));
          }),
          propertyRuns(dialect.randomRuns),
        );
      });

      test("report their progress and leave nothing behind", async () => {
        const shares: number[] = [];
        const result = await select("select id, s.a as a, src from t", many, {
          onProgress: (share: number) => shares.push(share),
        });
        assert.equal(writtenRows(result), 260);
        assert.ok(shares.length > 1);
        assert.deepEqual(
          shares,
          [...shares].sort((a, b) => a - b),
        );
        assert.ok(shares.every((share) => share > 0 && share <= 1));
      });

      test("are checked like few", async () => {
        const table = many.get("t") ?? assert.fail();
        const list = await table.files();
        let asked = 0;
        const changing: TableInput = {
          ...table,
          files: async () => {
            asked += 1;
            return asked < 3 ? list.map((file, index) => (index === 99 ? { ...file, token: "old" } : file)) : list;
          },
        };
        assert.deepEqual(
          await query("select count(s.a) from t", new Map([["t", changing]])),
          await query("select count(s.a) from t", many),
        );
        assert.equal(asked, 3);
      });
    });

    describe("stopping", () => {
      const SLOW =
        "select count(*) as n from range(100000) a(x), range(100000) b(y) where (x * y) % 7 = hash(x + y) % 11";

      test("a signal interrupts a running statement", async () => {
        for (const start of [
          (signal: AbortSignal) => select(SLOW, tables, { signal }),
          (signal: AbortSignal) => engine.query({ sql: SLOW, tables, scratch: inputs.directory() }, { signal }),
        ]) {
          const controller = new AbortController();
          setTimeout(() => controller.abort(), 200);
          const started = performance.now();
          await assert.rejects(async () => {
            const answer = await start(controller.signal);
            if ("rows" in answer && typeof answer.rows === "function")
              for await (const _ of answer.rows()) assert.fail("a row");
          }, failsAs("cancelled"));
          assert.ok(performance.now() - started < 5_000, "stopped within seconds");
        }
      });

      test("a signal that is aborted already starts nothing", async () => {
        const signal = AbortSignal.abort();
        await assert.rejects(engine.describe("select 1 as a", tables, { signal }), failsAs("cancelled"));
        await assert.rejects(select("select 1 as a", tables, { signal }), failsAs("cancelled"));
      });

      test("a reader that leaves early, or never comes, leaves nothing behind", async () => {
        const scratch = inputs.directory();
        const sql = "select x, type from events, range(100000) r(x)";
        const answer = await engine.query({ sql, tables, scratch });
        for await (const batch of answer.rows()) {
          assert.ok(batch.length > 0);
          break;
        }
        assert.deepEqual(readdirSync(scratch), []);
        const other = await open();
        await other.engine.query({ sql, tables, scratch });
        await other.close();
        assert.deepEqual(readdirSync(scratch), []);
      });
    });
  });
}
