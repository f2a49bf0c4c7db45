/**
 * A lake whose marts are registered in a real metastore, and everybody who reads them by name: Spark Connect and JDBC of one server,
 * and PySpark with a session of its own.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog } from "../../src/catalog/contract.ts";
import { openCatalog } from "../../src/catalog/open.ts";
import type { Engine, TableInput } from "../../src/engine/contract.ts";
import { parseColumnType } from "../../src/model/column-type-text.ts";
import { partKey } from "../../src/model/layout.ts";
import { metastoreUris } from "../../src/model/metastore-uris.ts";
import type { HiveSettings, MartSettings } from "../../src/model/project.ts";
import type { Session } from "../../src/spark-connect/contract.ts";
import { connect } from "../../src/spark-connect/session.ts";
import type { PublishedMart } from "../../src/step/manifest.ts";
import { buildMart } from "../../src/step/mart.ts";
import { registerMart } from "../../src/step/register.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { openStorage } from "../../src/storage/open.ts";
import { makeMart } from "../make.ts";
import { duckdbEngine } from "../parity/engines.ts";
import { pythonWith } from "../real/installed.ts";
import { metastoreServer } from "../real/metastore-server.ts";
import type { Skipping } from "../real/real.ts";
import { sparkHome } from "../real/spark-server.ts";
import { type Answer, askConnect, plainValue } from "./answers.ts";
import { type Beeline, openBeeline } from "./beeline.ts";
import { type NameServer, startNameServer } from "./name-server.ts";
import { type Notebook, openNotebook } from "./notebook.ts";

export interface Scene {
  readonly database: string;
  readonly metastore: HiveSettings;
  readonly marts: Storage;
  readonly martsDirectory: string;
  readonly tablesDirectory: string;
  readonly projectFile: string;
  readonly catalog: Catalog;
  /** DuckDB. */
  readonly engine: Engine;
  /** An empty directory of its own. */
  emptyDirectory(): string;
  readonly server: NameServer;
  readonly connect: Session;
  readonly beeline: Beeline;
  readonly notebook: Notebook;
  /** Publishes the next version of a mart and registers it, as a run does. */
  publish(mart: string, sql: string, changes?: Partial<MartSettings>): Promise<PublishedMart>;
  /** What the version's files hold, read by DuckDB. */
  rowsOf(mart: string, published: PublishedMart): Promise<Answer["rows"]>;
  close(): Promise<void>;
}

/** `undefined` after skipping the test. */
export async function openScene(context: Skipping): Promise<Scene | undefined> {
  const python = pythonWith(context, "pyspark");
  const home = python === undefined ? undefined : sparkHome(context);
  const server = home === undefined ? undefined : await metastoreServer(context);
  if (python === undefined || home === undefined || server === undefined) return undefined;
  const database = `byname_${randomBytes(4).toString("hex")}`;
  const directory = mkdtempSync(join(tmpdir(), "millrace-by-name-"));
  const closers: (() => Promise<void> | void)[] = [() => rmSync(directory, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const each of closers.toReversed()) await each();
  };
  try {
    const metastore = hiveSettings(server, database);
    const projectFile = writeProject(directory, metastore);
    const lake = await openLake(directory, metastore);
    closers.push(lake.close);
    const [spark, notebook] = await Promise.all([
      startNameServer(projectFile, home),
      openNotebook(python, metastoreUris(metastore.hosts), makeDirectory(directory, "notebook")),
    ]);
    closers.push(spark.stop, notebook.close);
    const session = await connect(spark.url);
    // The database and what is left in it: `millrace` takes away what it registers, and databases it leaves alone.
    closers.push(async () => {
      await session.sql(`DROP DATABASE IF EXISTS ${database} CASCADE`);
      await session.close();
    });
    const beeline = openBeeline(spark);
    closers.push(beeline.close);
    const own = { database, metastore, projectFile, server: spark, connect: session, beeline, notebook };
    return { ...lake, ...own, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function hiveSettings(
  { host, port }: { readonly host: string; readonly port: number },
  database: string,
): HiveSettings {
  return {
    kind: "hive",
    hosts: [{ host, port }],
    database,
    location: undefined,
    tables: true,
    owner: "millrace",
    transport: "buffered",
    connectMs: 5_000,
    callMs: 60_000,
  };
}

/** What a Spark of the project has to know: the metastore and the places. */
function writeProject(directory: string, { hosts, database }: HiveSettings): string {
  const file = join(directory, "millrace.yaml");
  const [host] = hosts;
  const lines = [
    "name: by-name",
    "lake: { raw: lake/raw, tables: lake/tables, marts: lake/marts }",
    `catalog: { hive: "${host?.host}:${host?.port}", database: ${database}, tables: true }`,
    "sources:",
    `  hours: { url: "file://${directory}/none/{yyyy}-{MM}-{dd}-{H}.json", every: hour, since: 2026-03-01 }`,
    "tables:",
    "  events: { from: hours }",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

function makeDirectory(...names: readonly string[]): string {
  const directory = join(...names);
  mkdirSync(directory, { recursive: true });
  return directory;
}

async function openLake(directory: string, metastore: HiveSettings) {
  const martsDirectory = makeDirectory(directory, "lake", "marts");
  const tablesDirectory = makeDirectory(directory, "lake", "tables");
  const scratch = makeDirectory(directory, "scratch");
  const open = async (path: string): Promise<Storage> =>
    await openStorage({ kind: "directory", path, name: path }, { resolveSecret: () => "", scratchRoot: scratch });
  const [marts, tables] = await Promise.all([open(martsDirectory), open(tablesDirectory)]);
  const catalog = openCatalog(marts, metastore, { tables, databaseOf: () => undefined });
  const engine = duckdbEngine();
  const emptyDirectory = (): string => mkdtempSync(join(scratch, "empty-"));
  return {
    ...{ martsDirectory, tablesDirectory, marts, catalog, engine },
    emptyDirectory,
    async publish(mart: string, sql: string, changes: Partial<MartSettings> = {}): Promise<PublishedMart> {
      const settings = makeMart({ name: mart, sql, ...changes });
      const current = await catalog.current(mart);
      const options = { clock: Date.now, newId: () => randomUUID().replaceAll("-", "") };
      const published = await buildMart({ marts, catalog }, engine, { settings, current, tables: new Map() }, options);
      await registerMart(catalog, settings, published);
      return published;
    },
    async rowsOf(mart: string, { manifest }: PublishedMart): Promise<Answer["rows"]> {
      const columns = manifest.columns.map(({ name, type }) => ({ name, type: parseColumnType(type) }));
      const files = manifest.files.map((file) => ({
        ...file,
        path: join(martsDirectory, partKey(mart, manifest.version, file.name)),
      }));
      return await readParts({ engine, emptyDirectory }, columns, files);
    },
    async close() {
      await catalog.close();
      await engine.close();
    },
  };
}

/** Parquet files as DuckDB reads them. */
export async function readParts(
  { engine, emptyDirectory }: Pick<Scene, "engine" | "emptyDirectory">,
  columns: TableInput["schema"]["fields"],
  files: readonly { readonly path: string; readonly size: number; readonly sha256: string }[],
): Promise<Answer["rows"]> {
  const parts: TableInput = {
    schema: { fields: columns },
    partitioned: false,
    files: async () =>
      files.map(({ path, size, sha256 }) => ({
        ...{ path, src: undefined, size, token: sha256 },
        check: async () => sha256,
      })),
  };
  const scratch = emptyDirectory();
  const result = await engine.query({ sql: "select * from parts", tables: new Map([["parts", parts]]), scratch });
  const rows = (await Array.fromAsync(result.rows())).flat();
  return rows.map((row) => row.map(plainValue));
}

/** The mart as each of them reads it by name. */
export async function readByName(
  scene: Scene,
  mart: string,
): Promise<{ readonly connect: Answer; readonly notebook: Answer }> {
  const table = `${scene.database}.${mart}`;
  const [byConnect, byNotebook] = await Promise.all([
    askConnect(scene.connect, `SELECT * FROM ${table}`),
    scene.notebook.ask({ table }),
  ]);
  return { connect: byConnect, notebook: byNotebook };
}
