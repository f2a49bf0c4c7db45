/** What other tools would find out about marts and tables that they look up by name. */
import type { Mutant } from "./mutant.ts";

const decisions = { killedBy: ["src/reconcile/register-steps.test.ts"] } as const;
const wholeLake = { killedBy: ["test/names-lake.test.ts"] } as const;
const registerSteps = "src/reconcile/register-steps.ts";
const gcMarts = "src/operations/gc-marts.ts";

export const nameMutants: readonly Mutant[] = [
  {
    name: "name-left-behind",
    why: "after a crash between record and registration readers by name see the old version for ever",
    edits: [
      {
        file: registerSteps,
        find: '  } else if (shown.number < number) return { kind: "behind", number: shown.number };\n',
        replace: "  }\n",
      },
      {
        file: registerSteps,
        find: "  else if (shown.publishId !== record.publishId)",
        replace: "  else if (shown.number === number && shown.publishId !== record.publishId)",
      },
    ],
    ...decisions,
  },
  {
    name: "description-never-compared",
    why: "columns and comments stay as they were first registered",
    edits: [
      {
        file: registerSteps,
        find: 'return wanted === undefined || wanted === shown.fingerprint ? undefined : { kind: "differs" };',
        replace: 'return wanted === null ? { kind: "differs" } : undefined;',
      },
    ],
    ...decisions,
  },
  {
    name: "taken-name-is-built",
    why: "a version is built and published that nobody can be shown",
    edits: [
      {
        file: "src/reconcile/mart-steps.ts",
        find: 'if (shown?.kind === "foreign") {',
        replace: 'if (shown?.kind === "foreign" && current !== undefined) {',
      },
    ],
    ...decisions,
  },
  {
    name: "rollback-undone-by-the-next-run",
    why: "the version that somebody went back from is built again",
    edits: [
      {
        file: "src/reconcile/mart-steps.ts",
        find: "if (current?.record.rollback !== true) return false;",
        replace: "if (current?.record.rollback !== true || current.lastBuilt !== undefined) return false;",
      },
    ],
    ...decisions,
  },
  {
    name: "rollback-registered-by-its-version-alone",
    why: "a writer that slept lets the name show what somebody went back from",
    edits: [
      {
        file: registerSteps,
        find: "record.rollback === true ? (parseVersionName(record.version)?.number ?? 0) : 0",
        replace: "record.rollback === true ? 0 : 0",
      },
    ],
    ...decisions,
  },
  {
    name: "partitions-never-forgotten",
    why: "readers of a table are sent to files that are gone",
    edits: [
      {
        file: registerSteps,
        find: "const gone = [...listed.starts].filter((startMs) => !partitions.has(startMs));",
        replace: "const gone: number[] = [];",
      },
    ],
    ...decisions,
  },
  {
    name: "lake-waits-for-the-metastore",
    why: "nothing is fetched and converted while a metastore is away",
    edits: [
      {
        file: "src/reconcile/observe-registry.ts",
        find: 'if (failure.kind === "cancelled" || failure.kind === "bug" || signal?.aborted === true) throw failure;',
        replace: 'if (failure.message !== "") throw failure;',
      },
    ],
    ...wholeLake,
  },
  {
    name: "metastore-never-tried",
    why: "a metastore that lets two racing writers win is written to",
    edits: [
      {
        file: "src/reconcile/pass.ts",
        find: 'await parts.mayWrite(["catalog"], { signal, report });',
        replace: "await parts.mayWrite([], { signal, report });",
      },
    ],
    ...wholeLake,
  },
  {
    name: "shown-version-collected",
    why: "readers by name are sent to a version that is gone",
    edits: [
      {
        file: gcMarts,
        find: "return ({ directory }) => fault !== undefined || directory.name === version;",
        replace: 'return ({ directory }) => fault === "" && directory.name === version;',
      },
    ],
    ...wholeLake,
  },
  {
    name: "fence-forgets-a-rollback",
    why: "a collection of garbage undoes a rollback",
    edits: [
      {
        file: "src/step/collect-garbage.ts",
        find: "    ...(head.record.rollback === true ? { rollback: true } : {}),\n",
        replace: "",
      },
    ],
    ...wholeLake,
  },
  {
    name: "replaced-files-not-noted",
    why: "a Spark that runs reads of a replaced partition as much as the old file's length covers",
    edits: [
      {
        file: "src/step/register-table.ts",
        find: "  if (files !== undefined) await registry.touch(table, files, call);\n",
        replace: "",
      },
    ],
    ...wholeLake,
  },
];
