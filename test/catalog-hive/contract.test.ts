/** The catalog contract on a real Hive Metastore 4.0.0. */
import { test } from "node:test";
import { catalogContract } from "../contract/catalog.ts";
import type { MetastoreServer } from "../real/metastore-server.ts";
import { hiveLake } from "./hive-lake.ts";
import { server as shared, skipping } from "./server.ts";

if (shared === undefined) test("catalog contract: Hive Metastore", skipping, () => undefined);
else onMetastore(shared);

function onMetastore(server: MetastoreServer): void {
  catalogContract(`Hive Metastore ${server.version}`, () => hiveLake(server));
}
