/** A table's files and columns as one value to compare: what manifests of marts record, and what names are touched by. Pure. */
import { createHash } from "node:crypto";
import { fingerprint } from "../model/merge.ts";
import type { ManifestInput } from "../step/manifest.ts";
import type { TableSeen } from "./seen.ts";

/** What a mart's manifest records of a table, and what is compared later. */
export function tableInput(table: TableSeen): ManifestInput {
  const hash = createHash("sha256");
  for (const startMs of [...table.partitions.keys()].sort((a, b) => a - b)) {
    const partition = table.partitions.get(startMs);
    hash.update(`${startMs}\t${partition?.size}\t${partition?.facts.rawSha256}\t${partition?.facts.settings}\n`);
  }
  return {
    table: table.settings.name,
    partitions: table.partitions.size,
    digest: hash.digest("hex"),
    schemaFingerprint: table.schema === undefined ? "" : fingerprint(table.schema.state.schema),
    ...(table.schema === undefined ? {} : { schemaVersion: table.schema.version }),
  };
}
