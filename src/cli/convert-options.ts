/** The options of `convert` that say how, and what they make. */
import { resolve } from "node:path";
import type { ConvertJobsOptions } from "../answers.ts";
import { readColumnsFile } from "../config/columns-file.ts";
import { parseBytes, parseShare } from "../config/quantities.ts";
import { Failure } from "../errors.ts";
import { declareColumns } from "../model/declared-columns.ts";
import type { DeclaredColumns, Schema } from "../model/schema.ts";
import type { Call } from "./command.ts";
import { choice, list, text, value, whole } from "./option.ts";

const LINE_BYTES_MIN = 1024;

function share(given: string): number {
  const found = parseShare(given);
  if (found === undefined) throw new Failure("usage", `expected a share such as 0.1% or 0.001, got "${given}"`);
  return found;
}

function lineBytes(given: string): number {
  const found = parseBytes(given);
  if (found !== undefined && found >= LINE_BYTES_MIN) return found;
  throw new Failure("usage", `expected a size such as 64MiB, at least 1KiB, got "${given}"`);
}

export const settingOptions = {
  columns: list("columns", "PATH=TYPE", "declare a column: payload=json, created_at=timestamp; or a YAML file of them"),
  schema: text(
    "schema",
    "FILE",
    "write what its columns are wider: a table's schema document or a Parquet file of ours",
  ),
  conflicts: choice("conflicts", "RULE", ["hold", "text"], "a clash with --schema is refused, or becomes text", {
    fallback: "hold",
  }),
  duplicateKeys: choice("duplicate-keys", "RULE", ["reject", "last"], "a line with a key twice", {
    fallback: "reject",
  }),
  compression: choice("compression", "CODEC", ["zstd", "snappy"], "of the Parquet pages", { fallback: "zstd" }),
  maxRejects: value("max-rejects", "SHARE", "refuse a file with more rejected lines than that", share, {
    fallback: "0.1%",
  }),
  lineMax: value("line-max", "SIZE", "longest line", lineBytes, { fallback: "32MiB" }),
  depthMax: whole("depth-max", "N", "deepest nesting of a line", 1, { fallback: "128" }),
  columnsMax: whole("columns-max", "N", "most columns of a file", 1, { fallback: "10000" }),
} as const;

export async function readSettings(
  call: Call,
  knownSchema: (file: string) => Promise<Schema>,
): Promise<ConvertJobsOptions> {
  const schema = call.read(settingOptions.schema);
  return defined({
    columns: readColumns(call),
    known: schema === undefined ? undefined : await knownSchema(resolve(call.cwd, schema)),
    conflicts: call.read(settingOptions.conflicts),
    duplicateKeys: call.read(settingOptions.duplicateKeys),
    compression: call.read(settingOptions.compression),
    rejectsMax: call.read(settingOptions.maxRejects),
    lineBytesMax: call.read(settingOptions.lineMax),
    depthMax: call.read(settingOptions.depthMax),
    columnsMax: call.read(settingOptions.columnsMax),
  });
}

/** Without the members that were not given. */
function defined(values: { readonly [K in keyof ConvertJobsOptions]: ConvertJobsOptions[K] | undefined }) {
  const given: ConvertJobsOptions = {};
  return Object.assign(given, Object.fromEntries(Object.entries(values).filter(([, each]) => each !== undefined)));
}

/** `path=type`, or the name of a file; a key may hold `=`, a type cannot. */
function readColumns(call: Call): DeclaredColumns {
  const texts = call.read(settingOptions.columns).flatMap((given) => {
    const at = given.lastIndexOf("=");
    if (at > 0) return [[given.slice(0, at), given.slice(at + 1)] as const];
    return readColumnsFile(resolve(call.cwd, given), "--columns");
  });
  try {
    return declareColumns(texts);
  } catch (error) {
    if (error instanceof Failure) throw new Failure(error.kind, `--columns: ${error.message}`, error.detail);
    throw error;
  }
}
