/** All commands, by the order of use. Their files are loaded when one of them is called. */
import type { Command } from "./command.ts";

export interface CommandEntry {
  readonly name: string;
  /** In the overview; the command's own file has the same words. */
  readonly purpose: string;
  load(): Promise<Command>;
}

export interface CommandGroup {
  readonly title: string;
  readonly commands: readonly CommandEntry[];
}

export const commandGroups: readonly CommandGroup[] = [
  {
    title: "Begin",
    commands: [
      {
        name: "demo",
        purpose: "the whole chain on a sample archive, in seconds",
        load: async () => (await import("./demo.ts")).demo,
      },
      {
        name: "init",
        purpose: "make a project that works at once",
        load: async () => (await import("./init.ts")).init,
      },
      {
        name: "doctor",
        purpose: "test every connection and right, with a fix for each finding",
        load: async () => (await import("./doctor.ts")).doctor,
      },
    ],
  },
  {
    title: "Work",
    commands: [
      {
        name: "plan",
        purpose: "what would be done and why, without doing it",
        load: async () => (await import("./plan.ts")).plan,
      },
      {
        name: "run",
        purpose: "one pass until nothing is left to do",
        load: async () => (await import("./run.ts")).run,
      },
      {
        name: "watch",
        purpose: "the same for ever, with health and metrics",
        load: async () => (await import("./watch.ts")).watch,
      },
      {
        name: "convert",
        purpose: "JSON files to Parquet, without a project",
        load: async () => (await import("./convert.ts")).convert,
      },
    ],
  },
  {
    title: "Look",
    commands: [
      {
        name: "status",
        purpose: "what exists, what is missing, what waits",
        load: async () => (await import("./status.ts")).status,
      },
      {
        name: "explain",
        purpose: "why one item is as it is",
        load: async () => (await import("./explain.ts")).explain,
      },
      {
        name: "schema",
        purpose: "columns of a table or file: types, how full, since when",
        load: async () => (await import("./schema.ts")).schema,
      },
      { name: "query", purpose: "SQL over tables and marts", load: async () => (await import("./query.ts")).query },
    ],
  },
  {
    title: "Care",
    commands: [
      {
        name: "verify",
        purpose: "read everything again and compare it with what was promised",
        load: async () => (await import("./verify.ts")).verify,
      },
      {
        name: "rebuild-index",
        purpose: "make everything again that is derived from the lake",
        load: async () => (await import("./rebuild-index.ts")).rebuildIndex,
      },
      {
        name: "gc",
        purpose: "remove what nothing refers to any more",
        load: async () => (await import("./gc.ts")).gc,
      },
      {
        name: "ack",
        purpose: "accept gaps that will never be filled",
        load: async () => (await import("./ack.ts")).ack,
      },
      {
        name: "catalog",
        purpose: "versions of marts and the names other tools find them by",
        load: async () => (await import("./catalog.ts")).catalog,
      },
      {
        name: "lake",
        purpose: "bucket policies and lifecycle rules for a lake on S3",
        load: async () => (await import("./lake.ts")).lake,
      },
    ],
  },
  {
    title: "Other",
    commands: [
      {
        name: "spark",
        purpose: "a Spark on this machine whose jars fit: bring it, serve it",
        load: async () => (await import("./spark.ts")).spark,
      },
      {
        name: "metastore",
        purpose: "a Hive Metastore on PostgreSQL: launch it, test it",
        load: async () => (await import("./metastore.ts")).metastore,
      },
      {
        name: "sample",
        purpose: "an archive of invented hours, with faults on request",
        load: async () => (await import("./sample.ts")).sample,
      },
      {
        name: "version",
        purpose: "the version, and what it runs on",
        load: async () => (await import("./version.ts")).version,
      },
    ],
  },
];

export const commandEntries: readonly CommandEntry[] = commandGroups.flatMap((group) => group.commands);
