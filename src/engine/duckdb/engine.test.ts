import { engineContract } from "../../../test/contract/engine.ts";
import { openEngine } from "../open.ts";

engineContract("duckdb", async () => {
  const engine = openEngine({ threads: 2, memoryBytes: 500_000_000 });
  return { engine, close: () => engine.close() };
});
