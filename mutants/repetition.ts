/** What lost answers and broken connections would find out about retries and resumed downloads. */
import type { Mutant } from "./mutant.ts";

const retry = "src/storage/retry.ts";
const retried = { killedBy: ["src/storage/retry.test.ts"] } as const;

export const repetitionMutants: readonly Mutant[] = [
  {
    name: "own-object-taken-for-another-s",
    why: "a writer whose answer was lost believes that somebody else was first",
    edits: [
      {
        file: retry,
        find: "    if (info === undefined && first !== undefined && storage.knowsPutIds !== true) throw first;\n",
        replace: "",
      },
    ],
    ...retried,
  },
  {
    name: "stream-continued-blindly",
    why: "the second half of an object comes from its successor",
    edits: [
      {
        file: retry,
        find: "if (done > 0 && (token === undefined || start < 0)) throw error;",
        replace: "if (done > 0 && start < 0) throw error;",
      },
    ],
    ...retried,
  },
  {
    name: "stream-begun-again",
    why: "the first half of an object comes twice",
    edits: [
      {
        file: retry,
        find: "const rest = done === 0 || token === undefined ? {} : { token, range };",
        replace: "const rest = done < 0 ? { range } : {};",
      },
    ],
    ...retried,
  },
  {
    name: "unbounded-retry",
    why: "a run against a store that is down never ends",
    edits: [
      {
        file: "src/pace/backoff.ts",
        find: "if (failures >= backoff.tries || signal?.aborted",
        replace: "if (failures >= 100 * backoff.tries || signal?.aborted",
      },
      { file: retry, find: "&& other < tries;", replace: "&& other < 100 * tries;" },
    ],
    ...retried,
  },
  {
    name: "resume-of-another-version",
    why: "a file that changed at its source is glued together from two versions",
    edits: [
      {
        file: "src/source/http-archive.ts",
        find: "if (etag !== undefined && validator.etag !== undefined) return etag === validator.etag;",
        replace: "if (etag !== undefined && validator.etag !== undefined) return true;",
      },
    ],
    killedBy: ["src/source/http-resume.test.ts"],
  },
  {
    name: "resume-without-a-condition",
    why: "the same, with a server that names no version in its answer",
    edits: [
      {
        file: "src/source/http-archive.ts",
        find: ', "if-range": part.ifRange',
        replace: "",
      },
    ],
    killedBy: ["src/source/http-resume.test.ts"],
  },
  {
    name: "secret-in-a-url",
    why: "a token is printed in messages and kept in receipts",
    edits: [
      {
        file: "src/source/redact.ts",
        find: "secretParameter.test(decoded(name))",
        replace: "secretParameter.test(decoded(name).slice(0, 0))",
      },
    ],
    killedBy: ["src/source/redact.test.ts"],
  },
];
