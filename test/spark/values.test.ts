/** Values of every type from a real server, judged by what that server writes as texts. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Parameter, Session, Value } from "../../src/spark-connect/contract.ts";
import { connect } from "../../src/spark-connect/session.ts";
import { columnsText, type SparkType, typeText } from "../../src/spark-connect/types.ts";
import { sparkServer } from "../real/spark-server.ts";
import { type Subject, subjects, type Wrapper, wrappers } from "./values-catalogue.ts";

async function withSession(context: TestContext, body: (session: Session) => Promise<void>): Promise<void> {
  const server = await sparkServer(context);
  if (server === undefined) return;
  const settings = { "spark.sql.session.timeZone": "UTC", "spark.sql.ansi.enabled": "true" };
  const session = await connect(server.url, { settings });
  try {
    // Servers before 4.1 do not have the setting, nor the type.
    await session.config.set({ "spark.sql.timeType.enabled": "true" });
    await body(session);
  } finally {
    await session.close();
  }
}

/** The only row of a query. */
async function row(session: Session, text: string): Promise<readonly Value[]> {
  const rows: (readonly Value[])[] = [];
  for await (const each of (await session.sql(text)).rows()) rows.push(each);
  assert.equal(rows.length, 1);
  return rows[0] ?? [];
}

function judge(subject: Subject, wrapper: Wrapper, value: Value, text: Value): void {
  const values = wrapper.unwrap(value);
  const texts = wrapper.unwrap(text);
  assert.equal(values.length, texts.length);
  for (const [index, each] of values.entries()) {
    const expected = texts[index] ?? null;
    if (expected === null) assert.equal(each, null);
    else {
      assert.ok(typeof expected === "string");
      subject.judge(each, expected);
    }
  }
}

for (const subject of subjects) {
  test(`${subject.type}: each expression, alone and in arrays, structs and maps`, async (context) => {
    await withSession(context, async (session) => {
      for (const wrapper of wrappers) {
        const columns = subject.expressions.map(
          (expression) => `${wrapper.wrap(expression)}, ${wrapper.wrap(subject.text(expression))}`,
        );
        const values = await row(session, `SELECT ${columns.join(", ")}`);
        for (const [index, expression] of subject.expressions.entries()) {
          try {
            judge(subject, wrapper, values[2 * index] ?? null, values[2 * index + 1] ?? null);
          } catch (error) {
            throw new Error(`${expression}, ${wrapper.name}`, { cause: error });
          }
        }
      }
    });
  });
}

test("columns of many rows, in which a third is null", async (context) => {
  await withSession(context, async (session) => {
    for (const subject of subjects) {
      const list = `array(${subject.expressions.map((each) => `named_struct('v', ${each}, 't', ${subject.text(each)})`).join(", ")})`;
      const pick = `element_at(list, CAST(id % ${subject.expressions.length} AS INT) + 1)`;
      const result = await session.sql(
        `SELECT if(id % 3 = 0, NULL, ${pick}.v), if(id % 3 = 0, NULL, ${pick}.t)
         FROM (SELECT ${list} AS list, explode(sequence(0, 600)) AS id)`,
      );
      const [alone] = wrappers;
      let count = 0;
      for await (const [value = null, text = null] of result.rows()) {
        assert.equal(value === null, count % 3 === 0);
        if (alone !== undefined) judge(subject, alone, value, text);
        count++;
      }
      assert.equal(count, 601, subject.type);
    }
  });
});

test("values do not depend on the session's time zone", async (context) => {
  await withSession(context, async (session) => {
    const query = "SELECT TIMESTAMP'2024-07-01 12:00:00Z', TIMESTAMP_NTZ'2024-07-01 12:00:00', DATE'2024-07-01'";
    for (const zone of ["UTC", "America/New_York", "Asia/Kathmandu"]) {
      await session.config.set({ "spark.sql.session.timeZone": zone });
      assert.deepEqual(await row(session, query), [
        "2024-07-01T12:00:00.000000Z",
        "2024-07-01T12:00:00.000000",
        "2024-07-01",
      ]);
    }
  });
});

test("nothing: null, empty lists, maps and structs, results without rows or columns", async (context) => {
  await withSession(context, async (session) => {
    assert.deepEqual(await row(session, "SELECT NULL, array(), map(), struct(), array(NULL, NULL), array(struct())"), [
      null,
      [],
      new Map(),
      {},
      [null, null],
      [{}],
    ]);
    const none = await session.sql("SELECT array(named_struct('a', 1)) AS a WHERE false");
    assert.deepEqual(await none.collect(), []);
    const nulls = await session.sql("SELECT NULL AS n FROM range(12345)");
    assert.equal((await nulls.collect()).length, 12_345);
  });
});

test("buffers with offsets of 64 bits, and compressed ones", async (context) => {
  await withSession(context, async (session) => {
    const query =
      "SELECT id, concat('é', id) AS s, encode(concat('b', id), 'UTF-8') AS b, array(concat('x', id)) AS a FROM range(3000)";
    const plain = await (await session.sql(query)).collect();
    assert.deepEqual(plain[2999], { id: 2999n, s: "é2999", b: new Uint8Array(Buffer.from("b2999")), a: ["x2999"] });
    for (const [key, value] of [
      ["spark.sql.execution.arrow.useLargeVarTypes", "true"],
      ["spark.sql.execution.arrow.compression.codec", "zstd"],
    ] as const) {
      await session.config.set({ [key]: value });
      assert.deepEqual(await (await session.sql(query)).collect(), plain);
    }
  });
});

test("texts that are not UTF-8 are an error that names the column", async (context) => {
  await withSession(context, async (session) => {
    const result = await session.sql("SELECT 1 AS a, CAST(X'61FF' AS STRING) AS broken");
    await assert.rejects(result.collect(), { kind: "application", message: /^column broken: / });
  });
});

test("types without values: an error for values, bytes for Arrow", async (context) => {
  await withSession(context, async (session) => {
    const query = "SELECT st_geomfromwkb(X'0101000000000000000000F03F0000000000000040') AS g";
    const result = await session.sql(query);
    assert.equal(result.schema.fields[0]?.type.kind, "other");
    await assert.rejects(result.collect(), { kind: "usage", message: /^column g: .*GEOMETRY/ });
    let bytes = 0;
    for await (const { data } of (await session.sql(query)).arrow()) bytes += data.length;
    assert.ok(bytes > 0);
  });
});

test("parameters arrive as what they are", async (context) => {
  await withSession(context, async (session) => {
    const cases: readonly (readonly [Parameter, string, Value])[] = [
      [null, "void", null],
      [true, "boolean", true],
      [-5, "int", -5],
      [2 ** 31, "double", 2 ** 31],
      [-0, "double", -0],
      [Number.NaN, "double", Number.NaN],
      [-(2n ** 63n), "bigint", -(2n ** 63n)],
      ["it's `é` 😀 \0 \\", "string", "it's `é` 😀 \0 \\"],
      [Uint8Array.of(0, 255), "binary", Uint8Array.of(0, 255)],
      [new Date("-000044-03-15T01:02:03.004Z"), "timestamp", "-000044-03-15T01:02:03.004000Z"],
    ];
    for (const [parameter, type, value] of cases) {
      const result = await session.sql("SELECT typeof(:p) AS type, :p AS value", { parameters: { p: parameter } });
      const rows: (readonly Value[])[] = [];
      for await (const each of result.rows()) rows.push(each);
      assert.deepEqual(rows, [[type, value]]);
    }
  });
});

test("a type's text is read by the server as that type", async (context) => {
  await withSession(context, async (session) => {
    const nested = subjects.map(({ expressions }, index) => `${expressions[0]} AS \`c${index}\``).join(", ");
    const { schema } = await session.sql(
      `SELECT ${nested}, NULL AS n, array(1, NULL) AS a, map('k', array(named_struct('x y', 1, '\`', '2'))) AS \`m.\``,
    );
    for (const { type } of schema.fields) assert.deepEqual(await session.parseDdl(typeText(type)), loosened(type));
    assert.deepEqual(await session.parseDdl(columnsText(schema)), loosened(schema));
  });
});

/** SQL does not say whether elements may be null; the parser then answers that they may. */
function loosened(type: SparkType): SparkType {
  switch (type.kind) {
    case "array":
      return { ...type, element: loosened(type.element), containsNull: true };
    case "map":
      return { ...type, key: loosened(type.key), value: loosened(type.value), valueContainsNull: true };
    case "struct":
      return { ...type, fields: type.fields.map((field) => ({ ...field, type: loosened(field.type) })) };
    default:
      return type;
  }
}

test("every keyword of SQL is a column's name", async (context) => {
  await withSession(context, async (session) => {
    const names: string[] = [];
    for await (const [name] of (await session.sql("SELECT lower(keyword) FROM sql_keywords()")).rows()) {
      names.push(String(name));
    }
    assert.ok(names.length > 300);
    const fields = names.map((name) => ({ name, type: { kind: "integer" } as const, nullable: true }));
    const schema = { kind: "struct", fields } as const;
    assert.deepEqual(await session.parseDdl(columnsText(schema)), schema);
    assert.deepEqual(await session.parseDdl(typeText(schema)), schema);
  });
});
