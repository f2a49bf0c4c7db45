/** Sessions on a real server. What the official client sees is the measure where both can look. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { create } from "@bufbuild/protobuf";
import { Failure } from "../../src/errors.ts";
import {
  type ConnectOptions,
  connect,
  type Parameter,
  type Progress,
  type Session,
  SparkError,
  type Value,
} from "../../src/spark.ts";
import { type Relation, RelationSchema } from "../../src/spark-connect/gen/spark_connect_pb.ts";
import { columnsText, typeText } from "../../src/spark-connect/types.ts";
import { pythonWith } from "../real/installed.ts";
import { sparkServer } from "../real/spark-server.ts";

/** A session that ends with the test; `undefined` after skipping it. */
async function session(context: TestContext, options: ConnectOptions = {}): Promise<Session | undefined> {
  const server = await sparkServer(context);
  if (server === undefined) return undefined;
  const opened = await connect(server.url, { userId: "tests", ...options });
  context.after(() => opened.close());
  return opened;
}

function directory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "millrace-session-"));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const sqlOf = (query: string): Relation => create(RelationSchema, { relType: { case: "sql", value: { query } } });

async function failed(work: Promise<unknown>): Promise<SparkError> {
  try {
    await work;
  } catch (error) {
    assert.ok(error instanceof SparkError, String(error));
    return error;
  }
  return assert.fail("it did not fail");
}

/** What the official client gets from the same server, one entry a statement. */
async function judged(
  context: TestContext,
  url: string,
  statements: readonly string[],
): Promise<unknown[] | undefined> {
  const python = pythonWith(context, "pyspark-client");
  if (python === undefined) return undefined;
  const script = join(import.meta.dirname, "judge.py");
  const { status, stdout, stderr } = spawnSync(python, [script, url, ...statements], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout
    .trim()
    .split("\n")
    .map((line): unknown => JSON.parse(line));
}

/** Ends by itself after a while, should a server lose track of it: one that is stopped before its tasks begin goes on unseen. */
const long = "SELECT count(*) AS n FROM range(8000000000) WHERE sqrt(id) > 5";

describe("a session", () => {
  test("knows the server's version, has settings of its own, and none that were not set", async (context) => {
    const spark = await session(context, { settings: { "spark.sql.session.timeZone": "Asia/Kathmandu" } });
    const other = await session(context);
    if (spark === undefined || other === undefined) return;
    assert.match(spark.version, /^4\.\d+\.\d+/);
    assert.match(spark.id, /^[0-9a-f-]{36}$/);
    assert.notEqual(spark.id, other.id);
    const { config } = spark;
    assert.equal(await config.get("spark.sql.session.timeZone"), "Asia/Kathmandu");
    assert.notEqual(await other.config.get("spark.sql.session.timeZone"), "Asia/Kathmandu");
    assert.equal(await config.get("no.such.setting"), undefined);
    assert.deepEqual(await config.set({ "millrace.a": "1", "millrace.b": "" }), []);
    assert.deepEqual(
      await config.all("millrace."),
      new Map([
        ["a", "1"],
        ["b", ""],
      ]),
    );
    assert.ok((await config.all()).size > 10);
    await config.unset(["millrace.a"]);
    assert.equal(await config.get("millrace.a"), undefined);
    const error = await failed(config.set({ "spark.sql.warehouse.dir": "/elsewhere" }));
    assert.equal(error.detail.errorClass, "CANNOT_MODIFY_STATIC_CONFIG");
  });

  test("is the one that its URL names, and another client sees what it made", async (context) => {
    const server = await sparkServer(context);
    if (server === undefined) return;
    const id = randomUUID();
    const url = `${server.url}/;user_id=tests;session_id=${id}`;
    const spark = await connect(url);
    context.after(() => spark.close());
    assert.equal(spark.id, id);
    await spark.createView("ours", sqlOf("SELECT 7 AS seven"), { replace: true });
    const seen = await judged(context, url, ["SELECT * FROM ours", "SELECT * FROM theirs"]);
    if (seen === undefined) return;
    assert.deepEqual(seen, [{ rows: [["7"]] }, { errorClass: "TABLE_OR_VIEW_NOT_FOUND", sqlState: "42P01" }]);
  });

  test("is gone from the server when it is closed, and closing is repeatable", async (context) => {
    const server = await sparkServer(context);
    if (server === undefined) return;
    const spark = await connect(server.url, { userId: "tests" });
    await Promise.all([spark.close(), spark.close()]);
    await spark.close();
    const late = await failed(spark.sql("SELECT 1"));
    assert.equal(late.kind, "usage");
    assert.equal((await failed(spark.config.get("a"))).kind, "usage");
    const again = await failed(connect(`${server.url}/;user_id=tests;session_id=${spark.id}`));
    assert.equal(again.kind, "conflict");
    assert.equal(again.detail.errorClass, "INVALID_HANDLE.SESSION_CLOSED");
  });
});

describe("statements", () => {
  test("yield what the official client gets, whichever way they go", async (context) => {
    const server = await sparkServer(context);
    const spark = await session(context);
    if (server === undefined || spark === undefined) return;
    const statements = [
      "SELECT 1 AS a, 'ä' AS b, CAST(NULL AS INT) AS c",
      "SELECT id, id * id AS square FROM range(10) ORDER BY id DESC",
      "WITH a AS (SELECT explode(sequence(1, 5)) AS x) SELECT sum(x) AS s FROM a",
      "VALUES (1, 'one'), (2, 'two')",
      "FROM VALUES (3) AS t(x) SELECT x",
      "SELECT 9223372036854775807 AS big, CAST('1.50' AS DECIMAL(10, 2)) AS d",
      "SELECT id FROM range(0)",
      "SHOW FUNCTIONS LIKE 'upper'",
      "DESCRIBE FUNCTION upper",
      "SET spark.sql.ansi.enabled",
      "WITH a AS (SELECT 'insert') SELECT * FROM a",
      "EXECUTE IMMEDIATE 'SELECT 5 AS five'",
      "BEGIN DECLARE x INT = 5; SELECT x + 1 AS six; END",
    ];
    const theirs = await judged(context, server.url, statements);
    if (theirs === undefined) return;
    for (const [index, statement] of statements.entries()) {
      const rows: (string | null)[][] = [];
      for await (const row of (await spark.sql(statement)).rows()) {
        rows.push(row.map((value) => (value === null ? null : String(value))));
      }
      assert.deepEqual({ rows }, theirs[index], statement);
    }
  });

  test("fail with the class and state that the official client sees, and with a kind to decide by", async (context) => {
    const server = await sparkServer(context);
    const spark = await session(context);
    if (server === undefined || spark === undefined) return;
    const cases: readonly [string, string][] = [
      ["SELEC 1", "usage"],
      ["SELECT nope FROM range(3)", "usage"],
      ["SELECT * FROM no_such_table", "usage"],
      ["SELECT no_such_function(1)", "usage"],
      ["SELECT 1 + date'2020-01-01' + map(1, 2)", "usage"],
      ["SELECT id / 0 FROM range(3)", "application"],
      ["SELECT CAST('x' AS INT)", "application"],
      ["SELECT raise_error('mine')", "application"],
      ["SELECT 2147483647 + CAST(id AS INT) FROM range(1, 3)", "application"],
      ["SELECT (SELECT id FROM range(3))", "application"],
      ["SELECT array(1)[5]", "application"],
      ["", "usage"],
      ["INSERT INTO no_such_table VALUES (1)", "usage"],
      ["DROP TABLE no_such_table", "usage"],
    ];
    const theirs = await judged(
      context,
      server.url,
      cases.map(([statement]) => statement),
    );
    if (theirs === undefined) return;
    for (const [index, [statement, kind]] of cases.entries()) {
      const error = await failed(spark.sql(statement).then((result) => result.collect()));
      const { errorClass, sqlState } = error.detail;
      assert.deepEqual({ errorClass, sqlState }, theirs[index], statement);
      assert.equal(error.kind, kind, statement);
    }
  });

  test("that fail say where, with what, and what the server's stack was", async (context) => {
    const spark = await session(context);
    if (spark === undefined) return;
    const error = await failed(spark.sql("SELECT\n  nope\nFROM range(3)"));
    assert.equal(error.detail.errorClass, "UNRESOLVED_COLUMN.WITH_SUGGESTION");
    assert.ok(!error.message.includes("'Project"), error.message);
    assert.deepEqual(
      error.detail.queryContexts?.map(({ start, stop, fragment }) => ({ start, stop, fragment })),
      [{ start: 9, stop: 12, fragment: "nope" }],
    );
    assert.ok(error.detail.serverTypes?.includes("org.apache.spark.sql.AnalysisException"));
    assert.ok((error.detail.serverStack?.length ?? 0) > 5);
    assert.match(error.detail.serverStack?.[0] ?? "", /^at org\.apache\.spark\./);
  });

  test("take parameters by position and by name, of every type", async (context) => {
    const spark = await session(context, { settings: { "spark.sql.session.timeZone": "UTC" } });
    if (spark === undefined) return;
    const cases: readonly [Parameter, string, Value][] = [
      [1, "int", 1],
      [1.5, "double", 1.5],
      [2n ** 62n, "bigint", 2n ** 62n],
      ["o'clock", "string", "o'clock"],
      [true, "boolean", true],
      [null, "void", null],
      [new Date(1), "timestamp", "1970-01-01T00:00:00.001000Z"],
      [Uint8Array.of(1, 255), "binary", Uint8Array.of(1, 255)],
    ];
    for (const [value, type, expected] of cases) {
      const result = await spark.sql("SELECT ? AS value, typeof(?) AS type", { parameters: [value, value] });
      assert.deepEqual(await result.collect(), [{ value: expected, type }]);
    }
    const named = await spark.sql("SELECT id FROM range(10) WHERE id BETWEEN :low AND :high", {
      parameters: { low: 3, high: 4n },
    });
    assert.deepEqual(await named.collect(), [{ id: 3n }, { id: 4n }]);
    const missing = await failed(spark.sql("SELECT :a", { parameters: { b: 1 } }));
    assert.deepEqual([missing.kind, missing.detail.errorClass], ["usage", "UNBOUND_SQL_PARAMETER"]);
    // Spark 4.1 and 4.2.0 mix up more than four of them (SPARK-58341).
    const many = { parameters: [0, 1, 2, 3, 4, 5] };
    const mixed = await spark.sql("SELECT array(?, ?, ?, ?, ?, ?) AS a", many).then(
      (result) => result.collect(),
      (error: unknown) => error,
    );
    if (mixed instanceof SparkError) assert.match(mixed.message, /SPARK-58341/);
    else assert.deepEqual(mixed, [{ a: many.parameters }]);
    const byName = await spark.sql("SELECT array(:a, :b, :c, :d, :e) AS a", {
      parameters: { e: 5, d: 4, c: 3, b: 2, a: 1 },
    });
    assert.deepEqual(await byName.collect(), [{ a: [1, 2, 3, 4, 5] }]);
    const command = await spark.sql("SET VARIABLE x = ?", { parameters: [1] }).catch((error: unknown) => error);
    assert.ok(command instanceof SparkError && command.kind === "usage");
  });

  test("name relations that are given with them, which shadow what is called the same", async (context) => {
    const spark = await session(context);
    if (spark === undefined) return;
    await spark.createView("a", sqlOf("SELECT 'view' AS x"));
    const relations = { a: sqlOf("SELECT 'given' AS x"), b: sqlOf("SELECT 'also' AS y") };
    const query = await spark.sql("SELECT x, y FROM a, b", { relations });
    assert.deepEqual(await query.collect(), [{ x: "given", y: "also" }]);
    await spark.sql("CREATE TEMPORARY VIEW c AS SELECT 1 AS one");
    const both = await spark.sql("SELECT x, one FROM b_ JOIN c", { relations: { b_: relations.a } });
    assert.deepEqual(await both.collect(), [{ x: "given", one: 1 }]);
  });

  test("that write are carried out exactly once", async (context) => {
    const server = await sparkServer(context);
    const spark = await session(context);
    if (server === undefined || spark === undefined) return;
    const path = join(directory(context), "t");
    const table = `t_${randomBytes(4).toString("hex")}`;
    await spark.sql(`CREATE TABLE ${table} (a INT) USING parquet LOCATION '${path}'`);
    try {
      await writeOnce(spark, table);
    } finally {
      await spark.sql(`DROP TABLE ${table}`);
    }
    const query = `SELECT a, count(*) FROM parquet.\`${path}\` GROUP BY a ORDER BY a`;
    assert.deepEqual(await judged(context, server.url, [query]), [
      { rows: [1, 2, 3, 4, 5, 6].map((a) => [String(a), "1"]) },
    ]);
  });

  async function writeOnce(spark: Session, table: string): Promise<void> {
    const once = [
      `INSERT INTO ${table} VALUES (1)`,
      `WITH x AS (SELECT 2 AS a) INSERT INTO ${table} SELECT * FROM x`,
      `FROM VALUES (3) AS v(a) INSERT INTO ${table} SELECT a`,
      `/* SELECT */ INSERT INTO ${table} SELECT 4`,
      `EXECUTE IMMEDIATE 'INSERT INTO ${table} VALUES (5)'`,
    ];
    for (const statement of once) {
      const result = await spark.sql(statement);
      assert.deepEqual([await result.collect(), result.schema.fields.length], [[], 0], statement);
    }
    // A query that comes first, and a command read by nobody, are no exceptions.
    await (await spark.sql(`INSERT INTO ${table} VALUES (6)`)).close();
  }
});

describe("relations", () => {
  test("are written, and the official client reads the same", async (context) => {
    const server = await sparkServer(context);
    const spark = await session(context);
    if (server === undefined || spark === undefined) return;
    const path = join(directory(context), "out");
    const relation = sqlOf("SELECT id, id % 3 AS part FROM range(10)");
    const target = { format: "parquet", to: { path }, mode: "error", partitionBy: ["part"] } as const;
    const seen: Progress[] = [];
    const figures = await spark.write(relation, target, { onProgress: (progress) => seen.push(progress) });
    assert.match(figures.operationId, /^[0-9a-f-]{36}$/);
    const query = `SELECT part, sum(id), count(*) FROM parquet.\`${path}\` GROUP BY part ORDER BY part`;
    assert.deepEqual(await judged(context, server.url, [query]), [
      {
        rows: [
          ["0", "18", "4"],
          ["1", "12", "3"],
          ["2", "15", "3"],
        ],
      },
    ]);
    const again = await failed(spark.write(relation, target));
    assert.deepEqual([again.kind, again.detail.errorClass], ["usage", "PATH_ALREADY_EXISTS"]);
    await spark.write(relation, { ...target, mode: "ignore" });
    await spark.write(sqlOf("SELECT 1L AS id, 0L AS part"), { ...target, mode: "append" });
    await spark.write(sqlOf("SELECT 5L AS id, 0L AS part"), {
      ...target,
      mode: "overwrite",
      options: { compression: "zstd" },
    });
    assert.deepEqual(await judged(context, server.url, [query]), [{ rows: [["0", "5", "1"]] }]);
    const read = create(RelationSchema, {
      relType: {
        case: "read",
        value: { readType: { case: "dataSource", value: { format: "parquet", paths: [path] } } },
      },
    });
    const files = await spark.inputFiles(read);
    assert.ok(files.length === 1 && /part=0\/.*\.zstd\.parquet$/.test(files[0] ?? ""), files.join());
    assert.equal(columnsText(await spark.schema(read)), "id BIGINT, part INT");
  });

  test("are explained, and types are parsed as the server understands them", async (context) => {
    const spark = await session(context);
    if (spark === undefined) return;
    const relation = sqlOf("SELECT id + 1 AS a FROM range(10)");
    assert.match(await spark.explain(relation), /Physical Plan/);
    assert.match(await spark.explain(relation, "extended"), /Analyzed Logical Plan/);
    assert.match(await spark.explain(relation, "formatted"), /\(1\) Range/);
    const ddl = "a INT NOT NULL, b STRUCT<c: ARRAY<STRING>, d: MAP<DATE, DECIMAL(12,3)>>";
    const type = await spark.parseDdl(ddl);
    assert.ok(type.kind === "struct");
    assert.equal(columnsText(type), ddl);
    assert.equal(typeText(await spark.parseDdl("TIMESTAMP_NTZ")), "TIMESTAMP_NTZ");
    assert.equal((await failed(spark.parseDdl("a INTT"))).kind, "usage");
    assert.equal((await failed(spark.schema(sqlOf("SELECT nope")))).kind, "usage");
  });
});

describe("results", () => {
  test("come as batches, rows, objects, Arrow, or all at once, and once only", async (context) => {
    const spark = await session(context);
    if (spark === undefined) return;
    const query = "SELECT id, CAST(id AS STRING) AS text FROM range(100)";
    const expected = Array.from({ length: 100 }, (_, id) => ({ id: BigInt(id), text: String(id) }));
    assert.deepEqual(await (await spark.sql(query)).collect(), expected);
    const objects: unknown[] = [];
    for await (const object of (await spark.sql(query)).objects()) objects.push(object);
    assert.deepEqual(objects, expected);
    let rows = 0;
    for await (const batch of (await spark.sql(query)).batches()) rows += batch.length;
    assert.equal(rows, 100);
    let arrowRows = 0;
    for await (const { rows: count, data } of (await spark.sql(query)).arrow()) {
      arrowRows += count;
      assert.ok(data.length > 0);
    }
    assert.equal(arrowRows, 100);
    const numbers = await spark.sql("SELECT 5L AS a, 1.25 AS d", {
      values: { integers: "number", decimals: "number" },
    });
    assert.deepEqual(await numbers.collect(), [{ a: 5, d: 1.25 }]);

    const result = await spark.sql(query);
    assert.throws(() => result.figures(), SparkError);
    await result.collect();
    assert.equal(result.figures().operationId, result.operationId);
    assert.throws(() => result.rows(), SparkError);
    const twice = await spark.sql("SELECT 1 AS a, 2 AS a");
    await assert.rejects(twice.collect(), (error) => error instanceof SparkError && /called "a"/.test(error.message));
    const proto = await (await spark.sql("SELECT 1 AS `__proto__`, 2 AS b")).collect();
    assert.deepEqual(Object.entries(proto[0] ?? {}), [
      ["__proto__", 1],
      ["b", 2],
    ]);
  });

  test("of more than the server keeps for a reader arrive whole, in order", async (context) => {
    const spark = await session(context);
    if (spark === undefined) return;
    // 40 MB in batches of 4 MiB, where the server keeps 10 MiB.
    const result = await spark.sql("SELECT id, repeat('x', 192) AS t FROM range(200000)");
    let next = 0n;
    let batches = 0;
    for await (const batch of result.batches()) {
      batches++;
      for (const [id] of batch) assert.equal(id, next++);
    }
    assert.equal(next, 200_000n);
    assert.ok(batches > 5);
  });

  test("tell of their progress while they are made", async (context) => {
    const spark = await session(context, { settings: { "spark.connect.progress.reportInterval": "100ms" } });
    if (spark === undefined) return;
    const seen: Progress[] = [];
    const query = "SELECT sum(sqrt(id)) AS s FROM range(0, 200000000, 1, 8)";
    await (await spark.sql(query, { onProgress: (progress) => seen.push(progress) })).collect();
    const most = Math.max(...seen.map(({ tasks }) => tasks));
    assert.ok(most >= 8, JSON.stringify(seen.at(-1)));
    for (const { tasks, tasksDone, stages } of seen) assert.ok(tasksDone <= tasks && stages.length >= 0);
  });
});

describe("what runs is stopped", () => {
  /** Starts the long query and waits until the server works on it. */
  async function begin(spark: Session, tag: string, signal?: AbortSignal): Promise<{ readonly end: Promise<unknown> }> {
    const begun = Promise.withResolvers<Progress>();
    const onProgress = (progress: Progress): void => {
      if (progress.tasksRunning > 0) begun.resolve(progress);
    };
    const options = { tags: [tag], onProgress, ...(signal === undefined ? {} : { signal }) };
    const end = spark.sql(long, options).then((result) => result.collect());
    end.catch(begun.reject);
    await begun.promise;
    return { end: end.catch((error: unknown) => error) };
  }

  async function isIdle(spark: Session): Promise<void> {
    assert.deepEqual(await spark.interrupt(), []);
  }

  test("by its signal, at once, and nothing of it is left on the server", async (context) => {
    const spark = await session(context, { settings: { "spark.connect.progress.reportInterval": "100ms" } });
    if (spark === undefined) return;
    const controller = new AbortController();
    const { end } = await begin(spark, "mine", controller.signal);
    const beganMs = performance.now();
    controller.abort();
    const error = await end;
    assert.ok(error instanceof Failure && error.kind === "cancelled", String(error));
    assert.ok(performance.now() - beganMs < 5000);
    await isIdle(spark);
    const before = await spark.sql(long, { signal: controller.signal }).catch((failure: unknown) => failure);
    assert.ok(before instanceof Failure && before.kind === "cancelled");
  });

  test("by its tag, by its operation and altogether", async (context) => {
    const spark = await session(context, { settings: { "spark.connect.progress.reportInterval": "100ms" } });
    if (spark === undefined) return;
    const { end: one } = await begin(spark, "one");
    assert.deepEqual(await spark.interrupt({ tag: "two" }), []);
    assert.deepEqual(await spark.interrupt({ operationId: randomUUID() }), []);
    assert.equal((await spark.interrupt({ tag: "one" })).length, 1);
    const first = await one;
    assert.ok(first instanceof SparkError && first.kind === "cancelled", String(first));
    const { end: two } = await begin(spark, "two");
    assert.equal((await spark.interrupt()).length, 1);
    const second = await two;
    assert.ok(second instanceof SparkError && second.kind === "cancelled", String(second));
    await isIdle(spark);
    for (const tag of ["", "a,b"]) assert.equal((await failed(spark.sql("SELECT 1", { tags: [tag] }))).kind, "usage");
  });

  test("by leaving its rows, and by closing its session", async (context) => {
    const spark = await session(context);
    if (spark === undefined) return;
    const result = await spark.sql("SELECT id, repeat('x', 192) AS t FROM range(0, 400000, 1, 20)");
    for await (const _ of result.batches()) break;
    await isIdle(spark);
    const other = await session(context, { settings: { "spark.connect.progress.reportInterval": "100ms" } });
    if (other === undefined) return;
    const { end } = await begin(other, "late");
    await other.close();
    const error = await end;
    assert.ok(error instanceof Failure && error.kind === "cancelled", String(error));
  });
});

describe("artifacts", () => {
  test("arrive whole, small ones together and large ones in pieces, from memory and from files", async (context) => {
    const spark = await session(context);
    if (spark === undefined) return;
    const file = join(directory(context), "big.bin");
    writeFileSync(file, randomBytes(100_000));
    const own = randomBytes(4).toString("hex");
    const name = (text: string): string => `files/${own}-${text}`;
    const artifacts = [
      { name: name("small-1"), data: randomBytes(10) },
      { name: name("small-2"), data: randomBytes(20_000) },
      { name: name("small-3"), data: randomBytes(20_000) },
      { name: name("exact"), data: randomBytes(32_768) },
      { name: name("large"), data: randomBytes(32_768 * 3 + 1) },
      { name: name("from-file"), data: { file } },
      { name: name("last"), data: randomBytes(1) },
    ];
    await spark.addArtifacts(artifacts);
    await spark.addArtifacts([]);
    const changed = await failed(spark.addArtifacts([{ name: name("small-1"), data: randomBytes(11) }]));
    assert.deepEqual([changed.kind, changed.detail.errorClass], ["conflict", "ARTIFACT_ALREADY_EXISTS"]);
    assert.equal((await failed(spark.addArtifacts([{ name: "../etc", data: randomBytes(1) }]))).kind, "usage");
    const gone = await spark
      .addArtifacts([{ name: name("gone"), data: { file: `${file}.no` } }])
      .catch((error: unknown) => error);
    assert.ok(gone instanceof Failure && gone.kind === "missing", String(gone));
  });

  test("the server knows which it has", async (context) => {
    const spark = await session(context);
    if (spark === undefined) return;
    // Only what is cached by its sum can be asked for.
    const bytes = randomBytes(50);
    const sum = createHash("sha256").update(bytes).digest("hex");
    await spark.addArtifacts([{ name: `cache/${sum}`, data: bytes }]);
    assert.deepEqual(
      await spark.artifactStatus([`cache/${sum}`, `cache/${"0".repeat(64)}`]),
      new Map([
        [`cache/${sum}`, true],
        [`cache/${"0".repeat(64)}`, false],
      ]),
    );
  });
});
