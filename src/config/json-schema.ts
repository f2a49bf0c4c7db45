/** The declaration as a JSON Schema (draft 7), for editors that check and complete YAML. */
import { parse } from "yaml";
import { namePattern } from "./names.ts";
import type { Fields, Json, JsonSchema, Noun, Option } from "./option.ts";
import { bucketPattern } from "./place.ts";

/** `title` is what an editor shows for the file. */
export function jsonSchemaOf(root: Option<unknown>, title: string): JsonSchema {
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title,
    ...schemaOf(root, false),
  };
}

const namePatterns: Readonly<Record<Noun, string>> = {
  source: namePattern.source,
  table: namePattern.source,
  mart: namePattern.source,
  target: "^[a-z][a-z0-9_-]*$",
  bucket: bucketPattern.source,
};

/** `partial`: inside a target, where nothing is required. */
function schemaOf(option: Option<unknown>, partial: boolean): JsonSchema {
  const { shape } = option;
  const description = descriptionOf(option);
  switch (shape.kind) {
    case "leaf":
      return { ...description, ...shape.schema, ...defaultOf(option), ...examplesOf(option) };
    case "section": {
      const { words, fields } = shape;
      const inner = sectionSchema(fields, partial);
      return { ...description, ...(words === undefined ? inner : { anyOf: [{ enum: [...words] }, inner] }) };
    }
    case "named": {
      const inTarget = partial || shape.noun === "target";
      const required = !inTarget && option.fallback.kind === "required";
      return {
        ...description,
        type: required ? "object" : ["object", "null"],
        propertyNames: { pattern: namePatterns[shape.noun] },
        additionalProperties: schemaOf(shape.entry, inTarget),
        ...(required ? { minProperties: 1 } : {}),
      };
    }
    case "unoffered":
      // A schema that nothing satisfies: the editor marks the key.
      return { not: {} };
  }
}

function sectionSchema(fields: Fields, partial: boolean): JsonSchema {
  const offered = Object.entries(fields).filter(([, field]) => field.shape.kind !== "unoffered");
  const required = partial ? [] : offered.filter(([, field]) => field.fallback.kind === "required").map(([key]) => key);
  return {
    type: required.length === 0 ? ["object", "null"] : "object",
    additionalProperties: false,
    properties: Object.fromEntries(offered.map(([key, field]) => [key, schemaOf(field, partial)])),
    ...(required.length === 0 ? {} : { required }),
  };
}

function descriptionOf({ doc, fallback }: Option<unknown>): JsonSchema {
  return { description: fallback.kind === "required" ? doc : `${doc} Default: ${fallback.text}.` };
}

function defaultOf({ fallback }: Option<unknown>): JsonSchema {
  return fallback.kind === "value" ? { default: parsedValue(fallback.text) } : {};
}

function examplesOf({ example }: Option<unknown>): JsonSchema {
  return example === undefined ? {} : { examples: [parsedValue(example)] };
}

/** What the text is in a project file. */
function parsedValue(text: string): Json {
  const value: unknown = parse(text);
  return jsonOf(value);
}

function jsonOf(value: unknown): Json {
  if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  if (Array.isArray(value)) return value.map(jsonOf);
  if (typeof value === "object")
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, jsonOf(each)]));
  return String(value);
}

const lineWidth = 120;

/** The schema as text, laid out as the repository's formatter leaves it: short lists stand on one line. */
export function formatJson(value: Json): string {
  return `${format(value, 0, 0)}\n`;
}

/** `used`: how many characters of the line are taken before the value. */
function format(value: Json, depth: number, used: number): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = "  ".repeat(depth + 1);
  const outer = "  ".repeat(depth);
  if (isList(value)) {
    const line = oneLine(value);
    // One more character for a comma behind it.
    if (line !== undefined && used + line.length + 1 <= lineWidth) return line;
    const items = value.map((each) => `${inner}${format(each, depth + 1, inner.length)}`);
    return `[\n${items.join(",\n")}\n${outer}]`;
  }
  const members = Object.entries(value).map(([key, each]) => {
    const head = `${inner}${JSON.stringify(key)}: `;
    return head + format(each, depth + 1, head.length);
  });
  return members.length === 0 ? "{}" : `{\n${members.join(",\n")}\n${outer}}`;
}

/** `undefined` if there is a mapping inside. */
function oneLine(value: Json): string | undefined {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (!isList(value)) return undefined;
  const items = value.map(oneLine);
  return items.includes(undefined) ? undefined : `[${items.join(", ")}]`;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
