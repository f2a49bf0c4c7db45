/**
 * The columns of a mart or table as a Hive Metastore stores them. It folds the case of names at the top level; those inside of
 * structs it keeps. Every such name is read by Spark, whatever its characters, so that only those are refused that are no name at
 * all or that the folding makes equal.
 */
import { Failure } from "../errors.ts";
import { asReaders, type HiveReadable, hiveType, isStorable } from "./hive-type.ts";
import type { RegisteredColumn } from "./registration.ts";
import { sparkTypeJson } from "./spark-type-json.ts";

export interface HiveColumn {
  /** As the metastore will say it. */
  readonly name: string;
  readonly type: string;
  readonly comment: string | undefined;
}

/** Characters of a comment that every database below a metastore takes; of a column's, MySQL takes 256. */
const commentMax = 4000;

/**
 * Throws `refused` for columns that readers by name could not read, with all of them. `taken` are names that stand for something
 * else in this table.
 */
export function hiveColumns(columns: readonly RegisteredColumn[], taken: readonly string[] = []): HiveColumn[] {
  const findings: Failure[] = [];
  const seen = new Map<string, string>(taken.map((name) => [name, name]));
  const described = columns.flatMap((column): HiveColumn[] => {
    try {
      const name = foldedName(column.name, seen);
      const type = hiveType(column.type, `column ${JSON.stringify(column.name)}`);
      return [{ name, type, comment: shortComment(column.comment) }];
    } catch (error) {
      if (!(error instanceof Failure) || error.kind !== "refused") throw error;
      findings.push(error);
      return [];
    }
  });
  const [first, ...others] = findings;
  if (first === undefined) return described;
  throw new Failure("refused", first.message, { ...first.detail, ...(others.length === 0 ? {} : { others }) });
}

/** Capitals that came with Unicode 14 to 17: Java 17, on which metastores and Spark run, does not fold them, and newer ones do. */
const youngCapitals = /[\u1c89\u2c2f\ua7c0\ua7cb-\ua7dc\u{10570}-\u{10595}\u{10d50}-\u{10d65}\u{16ea0}-\u{16eb8}]/u;

/** Whether metastores, readers and we fold the case of a name to the same text, whatever they run on. */
export function foldsAlike(name: string): boolean {
  return [...name].every((character) => !youngCapitals.test(character) || character === character.toLowerCase());
}

function foldedName(name: string, seen: Map<string, string>): string {
  const folded = name.toLowerCase();
  const twin = seen.get(folded);
  const remedy = "give it another name, or leave the column out of what is registered";
  if (name === "") throw new Failure("refused", "a column without a name cannot be registered", { remedy });
  if (!isStorable(name)) {
    const fact = "no metastore stores a name with NUL or half of a character in it";
    throw new Failure("refused", `column ${JSON.stringify(name)}: ${fact}`, { remedy });
  }
  if (!foldsAlike(name)) {
    const fact =
      "it has a capital letter that metastores and readers may not know as one, and could then not find the column";
    throw new Failure("refused", `column ${JSON.stringify(name)}: ${fact}`, { remedy });
  }
  if (twin !== undefined) {
    const fact =
      twin === name
        ? "stands there already"
        : `is the same name as ${JSON.stringify(twin)} to a metastore, which folds case`;
    throw new Failure("refused", `column ${JSON.stringify(name)}: ${fact}`, { remedy });
  }
  seen.set(folded, name);
  return folded;
}

function shortComment(comment: string | undefined): string | undefined {
  return comment === undefined || comment === "" ? undefined : hiveComment(comment);
}

/** A comment as every database below a metastore takes it: cut where they end. */
export function hiveComment(text: string): string {
  const storable = text.replaceAll("\0", "").toWellFormed();
  return storable.length <= commentMax ? storable : `${storable.slice(0, commentMax - 1)}…`.toWellFormed();
}

/** The longest value of a parameter that Spark puts there itself; more goes in parts. */
const partMax = 4000;

/**
 * What makes Spark show the capitals of names at the top level, as parameters of the table; none where there are no capitals.
 * Spark believes them only where they agree with the columns but for case, so they are written together with those.
 */
export function sparkSchemaParameters(columns: readonly RegisteredColumn[]): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  if (columns.every(({ name }) => name === name.toLowerCase())) return parameters;
  const text = asciiJson(sparkStruct(columns.map(({ name, type }) => ({ name, type: asReaders(type) }))));
  if (text.length <= partMax) return parameters.set("spark.sql.sources.schema", text);
  const count = Math.ceil(text.length / partMax);
  parameters.set("spark.sql.sources.schema.numParts", String(count));
  for (let part = 0; part < count; part++) {
    parameters.set(`spark.sql.sources.schema.part.${part}`, text.slice(part * partMax, (part + 1) * partMax));
  }
  return parameters;
}

/** May be cut anywhere. */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

const sparkStruct = (fields: readonly { readonly name: string; readonly type: HiveReadable }[]): unknown => ({
  type: "struct",
  fields: fields.map(({ name, type }) => ({
    name,
    type: sparkTypeJson(type, sparkStruct),
    nullable: true,
    metadata: {},
  })),
});
