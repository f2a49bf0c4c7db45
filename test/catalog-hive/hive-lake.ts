/** A lake in a directory of its own, whose marts a metastore shows in a database of its own. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Catalog } from "../../src/catalog/contract.ts";
import { type MetastoreCalls, metastoreCalls } from "../../src/catalog/hive/calls.ts";
import { openCatalog } from "../../src/catalog/open.ts";
import type { HiveSettings } from "../../src/model/project.ts";
import { localStorage } from "../../src/storage/local.ts";
import { openThriftClient, type ThriftClient } from "../../src/thrift/client.ts";
import { writeBoolField, writeStringField } from "../../src/thrift/writer.ts";

export interface Server {
  readonly host: string;
  readonly port: number;
}

export interface HiveLake {
  readonly database: string;
  /** Of the marts, as `millrace.lake` has it. */
  readonly martsLocation: string;
  readonly directory: string;
  /** The name of another database, which is dropped in the end as well. */
  otherDatabase(): string;
  /** A handle as another process would have it. */
  again(changes?: Partial<HiveSettings>): Catalog;
  /** For what others do. */
  readonly calls: MetastoreCalls;
  /** Closes the handles, drops the database and removes the lake. */
  close(): Promise<void>;
  /** The same, where there is no metastore any more. */
  abandon(): Promise<void>;
}

export async function hiveLake(server: Server): Promise<HiveLake> {
  const directory = mkdtempSync(join(tmpdir(), "millrace-hive-"));
  const [martsPath, tablesPath] = [join(directory, "marts"), join(directory, "tables")];
  for (const path of [martsPath, tablesPath]) mkdirSync(path);
  const database = `catalog_hive_${randomBytes(5).toString("hex")}`;
  const databases = [database];
  const client = clientOf(server);
  const handles: Catalog[] = [];
  async function abandon(): Promise<void> {
    await Promise.all(handles.map((catalog) => catalog.close()));
    client.close();
    rmSync(directory, { recursive: true, force: true });
  }
  return {
    database,
    directory,
    martsLocation: `file://${martsPath}/`,
    calls: metastoreCalls(client, "metastore"),
    otherDatabase() {
      const name = `${database}_${databases.length}`;
      databases.push(name);
      return name;
    },
    again(changes = {}) {
      const catalog = openCatalog(
        localStorage({ path: martsPath, name: "marts" }),
        { ...hiveSettings(server, database), ...changes },
        { tables: localStorage({ path: tablesPath, name: "tables" }), databaseOf: () => undefined },
      );
      handles.push(catalog);
      return catalog;
    },
    async close() {
      for (const name of databases) await dropDatabase(client, name);
      await abandon();
    },
    abandon,
  };
}

export function hiveSettings({ host, port }: Server, database: string): HiveSettings {
  return {
    kind: "hive",
    hosts: [{ host, port }],
    database,
    location: undefined,
    tables: true,
    owner: "millrace",
    transport: "buffered",
    connectMs: 10_000,
    callMs: 60_000,
  };
}

export function clientOf({ host, port }: Server): ThriftClient {
  return openThriftClient({
    name: "metastore",
    hosts: [{ host, port }],
    transport: "buffered",
    connectMs: 10_000,
    callMs: 60_000,
    answerBytesMax: 64 << 20,
  });
}

/** With the tables in it, none of their files, and no complaint if it is not there. */
async function dropDatabase(client: ThriftClient, database: string): Promise<void> {
  const write: Parameters<ThriftClient["call"]>[1] = (writer) => {
    writeStringField(writer, 1, database);
    writeBoolField(writer, 2, false);
    writeBoolField(writer, 3, true);
  };
  await client.call("drop_database", write, () => undefined, { isIdempotent: true });
}

/** What stands under a name, which must be there. */
export async function tableIn(lake: HiveLake, name: string) {
  const [table] = await lake.calls.tables(lake.database, [name]);
  return table ?? assert.fail(`${lake.database}.${name} is not there`);
}
