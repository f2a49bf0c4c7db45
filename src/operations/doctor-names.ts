/** Whether others than Spark can read what is found by name: Trino goes by Hive's own grammar of types. */
import type { DoctorCheck } from "../answers.ts";
import { Failure } from "../errors.ts";
import { parseColumnType } from "../model/column-type-text.ts";
import { fieldsBeyondHive } from "../model/hive-grammar.ts";
import type { RegisteredColumn } from "../model/registration.ts";
import type { Parts } from "../reconcile/parts.ts";
import { readPublishedMart } from "../step/manifest.ts";
import { tableRegistration } from "../step/register-table.ts";
import { latestSchema } from "../step/table-schema.ts";

export type NamesFinding = Pick<DoctorCheck, "verdict" | "finding" | "remedy">;

/** Nothing that millrace does needs it: what does not hold is good to know. */
export async function hiveTypes(parts: Parts, signal: AbortSignal | undefined): Promise<NamesFinding> {
  const found = await beyondHive(parts, signal);
  const [first, ...others] = found;
  if (first === undefined) {
    return {
      verdict: "ok",
      finding: "Hive's types have all names of fields: Trino reads them as Spark does",
      remedy: undefined,
    };
  }
  const [path = "", ...more] = first.paths;
  const fields = more.length === 0 ? "is a name" : `and ${more.length} more inside structs are names`;
  const elsewhere = others.length === 0 ? "" : `; the same in ${others.map(({ name }) => name).join(", ")}`;
  return {
    verdict: "note",
    finding:
      `${first.name}: ${path} ${fields} that Hive's types do not have: Spark reads it by name, Trino neither reads it nor lists ` +
      `the columns of its database${elsewhere}`,
    remedy:
      "if they are to read it, declare the struct as json (tables.….columns), or name its fields in the mart's statement with letters, " +
      "digits, spaces, `_`, `.` and `$` alone",
  };
}

interface Beyond {
  readonly name: string;
  readonly paths: readonly string[];
}

async function beyondHive(parts: Parts, signal: AbortSignal | undefined): Promise<readonly Beyond[]> {
  const { catalog, project, tables } = parts;
  const found: Beyond[] = [];
  const note = (name: string, columns: readonly RegisteredColumn[]): void => {
    const paths = fieldsBeyondHive(columns);
    if (paths.length > 0) found.push({ name, paths });
  };
  // What the lake publishes is what is registered: a metastore that does not answer is another finding.
  for (const { name, format } of project.marts.values()) {
    if (format === "parquet") note(name, await martColumns(parts, name, signal));
  }
  for (const { name } of catalog.tables === undefined ? [] : project.tables.values()) {
    const schema = await latestSchema(tables, name, signal);
    if (schema !== undefined) note(name, tableRegistration(schema).columns);
  }
  return found;
}

/** Of a mart that is damaged, or has a type of a later millrace, other findings tell. */
async function martColumns(
  { marts, catalog }: Parts,
  mart: string,
  signal: AbortSignal | undefined,
): Promise<readonly RegisteredColumn[]> {
  try {
    const { manifest: { columns } = { columns: [] } } = (await readPublishedMart(marts, catalog, mart, signal)) ?? {};
    return columns.map(({ name, type }) => ({ name, type: parseColumnType(type) }));
  } catch (error) {
    if (error instanceof Failure && ["usage", "corrupt", "missing"].includes(error.kind)) return [];
    throw error;
  }
}
