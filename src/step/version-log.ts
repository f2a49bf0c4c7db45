/** The log of Delta Lake beside the parts of a version, for a mart that asks for one. */
import { createHash } from "node:crypto";
import { deltaLogFile, encodeDeltaLog } from "../model/delta-log.ts";
import type { MartSettings } from "../model/project.ts";
import type { Manifest, VersionFile } from "./manifest.ts";
import type { WrittenMart } from "./written-mart.ts";

export interface VersionLog {
  /** As the manifest names it. */
  readonly file: VersionFile;
  readonly bytes: Uint8Array;
}

/** `undefined` for a mart whose versions are plain Parquet. */
export function versionLog(
  { name, format, description }: Pick<MartSettings, "name" | "format" | "description">,
  { version, publishId, at }: Pick<Manifest, "version" | "publishId" | "at">,
  { columns, files }: Pick<WrittenMart, "columns" | "files">,
): VersionLog | undefined {
  if (format === "parquet") return undefined;
  const text = encodeDeltaLog({ mart: name, version, publishId, atMs: Date.parse(at), description, columns, files });
  const bytes = new TextEncoder().encode(text);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { file: { name: deltaLogFile, size: bytes.length, sha256 }, bytes };
}
