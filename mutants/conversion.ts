/** What damaged input, wide types and races would find out about collecting, converting and reading. */
import type { Mutant } from "./mutant.ts";

const members = "src/gzip/members.ts";
const convert = "src/step/convert.ts";
const simulation = { killedBy: ["test/model/simulation.test.ts"], environment: { SEEDS: "150", SEED: "1" } } as const;

export const conversionMutants: readonly Mutant[] = [
  {
    name: "crc-unchecked",
    why: "a damaged download is stored as if it were whole",
    edits: [{ file: members, find: "if (trailer.readUInt32LE(0) !== found.crc)", replace: "if (trailer.length < 8)" }],
    killedBy: ["src/gzip/members.test.ts"],
  },
  {
    name: "isize-unchecked",
    why: "the same",
    edits: [
      {
        file: members,
        find: "if (trailer.readUInt32LE(4) !== found.bytes % 2 ** 32)",
        replace: "if (trailer.length < 8)",
      },
    ],
    killedBy: ["src/gzip/members.test.ts"],
  },
  {
    name: "rejected-lines-not-counted",
    why: "rows disappear without a trace",
    edits: [{ file: "src/shred/shredder.ts", find: "    this.#rejected++;\n", replace: "" }],
    ...simulation,
  },
  {
    name: "narrow-file-published",
    why: "a partition keeps a type that the table has left behind",
    edits: [{ file: convert, find: "      if (covered.narrower.length > 0) continue;\n", replace: "" }],
    ...simulation,
  },
  {
    name: "widening-not-converted-again",
    why: "old partitions keep the narrow type, and engines refuse the table",
    edits: [
      {
        file: "src/reconcile/convert-steps.ts",
        find: '  if (facts.narrow.length > 0) return { kind: "widened", paths: facts.narrow };\n',
        replace: "",
      },
    ],
    ...simulation,
  },
  {
    name: "stand-in-not-converted-again",
    why: "a column that was an empty list stays one",
    edits: [
      {
        file: "src/reconcile/convert-steps.ts",
        find: '    if (settled.length > 0) return { kind: "stand-in"',
        replace: '    if (settled.length > 1000) return { kind: "stand-in"',
      },
    ],
    ...simulation,
  },
  {
    name: "schema-after-partition",
    why: "whoever sees a new partition binds to a schema that does not know its columns",
    edits: [
      {
        file: convert,
        find: "      const covered = await keeper.cover(id, report, options.signal);",
        replace:
          "      const early = await readFile(output);\n      await places.tables.put(partitionKey(settings.name, id), early);\n      const covered = await keeper.cover(id, report, options.signal);",
      },
      {
        file: convert,
        find: 'import { join } from "node:path";',
        replace: 'import { readFile } from "node:fs/promises";\nimport { join } from "node:path";',
      },
    ],
    ...simulation,
  },
  {
    name: "rejected-lines-after-partition",
    why: "a partition says that lines were rejected, and nobody finds them",
    edits: [
      {
        file: convert,
        find: "      if (report.rejected > 0) await places.tables.put(rejectsAt, { file: rejects }, call);\n",
        replace: "",
      },
      {
        file: convert,
        find: "      const facts = factsFromProvenance(key, report.provenance);",
        replace:
          "      if (report.rejected > 0) await places.tables.put(rejectsAt, { file: rejects }, call);\n      const facts = factsFromProvenance(key, report.provenance);",
      },
    ],
    ...simulation,
  },
  {
    name: "index-trusted-without-its-token",
    why: "a partition that another process replaced is judged by what was known of the old one",
    edits: [
      {
        file: "src/reconcile/index-file.ts",
        find: "return known?.size === size && known.token === token ? known.facts : undefined;",
        replace: "return known?.size === size || known?.token === token ? known?.facts : undefined;",
      },
    ],
    killedBy: ["test/model/index.test.ts"],
  },
  {
    name: "files-not-compared-after-reading",
    why: "an answer mixes the rows of two versions of a partition",
    edits: [
      {
        file: "src/engine/inputs.ts",
        find: "const changed = some.find((file, index) => file.token !== tokens[index]);",
        replace: "const changed = some.find((_file, index) => tokens.length < index);",
      },
    ],
    killedBy: ["src/engine/duckdb/engine.test.ts"],
  },
  {
    name: "raw-changed-while-it-was-converted",
    why: "a partition says that it comes from bytes that it does not come from",
    edits: [{ file: convert, find: "  if (now?.token !== raw.token)\n", replace: "  if (now === undefined)\n" }],
    killedBy: ["test/faults/matrix-replaced.test.ts"],
  },
];
