import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Failure } from "../errors.ts";
import { type ReadOptions, readProject } from "./read.ts";

const text = `
sources: { a: { url: "archive/{yyyy}-{MM}-{dd}-{H}.gz" } }
tables: { t: { from: a } }
marts: { m: { sql: sql/m.sql } }
targets: { prod: { engine: { threads: 2 } } }
`;

describe("reading a project file", () => {
  let root = "";

  before(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "millrace-read-")));
    mkdirSync(join(root, "project", "sql", "deep"), { recursive: true });
    mkdirSync(join(root, "bare"));
    mkdirSync(join(root, "misnamed"));
    writeFileSync(join(root, "project", "millrace.yaml"), text);
    writeFileSync(join(root, "project", "sql", "m.sql"), `\uFEFF-- all\nselect type from t where x = '\${NOT}';\n\n`);
    writeFileSync(join(root, "project", "other.yaml"), "sources: {}\n");
    writeFileSync(join(root, "misnamed", "millrace.yml"), text);
    writeFileSync(join(root, "outside.sql"), "select 1");
  });

  after(() => rmSync(root, { recursive: true, force: true }));

  const read = (options: ReadOptions) => readProject({ environment: {}, ...options });

  const refused = (options: ReadOptions, message: RegExp, remedy?: RegExp): void => {
    assert.throws(
      () => read(options),
      (error) => {
        assert.ok(error instanceof Failure);
        assert.equal(error.kind, "usage");
        assert.match(error.message, message);
        if (remedy !== undefined) assert.match(error.detail.remedy ?? "", remedy);
        return true;
      },
    );
  };

  it("finds it by walking up", () => {
    const project = read({ directory: join(root, "project", "sql", "deep") });
    assert.equal(project.file, join(root, "project", "millrace.yaml"));
    assert.equal(project.directory, join(root, "project"));
    assert.equal(project.sources.get("a")?.locations[0]?.base, join(root, "project", "archive"));
  });

  it("reads SQL beside it as it is", () => {
    const project = read({ directory: join(root, "project") });
    assert.equal(project.marts.get("m")?.sql, `-- all\nselect type from t where x = '\${NOT}'`);
  });

  it("takes a file, a directory, or MILLRACE_PROJECT; the flag wins", () => {
    const file = join(root, "project", "millrace.yaml");
    assert.equal(read({ directory: root, file: "project/millrace.yaml" }).file, file);
    assert.equal(read({ directory: root, file: "project" }).file, file);
    assert.equal(read({ directory: root, environment: { MILLRACE_PROJECT: "project" } }).file, file);
    assert.equal(read({ directory: root, file, environment: { MILLRACE_PROJECT: "nowhere" } }).file, file);
  });

  it("takes the target from the flag or from MILLRACE_TARGET", () => {
    const directory = join(root, "project");
    assert.partialDeepStrictEqual(read({ directory }).engine, { threads: 0 });
    assert.partialDeepStrictEqual(read({ directory, target: "prod" }).engine, { threads: 2 });
    assert.equal(read({ directory, environment: { MILLRACE_TARGET: "prod" } }).target, "prod");
    refused(
      { directory, environment: { MILLRACE_TARGET: "prd" } },
      /^MILLRACE_TARGET: unknown target "prd"$/,
      /"prod"/,
    );
    refused({ directory, target: "x", environment: { MILLRACE_TARGET: "prod" } }, /^--target: unknown target "x"$/);
  });

  it("says what to do where there is none", () => {
    refused(
      { directory: join(root, "bare") },
      /^no millrace\.yaml in .*bare or a directory above it$/,
      /millrace init/,
    );
    refused({ directory: root, file: "nowhere.yaml" }, /^-f: nowhere\.yaml does not exist$/);
    refused({ directory: root, file: "bare" }, /^-f: bare holds no millrace\.yaml$/);
    refused({ directory: root, environment: { MILLRACE_PROJECT: "bare" } }, /^MILLRACE_PROJECT: bare holds no/);
    refused(
      { directory: join(root, "misnamed") },
      /millrace\.yml: a project file is called millrace\.yaml$/,
      /Rename it/,
    );
  });

  it("calls the file by its short name in messages", () => {
    assert.throws(
      () => read({ directory: join(root, "project", "sql"), file: "../other.yaml" }),
      (error) =>
        error instanceof Failure &&
        error.detail.place?.file === join("..", "other.yaml") &&
        error.detail.place.line === 1,
    );
  });

  it("follows no link out of the project's directory", () => {
    const directory = join(root, "linked");
    mkdirSync(directory);
    symlinkSync(join(root, "outside.sql"), join(directory, "m.sql"));
    writeFileSync(join(directory, "millrace.yaml"), text.replace("sql/m.sql", "m.sql"));
    refused({ directory }, /^marts\.m\.sql: "m\.sql" lies outside the project's directory$/);
  });

  it("works in a project that is itself reached by a link", () => {
    const link = join(root, "link");
    symlinkSync(join(root, "project"), link);
    assert.equal(read({ directory: link }).file, join(link, "millrace.yaml"));
  });
});
