/** The catalog contract on a real Hive Metastore 4.0.0. */
import { test } from "node:test";
import { catalogContract } from "../contract/catalog.ts";
import { hiveLake } from "./hive-lake.ts";
import { server, skipping } from "./server.ts";

if (server === undefined) test("catalog contract: Hive Metastore", skipping, () => undefined);
else catalogContract(`Hive Metastore ${server.version}`, () => hiveLake(server));
