/**
 * Whether a mart's statement means on Spark what it means on the embedded engine. A statement that Spark has of its own is the
 * user's word for that; every other one has to be in the portable subset (`docs/portable-sql.md`). Pure.
 */
import { Failure } from "../errors.ts";
import { lintPortable, type PortableFinding, type PortableTable } from "../model/portable-sql.ts";
import type { EngineName, MartSettings } from "../model/project.ts";
import { boundSchema } from "../model/stand-in.ts";
import type { Seen } from "./seen.ts";

/** `usage` with the place of each finding, or nothing for a mart that `engine` may build. */
export function unportable(seen: Seen, mart: MartSettings, engine: EngineName): Failure | undefined {
  if (engine !== "spark") return undefined;
  const [first, ...others] = [...inStatement(seen, mart), ...inConditions(mart)];
  if (first === undefined) return undefined;
  return new Failure("usage", first.message, others.length === 0 ? first.detail : { ...first.detail, others });
}

function inStatement(seen: Seen, { name, statements }: MartSettings): readonly Failure[] {
  if (statements.spark !== statements.duckdb) return [];
  const own = `give Spark a statement of its own: marts.${name}.spark: { sql: … }`;
  return lintPortable(statements.spark, tablesOf(seen)).map((finding) => refusal(`marts.${name}`, finding, own));
}

/** Of a mart's columns nothing is known but that they are plain, so that less is found in a condition. */
function inConditions({ name, checks, hasOwnConditions }: MartSettings): readonly Failure[] {
  if (hasOwnConditions) return [];
  const head = "select 1 as one from result where (";
  const own = `give Spark conditions of its own: marts.${name}.spark: { expression: … }`;
  return checks.flatMap((check) => {
    if (check.kind !== "expression") return [];
    return lintPortable(`${head}${check.sql}\n)`).map((finding) => {
      const column = finding.line === 1 ? Math.max(1, finding.column - head.length) : finding.column;
      return refusal(`marts.${name}.checks.expression`, { ...finding, column }, own);
    });
  });
}

function refusal(subject: string, { what, reason, instead, line, column }: PortableFinding, own: string): Failure {
  return new Failure("usage", `${subject}: ${what}: ${reason}`, {
    place: { file: subject, line, column },
    remedy: instead === undefined ? own : `${instead}; or ${own}`,
  });
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
