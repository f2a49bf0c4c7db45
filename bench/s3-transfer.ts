/**
 * Uploads and downloads of many small objects: our storage, the AWS CLI and (where Go can build it) rclone, each a whole
 * process, on the same bytes and the same real server, in interleaved rounds.
 *
 *     node bench/s3-transfer.ts [--objects 2000] [--bytes 16384] [--rounds 3]
 *
 * Promise: at least as fast as the stock tools (figures: bench/s3.md).
 */
import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type ProcessCost, runProcess } from "./process.ts";
import { awsCli, rclone, rcloneFlags, rcloneRemote, startBenchStore } from "./s3.ts";
import { markdownTable, megabytes, spreadOf, spreadText } from "./statistics.ts";

const { values } = parseArgs({
  options: {
    objects: { type: "string", default: "2000" },
    bytes: { type: "string", default: "16384" },
    rounds: { type: "string", default: "3" },
  },
});
const objects = Number(values.objects);
const directory = mkdtempSync(join(tmpdir(), "millrace-bench-s3-transfer-"));
const aws = awsCli();
const other = rclone();
const store = await startBenchStore({ tls: true, minio: true });

type Verb = "put" | "get";
type Command = (verb: Verb, local: string, prefix: string) => readonly string[];

const once = new URL("s3-once.ts", import.meta.url).pathname;
const tools: readonly (readonly [string, Command])[] = [
  [
    "millrace",
    (verb, local, prefix) => [
      process.execPath,
      once,
      verb,
      local,
      prefix,
      store.endpoint,
      store.region,
      store.caFile ?? "",
    ],
  ],
  [
    "AWS CLI",
    (verb, local, prefix) => {
      const remote = `s3://raw/${prefix}`;
      const [from, to] = verb === "put" ? [local, remote] : [remote, local];
      return [aws, "--endpoint-url", store.endpoint, "s3", "cp", "--recursive", "--only-show-errors", from, to];
    },
  ],
  ...(other === undefined
    ? []
    : ([
        [
          "rclone",
          (verb: Verb, local: string, prefix: string) => {
            const remote = `${rcloneRemote(store)}raw/${prefix}`;
            const [from, to] = verb === "put" ? [local, remote] : [remote, local];
            return [other, "copy", ...rcloneFlags(store), "--transfers", "32", "--checkers", "32", from, to];
          },
        ],
      ] as const)),
];

try {
  const source = join(directory, "source");
  mkdirSync(source);
  for (let i = 0; i < objects; i++) writeFileSync(join(source, `object-${i}`), randomBytes(Number(values.bytes)));
  const costs = new Map<string, ProcessCost[]>();
  for (let round = 0; round < Number(values.rounds); round++) {
    // Everybody begins a round once, more or less.
    const order = tools.map((_, at) => tools[(at + round) % tools.length]).filter((tool) => tool !== undefined);
    for (const [name, command] of order) {
      const prefix = `${name.toLowerCase().replace(" ", "-")}-${round}`;
      const [local, back] = [join(directory, "upload"), join(directory, "download")];
      // Our put consumes nothing here, but a tool must not see another's traces.
      cpSync(source, local, { recursive: true });
      mkdirSync(back);
      for (const [verb, place] of [
        ["put", local],
        ["get", back],
      ] as const) {
        const cost = await runProcess(command(verb, place, prefix));
        costs.set(`${name} ${verb}`, [...(costs.get(`${name} ${verb}`) ?? []), cost]);
      }
      if (readdirSync(back).length !== objects) throw new Error(`${name} brought ${readdirSync(back).length} objects`);
      for (const made of [local, back]) rmSync(made, { recursive: true });
    }
  }
  const ours = (verb: Verb): readonly ProcessCost[] => costs.get(`millrace ${verb}`) ?? [];
  const rows = (["put", "get"] as const).flatMap((verb) =>
    tools.map(([name]) => {
      const own = costs.get(`${name} ${verb}`) ?? [];
      const ratio = own.map((cost, round) => cost.wallSeconds / (ours(verb)[round]?.wallSeconds ?? Number.NaN));
      return [
        `${name}, ${verb === "put" ? "upload" : "download"}`,
        spreadText(spreadOf(own.map((cost) => cost.wallSeconds))),
        spreadText(spreadOf(ratio)),
        spreadText(spreadOf(own.map((cost) => cost.cpuSeconds))),
        megabytes(Math.max(...own.map((cost) => cost.peakBytes))),
      ];
    }),
  );
  process.stdout.write(
    `${objects.toLocaleString("en")} objects of ${values.bytes} bytes on MinIO, ${values.rounds} rounds, load ${loadavg()[0]?.toFixed(1)}\n\n` +
      `${markdownTable(["tool", "wall s", "wall × ours", "CPU s", "peak MB"], rows)}\n`,
  );
} finally {
  await store.stop();
  rmSync(directory, { recursive: true, force: true });
}
