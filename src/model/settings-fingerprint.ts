/** A short name for those settings of a table that shape a partition's bytes: another fingerprint asks for re-conversion. */
import { createHash } from "node:crypto";
import type { TableSettings } from "./project.ts";

/** 12 hex digits. Limits (line length, depth) are left out: raising one must not rewrite what already passed. */
export function settingsFingerprint(
  settings: Pick<TableSettings, "columns" | "conflicts" | "duplicateKeys" | "compression">,
): string {
  const columns = [...settings.columns].sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([columns, settings.conflicts, settings.duplicateKeys, settings.compression]);
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
