/**
 * The structs of the metastore's service that we write and read, with the fields that we use. Numbers and types are those of
 * `hive_metastore.thrift` in 3.1.3 and 4.0.0, where they are the same. What is not named here is passed over in answers and left to
 * its default in requests.
 */
import { readList, readString, readStringMap, readStruct, type ThriftCursor } from "../../thrift/reader.ts";
import { WireType } from "../../thrift/types.ts";
import {
  type ThriftWriter,
  writeBoolField,
  writeFieldBegin,
  writeI32Field,
  writeList,
  writeMap,
  writeString,
  writeStringField,
  writeStruct,
} from "../../thrift/writer.ts";

/** `Database`. */
export interface HiveDatabase {
  readonly name: string;
  readonly description: string;
  /** Empty in a request: where the metastore puts databases. */
  readonly location: string;
  readonly owner: string;
}

/** `FieldSchema`. */
export interface HiveField {
  readonly name: string;
  readonly type: string;
  readonly comment?: string | undefined;
}

/** `StorageDescriptor` with its `SerDeInfo`. */
export interface HiveStorage {
  readonly columns: readonly HiveField[];
  readonly location: string;
  readonly inputFormat: string;
  readonly outputFormat: string;
  readonly serde: string;
  readonly serdeParameters: ReadonlyMap<string, string>;
}

/** `Table`. */
export interface HiveTable {
  readonly database: string;
  readonly name: string;
  readonly owner: string;
  readonly storage: HiveStorage;
  readonly partitionKeys: readonly HiveField[];
  readonly parameters: ReadonlyMap<string, string>;
  /** `EXTERNAL_TABLE`, `MANAGED_TABLE`, `VIRTUAL_VIEW`, `MATERIALIZED_VIEW`, or what a later version adds. */
  readonly type: string;
}

/** `Partition`, as it is added. */
export interface HivePartition {
  readonly values: readonly string[];
  readonly storage: HiveStorage;
}

/** `PrincipalType.USER`. */
const userPrincipal = 1;

export function writeStringListField(writer: ThriftWriter, id: number, values: readonly string[]): void {
  writeFieldBegin(writer, WireType.list, id);
  writeList(writer, WireType.string, values, writeString);
}

export function writeStringMapField(writer: ThriftWriter, id: number, entries: ReadonlyMap<string, string>): void {
  writeFieldBegin(writer, WireType.map, id);
  writeMap(writer, [WireType.string, WireType.string], entries, writeString, writeString);
}

export function writeStructField(writer: ThriftWriter, id: number, write: (writer: ThriftWriter) => void): void {
  writeFieldBegin(writer, WireType.struct, id);
  writeStruct(writer, write);
}

/** `EnvironmentContext { 1: map<string, string> properties }`. */
export function writeContextField(writer: ThriftWriter, id: number, properties: ReadonlyMap<string, string>): void {
  writeStructField(writer, id, (context) => writeStringMapField(context, 1, properties));
}

export function writeDatabaseField(writer: ThriftWriter, id: number, database: HiveDatabase): void {
  writeStructField(writer, id, (struct) => {
    writeStringField(struct, 1, database.name);
    writeStringField(struct, 2, database.description);
    if (database.location !== "") writeStringField(struct, 3, database.location);
    writeStringField(struct, 6, database.owner);
    writeI32Field(struct, 7, userPrincipal);
  });
}

export function readDatabase(cursor: ThriftCursor, type: number): HiveDatabase {
  const database = { name: "", description: "", location: "", owner: "" };
  readStruct(cursor, type, (id, fieldType) => {
    if (id === 1) database.name = readString(cursor, fieldType);
    else if (id === 2) database.description = readString(cursor, fieldType);
    else if (id === 3) database.location = readString(cursor, fieldType);
    else if (id === 6) database.owner = readString(cursor, fieldType);
    else return false;
    return true;
  });
  return database;
}

function writeFields(writer: ThriftWriter, id: number, fields: readonly HiveField[]): void {
  writeFieldBegin(writer, WireType.list, id);
  writeList(writer, WireType.struct, fields, (list, { name, type, comment }) =>
    writeStruct(list, (struct) => {
      writeStringField(struct, 1, name);
      writeStringField(struct, 2, type);
      if (comment !== undefined) writeStringField(struct, 3, comment);
    }),
  );
}

function readField(cursor: ThriftCursor, type: number): HiveField {
  const field: { name: string; type: string; comment?: string } = { name: "", type: "" };
  readStruct(cursor, type, (id, fieldType) => {
    if (id === 1) field.name = readString(cursor, fieldType);
    else if (id === 2) field.type = readString(cursor, fieldType);
    else if (id === 3) field.comment = readString(cursor, fieldType);
    else return false;
    return true;
  });
  return field;
}

const readFields = (cursor: ThriftCursor, type: number): HiveField[] => readList(cursor, type, readField);

/** Lists that a server's own code goes through without asking whether they are there have to be there, empty. */
function writeStorageField(writer: ThriftWriter, id: number, storage: HiveStorage, serdeName: string): void {
  writeStructField(writer, id, (struct) => {
    writeFields(struct, 1, storage.columns);
    writeStringField(struct, 2, storage.location);
    writeStringField(struct, 3, storage.inputFormat);
    writeStringField(struct, 4, storage.outputFormat);
    writeBoolField(struct, 5, false);
    writeI32Field(struct, 6, -1);
    writeStructField(struct, 7, (serde) => {
      writeStringField(serde, 1, serdeName);
      writeStringField(serde, 2, storage.serde);
      writeStringMapField(serde, 3, storage.serdeParameters);
    });
    writeStringListField(struct, 8, []);
    writeFieldBegin(struct, WireType.list, 9);
    writeList(struct, WireType.struct, [], () => undefined);
    writeStringMapField(struct, 10, new Map());
  });
}

interface SerdeRead {
  serde: string;
  serdeParameters: ReadonlyMap<string, string>;
}

function readSerde(cursor: ThriftCursor, type: number): SerdeRead {
  const read: SerdeRead = { serde: "", serdeParameters: new Map() };
  readStruct(cursor, type, (id, fieldType) => {
    if (id === 2) read.serde = readString(cursor, fieldType);
    else if (id === 3) read.serdeParameters = readStringMap(cursor, fieldType);
    else return false;
    return true;
  });
  return read;
}

function readStorage(cursor: ThriftCursor, type: number): HiveStorage {
  let columns: readonly HiveField[] = [];
  const texts = { location: "", inputFormat: "", outputFormat: "" };
  let serde: SerdeRead = { serde: "", serdeParameters: new Map() };
  readStruct(cursor, type, (id, fieldType) => {
    if (id === 1) columns = readFields(cursor, fieldType);
    else if (id === 2) texts.location = readString(cursor, fieldType);
    else if (id === 3) texts.inputFormat = readString(cursor, fieldType);
    else if (id === 4) texts.outputFormat = readString(cursor, fieldType);
    else if (id === 7) serde = readSerde(cursor, fieldType);
    else return false;
    return true;
  });
  return { columns, ...texts, ...serde };
}

export function writeTableField(writer: ThriftWriter, id: number, table: HiveTable): void {
  writeStructField(writer, id, (struct) => {
    writeStringField(struct, 1, table.name);
    writeStringField(struct, 2, table.database);
    writeStringField(struct, 3, table.owner);
    writeStorageField(struct, 7, table.storage, table.name);
    writeFields(struct, 8, table.partitionKeys);
    writeStringMapField(struct, 9, table.parameters);
    writeStringField(struct, 12, table.type);
  });
}

export function readTable(cursor: ThriftCursor, type: number): HiveTable {
  const texts = { name: "", database: "", owner: "", type: "" };
  let storage: HiveStorage = noStorage;
  let partitionKeys: readonly HiveField[] = [];
  let parameters: ReadonlyMap<string, string> = new Map();
  readStruct(cursor, type, (id, fieldType) => {
    if (id === 1) texts.name = readString(cursor, fieldType);
    else if (id === 2) texts.database = readString(cursor, fieldType);
    else if (id === 3) texts.owner = readString(cursor, fieldType);
    else if (id === 7) storage = readStorage(cursor, fieldType);
    else if (id === 8) partitionKeys = readFields(cursor, fieldType);
    else if (id === 9) parameters = readStringMap(cursor, fieldType);
    else if (id === 12) texts.type = readString(cursor, fieldType);
    else return false;
    return true;
  });
  return { ...texts, storage, partitionKeys, parameters };
}

/** Of a view of some versions. */
const noStorage: HiveStorage = {
  columns: [],
  location: "",
  inputFormat: "",
  outputFormat: "",
  serde: "",
  serdeParameters: new Map(),
};

export function writePartition(
  writer: ThriftWriter,
  { values, storage }: HivePartition,
  database: string,
  table: string,
): void {
  writeStruct(writer, (struct) => {
    writeStringListField(struct, 1, values);
    writeStringField(struct, 2, database);
    writeStringField(struct, 3, table);
    writeStorageField(struct, 6, storage, table);
    writeStringMapField(struct, 7, new Map());
  });
}
