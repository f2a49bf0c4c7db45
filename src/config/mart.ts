/** `marts.<name>`: the result of a statement over tables, rebuilt completely and replaced atomically. */
import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import { asFailure, Failure } from "../errors.ts";
import { type EngineName, type MartCheck, type MartSettings, martFormats } from "../model/project.ts";
import { database } from "./catalog.ts";
import * as kind from "./kinds.ts";
import {
  type Kind,
  listOf,
  mapOf,
  mismatch,
  option,
  optional,
  type Read,
  type Reading,
  readScalar,
  type ValuesOf,
} from "./option.ts";
import { quote } from "./problems.ts";
import { saidOf } from "./said.ts";
import { optionalSection, section } from "./section.ts";

/** One text without white space that ends in `.sql` can be no statement. */
const sqlFile = /^\S+\.sql$/i;
const sqlLengthMax = 1024 * 1024;

const sql: Kind<string> = {
  words: "SQL, or the path of a `.sql` file",
  expects: "a statement, or the path of a .sql file",
  schema: { type: "string" },
  parse(written, reading) {
    const statement = trimStatement(sqlFile.test(written.trim()) ? readSqlFile(written.trim(), reading) : written);
    if (statement !== "") return statement;
    if (written.trim() === "") return mismatch;
    throw new Failure("usage", `${quote(written)} holds no statement`);
  },
};

/** The engine puts the statement into one of its own, where a semicolon at the end would end both. */
function trimStatement(text: string): string {
  return text
    .replace(/^\uFEFF/, "")
    .trim()
    .replace(/[;\s]+$/, "");
}

function readSqlFile(written: string, reading: Reading): string {
  const { directory, files } = reading;
  const outside = new Failure("usage", `${quote(written)} lies outside the project's directory`, {
    remedy: "Put the file beside the project file or in a directory below it",
  });
  const path = resolve(directory, written);
  if (isAbsolute(written) || !isInside(path, directory)) throw outside;
  let text: string;
  try {
    // A symbolic link may lead out although the path does not.
    if (!isInside(files.realPath(path), files.realPath(directory))) throw outside;
    text = files.readText(path);
  } catch (error) {
    const failure = asFailure(error);
    if (failure === outside) throw outside;
    if (failure.kind === "missing") {
      throw new Failure("usage", `the file ${quote(written)} does not exist`, {
        remedy: `Paths start at the project file, in ${dirname(path)}`,
      });
    }
    throw new Failure("usage", `the file ${quote(written)} cannot be read: ${failure.message}`);
  }
  if (text.length > sqlLengthMax) throw new Failure("usage", `the file ${quote(written)} is larger than 1 MiB`);
  return text;
}

function isInside(path: string, directory: string): boolean {
  const from = relative(directory, path);
  return from !== "" && from !== ".." && !from.startsWith(`..${sep}`) && !isAbsolute(from);
}

const refresh: Kind<MartSettings["refresh"]> = {
  words: "`on_change`, `manual` or duration",
  expects: '"on_change", "manual" or a duration such as 1h',
  schema: { anyOf: [{ enum: ["on_change", "manual"] }, kind.duration(60_000, Number.MAX_SAFE_INTEGER).schema] },
  choices: ["on_change", "manual"],
  parse(written, reading, value) {
    if (written === "on_change" || written === "manual") return { kind: written };
    const ms = kind.duration(60_000, Number.MAX_SAFE_INTEGER).parse(written, reading, value);
    return ms === mismatch ? mismatch : { kind: "every", ms };
  },
};

const acceptedValues = mapOf<readonly (string | number | boolean)[]>({
  doc: "The values that a column may have, besides null.",
  example: "{ type: [PushEvent, WatchEvent] }",
  words: "map of column to list",
  schema: { type: "array", items: kind.literal.schema },
  checkName(name) {
    if (!/^[a-z_][a-z0-9_]*$/.test(name))
      throw new Failure("usage", "not a column of a mart", { remedy: "Write the column's alias" });
  },
  read(_name, input, reading): Read<readonly (string | number | boolean)[]> {
    const items = input.kind === "list" ? input.items : [input];
    const values = items.map((item) => readScalar(kind.literal, item, reading)).filter((each) => each !== undefined);
    return values.length === items.length ? { value: values.map((each) => each.value) } : undefined;
  },
});

const checks = section(
  {
    doc: "What must hold before a new version is published. If one fails, the mart keeps its previous version (exit code 3).",
  },
  {
    not_null: listOf(kind.martColumn, { doc: "Columns without a null.", example: "[actor, type]" }),
    unique: listOf(kind.martColumn, {
      doc: "Columns whose values, taken together, occur once.",
      example: "[repo, day]",
    }),
    min_rows: option(kind.orNone(kind.count(1, Number.MAX_SAFE_INTEGER)), {
      doc: "Fewest rows.",
      default: "none",
      example: "1",
    }),
    accepted_values: acceptedValues,
    expression: listOf(kind.text, { doc: "SQL conditions that are true for every row.", example: "pushes >= 0" }),
  },
);

/** What the engine `spark` runs instead; the project's own text is the one of the embedded engine, and of both without this. */
const sparkStatement = section(
  {
    doc:
      "What Apache Spark runs instead, for a statement that the two engines write differently. It must mean the same: a mart " +
      "is not rebuilt because another engine looks at it.",
  },
  {
    select: optional(kind.text, {
      doc: "The columns in Spark's words; the table is that of `from`.",
      absent: "none",
      example: "actor.login as actor, size(labels) as labels, src",
    }),
    sql: optional(sql, {
      doc: "A full statement in Spark's words, or the path of a `.sql` file.",
      absent: "none",
      example: "marts/pushes.spark.sql",
    }),
    expression: listOf(kind.text, {
      doc: "Conditions in Spark's words, instead of those of `checks.expression`.",
      example: "size(labels) >= 0",
    }),
  },
  (values, report, reading) => {
    const { select, sql: statement, expression } = values;
    if (select !== undefined && statement !== undefined)
      report("select", "stands beside sql", "Remove one: sql is a whole statement");
    if (reading.partial || !("select" in values && "sql" in values)) return;
    if (select === undefined && statement === undefined && expression?.length === 0)
      report("sql", "missing: expected select, sql or expression");
  },
);

export const mart = section(
  {
    doc: "The result of a `select` over tables: rebuilt completely, published atomically. Write `select` with `from`, or `sql`.",
  },
  {
    select: optional(kind.text, {
      doc: "The columns of one table, as in SQL; column names of a mart are small letters, digits and `_`, so give aliases.",
      absent: "none",
      example: "actor.login as actor, repo.name as repo, type, src",
    }),
    from: optional(kind.reference("table"), {
      doc: "The table that `select` reads.",
      absent: "none",
      example: "events",
    }),
    sql: optional(sql, {
      doc:
        "A full statement over the project's tables. One word that ends in `.sql` is a file, relative to the project file " +
        "and inside its directory; in a file, variables are not substituted.",
      absent: "`select` with `from`",
      example: "marts/pushes.sql",
    }),
    description: optional(kind.text, {
      doc: "What it is, for the people who query it.",
      absent: "none",
      example: "Who did what to which repository",
    }),
    refresh: option(refresh, {
      doc: "When it is rebuilt: when its inputs, its SQL or its schema changed, at most once in a duration, or by hand only.",
      default: "on_change",
      example: "1h",
    }),
    checks,
    format: option(kind.choice(...martFormats), {
      doc:
        "What a version's directory is. With `delta` it is a table of Delta Lake too: millrace writes the log of its one commit beside " +
        "the Parquet files, on either engine and without the jars of Delta Lake.",
      default: "parquet",
      example: "delta",
    }),
    database: optional(database, {
      doc: "The database of the metastore in which it is registered; without a metastore it says nothing.",
      absent: "that of `catalog`",
      example: "reports",
    }),
    spark: optionalSection(sparkStatement),
  },
  (values, report, reading) => {
    const { select, from, sql: statement, spark } = values;
    if (saidOf(spark)?.select !== undefined && from === undefined && "from" in values && !reading.partial)
      report("spark", "has a select, but there is no from", "Write the whole statement: spark: { sql: … }");
    if (statement !== undefined) {
      if (select !== undefined) report("select", "stands beside sql", "Remove one: sql is a whole statement");
      else if (from !== undefined) report("from", "stands beside sql", "Remove it: sql names its tables itself");
      return;
    }
    // In an overlay the other half is in the project; after a mistake in one key the others prove nothing.
    if (reading.partial || !("sql" in values && "select" in values && "from" in values)) return;
    if (select === undefined && from === undefined) report("sql", "missing: expected sql, or select with from");
    else if (select === undefined) report("select", "missing: from needs it", 'For all columns write select: "*"');
    else if (from === undefined) report("from", "missing: select needs the name of a table");
  },
);

/** `engine`: which of the statements and conditions the project runs. */
export function martSettings(
  name: string,
  values: ValuesOf<typeof mart.shape.fields>,
  engine: EngineName,
): MartSettings {
  const spark = saidOf(values.spark);
  const common = writtenStatement(values.select, values.from, values.sql);
  const own = spark === undefined ? undefined : writtenStatement(spark.select, values.from, spark.sql);
  const chosen = { duckdb: common, spark: own === undefined || own.sql === "" ? common : own };
  const usesOwn = engine === "spark" && spark !== undefined && spark.expression.length > 0;
  return {
    name,
    sql: chosen[engine].sql,
    statements: { duckdb: chosen.duckdb.sql, spark: chosen.spark.sql },
    projection: chosen[engine].projection,
    description: values.description,
    refresh: values.refresh,
    format: values.format,
    checks: checkList(usesOwn ? { ...values.checks, expression: spark.expression } : values.checks),
    hasOwnConditions: usesOwn,
    database: values.database,
  };
}

type Written = Pick<MartSettings, "sql" | "projection">;

function writtenStatement(select: string | undefined, from: string | undefined, sql: string | undefined): Written {
  if (sql !== undefined || select === undefined || from === undefined) return { sql: sql ?? "", projection: undefined };
  const projection = { select: select.trim(), from };
  return { sql: statementOf(projection), projection };
}

/** A comment at the end of the list of columns must not swallow the `from`. */
function statementOf(projection: { readonly select: string; readonly from: string }): string {
  const gap = /\n|--/.test(projection.select) ? "\n" : " ";
  return `select ${projection.select}${gap}from ${projection.from}`;
}

function checkList(values: ValuesOf<typeof checks.shape.fields>): readonly MartCheck[] {
  const { not_null, unique, min_rows, accepted_values, expression } = values;
  return [
    ...(not_null.length === 0 ? [] : [{ kind: "not_null", columns: not_null } as const]),
    ...(unique.length === 0 ? [] : [{ kind: "unique", columns: unique } as const]),
    ...(min_rows === undefined ? [] : [{ kind: "min_rows", rows: min_rows } as const]),
    ...[...accepted_values].map(([column, allowed]) => ({ kind: "accepted_values", column, values: allowed }) as const),
    ...expression.map((condition) => ({ kind: "expression", sql: condition }) as const),
  ];
}
