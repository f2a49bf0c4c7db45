/** Where distributions are kept: below the user's cache directory, each version and each set of jars in a directory of its own. */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { SparkVersions } from "../model/versions.ts";
import type { Environment } from "./contract.ts";

/** `$XDG_CACHE_HOME/millrace/spark`, by default `~/.cache/millrace/spark`. */
export function cacheRoot(
  { XDG_CACHE_HOME: named, HOME: home }: Environment,
  what: "spark" | "metastore" = "spark",
): string {
  // The specification of those directories has relative ones ignored.
  const cache = named !== undefined && isAbsolute(named) ? named : join(home || homedir(), ".cache");
  return join(cache, "millrace", what);
}

export const downloadsIn = (root: string): string => join(root, "downloads");

/** Another set of jars is another directory: nothing is ever changed in place. */
export function installedAt(root: string, versions: SparkVersions, from = ""): string {
  const sums = [versions.archive?.sha256, ...versions.jars.map(({ sha256 }) => sha256), from].join("\n");
  return join(root, `${versions.spark}-${createHash("sha256").update(sums).digest("hex").slice(0, 8)}`);
}
