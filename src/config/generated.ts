/** The files of the repository that are generated from the declaration. */
import { declaration } from "./declaration.ts";
import { formatJson, jsonSchemaOf } from "./json-schema.ts";
import { referenceOf } from "./reference.ts";

/** By their path from the repository's root. `npm run docs` writes them, a test compares them. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ["docs/reference/project-file.md", referenceOf(declaration)],
    ["schema/millrace.schema.json", formatJson(jsonSchemaOf(declaration, "millrace.yaml"))],
  ]);
}
