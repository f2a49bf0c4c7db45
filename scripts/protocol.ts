/**
 * Generates `src/spark-connect/gen/` from `protocol/spark_connect.proto`. The compiler is `protoc` where it is installed, otherwise
 * the one of the Python package `grpcio-tools`:
 *
 *     npm run protocol
 *     npm run protocol -- --python path/to/python --out directory
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname, "..");

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    out: { type: "string", default: join(root, "src", "spark-connect", "gen") },
  },
});

const [program, ...before] = values.python === undefined ? ["protoc"] : [values.python, "-m", "grpc_tools.protoc"];
const done = spawnSync(
  program,
  [
    ...before,
    `--proto_path=${join(root, "protocol")}`,
    `--plugin=protoc-gen-es=${join(root, "node_modules", ".bin", "protoc-gen-es")}`,
    `--es_out=${values.out}`,
    "--es_opt=target=ts,import_extension=ts,erasable_syntax=true",
    "spark_connect.proto",
  ],
  { stdio: "inherit" },
);
if (done.error !== undefined) {
  process.stderr.write(
    `${program}: ${done.error.message}\nInstall protoc, or name a Python that has grpcio-tools with --python\n`,
  );
}
process.exitCode = done.status ?? 1;
