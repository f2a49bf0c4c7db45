/**
 * What a mart costs the Spark server: built by `millrace run`, and by the same statement through the official Python client.
 *
 *     node bench/spark-mart.ts [--hours 24] [--events 5000] [--rounds 5]
 *
 * One server, one lake of generated hours, interleaved rounds after one that warms the server up. CPU seconds are those of the
 * server's process; each client is a process of its own. Promise: no more server time than through pyspark.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pythonWith } from "../test/real/installed.ts";
import { startSparkServer } from "../test/real/spark-server.ts";
import { runProcess } from "./process.ts";
import { markdownTable, spreadOf, spreadText } from "./statistics.ts";

const { values: settings } = parseArgs({
  options: {
    hours: { type: "string", default: "24" },
    events: { type: "string", default: "5000" },
    rounds: { type: "string", default: "5" },
  },
});

const context = {
  skip(reason?: string) {
    throw new Error(reason ?? "something is missing");
  },
};

const statement = `select repo.name as repo, substr(src, 1, 10) as day, count(*) as pushes, count(distinct actor.login) as actors
from events where type = 'PushEvent' group by repo.name, substr(src, 1, 10)`;

/** Of a process and its threads, in seconds, as Linux counts it in hundredths. */
function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

const directory = mkdtempSync(join(tmpdir(), "millrace-spark-mart-"));
const hours = Number(settings.hours);
const until = new Date(Date.parse("2026-03-01T00:00:00Z") + hours * 3_600_000).toISOString().slice(0, 19);
const millrace = [process.execPath, join(import.meta.dirname, "..", "bin", "millrace.js")];
const file = join(directory, "millrace.yaml");
const python = pythonWith(context, "pyspark-client") ?? "";
const server = await startSparkServer(context, { memory: "2g" });
if (server === undefined) throw new Error("no Spark server");
try {
  const archive = join(directory, "hours");
  await runProcess([
    ...[...millrace, "sample", "write", archive, "--since", "2026-03-01", "--until", until.slice(0, 13)],
    ...["--events", settings.events],
  ]);
  writeFileSync(
    file,
    `name: bench
sources:
  hours:
    url: "file://${archive}/{yyyy}-{MM}-{dd}-{H}.json.gz"
    object: hours/{yyyy}/{MM}/{dd}/{HH}.json.gz
    every: hour
    since: 2026-03-01T00:00:00Z
    until: ${until}Z
tables:
  events: { from: hours }
marts:
  pushes: { sql: ${JSON.stringify(statement)} }
engine: { spark: { url: "${server.url}" } }
`,
  );
  await runProcess([...millrace, "-f", file, "run", "--quiet"]);
  const table = join(directory, "lake", "tables", "events");
  const ddl = readdirSync(join(table, "_schema"))
    .filter((name) => name.endsWith(".spark.ddl"))
    .sort()
    .at(-1);
  if (ddl === undefined) throw new Error("the table has no schema");
  const clients = {
    millrace: [...millrace, "-f", file, "run", "--rerun", "--only", "marts", "--select", "pushes", "--quiet"],
    pyspark: [
      ...[python, join(import.meta.dirname, "spark-mart.py"), server.url],
      ...[table, join(table, "_schema", ddl), statement, join(directory, "by-pyspark")],
    ],
  };
  const costs: Record<keyof typeof clients, number[]> = { millrace: [], pyspark: [] };
  for (let round = 0; round <= Number(settings.rounds); round++) {
    const order = round % 2 === 0 ? (["millrace", "pyspark"] as const) : (["pyspark", "millrace"] as const);
    for (const name of order) {
      const before = cpuSecondsOf(server.pid);
      await runProcess(clients[name]);
      if (round > 0) costs[name].push(cpuSecondsOf(server.pid) - before);
    }
  }
  const ratios = costs.millrace.map((cost, round) => cost / (costs.pyspark[round] ?? Number.NaN));
  process.stdout.write(
    `${hours} hours of ${settings.events} events, ${settings.rounds} rounds, load ${loadavg()[0]?.toFixed(1)}\n\n${markdownTable(
      ["a mart through", "CPU seconds of the server"],
      [
        ["millrace", spreadText(spreadOf(costs.millrace))],
        ["pyspark", spreadText(spreadOf(costs.pyspark))],
        ["ratio within a round", spreadText(spreadOf(ratios))],
      ],
    )}\n`,
  );
} finally {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
}
