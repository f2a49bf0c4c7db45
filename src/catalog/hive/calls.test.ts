/** The bytes of calls, and what is made of answers, without a server: those of a real one are in `test/catalog-hive/`. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ThriftClient } from "../../thrift/client.ts";
import { readStruct, skipValue, thriftCursor } from "../../thrift/reader.ts";
import { WireType } from "../../thrift/types.ts";
import { type ThriftWriter, thriftWriter, writeStringField, writeStruct, writtenBytes } from "../../thrift/writer.ts";
import { metastoreCalls } from "./calls.ts";
import { isException, MetastoreException } from "./exception.ts";
import { explained } from "./explain.ts";
import { type HiveTable, readTable, writeStructField, writeTableField } from "./structs.ts";

const table: HiveTable = {
  database: "gha",
  name: "activity",
  owner: "me",
  type: "EXTERNAL_TABLE",
  storage: {
    columns: [
      { name: "type", type: "string", comment: "what" },
      { name: "n", type: "bigint" },
    ],
    location: "s3a://lake/marts/activity/v1",
    inputFormat: "in",
    outputFormat: "out",
    serde: "serde",
    serdeParameters: new Map([["serialization.format", "1"]]),
  },
  partitionKeys: [{ name: "src", type: "string" }],
  parameters: new Map([["EXTERNAL", "TRUE"]]),
};

interface Asked {
  readonly method: string;
  readonly isIdempotent: boolean;
  /** Type and place of each field of the arguments, by number. */
  readonly fields: ReadonlyMap<number, number>;
}

/** A client whose every call is answered with the same result. */
function answering(writeResult: (writer: ThriftWriter) => void) {
  const asked: Asked[] = [];
  const client: ThriftClient = {
    async call(method, writeArguments, readResult, { isIdempotent }) {
      const request = thriftWriter();
      writeStruct(request, writeArguments);
      const fields = new Map<number, number>();
      const cursor = thriftCursor(writtenBytes(request));
      readStruct(cursor, WireType.struct, (id, type) => {
        fields.set(id, type);
        skipValue(cursor, type);
        return true;
      });
      asked.push({ method, isIdempotent, fields });
      const answer = thriftWriter();
      writeStruct(answer, writeResult);
      return readResult(thriftCursor(writtenBytes(answer)));
    },
    close: () => undefined,
  };
  return { calls: metastoreCalls(client, "metastore"), asked };
}

const nothing = (): void => undefined;
const throwing = (id: number, message: string) => (writer: ThriftWriter) =>
  writeStructField(writer, id, (struct) => writeStringField(struct, 1, message));

describe("calls to a metastore", () => {
  test("a table is read back as it was written, whatever else an answer holds", () => {
    const writer = thriftWriter();
    writeStruct(writer, (struct) => {
      writeTableField(struct, 0, table);
      writeStringField(struct, 99, "of a later version");
    });
    let found: HiveTable | undefined;
    const cursor = thriftCursor(writtenBytes(writer));
    readStruct(cursor, WireType.struct, (id, type) => {
      if (id !== 0) return false;
      found = readTable(cursor, type);
      return true;
    });
    assert.deepEqual(found, table);
  });

  test("each call has its name and the numbers of its arguments", async () => {
    const { calls, asked } = answering(nothing);
    await calls.createDatabase({ name: "gha", description: "", location: "", owner: "me" });
    await calls.createTable(table);
    await calls.alterTable(table, { key: "k", value: "1" });
    await calls.dropTable("gha", "activity");
    await calls.table("gha", "activity");
    await calls.tables("gha", ["activity"]);
    await calls.partitionNames("gha", "events");
    await calls.addPartitions("gha", "events", [{ values: ["a"], storage: table.storage }]);
    await calls.dropPartitions("gha", "events", ["src=a"]);
    await calls.setSetting("key", "value");
    const { string, struct, bool, i16 } = WireType;
    assert.deepEqual(
      asked.map(({ method, fields, isIdempotent }) => [method, [...fields], isIdempotent]),
      [
        ["create_database", [[1, struct]], false],
        [
          "create_table_with_environment_context",
          [
            [1, struct],
            [2, struct],
          ],
          false,
        ],
        [
          "alter_table_with_environment_context",
          [
            [1, string],
            [2, string],
            [3, struct],
            [4, struct],
          ],
          false,
        ],
        [
          "drop_table_with_environment_context",
          [
            [1, string],
            [2, string],
            [3, bool],
          ],
          false,
        ],
        [
          "get_table",
          [
            [1, string],
            [2, string],
          ],
          true,
        ],
        ["get_table_objects_by_name_req", [[1, struct]], true],
        [
          "get_partition_names",
          [
            [1, string],
            [2, string],
            [3, i16],
          ],
          true,
        ],
        ["add_partitions_req", [[1, struct]], true],
        ["drop_partitions_req", [[1, struct]], true],
        [
          "setMetaConf",
          [
            [1, string],
            [2, string],
          ],
          true,
        ],
      ],
    );
  });

  test("declared exceptions are known by their field, not by their words", async () => {
    assert.equal(await answering(throwing(1, "any words")).calls.createTable(table), false);
    assert.equal(await answering(throwing(1, "any words")).calls.dropTable("gha", "x"), false);
    assert.equal(await answering(throwing(2, "any words")).calls.table("gha", "x"), undefined);
    assert.deepEqual(await answering(throwing(3, "no database")).calls.tables("gha", ["x"]), []);
    await assert.rejects(answering(throwing(3, "boom")).calls.createTable(table), (error: unknown) => {
      assert.ok(isException(error, "Meta"));
      assert.equal(error.kind, "unavailable");
      assert.equal(error.message, "metastore: create_table_with_environment_context: boom");
      return true;
    });
    await assert.rejects(answering(throwing(1, "")).calls.alterTable(table, undefined), (error: unknown) => {
      assert.ok(isException(error, "InvalidOperation"));
      assert.match(error.message, /answers InvalidOperation and nothing else/);
      return true;
    });
  });

  test("an answer of another type than the call has is damage", async () => {
    const { calls } = answering((writer) => writeStringField(writer, 0, "4.0.0"));
    assert.equal(await calls.version(), "4.0.0");
    await assert.rejects(calls.tables("gha", ["x"]), /string, where struct was expected/);
  });
});

describe("what a metastore answers is explained", () => {
  test("the fix belongs to the words, the root comes before the rest", () => {
    const cases: readonly (readonly [string, RegExp, RegExp])[] = [
      [
        "java.lang.ClassNotFoundException: Class org.apache.hadoop.fs.s3a.S3AFileSystem not found",
        /S3AFileSystem/,
        /hadoop-aws/,
      ],
      ["file:/x is not a directory or unable to create one", /file:\/x/, /own user make or see/],
      ["AccessDeniedException: s3a://b: Forbidden", /Forbidden/, /make or see/],
      [
        'JDOException: SELECT "A"\n FROM "TBLS" Root cause: PSQLException: ERROR: relation "TBLS" does not exist',
        /answers: PSQLException: ERROR: relation/,
        /millrace metastore init/,
      ],
      ["The following columns have types incompatible with the existing columns", /types/, /disallow\.incompatible/],
      ["something else", /something else/, /own log/],
    ];
    for (const [words, message, remedy] of cases) {
      const failure = explained(new MetastoreException("m: call", "Meta", words), "gha.activity");
      assert.ok(failure instanceof Error && "detail" in failure);
      assert.match(failure.message, /^gha\.activity: the metastore answers: /);
      assert.match(failure.message, message);
      assert.match(JSON.stringify(failure.detail), remedy);
    }
    const other = new Error("not a metastore's");
    assert.equal(explained(other, "x"), other);
  });
});
