/**
 * A lake whose marts are registered in a real metastore, and everybody who reads them by name: Spark Connect and JDBC of one server,
 * and PySpark with a session of its own.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { Catalog } from "../../src/catalog/contract.ts";
import { openCatalog } from "../../src/catalog/open.ts";
import type { Engine, TableInput } from "../../src/engine/contract.ts";
import { parseColumnType } from "../../src/model/column-type-text.ts";
import { partKey } from "../../src/model/layout.ts";
import type { HiveSettings, Place } from "../../src/model/project.ts";
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
import type { Skipping } from "../real/real.ts";
import { type Answer, askConnect, plainValue } from "./answers.ts";
import { type Beeline, openBeeline } from "./beeline.ts";
import { type Ground, hiveSettings, writeProject } from "./ground.ts";
import { type NameServer, startNameServer } from "./name-server.ts";
import { type Notebook, openNotebook } from "./notebook.ts";

export interface Scene {
  readonly database: string;
  readonly metastore: HiveSettings;
  readonly martsDirectory: string;
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
  publish(mart: string, sql: string): Promise<PublishedMart>;
  /** What the version's files hold, read by DuckDB. */
  rowsOf(mart: string, published: PublishedMart): Promise<Answer["rows"]>;
  close(): Promise<void>;
}

/** `undefined` after skipping the test. */
export async function openScene(
  context: Skipping,
  groundOf: () => Promise<Ground | undefined>,
): Promise<Scene | undefined> {
  const python = pythonWith(context, "pyspark");
  const ground = python === undefined ? undefined : await groundOf();
  if (python === undefined || ground === undefined) return undefined;
  const closers: (() => Promise<unknown>)[] = [ground.close];
  const close = async (): Promise<void> => {
    for (const each of closers.toReversed()) await each();
  };
  try {
    const database = `byname_${randomBytes(4).toString("hex")}`;
    const metastore = hiveSettings(ground.metastore, database);
    const lake = await openLake(ground, metastore);
    closers.push(lake.close);
    const [server, notebook] = await Promise.all([
      startNameServer(writeProject(ground, metastore), ground.home),
      openNotebook(python, ground),
    ]);
    closers.push(server.stop, notebook.close);
    const session = await connect(server.url);
    const beeline = openBeeline(server);
    closers.push(async () => {
      await beeline.close();
      await session.sql(`DROP DATABASE IF EXISTS ${database} CASCADE`);
      await session.close();
    });
    return { ...lake, database, metastore, server, connect: session, beeline, notebook, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openLake(ground: Ground, metastore: HiveSettings) {
  const { directory, martsDirectory, resolveSecret } = ground;
  const scratch = join(directory, "scratch");
  mkdirSync(scratch);
  const open = async (place: Place): Promise<Storage> =>
    await openStorage(place, { resolveSecret, scratchRoot: scratch });
  const [marts, tables] = await Promise.all([open(ground.marts), open(ground.tables)]);
  const catalog = openCatalog(marts, metastore, { tables, databaseOf: () => undefined });
  const engine = duckdbEngine();
  const emptyDirectory = (): string => mkdtempSync(join(scratch, "empty-"));
  return {
    ...{ martsDirectory, catalog, engine, emptyDirectory },
    async publish(mart: string, sql: string): Promise<PublishedMart> {
      const settings = makeMart({ name: mart, sql });
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
