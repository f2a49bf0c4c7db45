/** The golden cases (`case.ts`) on Apache Spark: what marts and queries give is what the embedded engine gives. */
import { test } from "node:test";
import { sparkServer } from "../real/spark-server.ts";
import { allCases, checkCase } from "./case.ts";

for (const each of allCases()) {
  test(`case ${each.name}, on Spark: ${each.definition.about}`, async (context) => {
    const server = await sparkServer(context);
    if (server !== undefined) await checkCase(each, { spark: server.url });
  });
}
