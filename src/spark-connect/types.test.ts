import assert from "node:assert/strict";
import { test } from "node:test";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { DataTypeSchema } from "./gen/spark_connect_pb.ts";
import { columnsText, nameText, type SparkType, sparkTypeOf, structOf, typeText } from "./types.ts";

type Kind = NonNullable<MessageInitShape<typeof DataTypeSchema>["kind"]>;

const dataType = (kind: Kind) => create(DataTypeSchema, { kind });

/** What the protocol says, what it becomes, how SQL writes it. */
const pairs: readonly (readonly [Kind, SparkType, string])[] = [
  [{ case: "null", value: {} }, { kind: "null" }, "VOID"],
  [{ case: "boolean", value: {} }, { kind: "boolean" }, "BOOLEAN"],
  [{ case: "byte", value: {} }, { kind: "byte" }, "TINYINT"],
  [{ case: "short", value: {} }, { kind: "short" }, "SMALLINT"],
  [{ case: "integer", value: {} }, { kind: "integer" }, "INT"],
  [{ case: "long", value: {} }, { kind: "long" }, "BIGINT"],
  [{ case: "float", value: {} }, { kind: "float" }, "FLOAT"],
  [{ case: "double", value: {} }, { kind: "double" }, "DOUBLE"],
  [{ case: "binary", value: {} }, { kind: "binary" }, "BINARY"],
  [{ case: "date", value: {} }, { kind: "date" }, "DATE"],
  [{ case: "timestamp", value: {} }, { kind: "timestamp" }, "TIMESTAMP"],
  [{ case: "timestampNtz", value: {} }, { kind: "timestamp_ntz" }, "TIMESTAMP_NTZ"],
  [{ case: "calendarInterval", value: {} }, { kind: "calendar_interval" }, "INTERVAL"],
  [{ case: "variant", value: {} }, { kind: "variant" }, "VARIANT"],
  [{ case: "string", value: {} }, { kind: "string" }, "STRING"],
  [{ case: "string", value: { collation: "UTF8_BINARY" } }, { kind: "string" }, "STRING"],
  [
    { case: "string", value: { collation: "UNICODE" } },
    { kind: "string", collation: "UNICODE" },
    "STRING COLLATE UNICODE",
  ],
  [{ case: "char", value: { length: 3 } }, { kind: "char", length: 3 }, "CHAR(3)"],
  [{ case: "varChar", value: { length: 9 } }, { kind: "varchar", length: 9 }, "VARCHAR(9)"],
  [{ case: "decimal", value: {} }, { kind: "decimal", precision: 10, scale: 0 }, "DECIMAL(10,0)"],
  [
    { case: "decimal", value: { precision: 38, scale: 38 } },
    { kind: "decimal", precision: 38, scale: 38 },
    "DECIMAL(38,38)",
  ],
  [{ case: "time", value: { precision: 3 } }, { kind: "time", precision: 3 }, "TIME(3)"],
  [
    { case: "yearMonthInterval", value: { startField: 0, endField: 1 } },
    { kind: "year_month_interval", start: 0, end: 1 },
    "INTERVAL YEAR TO MONTH",
  ],
  [
    { case: "dayTimeInterval", value: { startField: 2, endField: 2 } },
    { kind: "day_time_interval", start: 2, end: 2 },
    "INTERVAL MINUTE",
  ],
  [
    { case: "array", value: { elementType: { kind: { case: "long", value: {} } }, containsNull: true } },
    { kind: "array", element: { kind: "long" }, containsNull: true },
    "ARRAY<BIGINT>",
  ],
  [
    {
      case: "map",
      value: {
        keyType: { kind: { case: "string", value: {} } },
        valueType: { kind: { case: "date", value: {} } },
      },
    },
    { kind: "map", key: { kind: "string" }, value: { kind: "date" }, valueContainsNull: false },
    "MAP<STRING, DATE>",
  ],
  [
    {
      case: "struct",
      value: {
        fields: [
          { name: "a", dataType: { kind: { case: "integer", value: {} } } },
          { name: "b `c`", dataType: { kind: { case: "string", value: {} } }, nullable: true },
        ],
      },
    },
    {
      kind: "struct",
      fields: [
        { name: "a", type: { kind: "integer" }, nullable: false },
        { name: "b `c`", type: { kind: "string" }, nullable: true },
      ],
    },
    "STRUCT<a: INT NOT NULL, `b ``c```: STRING>",
  ],
  [{ case: "geometry", value: { srid: 4326 } }, { kind: "other", name: "GEOMETRY(4326)" }, "GEOMETRY(4326)"],
  [{ case: "geography", value: { srid: -1 } }, { kind: "other", name: "GEOGRAPHY(ANY)" }, "GEOGRAPHY(ANY)"],
  [{ case: "unparsed", value: { dataTypeString: "x(1)" } }, { kind: "other", name: "x(1)" }, "x(1)"],
  [{ case: "udt", value: { jvmClass: "org.x.Vector" } }, { kind: "other", name: "org.x.Vector" }, "org.x.Vector"],
];

test("every type of the protocol, and its SQL", () => {
  for (const [kind, type, text] of pairs) {
    assert.deepEqual(sparkTypeOf(dataType(kind)), type);
    assert.equal(typeText(type), text);
  }
});

test("a type that is newer than this client is another one", () => {
  assert.deepEqual(sparkTypeOf(create(DataTypeSchema)), { kind: "other", name: "unknown" });
});

test("a schema's columns, as a reader takes them", () => {
  const schema = structOf(
    dataType({
      case: "struct",
      value: {
        fields: [
          { name: "id", dataType: dataType({ case: "long", value: {} }) },
          {
            name: "9a",
            dataType: dataType({ case: "array", value: { elementType: dataType({ case: "null", value: {} }) } }),
            nullable: true,
          },
        ],
      },
    }),
  );
  assert.equal(columnsText(schema), "id BIGINT NOT NULL, `9a` ARRAY<VOID>");
  assert.equal(columnsText({ kind: "struct", fields: [] }), "");
});

test("names are quoted unless they are plain", () => {
  const quoted = ["", " ", "a b", "a.b", "1", "1a", "é", "a-b", "`", "a`b", "a\nb", "$"].map(nameText);
  for (const text of quoted) assert.match(text, /^`.*`$/s);
  assert.deepEqual(["a", "_", "A1", "order_id"].map(nameText), ["a", "_", "A1", "order_id"]);
});

test("types that are none are corrupt", () => {
  const wrong: readonly Kind[] = [
    { case: "decimal", value: { precision: 39, scale: 1 } },
    { case: "decimal", value: { precision: 3, scale: 4 } },
    { case: "decimal", value: { precision: 0, scale: 0 } },
    { case: "decimal", value: { precision: 3, scale: -1 } },
    { case: "array", value: {} },
    { case: "map", value: { keyType: dataType({ case: "string", value: {} }) } },
    { case: "struct", value: { fields: [{ name: "a" }] } },
    { case: "yearMonthInterval", value: { startField: 1, endField: 0 } },
    { case: "dayTimeInterval", value: { startField: 0, endField: 4 } },
  ];
  for (const kind of wrong) assert.throws(() => sparkTypeOf(dataType(kind)), { kind: "corrupt" });
  assert.throws(() => structOf(dataType({ case: "long", value: {} })), { kind: "corrupt", message: /long/ });
});

test("a type deeper than any is corrupt, not the end of the stack", () => {
  let deep = dataType({ case: "long", value: {} });
  for (let depth = 0; depth < 5000; depth++)
    deep = create(DataTypeSchema, { kind: { case: "array", value: { elementType: deep } } });
  assert.throws(() => sparkTypeOf(deep), { kind: "corrupt", message: /nested/ });
});
