/** The converter in TypeScript, on the thread that calls it: `open.ts` puts it into workers. */

import { Failure } from "../errors.ts";
import { joinTypes } from "../model/merge.ts";
import type { Schema } from "../model/schema.ts";
import { boundSchema, seenNullOf, standInsOf } from "../model/stand-in.ts";
import type { Departure } from "../shred/file-schema.ts";
import type { ConvertReport, ConvertRequest, SchemaConflict, Widening } from "./contract.ts";
import { writeEmpty } from "./group-writer.ts";
import { OutputFile } from "./output-file.ts";
import { type PassOptions, type PassResult, runPasses } from "./pass.ts";
import { refuseClashes, refuseRejects } from "./refuse.ts";
import { Stopwatch } from "./stopwatch.ts";
import { converterVersion } from "./version.ts";

/** So much JSON makes a row group: an hour is one, unless it is huge. Each group costs 170 bytes of footer a column. */
export const GROUP_BYTES = 256 << 20;

/** Reading is recursive; deeper nesting than this could exhaust the stack. */
const DEPTH_LIMIT = 1000;

export interface NativeOptions extends Pick<PassOptions, "openInput" | "openOutput" | "rows" | "memoryPagesMax"> {
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytesIn: number) => void;
  /** Smaller than by default only in tests. */
  readonly groupBytes?: number;
}

export async function convertNative(request: ConvertRequest, options: NativeOptions = {}): Promise<ConvertReport> {
  const { signal, onProgress, groupBytes = GROUP_BYTES, openInput, openOutput, rows, memoryPagesMax } = options;
  if (request.settings.depthMax > DEPTH_LIMIT) {
    throw new Failure("usage", `depth_max: expected at most ${DEPTH_LIMIT}, got ${request.settings.depthMax}`);
  }
  const stopwatch = new Stopwatch();
  let furthest = 0;
  const result = await runPasses({
    request,
    ...(openInput === undefined ? {} : { openInput }),
    ...(openOutput === undefined ? {} : { openOutput }),
    accept: (found) => refuse(request, found),
    ...{ groupBytes, rows, memoryPagesMax },
    converter: converterVersion,
    stopwatch,
    onChunk: (bytesIn) => {
      signal?.throwIfAborted();
      // A second pass begins at the front again; progress does not.
      furthest = Math.max(furthest, bytesIn);
      onProgress?.(furthest);
    },
  });
  const { departures, passes: _, ...facts } = result;
  return {
    ...facts,
    standIns: standInsOf(result.schema),
    seenNull: seenNullOf(result.schema),
    ...sortDepartures(departures, request.settings.conflicts),
    timings: stopwatch.read(),
  };
}

function refuse({ refuse: rules, input, settings }: ConvertRequest, result: PassResult): void {
  if (rules === undefined) return;
  refuseRejects(input.file, result, rules.rejectsMax);
  refuseClashes(input.file, sortDepartures(result.departures, settings.conflicts).conflicts);
}

/** Tells what makes a column wider from what must not be merged silently. */
function sortDepartures(
  departures: readonly Departure[],
  conflicts: "hold" | "text",
): { widened: Widening[]; conflicts: SchemaConflict[] } {
  const widened: Widening[] = [];
  const held: SchemaConflict[] = [];
  for (const { path, table, file, first } of departures) {
    if ("clash" in joinTypes(table, file, conflicts)) held.push({ path, table, file, ...first });
    else widened.push({ path, from: table, to: file, ...first });
  }
  return { widened, conflicts: held };
}

/** Writes a file with the schema's columns, as SQL names them, and no row. */
export function writeEmptyFile(schema: Schema, file: string): void {
  const output = new OutputFile(file);
  try {
    writeEmpty((bytes) => output.write(bytes), boundSchema(schema), `millrace version 1 (build ${converterVersion})`);
    output.finish();
  } finally {
    output.discard();
  }
}
