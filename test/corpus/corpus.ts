/** The whole edge corpus. */
import type { CorpusCase } from "./corpus-case.ts";
import { declaredCases } from "./declared-cases.ts";
import { keyCases, prototypeCases } from "./key-cases.ts";
import { lineCases } from "./line-cases.ts";
import { numberCases } from "./number-cases.ts";
import { shapeCases } from "./shape-cases.ts";
import { textCases } from "./string-cases.ts";
import { typeCases } from "./type-cases.ts";

export function edgeCorpus(): CorpusCase[] {
  return [
    ...lineCases(),
    ...textCases(),
    ...keyCases(),
    ...prototypeCases(),
    ...numberCases(),
    ...typeCases(),
    ...declaredCases(),
    ...shapeCases(),
  ];
}
