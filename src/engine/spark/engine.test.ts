import { engineContract } from "../../../test/contract/engine.ts";
import { sparkDialect } from "../../../test/contract/engine-dialects.ts";
import { serverForSuites } from "../../../test/contract/engine-spark.ts";

const server = await serverForSuites("engine contract: spark");

if (server !== undefined) engineContract("spark", server.open, sparkDialect);
