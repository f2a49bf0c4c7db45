/**
 * The calls to a metastore that we make, each by its name, its argument numbers and its declared exceptions as the service's
 * definition has them (`hive_metastore.thrift` of 3.1.3 and 4.0.0, where they are the same; `getVersion` is of `fb303.thrift`).
 * Calls that ask, and those that do nothing when repeated, are made again when their answer was lost. Of the others one has to look:
 * `isOutcomeUnknown`.
 */
import type { ThriftClient } from "../../thrift/client.ts";
import { readList, readString, readStringList, readStruct, type ThriftCursor } from "../../thrift/reader.ts";
import { WireType } from "../../thrift/types.ts";
import {
  type ThriftWriter,
  writeBoolField,
  writeFieldBegin,
  writeI16Field,
  writeList,
  writeStringField,
} from "../../thrift/writer.ts";
import type { CallOptions } from "../contract.ts";
import { type ExceptionName, isException, MetastoreException } from "./exception.ts";
import {
  type HiveDatabase,
  type HivePartition,
  type HiveTable,
  readDatabase,
  readTable,
  writeContextField,
  writeDatabaseField,
  writePartition,
  writeStringListField,
  writeStructField,
  writeTableField,
} from "./structs.ts";

/** A parameter of the table that must still have this value, or nothing is changed. */
export interface Expected {
  readonly key: string;
  readonly value: string;
}

export interface MetastoreCalls {
  /** `getVersion`: `4.0.0`. */
  version(options?: CallOptions): Promise<string>;
  /** `setMetaConf(1: key, 2: value)`: a setting for the connection that it is made on. */
  setSetting(key: string, value: string, options?: CallOptions): Promise<void>;
  /** `get_database(1: name)`. */
  database(name: string, options?: CallOptions): Promise<HiveDatabase | undefined>;
  /** `get_all_databases()`: their names. */
  databases(options?: CallOptions): Promise<readonly string[]>;
  /** `create_database(1: Database)`. `false`: it is there already. */
  createDatabase(database: HiveDatabase, options?: CallOptions): Promise<boolean>;
  /** `get_table(1: dbname, 2: tbl_name)`: what Spark's built-in client asks, and servers from 4.0.1 on do not have. */
  table(database: string, name: string, options?: CallOptions): Promise<HiveTable | undefined>;
  /** `get_table_objects_by_name_req(1: GetTablesRequest)`: those of `names` that are there. */
  tables(database: string, names: readonly string[], options?: CallOptions): Promise<readonly HiveTable[]>;
  /**
   * `create_table_with_environment_context(1: Table, 2: EnvironmentContext)`. `false`: a table of that name is there already.
   * Throws `NoSuchObject` or `InvalidObject` where the database is missing.
   */
  createTable(table: HiveTable, options?: CallOptions): Promise<boolean>;
  /**
   * `alter_table_with_environment_context(1: dbname, 2: tbl_name, 3: Table, 4: EnvironmentContext)`: the whole table as it shall be.
   * What a server that keeps the compare-and-swap says when `expected` does not hold any more is the same that it says for anything
   * else that goes wrong inside of it: whoever calls looks.
   */
  alterTable(table: HiveTable, expected: Expected | undefined, options?: CallOptions): Promise<void>;
  /** `drop_table_with_environment_context(1: dbname, 2: name, 3: deleteData, 4: EnvironmentContext)`, never with the data. `false`: it was not there. */
  dropTable(database: string, name: string, options?: CallOptions): Promise<boolean>;
  /** `get_partition_names(1: db_name, 2: tbl_name, 3: max_parts)`: all, ordered as texts, escaped as paths are. */
  partitionNames(database: string, table: string, options?: CallOptions): Promise<readonly string[]>;
  /** `add_partitions_req(1: AddPartitionsRequest)`; those that are there already are left alone. */
  addPartitions(
    database: string,
    table: string,
    partitions: readonly HivePartition[],
    options?: CallOptions,
  ): Promise<void>;
  /** `drop_partitions_req(1: DropPartitionsRequest)`, never with the data; those that are not there are no error. */
  dropPartitions(database: string, table: string, names: readonly string[], options?: CallOptions): Promise<void>;
}

/** What a result may hold beside the value: declared exceptions by the number of their field. */
type Exceptions = Readonly<Record<number, ExceptionName>>;

interface Method<T> {
  readonly name: string;
  readonly exceptions: Exceptions;
  /** Of field 0. */
  readonly read: (cursor: ThriftCursor, type: number) => T;
  /** What an answer without field 0 means; a method without a result always answers so. */
  readonly nothing: T;
}

/** The server collects statistics of what it is given by listing files, unless it is told not to. */
const withoutStatistics = ["DO_NOT_UPDATE_STATS", "true"] as const;

/** All that there are. */
const unlimited = -1;

export function metastoreCalls(client: ThriftClient, name: string): MetastoreCalls {
  async function ask<T>(
    method: Method<T>,
    isIdempotent: boolean,
    write: (writer: ThriftWriter) => void,
    { signal }: CallOptions = {},
  ): Promise<T> {
    const read = (cursor: ThriftCursor): T => readResult(cursor, method, name);
    return await client.call(method.name, write, read, { isIdempotent, signal });
  }

  const version: MetastoreCalls["version"] = (options) =>
    ask({ name: "getVersion", exceptions: {}, read: readString, nothing: "" }, true, () => undefined, options);

  const setSetting: MetastoreCalls["setSetting"] = (key, value, options) => {
    const method = nothingOf("setMetaConf", { 1: "Meta" });
    const write = (writer: ThriftWriter): void => {
      writeStringField(writer, 1, key);
      writeStringField(writer, 2, value);
    };
    return ask(method, true, write, options);
  };

  const database: MetastoreCalls["database"] = (asked, options) => {
    const exceptions = { 1: "NoSuchObject", 2: "Meta" } as const;
    const method = { name: "get_database", exceptions, read: readDatabase, nothing: undefined };
    return orNone(ask(method, true, (writer) => writeStringField(writer, 1, asked), options));
  };

  const databases: MetastoreCalls["databases"] = (options) => {
    const method = { name: "get_all_databases", exceptions: { 1: "Meta" } as const, read: readStringList, nothing: [] };
    return ask(method, true, () => undefined, options);
  };

  const createDatabase: MetastoreCalls["createDatabase"] = (made, options) => {
    const method = nothingOf("create_database", { 1: "AlreadyExists", 2: "InvalidObject", 3: "Meta" });
    return unless(
      "AlreadyExists",
      ask(method, false, (writer) => writeDatabaseField(writer, 1, made), options),
    );
  };

  return {
    version,
    setSetting,
    database,
    databases,
    createDatabase,
    ...tableCalls(ask),
    ...partitionCalls(ask),
  };
}

type Ask = <T>(
  method: Method<T>,
  isIdempotent: boolean,
  write: (writer: ThriftWriter) => void,
  options?: CallOptions,
) => Promise<T>;

function tableCalls(ask: Ask) {
  const table: MetastoreCalls["table"] = (database, name, options) => {
    const exceptions = { 1: "Meta", 2: "NoSuchObject" } as const;
    const method = { name: "get_table", exceptions, read: readTable, nothing: undefined };
    const write = (writer: ThriftWriter): void => {
      writeStringField(writer, 1, database);
      writeStringField(writer, 2, name);
    };
    return orNone(ask(method, true, write, options));
  };

  const tables: MetastoreCalls["tables"] = async (database, names, options) => {
    const exceptions = { 1: "Meta", 2: "InvalidOperation", 3: "UnknownDatabase" } as const;
    const method = { name: "get_table_objects_by_name_req", exceptions, read: readTablesResult, nothing: [] };
    const write = (writer: ThriftWriter): void =>
      writeStructField(writer, 1, (request) => {
        writeStringField(request, 1, database);
        writeStringListField(request, 2, names);
      });
    return (await orNone(ask(method, true, write, options))) ?? [];
  };

  const createTable: MetastoreCalls["createTable"] = (made, options) => {
    const exceptions = { 1: "AlreadyExists", 2: "InvalidObject", 3: "Meta", 4: "NoSuchObject" } as const;
    const write = (writer: ThriftWriter): void => {
      writeTableField(writer, 1, made);
      writeContextField(writer, 2, new Map([withoutStatistics]));
    };
    const method = nothingOf("create_table_with_environment_context", exceptions);
    return unless("AlreadyExists", ask(method, false, write, options));
  };

  const alterTable: MetastoreCalls["alterTable"] = (altered, expected, options) => {
    const method = nothingOf("alter_table_with_environment_context", { 1: "InvalidOperation", 2: "Meta" });
    const context = new Map<string, string>([withoutStatistics]);
    if (expected !== undefined) {
      context.set("expected_parameter_key", expected.key).set("expected_parameter_value", expected.value);
    }
    const write = (writer: ThriftWriter): void => {
      writeStringField(writer, 1, altered.database);
      writeStringField(writer, 2, altered.name);
      writeTableField(writer, 3, altered);
      writeContextField(writer, 4, context);
    };
    return ask(method, false, write, options);
  };

  const dropTable: MetastoreCalls["dropTable"] = (database, name, options) => {
    const method = nothingOf("drop_table_with_environment_context", { 1: "NoSuchObject", 2: "Meta" });
    const write = (writer: ThriftWriter): void => {
      writeStringField(writer, 1, database);
      writeStringField(writer, 2, name);
      writeBoolField(writer, 3, false);
    };
    return unless("NoSuchObject", ask(method, false, write, options));
  };

  return { table, tables, createTable, alterTable, dropTable };
}

function partitionCalls(ask: Ask) {
  const partitionNames: MetastoreCalls["partitionNames"] = (database, table, options) => {
    const exceptions = { 1: "NoSuchObject", 2: "Meta" } as const;
    const method = { name: "get_partition_names", exceptions, read: readStringList, nothing: [] };
    const write = (writer: ThriftWriter): void => {
      writeStringField(writer, 1, database);
      writeStringField(writer, 2, table);
      writeI16Field(writer, 3, unlimited);
    };
    return ask(method, true, write, options);
  };

  const addPartitions: MetastoreCalls["addPartitions"] = (database, table, partitions, options) => {
    const method = nothingOf("add_partitions_req", { 1: "InvalidObject", 2: "AlreadyExists", 3: "Meta" });
    const write = (writer: ThriftWriter): void =>
      writeStructField(writer, 1, (request) => {
        writeStringField(request, 1, database);
        writeStringField(request, 2, table);
        writeFieldBegin(request, WireType.list, 3);
        writeList(request, WireType.struct, partitions, (list, one) => writePartition(list, one, database, table));
        const ifNotExists = 4;
        writeBoolField(request, ifNotExists, true);
        const needResult = 5;
        writeBoolField(request, needResult, false);
      });
    return ask(method, true, write, options);
  };

  const dropPartitions: MetastoreCalls["dropPartitions"] = async (database, table, names, options) => {
    const method = nothingOf("drop_partitions_req", { 1: "NoSuchObject", 2: "Meta" });
    const write = (writer: ThriftWriter): void =>
      writeStructField(writer, 1, (request) => {
        writeStringField(request, 1, database);
        writeStringField(request, 2, table);
        writeStructField(request, 3, (parts) => writeStringListField(parts, 1, names));
        const deleteData = 4;
        writeBoolField(request, deleteData, false);
        const ifExists = 5;
        writeBoolField(request, ifExists, true);
        const needResult = 8;
        writeBoolField(request, needResult, false);
      });
    await ask(method, true, write, options);
  };

  return { partitionNames, addPartitions, dropPartitions };
}

function nothingOf(name: string, exceptions: Exceptions): Method<void> {
  return { name, exceptions, read: () => undefined, nothing: undefined };
}

/** `GetTablesResult { 1: list<Table> tables }`. */
function readTablesResult(cursor: ThriftCursor, type: number): readonly HiveTable[] {
  let tables: readonly HiveTable[] = [];
  readStruct(cursor, type, (id, fieldType) => {
    if (id !== 1) return false;
    tables = readList(cursor, fieldType, readTable);
    return true;
  });
  return tables;
}

/** Every declared exception is a struct whose field 1 is the message. */
function readMessage(cursor: ThriftCursor, type: number): string {
  let message = "";
  readStruct(cursor, type, (id, fieldType) => {
    if (id !== 1) return false;
    message = readString(cursor, fieldType);
    return true;
  });
  return message;
}

function readResult<T>(cursor: ThriftCursor, { name, exceptions, read, nothing }: Method<T>, server: string): T {
  let value = nothing;
  let thrown: MetastoreException | undefined;
  readStruct(cursor, WireType.struct, (id, type) => {
    const exception = exceptions[id];
    if (id === 0) value = read(cursor, type);
    else if (exception !== undefined) {
      thrown = new MetastoreException(`${server}: ${name}`, exception, readMessage(cursor, type));
    } else return false;
    return true;
  });
  if (thrown !== undefined) throw thrown;
  return value;
}

async function unless(exception: ExceptionName, doing: Promise<void>): Promise<boolean> {
  try {
    await doing;
    return true;
  } catch (error) {
    if (isException(error, exception)) return false;
    throw error;
  }
}

async function orNone<T>(asking: Promise<T>): Promise<T | undefined> {
  try {
    return await asking;
  } catch (error) {
    if (isException(error, "NoSuchObject", "UnknownDatabase")) return undefined;
    throw error;
  }
}
