/**
 * The log that makes the directory of one version of a mart a table of Delta Lake: one commit that adds every part. Since a version
 * never changes, its log never gets a second one (`designs/delta.md`).
 * Source: https://github.com/delta-io/delta/blob/master/PROTOCOL.md.
 */
import type { SqlType } from "./column-type-text.ts";
import type { ColumnType } from "./schema.ts";
import { sparkTypeJson } from "./spark-type-json.ts";

/** Directory of the log, below that of the version. Other readers of Parquet take no notice of a name that begins so. */
export const deltaLogPrefix = "_delta_log/";

/** Name of its one commit below the version's directory. */
export const deltaLogFile = `${deltaLogPrefix}00000000000000000000.json`;

/** Whether a name below the directory of a version is that of a commit. */
export const isDeltaCommit = (name: string): boolean => /^_delta_log\/\d{20}\.json$/.test(name);

/**
 * Nobody implements it, and the protocol has whoever meets an unknown feature of writers refuse to write: others read the table,
 * but none of them can commit to a version that is published.
 */
export const immutableFeature = "millraceImmutable";

export interface DeltaCommit {
  readonly mart: string;
  readonly version: string;
  /** Becomes the table's id: each version is a table of its own. */
  readonly publishId: string;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly description: string | undefined;
  readonly columns: readonly { readonly name: string; readonly type: ColumnType | SqlType }[];
  readonly files: readonly { readonly name: string; readonly rows: number; readonly size: number }[];
}

/** The commit's text: one action a line. */
export function encodeDeltaLog(commit: DeltaCommit): string {
  const schema = tableSchema(commit.columns);
  const actions = [
    commitInfo(commit),
    protocolOf(schema),
    metaDataOf(commit, schema),
    ...commit.files.map(addOf(commit)),
  ];
  return actions.map((action) => `${JSON.stringify(action)}\n`).join("");
}

/** For people who ask for the table's history. Nothing depends on it. */
function commitInfo({ atMs, files }: DeltaCommit): unknown {
  const sum = (of: (file: DeltaCommit["files"][number]) => number): string =>
    String(files.reduce((total, file) => total + of(file), 0));
  return {
    commitInfo: {
      timestamp: atMs,
      operation: "WRITE",
      operationParameters: { mode: '"ErrorIfExists"' },
      isBlindAppend: true,
      operationMetrics: {
        numFiles: String(files.length),
        numOutputRows: sum(({ rows }) => rows),
        numOutputBytes: sum(({ size }) => size),
      },
      engineInfo: "millrace",
    },
  };
}

/** The least that readers must know, so that as many as possible can read it. */
function protocolOf({ hasLocalTime, columnIds }: TableSchema): unknown {
  const mapping = columnIds === undefined ? [] : ["columnMapping"];
  if (!hasLocalTime) {
    // With features of writers alone readers are told by a number: 2 is the one that knows mapped columns.
    const minReaderVersion = columnIds === undefined ? 1 : 2;
    return { protocol: { minReaderVersion, minWriterVersion: 7, writerFeatures: [...mapping, immutableFeature] } };
  }
  const readerFeatures = [...mapping, "timestampNtz"];
  return {
    protocol: {
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures,
      writerFeatures: [...readerFeatures, immutableFeature],
    },
  };
}

function metaDataOf({ mart, version, publishId, atMs, description }: DeltaCommit, schema: TableSchema): unknown {
  const mapping: Readonly<Record<string, string>> =
    schema.columnIds === undefined
      ? {}
      : { "delta.columnMapping.mode": "name", "delta.columnMapping.maxColumnId": String(schema.columnIds) };
  return {
    metaData: {
      id: publishId,
      name: mart,
      ...(description === undefined ? {} : { description }),
      format: { provider: "parquet", options: {} },
      schemaString: JSON.stringify(schema.type),
      partitionColumns: [],
      configuration: { ...mapping, "millrace.mart": mart, "millrace.version": version },
      createdTime: atMs,
    },
  };
}

/** The statistics are the rows alone: the least and greatest values stand in the footer, which readers open anyway. */
function addOf({ atMs }: DeltaCommit): (file: DeltaCommit["files"][number]) => unknown {
  return ({ name, rows, size }) => ({
    add: {
      path: encodeURIComponent(name),
      partitionValues: {},
      size,
      modificationTime: atMs,
      dataChange: true,
      stats: JSON.stringify({ numRecords: rows }),
    },
  });
}

interface TableSchema {
  readonly type: unknown;
  /** A column without a time zone, which not every reader knows. */
  readonly hasLocalTime: boolean;
  /** How many columns are mapped; `undefined` if none needs to be. */
  readonly columnIds: number | undefined;
}

function tableSchema(columns: DeltaCommit["columns"]): TableSchema {
  const hasLocalTime = columns.some(({ type }) => type.kind === "timestamp_local");
  const mapped = columns.some(({ name, type }) => !isPlain(name) || hasOddName(type));
  let columnIds = 0;
  // Depth last: the fields of a struct are numbered before those of its fields.
  const fieldsOf = (fields: DeltaCommit["columns"]): unknown => {
    const metadata = fields.map(({ name }) => (mapped ? mappingOf(name, ++columnIds) : {}));
    return {
      type: "struct",
      fields: fields.map(({ name, type }, at) => ({
        name,
        type: sparkTypeJson(type, fieldsOf),
        nullable: true,
        metadata: metadata[at],
      })),
    };
  };
  const type = fieldsOf(columns);
  return { type, hasLocalTime, columnIds: mapped ? columnIds : undefined };
}

/** What Delta demands of a column's name unless the columns are mapped, and top-level names of marts always keep. */
const isPlain = (name: string): boolean => !/[ ,;{}()\n\t=]/.test(name);

function hasOddName(type: ColumnType | SqlType): boolean {
  if (type.kind === "list") return hasOddName(type.element);
  return type.kind === "struct" && type.fields.some(({ name, type: inner }) => !isPlain(name) || hasOddName(inner));
}

/** Files keep the names: mapped means that their names are not taken for granted. */
function mappingOf(name: string, id: number): unknown {
  return { "delta.columnMapping.id": id, "delta.columnMapping.physicalName": name };
}
