/** What the declaration promises: every example and default is a value that it accepts, and what is generated is current. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { declaration } from "./declaration.ts";
import { generatedFiles } from "./generated.ts";
import type { Fields, Option, Reading } from "./option.ts";
import { collectProblems } from "./problems.ts";
import { localFiles, parseProject } from "./read.ts";
import { findOption, referenceExample } from "./reference.ts";
import { parseYaml } from "./yaml.ts";

interface Declared {
  readonly path: string;
  readonly option: Option<unknown>;
}

function leavesOf(path: string, fields: Fields): readonly Declared[] {
  return Object.entries(fields).flatMap(([key, option]): readonly Declared[] => {
    const at = path === "" ? key : `${path}.${key}`;
    const { shape } = option;
    if (shape.kind === "leaf") return [{ path: at, option }];
    if (shape.kind === "section") return leavesOf(at, shape.fields);
    if (shape.kind === "unoffered" || shape.noun === "target") return [];
    return shape.entry.shape.kind === "section" ? leavesOf(`${at}.*`, shape.entry.shape.fields) : [];
  });
}

const leaves = leavesOf("", declaration.shape.fields);

/** What reading the text as the value of the option reports. */
function problemsOf(option: Option<unknown>, text: string): readonly string[] {
  const problems = collectProblems();
  const reading: Reading = {
    problems,
    environment: {},
    directory: "/p",
    files: { readText: () => "select 1 as one", realPath: (path) => path },
    names: { source: new Set(["gharchive"]), table: new Set(["events"]), mart: new Set() },
    partial: false,
    target: undefined,
  };
  const input = parseYaml(`key: ${text}\n`, { name: "millrace.yaml" }, problems);
  const value = input?.kind === "mapping" ? input.entries.get("key")?.value : undefined;
  if (value !== undefined) option.read(value, value.origin, reading);
  return problems.found.map((each) => each.message);
}

describe("the declaration", () => {
  it("has a sentence and an example for every key", () => {
    assert.ok(leaves.length > 50);
    for (const { path, option } of leaves) {
      assert.match(option.doc, /^[A-Z`].*\.$/s, path);
      assert.ok(option.example !== undefined && option.example !== "", path);
      assert.ok(option.fallback.kind === "required" || option.fallback.text !== "", path);
    }
  });

  it("accepts its own examples and defaults", () => {
    for (const { path, option } of leaves) {
      assert.deepEqual(problemsOf(option, option.example ?? ""), [], `example of ${path}`);
      if (option.fallback.kind === "value")
        assert.deepEqual(problemsOf(option, option.fallback.text), [], `default of ${path}`);
    }
  });

  it("shows an example that differs from the default", () => {
    for (const { path, option } of leaves) {
      if (option.fallback.kind === "value") assert.notEqual(option.example, option.fallback.text, path);
    }
  });

  it("finds an option by its path", () => {
    assert.equal(findOption(declaration, "sources.*.since")?.example, "2015-01-01");
    assert.equal(findOption(declaration, "engine.memory")?.example, "8GB");
    for (const path of ["", "sources.*.sinc", "engine.memory.x", "constructor"])
      assert.equal(findOption(declaration, path), undefined, path);
  });

  it("shows an example in the reference that is a project", () => {
    for (const target of [undefined, ...["server", "prod"].map((name) => ({ name, chosenBy: "--target" }))]) {
      parseProject(referenceExample, "millrace.yaml", {
        file: undefined,
        directory: "/p",
        environment: {},
        files: localFiles,
        target,
      });
    }
  });

  for (const [path, text] of generatedFiles()) {
    it(`${path} is current: npm run docs`, () => {
      const root = join(import.meta.dirname, "..", "..");
      assert.equal(readFileSync(join(root, path), "utf8"), text);
    });
  }
});
