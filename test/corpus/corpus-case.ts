/** One file of the edge corpus with the settings of its conversion; each is about one thing that can go wrong. */
import { mergeSchemas } from "../../src/model/merge.ts";
import type { ColumnType, DeclaredType, Field, Schema } from "../../src/model/schema.ts";
import { parseType } from "../../src/model/type-text.ts";
import { defaultSettings, type ReferenceSettings } from "../reference/parse.ts";

export interface CorpusCase {
  readonly name: string;
  readonly file: Uint8Array;
  readonly settings: Partial<ReferenceSettings>;
  /** Readers whose own limits keep them from this file, and why. */
  readonly unreadable?: { readonly duckdb: string };
}

/**
 * The complete settings. As in a lake, the table knows the declared columns before the first file comes; where it clashes
 * with them, its own shape stays.
 */
export function settingsOf(entry: CorpusCase): ReferenceSettings {
  const settings: ReferenceSettings = { ...defaultSettings, ...entry.settings };
  const { declared } = settings;
  return { ...settings, known: mergeSchemas(settings.known, { fields: [] }, { conflicts: "hold", declared }).schema };
}

export function encode(...lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.join("\n"));
}

export function corpusCase(
  name: string,
  lines: readonly string[],
  settings: Partial<ReferenceSettings> = {},
): CorpusCase {
  return { name, file: encode(...lines), settings };
}

export function declare(columns: Readonly<Record<string, string>>): ReadonlyMap<string, DeclaredType> {
  return new Map(Object.entries(columns).map(([path, type]) => [path, parseType(type)]));
}

export function known(columns: Readonly<Record<string, string | ColumnType>>): Schema {
  return { fields: Object.entries(columns).map(([name, type]): Field => ({ name, type: columnType(type) })) };
}

export function columnType(type: string | ColumnType): ColumnType {
  const parsed = typeof type === "string" ? parseType(type) : type;
  if (parsed.kind === "drop") throw new Error("drop holds nothing");
  return parsed;
}
