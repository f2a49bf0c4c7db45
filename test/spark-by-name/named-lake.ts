/** A lake whose marts are registered in a real metastore, in a database of its own. */
import { randomBytes, randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { Catalog } from "../../src/catalog/contract.ts";
import { openCatalog } from "../../src/catalog/open.ts";
import type { Engine, TableInput } from "../../src/engine/contract.ts";
import { parseColumnType } from "../../src/model/column-type-text.ts";
import { partKey } from "../../src/model/layout.ts";
import type { HiveSettings, MartSettings, Place } from "../../src/model/project.ts";
import type { PublishedMart } from "../../src/step/manifest.ts";
import { buildMart } from "../../src/step/mart.ts";
import { registerMart } from "../../src/step/register.ts";
import type { Storage } from "../../src/storage/contract.ts";
import { openStorage } from "../../src/storage/open.ts";
import { makeMart } from "../make.ts";
import { duckdbEngine } from "../parity/engines.ts";
import { type Answer, plainValue } from "./answers.ts";
import { hiveSettings, type LakeGround } from "./ground.ts";

export interface NamedLake {
  readonly database: string;
  readonly metastore: HiveSettings;
  readonly martsDirectory: string;
  readonly catalog: Catalog;
  /** DuckDB. */
  readonly engine: Engine;
  /** An empty directory of its own. */
  emptyDirectory(): string;
  /** Publishes the next version of a mart and registers it, as a run does. */
  publish(mart: string, sql: string, format?: MartSettings["format"]): Promise<PublishedMart>;
  /** What the version's files hold, read by DuckDB. */
  rowsOf(mart: string, published: PublishedMart): Promise<Answer["rows"]>;
  close(): Promise<void>;
}

export async function openNamedLake(ground: LakeGround): Promise<NamedLake> {
  const database = `byname_${randomBytes(4).toString("hex")}`;
  const metastore = hiveSettings(ground.metastore, database);
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
    ...{ database, metastore, martsDirectory, catalog, engine, emptyDirectory },
    async publish(mart: string, sql: string, format: MartSettings["format"] = "parquet"): Promise<PublishedMart> {
      const settings = makeMart({ name: mart, sql, format });
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
  { engine, emptyDirectory }: Pick<NamedLake, "engine" | "emptyDirectory">,
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
