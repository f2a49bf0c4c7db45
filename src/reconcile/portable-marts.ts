/**
 * Whether a mart's statement means on Spark what it means on the embedded engine. A statement that Spark has of its own is the
 * user's word for that; every other one has to be in the portable subset (`docs/portable-sql.md`). Pure.
 */
import { Failure } from "../errors.ts";
import { lintPortable, type PortableTable } from "../model/portable-sql.ts";
import type { EngineName, MartSettings } from "../model/project.ts";
import { boundSchema } from "../model/stand-in.ts";
import type { Seen } from "./seen.ts";

/** `usage` with the place of each finding, or nothing for a statement that `engine` may run. */
export function unportable(seen: Seen, { name, statements }: MartSettings, engine: EngineName): Failure | undefined {
  if (engine !== "spark" || statements.spark !== statements.duckdb) return undefined;
  const findings = lintPortable(statements.spark, tablesOf(seen));
  const [first, ...others] = findings.map(({ what, reason, instead, line, column }) => {
    const own = `give Spark a statement of its own: marts.${name}.spark: { sql: … }`;
    return new Failure("usage", `marts.${name}: ${what}: ${reason}`, {
      place: { file: `marts.${name}`, line, column },
      remedy: instead === undefined ? own : `${instead}; or ${own}`,
    });
  });
  if (first === undefined) return undefined;
  return new Failure("usage", first.message, others.length === 0 ? first.detail : { ...first.detail, others });
}

function tablesOf(seen: Seen): ReadonlyMap<string, PortableTable> {
  const tables = new Map<string, PortableTable>();
  for (const [name, { schema }] of seen.tables) {
    if (schema !== undefined) tables.set(name, { schema: boundSchema(schema.state.schema), partitioned: true });
  }
  return tables;
}

/** Throws what is wrong with the statements of those marts that are asked for. */
export function refuseUnportable(seen: Seen, engine: EngineName, wants: (mart: string) => boolean): void {
  const refused = [...seen.marts.values()].flatMap(({ settings }) =>
    wants(settings.name) ? (unportable(seen, settings, engine) ?? []) : [],
  );
  const [first, ...rest] = refused;
  if (first === undefined) return;
  const others = [first, ...rest].flatMap((failure) => [failure, ...(failure.detail.others ?? [])]).slice(1);
  throw new Failure("usage", first.message, { ...first.detail, others });
}
