/** Names that a project gives to sources, tables and marts: they become directories, SQL tables and variable names. */
import { Failure } from "../errors.ts";

export const namePattern = /^[a-z][a-z0-9_]*$/;
const nameLengthMax = 128;

/** What DuckDB 1.5 and Spark 4 read as syntax where a table's name may stand. A test compares it with the engine's list. */
const sqlWords: ReadonlySet<string> = new Set(
  `all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create cross
  default deferrable desc describe distinct do else end except false fetch for foreign from full group having in initially
  inner intersect into join lambda lateral leading left limit minus natural not null offset on only or order outer pivot
  pivot_longer pivot_wider placing primary qualify references returning right select semi show some summarize symmetric
  table then to trailing true union unique unpivot using variadic when where window with`.split(/\s+/),
);

/** Names that Windows keeps for devices, with or without an extension. */
const deviceName = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/;

export function isSqlWord(name: string): boolean {
  return sqlWords.has(name);
}

/** Throws `usage` for what cannot name a source, table or mart. */
export function checkName(name: string): void {
  if (!namePattern.test(name)) throw new Failure("usage", "not a name", { remedy: nameRemedy(name) });
  if (name.length > nameLengthMax) throw new Failure("usage", `a name longer than ${nameLengthMax} characters`);
  if (isSqlWord(name)) {
    throw new Failure("usage", `${name} is a word of SQL`, { remedy: `Choose another name, for example ${name}_` });
  }
  if (deviceName.test(name)) {
    throw new Failure("usage", `${name} is a device on Windows`, {
      remedy: "Choose a name that can be a directory everywhere",
    });
  }
}

const grammar = "Names are small letters, digits and _, and begin with a letter";

function nameRemedy(name: string): string {
  const better = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, "_")
    .replace(/^[^a-z]+/, "");
  return namePattern.test(better) ? `${grammar}: "${better}"` : grammar;
}
