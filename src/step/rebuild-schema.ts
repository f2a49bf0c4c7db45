/**
 * A table's published schema, looked at byte by byte and made again where it is damaged or lost. The document of the
 * highest number is the schema; those before it are history, and serve as what a rebuilt one starts from.
 */
import { asFailure, Failure } from "../errors.ts";
import { schemaKey, schemaPrefix, schemaVersion } from "../model/layout.ts";
import { fingerprint } from "../model/merge.ts";
import type { TableState } from "../model/table-document.ts";
import { checkDocument, documentText, readDocument } from "../model/table-document.ts";
import type { Storage } from "../storage/contract.ts";
import type { SchemaGatherer } from "./gather-schema.ts";
import { readWhole } from "./read-whole.ts";
import { documentBytesMax, publishSchema, publishStatements, statementsOf } from "./table-schema.ts";

/** Publications lost to other writers before giving up. */
const roundsMax = 10;

export interface InspectedSchema {
  /** All numbers that have a document, ascending. */
  readonly versions: readonly number[];
  /** The document of the highest number; `undefined` where there is none. */
  readonly newest: InspectedDocument | undefined;
  /** What is wrong beside an undamaged newest document. */
  readonly statements: readonly { readonly key: string; readonly fault: string }[];
  /** Bytes read. */
  readonly bytes: number;
}

export interface InspectedDocument {
  readonly version: number;
  readonly key: string;
  /** `undefined` for a damaged one. */
  readonly state: TableState | undefined;
  readonly fault: string | undefined;
  /** Written by an earlier version, which recorded no sum. */
  readonly isUnsummed: boolean;
}

export async function inspectSchema(storage: Storage, table: string, signal?: AbortSignal): Promise<InspectedSchema> {
  const call = signal === undefined ? {} : { signal };
  const versions: number[] = [];
  for await (const page of storage.list(schemaPrefix(table), call)) {
    versions.push(...page.flatMap(({ key }) => schemaVersion(key) ?? []));
  }
  const last = versions.at(-1);
  if (last === undefined) return { versions, newest: undefined, statements: [], bytes: 0 };
  const { bytes, ...newest } = await inspectDocument(storage, table, last, signal);
  const statements: { key: string; fault: string }[] = [];
  let read = bytes;
  if (newest.state !== undefined) {
    for (const wanted of statementsOf(table, { version: last, state: newest.state })) {
      const found = await bytesOf(storage, wanted.key, signal);
      read += found?.length ?? 0;
      if (found === undefined) statements.push({ key: wanted.key, fault: "is missing" });
      else if (!found.equals(wanted.bytes))
        statements.push({ key: wanted.key, fault: "is not what the schema document gives" });
    }
  }
  return { versions, newest, statements, bytes: read };
}

async function inspectDocument(
  storage: Storage,
  table: string,
  version: number,
  signal: AbortSignal | undefined,
): Promise<InspectedDocument & { readonly bytes: number }> {
  const key = schemaKey(table, version);
  const damaged = (fault: string, bytes: number) => ({
    ...{ version, key, state: undefined, fault, isUnsummed: false, bytes },
  });
  const bytes = await bytesOf(storage, key, signal);
  if (bytes === undefined) return damaged("is missing", 0);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const verdict = checkDocument(text);
    if (verdict === "changed") return damaged("is not the text whose sum it records", bytes.length);
    const state = readDocument(text);
    return { version, key, state, fault: undefined, isUnsummed: verdict === "unsummed", bytes: bytes.length };
  } catch (error) {
    if (error instanceof TypeError) return damaged("is no UTF-8", bytes.length);
    const failure = asFailure(error);
    if (failure.kind !== "corrupt") throw failure;
    return damaged(failure.message, bytes.length);
  }
}

async function bytesOf(storage: Storage, key: string, signal: AbortSignal | undefined): Promise<Buffer | undefined> {
  try {
    return Buffer.from(await readWhole(storage, key, documentBytesMax, signal));
  } catch (error) {
    if (error instanceof Failure && error.kind === "missing") return undefined;
    throw error;
  }
}

export interface RebuiltSchema {
  readonly version: number;
  readonly state: TableState;
  /** `kept`: nothing was wrong. `completed`: statements were written. `rebuilt`: the document was. */
  readonly kind: "kept" | "completed" | "rebuilt";
}

/** Where the schema's number may be known from when its documents are lost: a version of a mart names it. */
export interface SchemaWitness {
  readonly version: number;
  readonly fingerprint: string;
}

/**
 * Makes the published schema whole and wide enough for every partition in `gathered`. Answers `undefined` for a table
 * without documents and partitions.
 */
export async function rebuildSchema(
  storage: Storage,
  table: string,
  gathered: SchemaGatherer,
  witnesses: readonly SchemaWitness[],
  signal?: AbortSignal,
): Promise<RebuiltSchema | undefined> {
  const call = signal === undefined ? {} : { signal };
  for (let round = 0; round < roundsMax; round++) {
    const { versions, newest, statements } = await inspectSchema(storage, table, signal);
    if (newest === undefined && gathered.size === 0) return undefined;
    if (newest?.state !== undefined && gathered.missingIn(newest.state.schema).length === 0) {
      const kept = { version: newest.version, state: newest.state };
      if (statements.length > 0) await publishStatements(storage, table, kept, signal);
      return { ...kept, kind: statements.length > 0 ? "completed" : "kept" };
    }
    const state = gathered.state(newest?.state ?? (await newestIntact(storage, table, versions.slice(0, -1), signal)));
    if (newest !== undefined && newest.state === undefined) {
      const { version } = newest;
      await storage.put(schemaKey(table, version), new TextEncoder().encode(documentText(state)), call);
      await publishStatements(storage, table, { version, state }, signal);
      return { version, state, kind: "rebuilt" };
    }
    const version = Math.max(numberBy(witnesses, fingerprint(state.schema)), (newest?.version ?? 0) + 1);
    if (await publishSchema(storage, table, version, state, signal)) return { version, state, kind: "rebuilt" };
  }
  throw new Failure("conflict", `table ${table}: other writers published its schema ${roundsMax} times in a row`, {
    remedy: "run again",
  });
}

async function newestIntact(
  storage: Storage,
  table: string,
  versions: readonly number[],
  signal: AbortSignal | undefined,
): Promise<TableState | undefined> {
  for (const version of versions.toReversed()) {
    const { state } = await inspectDocument(storage, table, version, signal);
    if (state !== undefined) return state;
  }
  return undefined;
}

/** The number that the schema had; a schema that moved on since had a higher one. */
function numberBy(witnesses: readonly SchemaWitness[], print: string): number {
  const same = witnesses.filter((witness) => witness.fingerprint === print);
  if (same.length > 0) return Math.max(...same.map(({ version }) => version));
  return witnesses.length === 0 ? 1 : Math.max(...witnesses.map(({ version }) => version)) + 1;
}
