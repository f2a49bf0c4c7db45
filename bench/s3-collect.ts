/**
 * Collecting from an archive on the loopback into S3, against what one would type: `curl URL | tee FILE | gzip -t` for each
 * file and an upload of them all by a stock tool. Whole processes, the same bytes, the same real server.
 *
 *     node bench/s3-collect.ts [--files 12] [--rounds 3]
 *
 * Promise: at most 1.3 times the CPU, and memory that does not grow with the files (figures: bench/s3.md). The second table
 * collects one file of 1 and one of 16 times the size.
 */
import {
  appendFileSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { input } from "./inputs.ts";
import { type ProcessCost, runProcess } from "./process.ts";
import { awsCli, rclone, rcloneFlags, rcloneRemote, startBenchStore } from "./s3.ts";
import { markdownTable, megabytes, spreadOf, spreadText } from "./statistics.ts";

const { values } = parseArgs({
  options: { files: { type: "string", default: "12" }, rounds: { type: "string", default: "3" } },
});
const files = Number(values.files);
const largeFactor = 16;
const directory = mkdtempSync(join(tmpdir(), "millrace-bench-s3-collect-"));
const bin = new URL("../bin/millrace.js", import.meta.url).pathname;
const hour = await input("generated");
// Members of a gzip file may stand one behind the other.
const large = join(directory, "large.json.gz");
for (let part = 0; part < largeFactor; part++) appendFileSync(large, readFileSync(hour));

/** `/hour/…` answers the hour, `/large/…` the large one. */
const server = createServer((request, response) => {
  const path = request.url?.startsWith("/large/") === true ? large : hour;
  response.writeHead(200, { "content-length": statSync(path).size, "content-type": "application/gzip" });
  createReadStream(path).pipe(response);
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = server.address();
if (typeof address !== "object" || address === null) throw new Error("the archive does not listen");
const archive = `http://127.0.0.1:${address.port}`;
const [aws, other] = [awsCli(), rclone()];
const store = await startBenchStore({ tls: true, minio: true });
let runs = 0;

/** A project of its own and keys of its own, so that everything is to be collected. */
function ours(kind: "hour" | "large", count: number): Promise<ProcessCost> {
  const project = join(directory, `run-${runs++}`);
  mkdirSync(project);
  const until = new Date(Date.UTC(2024, 0, 1, count)).toISOString();
  writeFileSync(
    join(project, "millrace.yaml"),
    `name: bench\n${store.sections()}sources:\n  hours: { url: "${archive}/${kind}/{yyyy}-{MM}-{dd}-{H}.json.gz", object: "run-${runs}/{yyyy}/{MM}/{dd}/{HH}.json.gz", every: hour, since: 2024-01-01T00:00:00Z, until: ${until}, expanded_max: 64GB }\n`,
  );
  return runProcess([
    process.execPath,
    bin,
    "run",
    "--only",
    "collect",
    "--json",
    "-f",
    join(project, "millrace.yaml"),
  ]);
}

async function stock(upload: (local: string, prefix: string) => readonly string[]): Promise<ProcessCost> {
  const local = join(directory, `stock-${runs++}`);
  mkdirSync(local);
  const quoted = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(" ");
  const script =
    `set -e; for h in $(seq 0 ${files - 1}); do curl -sf ${archive}/hour/2024-01-01-$h.json.gz | tee ${local}/$h.json.gz | gzip -t; done; ` +
    quoted(upload(local, `stock-${runs}`));
  const cost = await runProcess(["bash", "-o", "pipefail", "-c", script]);
  rmSync(local, { recursive: true });
  return cost;
}

const ways: readonly (readonly [string, () => Promise<ProcessCost>])[] = [
  ["`millrace run --only collect`", () => ours("hour", files)],
  [
    "curl, gzip -t, AWS CLI",
    () =>
      stock((local, prefix) => [
        ...[aws, "--endpoint-url", store.endpoint, "s3", "cp", "--recursive", "--only-show-errors"],
        ...[local, `s3://raw/${prefix}`],
      ]),
  ],
  ...(other === undefined
    ? []
    : ([
        [
          "curl, gzip -t, rclone",
          () =>
            stock((local, prefix) => [
              other,
              "copy",
              ...rcloneFlags(store),
              local,
              `${rcloneRemote(store)}raw/${prefix}`,
            ]),
        ],
      ] as const)),
];

try {
  const costs = ways.map((): ProcessCost[] => []);
  for (let round = 0; round < Number(values.rounds); round++) {
    for (let at = 0; at < ways.length; at++) {
      const which = (at + round) % ways.length;
      const cost = await ways[which]?.[1]();
      if (cost !== undefined) costs[which]?.push(cost);
    }
  }
  const mine = costs[0] ?? [];
  const rows = ways.map(([name], at) => {
    const own = costs[at] ?? [];
    const share = mine.map((cost, round) => cost.cpuSeconds / (own[round]?.cpuSeconds ?? Number.NaN));
    return [
      name,
      spreadText(spreadOf(own.map((cost) => cost.cpuSeconds))),
      spreadText(spreadOf(share)),
      spreadText(spreadOf(own.map((cost) => cost.wallSeconds))),
      megabytes(Math.max(...own.map((cost) => cost.peakBytes))),
    ];
  });
  const small = await ours("hour", 1);
  const big = await ours("large", 1);
  process.stdout.write(
    `${files} files of ${megabytes(statSync(hour).size)} MB from the loopback to MinIO, ${values.rounds} rounds, load ${loadavg()[0]?.toFixed(1)}\n\n` +
      `${markdownTable(["way", "CPU s", "ours / this", "wall s", "peak MB of a process"], rows)}\n\n` +
      `${markdownTable(
        ["one file of", "CPU s", "peak MB"],
        [
          [`${megabytes(statSync(hour).size)} MB`, small.cpuSeconds.toFixed(2), megabytes(small.peakBytes)],
          [`${megabytes(statSync(large).size)} MB`, big.cpuSeconds.toFixed(2), megabytes(big.peakBytes)],
        ],
      )}\n`,
  );
} finally {
  server.close();
  await store.stop();
  rmSync(directory, { recursive: true, force: true });
}
