import assert from "node:assert/strict";
import { resolve } from "node:path";
import { describe, it } from "node:test";
import { DuckDBInstance } from "@duckdb/node-api";
import type { Place, Project } from "../model/project.ts";
import type { Files } from "./option.ts";
import { parseProject } from "./read.ts";
import { type ScaffoldRequest, scaffold } from "./scaffold.ts";

const pathOf = (place: Place): string => (place.kind === "directory" ? place.path : assert.fail(place.name));

function read(request: ScaffoldRequest, target?: string): Project {
  const written = scaffold(request);
  const files: Files = {
    readText: (path) => [...written].find(([name]) => resolve("/p", name) === path)?.[1] ?? assert.fail(path),
    realPath: (path) => path,
  };
  return parseProject(written.get("millrace.yaml") ?? "", "millrace.yaml", {
    file: "/p/millrace.yaml",
    directory: "/p",
    environment: {},
    files,
    target: target === undefined ? undefined : { name: target, chosenBy: "--target" },
  });
}

describe("the scaffold", () => {
  it("is a project", () => {
    const project = read({ name: "gha" });
    assert.equal(project.name, "gha");
    assert.deepEqual([...project.sources.keys()], ["gharchive"]);
    assert.equal(project.sources.get("gharchive")?.knownMissing.length, 8);
    assert.deepEqual([...project.marts.keys()], ["activity", "pushes"]);
    assert.deepEqual(
      [...(project.tables.get("events")?.columns ?? [])].map(([path, type]) => `${path} ${type.kind}`),
      [
        "actor.login string",
        "actor.display_login string",
        "org.login string",
        "repo.name string",
        "type string",
        "payload.action string",
      ],
    );
  });

  it("takes another archive", () => {
    const project = read({
      name: "demo",
      url: "http://127.0.0.1:8080/{yyyy}-{MM}-{dd}-{H}.json.gz",
      since: "2026-03-01",
    });
    const source = project.sources.get("gharchive");
    assert.equal(source?.locations[0]?.base, "http://127.0.0.1:8080");
    assert.equal(source?.since.text, "2026-03-01");
  });

  it("lets no text break out of its place", () => {
    for (const url of [
      "/a b/{yyyy}{MM}{dd}{HH}",
      "/x: y/{yyyy}{MM}{dd}{HH}",
      "/a #b/{yyyy}{MM}{dd}{HH}",
      '/a"/{yyyy}{MM}{dd}{HH}',
      "/ä/{yyyy}{MM}{dd}{HH}",
    ]) {
      const base = read({ name: "demo", url }).sources.get("gharchive")?.locations[0]?.base;
      assert.equal(base, url.slice(0, url.lastIndexOf("/", url.indexOf("{"))));
    }
    assert.throws(() => read({ name: "demo", since: "1d\nname: x" }), /^Failure: sources\.gharchive\.since: expected/);
  });

  it("is still a project when its comments are taken as settings", () => {
    // Uncomments every line that would be a setting, so that the comments cannot rot.
    const text = (scaffold({ name: "gha" }).get("millrace.yaml") ?? "").replaceAll(
      /^( *)# ((?: *)[a-z0-9_]+:(?: .*)?)$/gm,
      "$1$2",
    );
    assert.match(text, /^ {4}parallel: 4/m);
    assert.match(text, /^engine:$/m);
    const at = (target: string): Project =>
      parseProject(text, "millrace.yaml", {
        file: undefined,
        directory: "/p",
        environment: {},
        files: { readText: () => "select 1 as one", realPath: (path) => path },
        target: { name: target, chosenBy: "--target" },
      });
    const project = at("server");
    assert.equal(pathOf(project.lake.raw), "/data/gha/raw");
    const { raw } = at("prod").lake;
    assert.deepEqual(raw.kind === "s3" && [raw.name, raw.store.endpoint, raw.store.credentials.kind], [
      "s3://gha-raw",
      "https://s3.example.org",
      "keys",
    ]);
    const plain = read({ name: "gha" });
    // Shown are defaults, so nothing changes but the target's own values and the example header.
    assert.deepEqual(project.tables, plain.tables);
    assert.deepEqual(project.engine, plain.engine);
    assert.deepEqual(project.watch, plain.watch);
    assert.deepEqual(project.gc, plain.gc);
    assert.deepEqual(project.cache, plain.cache);
    const comparable = ({ sources }: Project): unknown =>
      [...sources.values()].map(({ headers, since, ...rest }) => rest);
    assert.deepEqual(comparable(project), comparable(plain));
  });

  it("has marts that run on a table with the declared columns only", async () => {
    const project = read({ name: "gha" });
    const instance = await DuckDBInstance.create(":memory:");
    const connection = await instance.connect();
    try {
      await connection.run(`create table events as select
        {login: 'ann', display_login: 'Ann'} as actor, {login: null::varchar} as org, {name: 'a/b'} as repo,
        'PushEvent' as type, {action: null::varchar} as payload, '2026-03-01-05' as src`);
      const results = new Map<string, string>();
      for (const { name, sql } of project.marts.values()) {
        const reader = await connection.runAndReadAll(sql);
        results.set(name, `${reader.columnNames().join(",")} ${JSON.stringify(reader.getRowsJson())}`);
      }
      assert.equal(
        results.get("activity"),
        'actor,actor_display,org,repo,type,action,src [["ann","Ann",null,"a/b","PushEvent",null,"2026-03-01-05"]]',
      );
      assert.equal(results.get("pushes"), 'repo,day,pushes,actors [["a/b","2026-03-01","1","1"]]');
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  });
});
