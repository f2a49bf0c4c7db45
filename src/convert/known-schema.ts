/** The schema that a file was published with: a table's schema document, or a Parquet file that we wrote. */
import { readFile } from "node:fs/promises";
import { asFailure, Failure } from "../errors.ts";
import type { Schema } from "../model/schema.ts";
import { fromDocument } from "../model/table-document.ts";
import { readSchema } from "../parquet/read.ts";
import { isParquetFile, readFooter } from "./footer-file.ts";

/** Throws `corrupt` for anything else, `missing` and `denied` as the file system does. */
export async function readKnownSchema(path: string): Promise<Schema> {
  try {
    if (await isParquetFile(path)) return readSchema(await readFooter(path));
    return fromDocument(JSON.parse(await readFile(path, "utf8"))).schema;
  } catch (error) {
    const isText = error instanceof SyntaxError;
    const failure = isText ? new Failure("corrupt", "no JSON and no Parquet") : asFailure(error);
    throw new Failure(failure.kind, `${path}: ${failure.message}`, {
      cause: error,
      remedy: "name a table's _schema/….json, or a Parquet file that millrace wrote",
    });
  }
}
