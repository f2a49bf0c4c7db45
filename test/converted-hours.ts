/** Archive hours as the partitions of one table: converted for real, with one merged schema that every file fits. */
import { join } from "node:path";
import type { ConvertReport } from "../src/convert/contract.ts";
import { openNativeConverter } from "../src/convert/open.ts";
import { mergeSchemas, narrowerPaths } from "../src/model/merge.ts";
import type { DeclaredColumns, Schema } from "../src/model/schema.ts";

export interface ConvertedHours {
  readonly schema: Schema;
  /** In the order of the hours. */
  readonly parts: readonly { readonly src: string; readonly path: string; readonly rows: number }[];
}

/** The columns that the reference select names, so that it binds although no hour has them. */
export const referenceColumns: DeclaredColumns = new Map(
  ["actor.login", "actor.display_login", "org.login", "repo.name", "type", "payload.action"].map((path) => [
    path,
    { kind: "string" },
  ]),
);

/** Converts the files (gzip, NDJSON) into `directory`; those that turn out narrower than the others once more. */
export async function convertHours(
  hours: readonly { readonly src: string; readonly file: string }[],
  directory: string,
): Promise<ConvertedHours> {
  const converter = openNativeConverter({ workers: 0 });
  const declared = referenceColumns;
  const convert = (hour: (typeof hours)[number], known: Schema): Promise<ConvertReport> =>
    converter.convert({
      input: { file: hour.file },
      output: join(directory, `${hour.src}.parquet`),
      rejects: join(directory, `${hour.src}.rejects.gz`),
      settings: {
        ...{ declared, conflicts: "hold", duplicateKeys: "reject", compression: "zstd" },
        ...{ lineBytesMax: 32 << 20, depthMax: 128, columnsMax: 10_000 },
      },
      known,
      provenance: {},
    });
  try {
    let schema: Schema = { fields: [] };
    const reports: ConvertReport[] = [];
    for (const hour of hours) {
      const report = await convert(hour, schema);
      schema = mergeSchemas(schema, report.schema, { conflicts: "hold", declared }).schema;
      reports.push(report);
    }
    for (const [index, hour] of hours.entries()) {
      const report = reports[index];
      if (report !== undefined && narrowerPaths(report.schema, schema).length > 0) await convert(hour, schema);
    }
    const parts = hours.map(({ src }, index) => ({
      src,
      path: join(directory, `${src}.parquet`),
      rows: reports[index]?.rows ?? 0,
    }));
    return { schema, parts };
  } finally {
    await converter.close();
  }
}
