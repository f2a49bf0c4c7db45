/** Every planted bug. `npm run mutants` applies one after the other and demands that a test fails. */
import { conversionMutants } from "./conversion.ts";
import { diskMutants } from "./disk.ts";
import { moduleMutants } from "./modules.ts";
import type { Mutant } from "./mutant.ts";
import { nameMutants } from "./names.ts";
import { publicationMutants } from "./publication.ts";
import { repetitionMutants } from "./repetition.ts";
import { s3Mutants } from "./s3.ts";

export const mutants: readonly Mutant[] = [
  ...diskMutants,
  ...publicationMutants,
  ...nameMutants,
  ...repetitionMutants,
  ...conversionMutants,
  ...moduleMutants,
  ...s3Mutants,
];
