/** Executes the import table of ARCHITECTURE.md: who may import whom, and that nothing goes round in circles. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import test from "node:test";

const root = new URL("..", import.meta.url).pathname;

/** Level of every folder and of every file that stands directly in `src/`. */
const levels: Readonly<Record<string, number>> = {
  errors: 0,
  webassembly: 0,
  model: 1,
  config: 1,
  pace: 1,
  gzip: 1,
  parquet: 1,
  shred: 1,
  "spark-connect": 1,
  thrift: 1,
  storage: 2,
  cache: 2,
  source: 2,
  convert: 2,
  engine: 2,
  distribution: 2,
  metastore: 2,
  catalog: 2,
  schedule: 2,
  step: 3,
  reconcile: 3,
  answers: 4,
  operations: 4,
  app: 4,
  "app-spark": 4,
  "app-metastore": 4,
  cli: 5,
  index: 5,
  spark: 5,
};

/** What a folder may import beyond its own and `errors`. Everything that is not named here is forbidden. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  webassembly: [],
  model: [],
  pace: [],
  gzip: [],
  config: ["model"],
  parquet: ["model", "webassembly"],
  shred: ["model", "webassembly"],
  "spark-connect": ["pace"],
  thrift: ["pace"],
  storage: ["model", "pace"],
  cache: ["pace", "storage/contract", "storage/durable", "storage/owner"],
  source: ["model", "pace", "gzip"],
  convert: ["model", "parquet", "shred", "gzip", "webassembly"],
  engine: ["model", "parquet", "spark-connect"],
  distribution: ["model", "spark-connect"],
  metastore: ["model", "distribution"],
  catalog: ["model", "thrift", "storage/contract"],
  schedule: ["model"],
  step: [
    "model",
    "gzip",
    "parquet",
    "storage/contract",
    "cache/contract",
    "source/contract",
    "convert/contract",
    "engine/contract",
    "catalog/contract",
  ],
  reconcile: [
    "model",
    "schedule",
    "step",
    "storage/contract",
    "cache/contract",
    "source/contract",
    "convert/contract",
    "engine/contract",
    "catalog/contract",
  ],
  answers: ["model", "reconcile", "engine/contract", "convert/contract"],
  operations: [
    "answers",
    "model",
    "schedule",
    "step",
    "reconcile",
    "storage/contract",
    "catalog/contract",
    "engine/contract",
    "convert/contract",
    "parquet/profile",
  ],
  app: ["*"],
  "app-spark": ["*"],
  "app-metastore": ["*"],
  cli: [
    "answers",
    "app",
    "app-metastore",
    "config",
    "distribution",
    "metastore",
    "model",
    "reconcile",
    "engine/contract",
    "convert/contract",
    "sample",
  ],
  index: ["*"],
  spark: ["spark-connect"],
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const isTest = (file: string): boolean => file.endsWith(".test.ts");
const files = globSync(["src/**/*.ts", "sample/**/*.ts"], { cwd: root })
  .filter((file) => !isTest(file))
  .sort();

/** Every import and re-export of a relative path, also dynamic ones. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const found: Import[] = [];
  const statement = /^\s*(?:import|export)\s+(type\s+)?(?:[^"';]*?\sfrom\s+)?"(\.[^"]+)"/gm;
  const dynamic = /\bimport\("(\.[^"]+)"\)/g;
  for (const match of text.matchAll(statement)) found.push(edge(file, match[2] ?? "", match[1] !== undefined));
  for (const match of text.matchAll(dynamic)) found.push(edge(file, match[1] ?? "", false));
  return found;
}

function edge(file: string, path: string, typeOnly: boolean): Import {
  return { from: file, to: relative(root, resolve(root, dirname(file), path)), typeOnly };
}

/** `src/engine/duckdb/types.ts` → `engine`; `src/app.ts` → `app`; `sample/server.ts` → `sample`. */
function room(file: string): string {
  const parts = file.split("/");
  if (parts[0] !== "src") return parts[0] ?? "";
  return (parts[1] ?? "").replace(/\.ts$/, "");
}

const inside = (file: string): string => file.replace(/^src\//, "").replace(/\.ts$/, "");

test("every folder of src has a level and an entry in the import table", () => {
  const rooms = new Set(files.filter((file) => file.startsWith("src/")).map(room));
  assert.deepEqual(
    [...rooms].filter((name) => levels[name] === undefined || allowed[name] === undefined),
    [],
  );
});

test("imports go down, to what the table allows", () => {
  const wrong: string[] = [];
  for (const { from, to } of files.flatMap(importsOf)) {
    const [here, there] = [room(from), room(to)];
    if (here === there || there === "errors") continue;
    if (here === "sample") {
      wrong.push(`${from} imports ${to}: the sample archive stands alone`);
      continue;
    }
    const names = allowed[here] ?? [];
    const isNamed = names.includes("*") || names.includes(there) || names.includes(inside(to));
    if (!isNamed) wrong.push(`${from} imports ${to}: not in the table for ${here}`);
    if ((levels[there] ?? 0) > (levels[here] ?? 0)) wrong.push(`${from} imports ${to}: upwards`);
  }
  assert.deepEqual(wrong, []);
});

test("only app.ts opens parts", () => {
  const openers = files
    .flatMap(importsOf)
    .filter(({ to }) => /^src\/[^/]+\/open\.ts$/.test(to))
    .filter(({ from, to }) => from !== "src/app.ts" && from !== "src/index.ts" && room(from) !== room(to));
  assert.deepEqual(
    openers.map(({ from, to }) => `${from} → ${to}`),
    [],
  );
});

test("only config reads the environment", () => {
  const readers = files
    .filter((file) => file.startsWith("src/") && /\bprocess\.env\b/.test(readFileSync(join(root, file), "utf8")))
    .map(room);
  assert.deepEqual(
    [...new Set(readers)].filter((name) => name !== "config" && name !== "cli"),
    [],
  );
});

test("no cycles between files, except of types", () => {
  const graph = new Map(
    files.map((file) => [
      file,
      importsOf(file)
        .filter(({ typeOnly, to }) => !typeOnly && to !== file)
        .map(({ to }) => to),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) {
      cycles.push([...path.slice(path.indexOf(file)), file].join(" → "));
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  assert.deepEqual(cycles, []);
});

test("nothing is imported that package.json does not declare", () => {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const names = (key: string): string[] => {
    const group: unknown = typeof manifest === "object" && manifest !== null ? Reflect.get(manifest, key) : undefined;
    return typeof group === "object" && group !== null ? Object.keys(group) : [];
  };
  const runtime = new Set(names("dependencies"));
  const undeclared = files.flatMap((file) => {
    const text = readFileSync(join(root, file), "utf8");
    const statements = text.matchAll(/^\s*(?:import|export)\b[^"';]*?\bfrom "([^"]+)"|\bimport\("([^"]+)"\)/gm);
    const packages = [...statements]
      .map((match) => match[1] ?? match[2] ?? "")
      .filter((path) => !path.startsWith("."))
      .map((path) =>
        path
          .split("/")
          .slice(0, path.startsWith("@") ? 2 : 1)
          .join("/"),
      );
    return packages.filter((name) => !name.startsWith("node:") && !runtime.has(name)).map((name) => `${file}: ${name}`);
  });
  assert.deepEqual(undeclared, []);
});
