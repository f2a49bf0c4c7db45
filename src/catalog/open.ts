/** The one table of catalogs. */
import type { Storage } from "../storage/contract.ts";
import type { Catalog } from "./contract.ts";
import { embeddedCatalog } from "./embedded.ts";

/** `marts` is the place of the marts, whose `_catalog/` holds the log. */
export function openCatalog(marts: Storage): Catalog {
  return embeddedCatalog(marts);
}
