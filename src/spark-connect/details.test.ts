import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BinaryWriter, base64Encode, WireType } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { detailsOfTrailer, jsonPairs, jsonTexts, readDetails } from "./details.ts";

function message(fields: readonly (readonly [number, string | Uint8Array | bigint])[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [number, value] of fields) {
    if (typeof value === "bigint") writer.tag(number, WireType.Varint).int64(value);
    else if (typeof value === "string") writer.tag(number, WireType.LengthDelimited).string(value);
    else writer.tag(number, WireType.LengthDelimited).bytes(value);
  }
  return writer.finish();
}

const any = (type: string, value: Uint8Array): Uint8Array =>
  message([
    [1, `type.googleapis.com/${type}`],
    [2, value],
  ]);

const entry = (key: string, value: string): readonly [number, Uint8Array] => [
  3,
  message([
    [1, key],
    [2, value],
  ]),
];

const info = message([
  [1, "org.apache.spark.sql.AnalysisException"],
  [2, "org.apache.spark"],
  entry("errorClass", "UNRESOLVED_COLUMN.WITH_SUGGESTION"),
  entry("sqlState", "42703"),
  entry("errorId", "an-id"),
  entry("classes", '["a.B","a.C"]'),
  entry("messageParameters", '{"objectName":"`no\\"pe`","proposal":"`a`, `b`"}'),
]);

const status = message([
  [1, 13n],
  [2, "failed"],
  [3, any("google.rpc.ErrorInfo", info)],
  [
    3,
    any(
      "google.rpc.RetryInfo",
      message([
        [
          1,
          message([
            [1, 2n],
            [2, 1_500_000n],
          ]),
        ],
      ]),
    ),
  ],
]);

describe("status details", () => {
  test("say which error it is, and when to come back", () => {
    assert.deepEqual(readDetails(detailsOfTrailer(base64Encode(status))), {
      error: {
        errorClass: "UNRESOLVED_COLUMN.WITH_SUGGESTION",
        sqlState: "42703",
        errorId: "an-id",
        classes: ["a.B", "a.C"],
        messageParameters: new Map([
          ["objectName", '`no"pe`'],
          ["proposal", "`a`, `b`"],
        ]),
      },
      retryAfterMs: 2002,
    });
  });

  test("of none are none", () => {
    assert.deepEqual(readDetails([]), { error: undefined, retryAfterMs: undefined });
    assert.deepEqual(readDetails(detailsOfTrailer("")), { error: undefined, retryAfterMs: undefined });
    assert.deepEqual(detailsOfTrailer("not base 64 at all!"), []);
    assert.equal(readDetails([{ type: "google.rpc.RetryInfo", value: new Uint8Array() }]).retryAfterMs, 0);
  });

  test("that were cut anywhere say what is left, and are never an error", () => {
    for (let length = 0; length <= status.length; length++) {
      const { error } = readDetails(detailsOfTrailer(base64Encode(status.subarray(0, length))));
      assert.ok(error?.errorClass === undefined || error.errorClass === "UNRESOLVED_COLUMN.WITH_SUGGESTION");
    }
    for (let length = 0; length <= info.length; length++) {
      const { error } = readDetails([{ type: "google.rpc.ErrorInfo", value: info.subarray(0, length) }]);
      assert.ok(error !== undefined);
    }
  });

  test("of any bytes are never an error", () => {
    const seed = process.env.FC_SEED === undefined ? Date.now() : Number(process.env.FC_SEED);
    const types = fc.constantFrom("google.rpc.ErrorInfo", "google.rpc.RetryInfo", "other");
    const property = fc.property(types, fc.uint8Array({ maxLength: 60 }), (type, value) => {
      readDetails([{ type, value }]);
      readDetails(detailsOfTrailer(base64Encode(value)));
    });
    fc.assert(property, { seed, numRuns: Number(process.env.FC_RUNS ?? 500) });
  });

  test("whole pairs are read of JSON whose end is missing", () => {
    const json = '{"a":"1","b":"2\\"","c":"3';
    assert.deepEqual(
      jsonPairs(json),
      new Map([
        ["a", "1"],
        ["b", '2"'],
      ]),
    );
    assert.deepEqual(jsonPairs('{"a":"1","b":'), new Map([["a", "1"]]));
    assert.deepEqual(jsonTexts('["x","y\\u00e4","z'), ["x", "yä"]);
    assert.deepEqual(jsonTexts('["\\q","x"]'), ["x"]);
    for (const text of ["", "{", "null", "[1,2]", '"']) assert.deepEqual(jsonPairs(text), new Map());
  });
});
