/**
 * What a Hive Metastore costs: partitions of a wide table registered and listed, and the swap of a mart, through millrace's own
 * client and from Spark on the same metastore.
 *
 *     node bench/metastore.ts [--partitions 10000] [--rounds 3] [--single 200] [--swaps 200]
 *
 * Real metastore 4.0.0 on real PostgreSQL, real Spark 4.2 with its built-in client; each way registers the same directories under
 * a name of its own, in interleaved rounds, and drops it again. One statement a partition is run for `--single` of them and
 * multiplied. Promises: at least twice as fast as MSCK REPAIR TABLE or one batched ALTER TABLE, twenty times as one statement a
 * partition; a listing under a second; a swap under 50 ms at the median.
 */
import { linkSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Catalog } from "../src/catalog/contract.ts";
import { openCatalog } from "../src/catalog/open.ts";
import { sparkType } from "../src/model/ddl.ts";
import type { Registration, TableRegistration } from "../src/model/registration.ts";
import type { ColumnType, Field } from "../src/model/schema.ts";
import { connect } from "../src/spark.ts";
import { localStorage } from "../src/storage/local.ts";
import { ownMetastore } from "../test/real/metastore-server.ts";
import { startSparkServer } from "../test/real/spark-server.ts";
import { markdownTable, spreadOf, spreadText } from "./statistics.ts";

const { values: settings } = parseArgs({
  options: {
    partitions: { type: "string", default: "10000" },
    rounds: { type: "string", default: "3" },
    single: { type: "string", default: "200" },
    swaps: { type: "string", default: "200" },
  },
});
const partitions = Number(settings.partitions);
const single = Number(settings.single);

const context = {
  skip(reason?: string) {
    throw new Error(reason ?? "something is missing");
  },
};

const leavesOfStruct = 100;
const structs = 12;

/** Twelve structs of a hundred leaves, nested once more, as wide events are. */
const columns = Array.from({ length: structs }, (_, at): Field => {
  const leaf = (name: string, index: number): Field => ({
    name: `${name}_${index}`,
    type: { kind: (["string", "int64", "bool", "timestamp"] as const)[index % 4] ?? "string" },
  });
  const half = (name: string): Field[] => Array.from({ length: leavesOfStruct / 2 }, (_, index) => leaf(name, index));
  const inner: ColumnType = { kind: "struct", fields: half("inner") };
  return {
    name: `payload_${at}`,
    type: { kind: "struct", fields: [...half("outer"), { name: "nested", type: inner }] },
  };
});

/** `2020-01-01-00` and the hours behind it. */
const ids = Array.from({ length: partitions }, (_, hour) =>
  new Date(Date.UTC(2020, 0, 1, hour)).toISOString().slice(0, 13).replace("T", "-"),
);

async function millisecondsOf(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** Of a process and its threads, in seconds, as Linux counts it in hundredths. */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

interface Way {
  readonly name: string;
  /** Partitions that one measurement registers; the figure is that of all of them. */
  readonly count: number;
  register(name: string): Promise<void>;
  prepare(name: string): Promise<void>;
  drop(name: string): Promise<void>;
}

const directory = mkdtempSync(join(tmpdir(), "millrace-metastore-bench-"));
const metastore = await ownMetastore(context, { memory: "512m" });
if (metastore === undefined) throw new Error("no metastore");
const spark = await startSparkServer(context, {
  memory: "2g",
  conf: {
    "spark.sql.catalogImplementation": "hive",
    "spark.hadoop.hive.metastore.uris": `thrift://${metastore.host}:${metastore.port}`,
    // Sizes of directories are no part of what is compared.
    "spark.sql.statistics.size.autoUpdate.enabled": "false",
    "spark.hadoop.hive.stats.autogather": "false",
  },
});
if (spark === undefined) throw new Error("no Spark server");
const session = await connect(spark.url);
const run = async (sql: string): Promise<void> => {
  await (await session.sql(sql)).collect();
};

const tablesPath = join(directory, "tables");
mkdirSync(tablesPath);
const marts = localStorage({ path: join(directory, "marts"), name: "marts" });
const tables = localStorage({ path: tablesPath, name: "tables" });
const catalog: Catalog = openCatalog(
  marts,
  {
    kind: "hive",
    hosts: [{ host: metastore.host, port: metastore.port }],
    database: "bench",
    location: undefined,
    tables: true,
    owner: "bench",
    transport: "buffered",
    connectMs: 10_000,
    callMs: 600_000,
  },
  { tables, databaseOf: () => undefined },
);
const registry = catalog.tables;
if (registry === undefined) throw new Error("the catalog has no registry of tables");
const registration: TableRegistration = { columns, schemaVersion: 1 };

const location = (name: string): string => join(tablesPath, name);
const columnText = columns.map(({ name, type }) => `\`${name}\` ${sparkType(type)}`).join(", ");
const createBySpark = (name: string): Promise<void> =>
  run(
    `create external table bench.${name} (${columnText}) partitioned by (src string) stored as parquet location '${location(name)}'`,
  );
const dropBySpark = (name: string): Promise<void> => run(`drop table bench.${name}`);

const ways: readonly Way[] = [
  {
    name: "millrace",
    count: partitions,
    prepare: (name) => registry.register(name, registration),
    register: (name) => registry.add(name, ids),
    drop: async (name) => {
      await registry.unregister(name);
    },
  },
  {
    name: "Spark, MSCK REPAIR TABLE",
    count: partitions,
    prepare: createBySpark,
    register: (name) => run(`msck repair table bench.${name}`),
    drop: dropBySpark,
  },
  {
    name: "Spark, one ALTER TABLE ADD PARTITION",
    count: partitions,
    prepare: createBySpark,
    register: (name) => run(`alter table bench.${name} add ${ids.map((id) => `partition (src = '${id}')`).join(" ")}`),
    drop: dropBySpark,
  },
  {
    name: "Spark, a statement a partition",
    count: single,
    prepare: createBySpark,
    async register(name) {
      for (const id of ids.slice(0, single)) await run(`alter table bench.${name} add partition (src = '${id}')`);
    },
    drop: dropBySpark,
  },
];

/** The directories of a table, each with a file: what is found there is the same whoever registers it. */
function makeDirectories(name: string): void {
  const file = join(directory, "data.parquet");
  writeFileSync(file, "PAR1");
  for (const id of ids) {
    mkdirSync(join(location(name), `src=${id}`), { recursive: true });
    linkSync(file, join(location(name), `src=${id}`, "data.parquet"));
  }
}

async function measurePartitions(): Promise<void> {
  const walls = new Map(ways.map(({ name }) => [name, [] as number[]]));
  const servers = new Map(ways.map(({ name }) => [name, [] as number[]]));
  const listings: number[] = [];
  ways.forEach((_, at) => {
    makeDirectories(`events_${at}`);
  });
  for (let round = 0; round < Number(settings.rounds); round++) {
    for (let turn = 0; turn < ways.length; turn++) {
      const at = (turn + round) % ways.length;
      const way = ways[at];
      if (way === undefined) continue;
      const name = `events_${at}`;
      await way.prepare(name);
      const before = cpuSecondsOf(metastore?.pid ?? 0);
      const ms = await millisecondsOf(() => way.register(name));
      walls.get(way.name)?.push((ms / 1000) * (partitions / way.count));
      servers.get(way.name)?.push((cpuSecondsOf(metastore?.pid ?? 0) - before) * (partitions / way.count));
      if (way.name === "millrace") {
        let listed = 0;
        listings.push(
          await millisecondsOf(async () => {
            for await (const page of registry?.partitions(name) ?? []) listed += page.length;
          }),
        );
        if (listed !== partitions) throw new Error(`${listed} partitions are listed, not ${partitions}`);
      }
      await way.drop(name);
    }
  }
  const ours = walls.get("millrace") ?? [];
  const rows = ways.map(({ name }) => {
    const seconds = walls.get(name) ?? [];
    const ratios = seconds.map((value, round) => value / (ours[round] ?? Number.NaN));
    return [
      name,
      spreadText(spreadOf(seconds), 1),
      spreadText(spreadOf(ratios), 1),
      spreadText(spreadOf(servers.get(name) ?? []), 1),
    ];
  });
  const table = markdownTable(["registered by", "wall s", "× ours", "metastore's CPU s"], rows);
  process.stdout.write(`${table}\n\nlisting them: ${spreadText(spreadOf(listings), 0)} ms\n`);
}

async function measureSwaps(): Promise<void> {
  const swaps: number[] = [];
  for (let number = 1; number <= Number(settings.swaps) + 1; number++) {
    const version = `v${String(number).padStart(12, "0")}-${"0".repeat(8)}`;
    mkdirSync(join(directory, "marts", "activity", version), { recursive: true });
    const mart: Registration = {
      ...{ number, version, publishId: String(number).padStart(32, "0"), at: "2026-03-01T15:00:00.000Z" },
      ...{ manifestSha256: "0".repeat(64), description: undefined, rows: 1, bytes: 4, format: "parquet" },
      columns: columns.slice(0, 2),
    };
    const ms = await millisecondsOf(() => catalog.register("activity", mart));
    // The first one makes the database and the table.
    if (number > 1) swaps.push(ms);
  }
  process.stdout.write(`a swap: ${spreadText(spreadOf(swaps), 1)} ms over ${swaps.length}\n`);
}

try {
  await catalog.prove("several");
  await catalog.tables?.register("first", registration);
  await measureSwaps();
  await measurePartitions();
  process.stdout.write(
    `${partitions} partitions, ${structs * leavesOfStruct} leaves, load ${loadavg()[0]?.toFixed(1)}, ` +
      `${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB at most in this process\n`,
  );
} finally {
  await catalog.close();
  await session.close();
  await spark.stop();
  await metastore.stop();
  rmSync(directory, { recursive: true, force: true });
}
