/** Servers that are older or newer than this client, before a model whose messages say more than the client knows. */
import assert from "node:assert/strict";
import test from "node:test";
import { create } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { RelationSchema } from "../../../src/spark-connect/gen/spark_connect_pb.ts";
import { rowsBetween } from "./arrow-rows.ts";
import { assertClear, failureOf, within } from "./outcome.ts";
import { rowsOf, setScene } from "./scene.ts";

const expected = rowsBetween(0, 12)
  .map(({ id, name }) => `${id} ${name}`)
  .join("\n");

for (const version of ["3.3.0", "3.4.4", "3.5.1", "3.5.9-SNAPSHOT"]) {
  test(`Spark ${version} is refused by its number`, async (context) => {
    const { spark, proxy, connect } = await setScene(context);
    spark.version = version;
    const failure = await within(5_000, version, failureOf(connect()));
    assertClear(failure, ["denied", "usage"], new RegExp(version.replaceAll(".", "\\.")));
    assert.match(`${failure.message} ${failure.detail.remedy}`, /4\.0/);
    assert.equal(proxy.counts.get("ExecutePlan"), undefined);
  });
}

for (const version of ["", "spark", "four.two"]) {
  test(`a version that is none: ${JSON.stringify(version)}`, async (context) => {
    const { spark, connect } = await setScene(context);
    spark.version = version;
    assertClear(await within(5_000, version, failureOf(connect())), ["denied", "usage", "corrupt"]);
  });
}

/** A field of every wire type with numbers that nobody has given away yet. */
function unknownFields(): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(900, WireType.Varint).uint32(7);
  writer.tag(901, WireType.Bit64).fixed64(7n);
  writer.tag(902, WireType.LengthDelimited).string("of a later version");
  writer.tag(903, WireType.Bit32).fixed32(7);
  writer.tag(904, WireType.StartGroup).tag(905, WireType.Varint).uint32(1).tag(904, WireType.EndGroup);
  return writer.finish();
}

for (const version of ["4.0.0", "4.2.0", "4.3.0-SNAPSHOT", "5.0.0", "10.1.2"]) {
  test(`Spark ${version} is accepted`, async (context) => {
    const { spark, connect, assertNothingLeft } = await setScene(context);
    spark.version = version;
    const session = await connect();
    assert.equal(session.version, version);
    assert.equal(await rowsOf(session), expected);
    await assertNothingLeft();
  });
}

test("fields and messages that a newer server sends are skipped", async (context) => {
  const { spark, server, connect, assertNothingLeft } = await setScene(context);
  spark.version = "5.0.0";
  server.handler = (call) => {
    call.reply.damage = (message) => Buffer.concat([message, unknownFields()]);
    return spark.handle(call);
  };
  const session = await connect();
  const kinds = [25, 26, 100, 999];
  // A response whose only content is a message of a later kind stands before every other one.
  spark.damage = (bytes, at) => {
    const unknown = new BinaryWriter();
    unknown.tag(1, WireType.LengthDelimited).string(session.id);
    unknown.tag(13, WireType.LengthDelimited).string(`later-${at}`);
    unknown.tag(15, WireType.LengthDelimited).string(spark.serverSideSessionId);
    unknown.tag(kinds[at % kinds.length] ?? 25, WireType.LengthDelimited).bytes(new Uint8Array([8, 1]));
    return [unknown.finish(), bytes];
  };
  for (let times = 0; times < 3; times++) {
    assert.equal(await within(5_000, "a newer server", rowsOf(session)), expected);
  }
  const { fields } = await session.schema(create(RelationSchema, { relType: { case: "sql", value: { query: "x" } } }));
  assert.deepEqual(
    fields.map(({ name }) => name),
    ["id", "name"],
  );
  await assertNothingLeft();
});
