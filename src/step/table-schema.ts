/** Reads and publishes a table's schema: numbered documents, put-if-absent, the highest is current. */
import { asFailure, Failure } from "../errors.ts";
import { duckdbColumns, sparkColumns } from "../model/ddl.ts";
import { schemaKey, schemaPrefix, schemaVersion } from "../model/layout.ts";
import { boundSchema } from "../model/stand-in.ts";
import type { TableState } from "../model/table-document.ts";
import { fromDocument, toDocument } from "../model/table-document.ts";
import type { Storage } from "../storage/contract.ts";
import { readWhole } from "./read-whole.ts";

export interface PublishedSchema {
  /** Number of the newest document, from 1. */
  readonly version: number;
  readonly state: TableState;
  /** Whether both statements lie beside the document; a crash can leave them out, and the next pass adds them. */
  readonly complete: boolean;
}

const documentBytesMax = 64 * 1024 * 1024;

/** The newest schema of a table, or `undefined` before the first partition. */
export async function latestSchema(
  storage: Storage,
  table: string,
  signal?: AbortSignal,
): Promise<PublishedSchema | undefined> {
  const options = signal === undefined ? {} : { signal };
  let version = 0;
  const keys = new Set<string>();
  for await (const page of storage.list(schemaPrefix(table), options)) {
    for (const { key } of page) {
      version = Math.max(version, schemaVersion(key) ?? 0);
      keys.add(key);
    }
  }
  // A listing may hide what was just put: look whether there is a newer one than it shows.
  while ((await storage.head(schemaKey(table, version + 1), options)) !== undefined) version++;
  if (version === 0) return undefined;
  const key = schemaKey(table, version);
  const text = new TextDecoder().decode(await readWhole(storage, key, documentBytesMax, signal));
  try {
    const complete = statementKeys(key).every((beside) => keys.has(beside));
    return { version, state: fromDocument(JSON.parse(text)), complete };
  } catch (error) {
    const failure = error instanceof SyntaxError ? new Failure("corrupt", error.message) : asFailure(error);
    throw new Failure("corrupt", `${key}: ${failure.message}`, {
      cause: error,
      remedy: `remove ${key}: the table's schema before it becomes current and the next run completes it`,
    });
  }
}

/** Publishes a schema as `version`; `false` if another writer already published that number. */
export async function publishSchema(
  storage: Storage,
  table: string,
  version: number,
  state: TableState,
  signal?: AbortSignal,
): Promise<boolean> {
  const options = signal === undefined ? {} : { signal };
  const key = schemaKey(table, version);
  const put = await storage.putIfAbsent(key, encode(`${JSON.stringify(toDocument(state))}\n`), options);
  if (put === undefined) return false;
  await publishStatements(storage, table, { version, state }, signal);
  return true;
}

/** The statements beside a document are for people and foreign engines; ours bind to the document. */
export async function publishStatements(
  storage: Storage,
  table: string,
  schema: Pick<PublishedSchema, "version" | "state">,
  signal?: AbortSignal,
): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  const bound = boundSchema(schema.state.schema);
  const [duckdb, spark] = statementKeys(schemaKey(table, schema.version));
  await storage.put(duckdb, encode(`${duckdbColumns(bound)}\n`), options);
  await storage.put(spark, encode(`${sparkColumns(bound)}\n`), options);
}

function statementKeys(documentKey: string): readonly [duckdb: string, spark: string] {
  const stem = documentKey.slice(0, -".json".length);
  return [`${stem}.duckdb.sql`, `${stem}.spark.ddl`];
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
