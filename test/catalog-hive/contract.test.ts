/** The catalog contract on a real Hive Metastore 4.0.0. */
import { test } from "node:test";
import { catalogContract } from "../contract/catalog.ts";
import { metastoreServer } from "../real/metastore-server.ts";
import { hiveLake } from "./hive-lake.ts";

let why: string | undefined;
const server = await metastoreServer({
  skip: (text) => {
    why = text;
  },
});
if (server !== undefined) catalogContract(`Hive Metastore ${server.version}`, () => hiveLake(server));
else test("catalog contract: Hive Metastore", { skip: why ?? "no metastore" }, () => undefined);
