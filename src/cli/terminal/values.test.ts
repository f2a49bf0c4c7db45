import assert from "node:assert/strict";
import test from "node:test";
import type { QueryValue } from "../../engine/contract.ts";
import { cellText, csvField, jsonRow, jsonValue, uniqueNames } from "./values.ts";

const nested: QueryValue = {
  id: 9007199254740993n,
  name: 'a"b',
  none: null,
  list: [1n, null, { x: null }],
  empty: { y: null },
};

test("JSON keeps every digit and every null", () => {
  assert.equal(
    jsonValue(nested),
    '{"id":9007199254740993,"name":"a\\"b","none":null,"list":[1,null,{"x":null}],"empty":{"y":null}}',
  );
  assert.equal(jsonValue(new Uint8Array([0, 255])), '"00ff"');
  assert.deepEqual([Number.NaN, Number.POSITIVE_INFINITY, -0.5, 1e21].map(jsonValue), [
    '"NaN"',
    '"Infinity"',
    "-0.5",
    "1e+21",
  ]);
});

test("JSON cannot steer a terminal, and means the same", () => {
  const text = "\u001b[2J\u009b\u202e\u2028\u007f";
  const json = jsonValue(text);
  assert.doesNotMatch(json, /[\p{Cc}\u{202e}\u{2028}]/u);
  assert.equal(JSON.parse(json), text);
});

test("cells are text; what is shortened loses the fields that are null", () => {
  assert.equal(cellText(null, true), "null");
  assert.equal(cellText("plain", true), "plain");
  assert.equal(cellText(12n, true), "12");
  assert.equal(cellText(new Uint8Array([1, 2]), true), "0102");
  assert.equal(cellText(nested, true), '{"id":9007199254740993,"name":"a\\"b","list":[1,null,{}]}');
  assert.equal(cellText({ a: null }, true), "{}");
  assert.equal(cellText({ a: null }, false), '{"a":null}');
});

test("CSV by RFC 4180: null is nothing, an empty text is quoted", () => {
  assert.deepEqual([null, "", "a", 'a"b', "a,b", "a\nb", 5n, true].map(csvField), [
    "",
    '""',
    "a",
    '"a""b"',
    '"a,b"',
    '"a\nb"',
    "5",
    "true",
  ]);
  assert.equal(csvField([1n, "x"]), '"[1,""x""]"');
});

test("names of JSON objects are unique", () => {
  const columns = ["a", "b", "a", "a_1", "a"].map((name) => ({
    name,
    type: { kind: "string" } as const,
    engineType: "VARCHAR",
  }));
  const names = uniqueNames(columns);
  assert.deepEqual(names, ["a", "b", "a_1", "a_1_1", "a_2"]);
  assert.equal(jsonRow(['"x"', '"y"'], [1n]), '{"x":1,"y":null}');
});
