/** Declared columns in a YAML file of their own: `path: type`, like `tables.<name>.columns` in a project file. */
import { readFileSync } from "node:fs";
import { asFailure, Failure } from "../errors.ts";
import { collectProblems } from "./problems.ts";
import { parseYaml } from "./yaml.ts";

/** Throws one `usage` failure with the line of what is wrong. */
export function readColumnsFile(path: string, name: string): readonly (readonly [path: string, type: string])[] {
  const problems = collectProblems();
  const input = parseYaml(readText(path, name), { name: path, label: name }, problems);
  problems.throwIfAny();
  if (input?.kind !== "mapping") throw new Failure("usage", `${name}: expected lines of \`path: type\``);
  const columns: (readonly [string, string])[] = [];
  for (const [column, { value }] of input.entries) {
    if (value.kind === "scalar") columns.push([column, value.text]);
    else problems.report(value.origin, "expected a type");
  }
  problems.throwIfAny();
  return columns;
}

function readText(path: string, name: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new Failure("usage", asFailure(error, name).message, { cause: error });
  }
}
