/** Reads and publishes a table's schema: numbered documents, put-if-absent, the highest is current. */
import { asFailure, Failure } from "../errors.ts";
import { duckdbColumns, sparkColumns } from "../model/ddl.ts";
import { schemaKey, schemaPrefix, schemaVersion } from "../model/layout.ts";
import { boundSchema } from "../model/stand-in.ts";
import type { TableState } from "../model/table-document.ts";
import { documentText, readDocument } from "../model/table-document.ts";
import type { CallOptions, Documents, ObjectInfo, Storage } from "../storage/contract.ts";
import { readWhole } from "./read-whole.ts";

export interface PublishedSchema {
  /** Number of the newest document, from 1. */
  readonly version: number;
  readonly state: TableState;
  /** Whether both statements lie beside the document; a crash can leave them out, and the next pass adds them. */
  readonly complete: boolean;
}

/** A larger document is none of ours. */
export const documentBytesMax = 64 * 1024 * 1024;

/** The newest schema of a table, or `undefined` before the first partition. */
export async function latestSchema(
  storage: Storage,
  table: string,
  signal?: AbortSignal,
): Promise<PublishedSchema | undefined> {
  const options = signal === undefined ? {} : { signal };
  const { keys, document } = await listSchemas(storage, table, 0, options);
  let version = schemaVersion(document?.key ?? "") ?? 0;
  // A listing may hide what was just put: look whether there is a newer one than it shows.
  while ((await storage.head(schemaKey(table, version + 1), options)) !== undefined) version++;
  if (version === 0) return undefined;
  return decodeSchema(
    table,
    version,
    keys,
    await readWhole(storage, schemaKey(table, version), documentBytesMax, signal),
  );
}

/**
 * What one listing shows, which may be behind the newest schema: enough to decide what is due and to bind a statement to.
 * A schema that `documents` knows costs that listing and nothing else.
 */
export async function glanceAtSchema(
  storage: Storage,
  table: string,
  documents: Documents,
  signal?: AbortSignal,
): Promise<PublishedSchema | undefined> {
  const options = signal === undefined ? {} : { signal };
  const known = schemaVersion(documents.newest(schemaPrefix(table)) ?? "") ?? 0;
  const { keys, document } = await listSchemas(storage, table, known, options);
  const version = schemaVersion(document?.key ?? "");
  // Behind what was known there is nothing: the table is another one, or there is none.
  if (document === undefined || version === undefined)
    return known > 0 ? await latestSchema(storage, table, signal) : undefined;
  const bytes =
    documents.find(document.key, document.token) ?? (await readWhole(storage, document.key, documentBytesMax, signal));
  const schema = decodeSchema(table, version, keys, bytes);
  documents.note(document.key, document.token, bytes);
  return schema;
}

/** All keys from the version `from` on, and the last document. */
async function listSchemas(
  storage: Storage,
  table: string,
  from: number,
  options: CallOptions,
): Promise<{ readonly keys: ReadonlySet<string>; readonly document: ObjectInfo | undefined }> {
  const keys = new Set<string>();
  let document: ObjectInfo | undefined;
  // The statements beside a document sort around it, all of them behind the last key of the version before.
  const after = from > 1 ? statementKeys(schemaKey(table, from - 1))[1] : undefined;
  for await (const page of storage.list(schemaPrefix(table), after === undefined ? options : { ...options, after })) {
    for (const info of page) {
      keys.add(info.key);
      if (schemaVersion(info.key) !== undefined) document = info;
    }
  }
  return { keys, document };
}

function decodeSchema(table: string, version: number, keys: ReadonlySet<string>, bytes: Uint8Array): PublishedSchema {
  const key = schemaKey(table, version);
  try {
    const complete = statementKeys(key).every((beside) => keys.has(beside));
    return { version, state: readDocument(new TextDecoder().decode(bytes)), complete };
  } catch (error) {
    const failure = asFailure(error);
    throw new Failure("corrupt", `${key}: ${failure.message}`, { ...failure.detail, cause: error });
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
  const put = await storage.putIfAbsent(key, encode(documentText(state)), options);
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
  for (const { key, bytes } of statementsOf(table, schema)) await storage.put(key, bytes, options);
}

/** What has to lie beside a document. */
export function statementsOf(
  table: string,
  { version, state }: Pick<PublishedSchema, "version" | "state">,
): readonly { readonly key: string; readonly bytes: Uint8Array }[] {
  const bound = boundSchema(state.schema);
  const [duckdb, spark] = statementKeys(schemaKey(table, version));
  return [
    { key: duckdb, bytes: encode(`${duckdbColumns(bound)}\n`) },
    { key: spark, bytes: encode(`${sparkColumns(bound)}\n`) },
  ];
}

function statementKeys(documentKey: string): readonly [duckdb: string, spark: string] {
  const stem = documentKey.slice(0, -".json".length);
  return [`${stem}.duckdb.sql`, `${stem}.spark.ddl`];
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
