/** A sample of what `frames.deep.test.ts` does in full. `FC_SEED` and `FC_RUNS` repeat and extend it. */
import test from "node:test";
import { checkBreaches, checkDamagedArrow, checkDamagedMessages, checkLies } from "./frames.ts";

test("damaged messages end in an error or in rows", (context) => checkDamagedMessages(context, 150));
test("damaged Arrow ends in an error or in rows", (context) => checkDamagedArrow(context, 150));
test("what is false ends in an error or in the right rows", (context) => checkLies(context, 100));
test("every breach of gRPC ends in an error or in the right rows", async (context) => {
  context.diagnostic(`${await checkBreaches([0, 3], ["ExecutePlan", "AnalyzePlan"])} cases`);
});
