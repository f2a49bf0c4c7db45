/** A table's merged schema as people ask for it: every leaf with its type, where it first appeared, and what widened. */
import type { TableSchemaAnswer } from "../answers.ts";
import { Failure } from "../errors.ts";
import { foldPath, leaves } from "../model/column-path.ts";
import { duckdbColumns, sparkColumns } from "../model/ddl.ts";
import { nearest } from "../model/nearest.ts";
import { boundSchema } from "../model/stand-in.ts";
import { describeType } from "../model/type-text.ts";
import type { Seen } from "../reconcile/seen.ts";

export function schemaOf(name: string, seen: Seen): TableSchemaAnswer {
  const table = seen.tables.get(name);
  if (table === undefined) {
    const near = nearest(name, seen.tables.keys());
    throw new Failure("usage", `table ${name}: is not in this project`, {
      remedy: near === undefined ? `its tables: ${[...seen.tables.keys()].join(", ")}` : `did you mean "${near}"?`,
    });
  }
  const { schema, settings } = table;
  if (schema === undefined) {
    throw new Failure("missing", `table ${name}: has no partition and no schema yet`, {
      remedy: "run `millrace run` first",
    });
  }
  const { state } = schema;
  const bound = boundSchema(state.schema);
  const held = [...seen.attempts].flatMap(([item, attempt]) =>
    attempt.kind === "held" && item.startsWith(`convert ${name}@`)
      ? [{ key: item.slice("convert ".length), reason: attempt.reason }]
      : [],
  );
  return {
    table: name,
    version: schema.version,
    partitions: table.partitions.size,
    columns: leaves(state.schema).map(({ path, type }) => ({
      path,
      type,
      typeText: describeType(type, 60),
      first: state.first.get(foldPath(path)),
      declared: settings.columns.has(path),
    })),
    widenings: state.widenings.map((widening) => ({
      ...widening,
      from: describeType(widening.from, 60),
      to: describeType(widening.to, 60),
    })),
    held,
    ddl: { duckdb: duckdbColumns(bound), spark: sparkColumns(bound) },
  };
}
