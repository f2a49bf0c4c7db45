/** Both engines over the corpus's tables, asked through the engines' contract. */
import { availableParallelism } from "node:os";
import type { Engine } from "../../src/engine/contract.ts";
import { openEngine } from "../../src/engine/open.ts";
import type { Answer } from "./answers.ts";
import { answerOf } from "./answers.ts";
import type { ParityTables } from "./tables.ts";

export function duckdbEngine(): Engine {
  return openEngine({ kind: "duckdb", threads: 1, memoryBytes: 1 << 29 });
}

export function sparkEngine(url: string): Engine {
  return openEngine({
    kind: "spark",
    address: async () => ({ url, token: undefined, user: undefined, ca: undefined }),
  });
}

/** The answers in the order of the statements; a few statements are asked side by side. */
export async function answersOf(
  engine: Engine,
  sqls: readonly string[],
  tables: ParityTables,
): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  let next = 0;
  const ask = async (): Promise<void> => {
    for (let index = next++; index < sqls.length; index = next++) {
      answers[index] = await answerOf(engine, sqls[index] ?? "", tables);
    }
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, ask));
  return answers;
}
