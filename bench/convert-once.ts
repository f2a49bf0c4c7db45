/**
 * Our converter, one whole process for one file, as the peers under `peers/` are.
 *
 *     node bench/convert-once.ts INPUT OUTPUT [SCHEMA.json] [--workers 1]
 *
 * Prints the report's counts and timings as one JSON line; writes the schema it found into SCHEMA.json. `--workers 0`
 * converts in the main thread, which is the one to profile. `MILLRACE_SHRED` chooses what makes rows.
 */
import { rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chosenRows } from "../src/config/rows.ts";
import type { ConvertRequest } from "../src/convert/contract.ts";
import { openNativeConverter } from "../src/convert/open.ts";

/** What a project without a setting gets. */
export function requestFor(input: string, output: string): ConvertRequest {
  return {
    input: { file: input },
    output,
    rejects: `${output}.rejects.gz`,
    known: { fields: [] },
    provenance: { input: "bench" },
    settings: {
      declared: new Map(),
      conflicts: "hold",
      duplicateKeys: "reject",
      compression: "zstd",
      lineBytesMax: 32 << 20,
      depthMax: 128,
      columnsMax: 10_000,
    },
  };
}

if (import.meta.main) {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { workers: { type: "string", default: "1" } },
  });
  const [input = "", output = "", schemaFile] = positionals;
  const converter = openNativeConverter({ workers: Number(values.workers), rows: chosenRows(process.env) });
  rmSync(output, { force: true });
  const { rows, rejected, bytesIn, bytesJson, bytesOut, timings, schema } = await converter.convert(
    requestFor(input, output),
  );
  await converter.close();
  if (schemaFile !== undefined) writeFileSync(schemaFile, JSON.stringify(schema));
  console.log(JSON.stringify({ rows, rejected, bytesIn, bytesJson, bytesOut, timings }));
}
