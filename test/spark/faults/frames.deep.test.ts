/** Thousands of damaged, false and broken answers. `FC_SEED` and `FC_RUNS` repeat and extend them. */
import test from "node:test";
import { checkBreaches, checkDamagedArrow, checkDamagedMessages, checkLies } from "./frames.ts";

test("damaged messages end in an error or in rows", (context) => checkDamagedMessages(context, 2_000));
test("damaged Arrow ends in an error or in rows", (context) => checkDamagedArrow(context, 2_000));
test("what is false ends in an error or in the right rows", (context) => checkLies(context, 1_000));
test("every breach of gRPC at every place ends in an error or in the right rows", async (context) => {
  const rpcs = ["ExecutePlan", "AnalyzePlan", "ReleaseExecute", "ReleaseSession"];
  context.diagnostic(`${await checkBreaches([0, 1, 2, 3, 4, 5, 6, 7], rpcs)} cases`);
});
