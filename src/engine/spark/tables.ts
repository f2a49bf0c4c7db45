/** How a statement's tables are laid before it: as views of the session over exactly the files that it was handed. */

import { Failure } from "../../errors.ts";
import { foldName } from "../../model/column-path.ts";
import { quoteForSpark } from "../../model/ddl.ts";
import type { CallOptions, Session } from "../../spark-connect/contract.ts";
import type { Relation } from "../../spark-connect/gen/spark_connect_pb.ts";
import type { InputFile } from "../contract.ts";
import { readFilesFields } from "../file-schema.ts";
import { fittingFields } from "../fit.ts";
import { narrowed } from "../touched.ts";
import type { ValueField } from "../value-types.ts";
import { type BoundTable, SRC, unreachable } from "./bind.ts";
import { filesRelation, projection, withColumn } from "./relation.ts";
import { guarded } from "./session.ts";
import { declaredType, resultType } from "./types.ts";

/** Makes the table's name stand for these files. */
export async function layTable(
  session: Session,
  table: BoundTable,
  files: readonly InputFile[],
  call: CallOptions,
): Promise<void> {
  const located = locationsOf(table, files);
  if (table.partitioned) await checkPartitions(table, files);
  else if (files.length > 0) await checkMart(session, table, located.slice(0, 1), call);
  const relation = table.partitioned ? partitionsRelation(table, files, located) : martRelation(table, located);
  await guarded(() => session.createView(quoteForSpark(table.name), relation, { replace: true, ...call }));
}

export function locationsOf(table: Pick<BoundTable, "name">, files: readonly InputFile[]): readonly string[] {
  return files.map(({ location }) => {
    if (location === undefined) throw unreachable(table.name);
    return location;
  });
}

function martRelation(table: BoundTable, paths: readonly string[]): Relation {
  return filesRelation({ fields: table.fields, paths });
}

/** No file has a column of this name; Spark reads nothing for it. */
const noColumn: ValueField = { name: "(no column)", type: { kind: "bool" } };

/** What Spark makes of a directory's name that holds such a value is another value, or none. */
const changedByDirectories = /%|^$|^__HIVE_DEFAULT_PARTITION__$/;

function partitionsRelation(table: BoundTable, files: readonly InputFile[], paths: readonly string[]): Relation {
  const basePath = commonBase(files, paths);
  if (paths.length === 0 || basePath !== undefined) {
    return filesRelation({ fields: table.fields, paths, ...(basePath === undefined ? {} : { basePath }) });
  }
  const fields = table.fields.filter((field) => foldName(field.name) !== SRC);
  if (fields.length === 0) return projection(filesRelation({ fields: [noColumn], paths }), [`${srcOfPath} AS ${SRC}`]);
  return withColumn(filesRelation({ fields, paths }), SRC, srcOfPath);
}

/** The path of a row's file is percent-encoded; `url_decode` would take a plus sign for a blank. */
const srcOfPath = `url_decode(replace(regexp_extract(_metadata.file_path, '/src=([^/]*)/[^/]*$', 1), '+', '%2B'))`;

/**
 * The directory below which every file lies in a directory of its own `src`, where Spark's own reading of such names gives
 * that value; `undefined` if there is none. Spark then leaves out partitions by itself, whatever a condition on `src` is.
 */
function commonBase(files: readonly InputFile[], paths: readonly string[]): string | undefined {
  let base: string | undefined;
  for (const [index, path] of paths.entries()) {
    const src = files[index]?.src ?? "";
    const end = path.lastIndexOf("/src=");
    const own = end < 0 ? undefined : path.slice(0, end);
    if (own === undefined || path.slice(end + "/src=".length, path.lastIndexOf("/")) !== src) {
      throw new Failure("bug", `${path}: it does not lie in a directory src=${src}`);
    }
    if (changedByDirectories.test(src) || (base !== undefined && base !== own)) return undefined;
    base = own;
  }
  return base;
}

/**
 * Refuses a file that holds a touched column in another type than the table has. Spark refuses most of them by itself, but
 * reads a timestamp or a decimal as the integer that it is stored as. Only files on this machine are looked into: the footers
 * of thousands of stored objects would cost more than the statement.
 */
async function checkPartitions(table: BoundTable, files: readonly InputFile[]): Promise<void> {
  const near = files.filter(({ location }) => location?.startsWith("file:"));
  const full = table.fields.filter((field) => foldName(field.name) !== SRC);
  const touched = table.touched === "all" ? "all" : table.touched.filter(([name = ""]) => foldName(name) !== SRC);
  const kept = narrowed(full, touched);
  if (kept.length === 0) return;
  const found = await readFilesFields(near.map((file) => file.path));
  for (const [index, file] of near.entries()) {
    fittingFields(found[index] ?? [], full, kept, { table: table.name, file: `src=${file.src ?? ""}` });
  }
}

/** A mart's files have its columns, in its types; Spark says what is in the first of them. */
async function checkMart(
  session: Session,
  table: BoundTable,
  paths: readonly string[],
  call: CallOptions,
): Promise<void> {
  const { fields } = await guarded(() => session.schema(filesRelation({ fields: undefined, paths }), call));
  const found = new Map(fields.map(({ name, type }) => [foldName(name), declaredType(resultType(type).type)]));
  const { touched } = table;
  const needed = table.fields.filter(({ name }) => touched === "all" || touched.some(([first]) => first === name));
  if (needed.every(({ name, type }) => isSame(found.get(foldName(name)), declaredType(type)))) return;
  throw new Failure("corrupt", `${table.name}: its files have other columns than its manifest names`, {
    remedy: "build the mart again",
  });
}

function isSame(left: string | undefined, right: string): boolean {
  return left !== undefined && foldName(left) === foldName(right);
}
