/** The JSON Schema against the reader: what the schema refuses the reader refuses too, and good projects pass both. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parse } from "yaml";
import { declaration } from "./declaration.ts";
import { formatJson, jsonSchemaOf } from "./json-schema.ts";
import { referenceExample } from "./reference.ts";
import { scaffold } from "./scaffold.ts";

const understood = new Set([
  "$schema",
  "title",
  "description",
  "default",
  "examples",
  "type",
  "pattern",
  "enum",
  "const",
  "anyOf",
  "not",
  "items",
  "minItems",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "properties",
  "required",
  "additionalProperties",
  "propertyNames",
  "minProperties",
]);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
}

/** Where the value breaks the schema: the part of draft 7 that the schema uses, and nothing else. */
function violations(schema: unknown, value: unknown, path = "$"): readonly string[] {
  assert.ok(isRecord(schema), path);
  for (const keyword of Object.keys(schema)) assert.ok(understood.has(keyword), `${path}: ${keyword}`);
  const found: string[] = [];
  const check = (holds: boolean, keyword: string): void => {
    if (!holds) found.push(`${path} ${keyword}`);
  };
  if (schema.type !== undefined) {
    const fits = (type: unknown): boolean => type === typeOf(value) || (type === "integer" && Number.isInteger(value));
    check(listOf(schema.type).some(fits), "type");
  }
  if (typeof schema.pattern === "string" && typeof value === "string")
    check(new RegExp(schema.pattern, "u").test(value), "pattern");
  if (schema.enum !== undefined) check(listOf(schema.enum).includes(value), "enum");
  if (schema.const !== undefined) check(schema.const === value, "const");
  if (schema.anyOf !== undefined)
    check(
      listOf(schema.anyOf).some((each) => violations(each, value, path).length === 0),
      "anyOf",
    );
  if (schema.not !== undefined) check(violations(schema.not, value, path).length > 0, "not");
  if (typeof value === "number") {
    if (typeof schema.minimum === "number") check(value >= schema.minimum, "minimum");
    if (typeof schema.maximum === "number") check(value <= schema.maximum, "maximum");
    if (typeof schema.exclusiveMinimum === "number") check(value > schema.exclusiveMinimum, "exclusiveMinimum");
  }
  if (Array.isArray(value)) {
    if (typeof schema.minItems === "number") check(value.length >= schema.minItems, "minItems");
    for (const [index, each] of schema.items === undefined ? [] : value.entries()) {
      found.push(...violations(schema.items, each, `${path}[${index}]`));
    }
  }
  if (isRecord(value)) found.push(...memberViolations(schema, value, path));
  return found;
}

function memberViolations(
  schema: Record<string, unknown>,
  value: Record<string, unknown>,
  path: string,
): readonly string[] {
  const found: string[] = [];
  const properties = isRecord(schema.properties) ? schema.properties : {};
  for (const key of schema.required === undefined ? [] : listOf(schema.required)) {
    if (typeof key === "string" && !Object.hasOwn(value, key)) found.push(`${path} required ${key}`);
  }
  if (typeof schema.minProperties === "number" && Object.keys(value).length < schema.minProperties)
    found.push(`${path} minProperties`);
  for (const [key, each] of Object.entries(value)) {
    const at = `${path}.${key}`;
    if (schema.propertyNames !== undefined) found.push(...violations(schema.propertyNames, key, at));
    if (Object.hasOwn(properties, key)) found.push(...violations(properties[key], each, at));
    else if (schema.additionalProperties === false) found.push(`${at} unknown`);
    else if (isRecord(schema.additionalProperties)) found.push(...violations(schema.additionalProperties, each, at));
  }
  return found;
}

const schema = jsonSchemaOf(declaration, "millrace.yaml");
const of = (text: string): readonly string[] => violations(schema, parse(text));
const url = "https://data.gharchive.org/{yyyy}-{MM}-{dd}-{H}.json.gz";

describe("the JSON Schema", () => {
  it("accepts good projects", () => {
    assert.deepEqual(of(referenceExample), []);
    assert.deepEqual(of(scaffold({ name: "gha" }).get("millrace.yaml") ?? ""), []);
    assert.deepEqual(
      of(
        `sources: { a: { url: "${url}", since: "\${SINCE:-7d}", parallel: "\${N}", rate: none, requests: 0.5 } }\nengine:\n`,
      ),
      [],
    );
    assert.deepEqual(
      of(
        `sources: { a: { url: ["${url}"], known_missing: 2020-01-01, settle: 1d12h } }\ntables: { t: { from: a, rejects_max: 0.1%, parallel: auto } }`,
      ),
      [],
    );
  });

  it("marks what the reader refuses", () => {
    const table: readonly (readonly [string, string])[] = [
      ["name: gha", "$ required sources"],
      ["sources: {}", "$.sources minProperties"],
      ["sources: { a: {} }", "$.sources.a required url"],
      [`sources: { A: { url: "${url}" } }`, "$.sources.A pattern"],
      [`sources: { a: { url: "${url}", sinc: 7d } }`, "$.sources.a.sinc unknown"],
      [`sources: { a: { url: "${url}", every: hourly } }`, "$.sources.a.every anyOf"],
      [`sources: { a: { url: "${url}", settle: 6 hours } }`, "$.sources.a.settle pattern"],
      [`sources: { a: { url: "${url}", settle: } }`, "$.sources.a.settle type"],
      [`sources: { a: { url: "${url}", parallel: 0 } }`, "$.sources.a.parallel anyOf"],
      [`sources: { a: { url: "${url}", since: yesterday } }`, "$.sources.a.since pattern"],
      [`sources: { a: { url: "${url}" } }\nengine: { spark: { ur: x } }`, "$.engine.spark anyOf"],
      [`sources: { a: { url: "${url}" } }\ntargets: { prod: { name: x } }`, "$.targets.prod.name unknown"],
    ];
    for (const [text, expected] of table) assert.deepEqual(of(text), [expected], text);
  });

  it("is laid out as the formatter leaves it", () => {
    const long = Array.from({ length: 40 }, (_, index) => `word${index}`);
    assert.equal(
      formatJson({ a: [1, 2], b: [[1]], c: [{ d: null }], e: {} }),
      '{\n  "a": [1, 2],\n  "b": [[1]],\n  "c": [\n    {\n      "d": null\n    }\n  ],\n  "e": {}\n}\n',
    );
    assert.deepEqual(JSON.parse(formatJson({ long })), { long });
    assert.equal(formatJson({ long }).split("\n").length, 45);
  });
});
