/** The columns of one file, as the answer for a table has them. */
import type { FileSchemaAnswer } from "../answers.ts";
import { duckdbColumns, sparkColumns } from "../model/ddl.ts";
import { boundSchema } from "../model/stand-in.ts";
import type { FileProfile } from "../parquet/profile.ts";

export interface ProfiledFile {
  readonly kind: "parquet" | "json";
  readonly profile: FileProfile;
  readonly rejected: number;
}

export function schemaOfFile(file: string, { kind, profile, rejected }: ProfiledFile): FileSchemaAnswer {
  const { rows, createdBy, schema, leaves } = profile;
  const bound = schema === undefined ? undefined : boundSchema(schema);
  return {
    ...{ file, kind, rows, rejected, createdBy },
    columns: leaves.map(({ path, type, typeText, isRepeated, values, distinct }) => ({
      ...{ path, type, typeText, values, distinct, first: undefined, last: undefined, declared: false },
      conflict: type?.kind === "string" && type.mixed === true ? "mixed" : undefined,
      present: isRepeated || values === undefined || rows === 0 ? undefined : values / rows,
    })),
    ddl: bound === undefined ? undefined : { duckdb: duckdbColumns(bound), spark: sparkColumns(bound) },
  };
}
