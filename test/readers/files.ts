/** The Parquet files that independent readers are asked to read, and what must be in them. */
import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { openGenerator } from "../../sample/generator.ts";
import { openNativeConverter } from "../../src/convert/open.ts";
import type { Field } from "../../src/model/schema.ts";
import { PLACEHOLDER_COLUMN } from "../../src/parquet/names.ts";
import { type CorpusCase, settingsOf } from "../corpus/corpus-case.ts";
import { compare, readableFields } from "../corpus/read-back.ts";
import { parseFile } from "../reference/parse.ts";
import type { PythonRead } from "./python-reader.ts";

export interface ConvertedCase {
  readonly name: string;
  readonly parquet: string;
  readonly entry: CorpusCase;
}

export interface ReaderFolder {
  convert(entries: readonly CorpusCase[]): Promise<ConvertedCase[]>;
  close(): Promise<void>;
}

export function openReaderFolder(groupBytes?: number): ReaderFolder {
  const folder = mkdtempSync(join(tmpdir(), "millrace-readers-"));
  const converter = openNativeConverter({ workers: 0, ...(groupBytes === undefined ? {} : { groupBytes }) });
  let count = 0;
  return {
    async convert(entries) {
      const converted: ConvertedCase[] = [];
      for (const entry of entries) {
        const stem = join(folder, `f${count++}`);
        await writeFile(`${stem}.json`, entry.file);
        const { known, declared, conflicts, duplicateKeys, lineBytesMax, depthMax } = settingsOf(entry);
        await converter.convert({
          ...{ input: { file: `${stem}.json` }, output: `${stem}.parquet`, rejects: `${stem}.rejects`, known },
          provenance: {},
          settings: {
            ...{ declared, conflicts, duplicateKeys, lineBytesMax, depthMax, compression: "zstd", columnsMax: 10_000 },
          },
        });
        converted.push({ name: entry.name, parquet: `${stem}.parquet`, entry });
      }
      return converted;
    },
    async close() {
      await converter.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** The first difference between what the reader found and what the reference says, or nothing. */
export function differenceTo({ entry }: ConvertedCase, read: PythonRead | undefined): string | undefined {
  if (read === undefined) return "not read";
  if ("error" in read) return read.error;
  const { schema, rows } = parseFile(entry.file, settingsOf(entry));
  const fields = readableFields(schema);
  // Parquet knows no table without columns.
  const placeholder: Field = { name: PLACEHOLDER_COLUMN, type: { kind: "string" } };
  return compare({ fields: fields.length === 0 ? [placeholder] : fields, rows }, read);
}

/** An hour of each era: flat pushes in Pacific time, objects for actors, and the columns of today. */
export const eraHours = ["2011-02-12T10", "2013-06-01T10", "2023-02-08T12"];

export async function generatedHour(hour: string, eventsPerHour: number): Promise<CorpusCase> {
  const chunks: Buffer[] = [];
  for await (const chunk of openGenerator({ seed: 17, eventsPerHour }).hour(Date.parse(`${hour}:00:00Z`)))
    chunks.push(chunk);
  return { name: `generated ${hour}`, file: Buffer.concat(chunks), settings: {} };
}

export async function realHour(directory: string, name: string): Promise<CorpusCase> {
  return { name, file: gunzipSync(await readFile(join(directory, name))), settings: {} };
}
