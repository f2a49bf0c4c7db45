/** The small lake with its mart as a table of Delta Lake, and what its log says, read without anything of ours. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { makeSmallLake, type SmallLake } from "../faults/small-lake.ts";

export const logName = "_delta_log/00000000000000000000.json";

export function makeDeltaLake(): SmallLake {
  const lake = makeSmallLake();
  setFormat(lake, "delta");
  return lake;
}

export function setFormat({ directory }: Pick<SmallLake, "directory">, format: "parquet" | "delta"): void {
  const file = join(directory, "millrace.yaml");
  const text = readFileSync(file, "utf8").replace(/, format: \w+/, "");
  writeFileSync(file, text.replace(", checks:", `, format: ${format}, checks:`));
}

/** Another statement, and so another version. */
export function setSelect({ directory }: SmallLake, select: string): void {
  const file = join(directory, "millrace.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace(/select: "[^"]*"/, `select: "${select}"`));
}

/** Another hour's bytes at the source. */
export function setHour({ directory }: SmallLake, hour: number, lines: string): void {
  writeFileSync(join(directory, "archive", `2026-03-01-${hour}.json.gz`), gzipSync(lines));
}

const martDirectory = ({ directory }: SmallLake): string => join(directory, "lake/marts/activity");

/** The version that the last record of the chain names. */
export function currentVersion({ directory }: SmallLake): string | undefined {
  const chain = join(directory, "lake/marts/_catalog/activity");
  if (!existsSync(chain)) return undefined;
  const last = readdirSync(chain).sort().at(-1) ?? "";
  return Object(JSON.parse(readFileSync(join(chain, last), "utf8"))).version;
}

export const versionsOf = (lake: SmallLake): readonly string[] =>
  existsSync(martDirectory(lake)) ? readdirSync(martDirectory(lake)).sort() : [];

export const versionDirectory = (lake: SmallLake, version: string): string => join(martDirectory(lake), version);

/** Names below a version's directory. */
export function filesOf(lake: SmallLake, version: string): readonly string[] {
  const directory = versionDirectory(lake, version);
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

export interface DeltaLog {
  readonly protocol: { readonly minReaderVersion: number; readonly writerFeatures: readonly string[] };
  readonly metaData: { readonly id: string; readonly name: string; readonly schemaString: string };
  readonly adds: readonly { readonly path: string; readonly size: number; readonly stats: string }[];
}

export function readLog(lake: SmallLake, version: string): DeltaLog {
  const text = readFileSync(join(versionDirectory(lake, version), logName), "utf8");
  const actions = text.trimEnd().split("\n");
  const all = (name: string) =>
    actions.map((line) => Object(JSON.parse(line))[name]).filter((each) => each !== undefined);
  const [protocol] = all("protocol");
  const [metaData] = all("metaData");
  return { protocol, metaData, adds: all("add") };
}
