/**
 * The converter as a call: bytes in, one Parquet file out, and a report of what was found.
 *
 * ```ts
 * const report = await convert("events.json.gz", "events.parquet");
 * const report = await convert(response.body, createWriteStream("events.parquet"), { columns: { payload: "json" } });
 * ```
 *
 * Memory does not grow with the input. From path to path nothing is kept; a stream that comes in is remembered as it
 * came (compressed) and what goes to a sink is held until it is whole, both in memory up to 24 MiB and beyond that in a
 * temporary file. Why: a column's last value may decide how its first one is written (`1`, …, `"x"` makes text of both),
 * so that a file in conflict with itself is read twice, and no sink takes bytes back.
 */
import { resolve } from "node:path";
import { asFailure, Failure } from "../errors.ts";
import { declareColumns } from "../model/declared-columns.ts";
import type {
  Converter,
  ConvertInput,
  ConvertOptions,
  ConvertOutput,
  ConvertReport,
  ConvertRequest,
} from "./contract.ts";
import { arriving, type From, fromOf, refuseForeign, type To, toOf } from "./ends.ts";
import { openTextStream, type TextInput } from "./input-stream.ts";
import { convertNative, type NativeOptions } from "./native.ts";
import type { Output } from "./output-file.ts";
import { defaultSettings, REJECTS_MAX } from "./settings.ts";
import { Spool } from "./spool.ts";

/**
 * Converts newline-delimited JSON to Parquet. Throws a `Failure`: `corrupt` for damaged compressed data, `refused` for too
 * many rejected lines, too many columns or clashes with `known`, `missing`, `denied`, `full`; the reason of `signal`; and
 * what the caller's own stream throws. A failed conversion leaves an existing output as it is.
 */
export function convert(
  input: ConvertInput,
  output: ConvertOutput,
  options: ConvertOptions = {},
): Promise<ConvertReport> {
  return convertWith(undefined, input, output, options);
}

/** The same; from path to path by `converter`, whose workers leave this thread free. Streams are read on this thread. */
export async function convertWith(
  converter: Converter | undefined,
  input: ConvertInput,
  output: ConvertOutput,
  options: ConvertOptions = {},
): Promise<ConvertReport> {
  const { signal, onProgress, rows, name = "input" } = options;
  const calls = {
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
    ...(rows === undefined ? {} : { rows }),
  };
  const [from, to] = [await fromOf(input, name), await toOf(output)];
  const request = requestOf(from, to, options);
  refuseSame(from, to);
  signal?.throwIfAborted();
  if (from.kind === "file" && to.kind === "file") {
    const work = converter === undefined ? convertNative(request, calls) : converter.convert(request, calls);
    return work.catch((error: unknown) => {
      throw signal?.aborted === true ? signal.reason : asFailure(error, from.path);
    });
  }
  const spools: Spool[] = [];
  const spool = (): Spool => {
    const made = new Spool();
    spools.push(made);
    return made;
  };
  try {
    const opened = { ...calls, ...openInput(from, spool, signal) };
    if (to.kind === "file") return await convertNative(request, opened);
    const held = new HeldOutput(spool);
    const report = await convertNative(request, { ...opened, openOutput: () => held });
    await to.drain(held.chunks(), signal);
    return report;
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    for (const each of spools) each.dispose();
  }
}

function requestOf(from: From, to: To, options: ConvertOptions): ConvertRequest {
  const { columns = new Map(), known = { fields: [] }, rejects, rejectsMax = REJECTS_MAX, provenance = {} } = options;
  return {
    input: { file: from.kind === "file" ? from.path : from.name },
    output: to.kind === "file" ? to.path : to.name,
    rejects,
    refuse: { rejectsMax },
    settings: {
      declared: columns instanceof Map ? columns : declareColumns(Object.entries(columns)),
      conflicts: options.conflicts ?? defaultSettings.conflicts,
      duplicateKeys: options.duplicateKeys ?? defaultSettings.duplicateKeys,
      compression: options.compression ?? defaultSettings.compression,
      lineBytesMax: options.lineBytesMax ?? defaultSettings.lineBytesMax,
      depthMax: options.depthMax ?? defaultSettings.depthMax,
      columnsMax: options.columnsMax ?? defaultSettings.columnsMax,
    },
    known,
    provenance,
  };
}

function refuseSame(from: From, to: To): void {
  if (from.kind !== "file" || to.kind !== "file" || resolve(from.path) !== resolve(to.path)) return;
  throw new Failure("usage", `${from.path}: is the input and the output`);
}

/** A stream is read as it arrives in the first pass, and from what was remembered of it in any other. */
function openInput(from: From, spool: () => Spool, signal: AbortSignal | undefined): Pick<NativeOptions, "openInput"> {
  if (from.kind === "file") return {};
  const { bytes, name } = from;
  let remembered: Spool | undefined;
  return {
    openInput: async (): Promise<TextInput> => {
      if (remembered !== undefined) return openTextStream(remembered.chunks(), name);
      const memory = spool();
      remembered = memory;
      let isFirst = true;
      const look = (chunk: Uint8Array): void => {
        if (isFirst) refuseForeign(chunk, name);
        isFirst = false;
        memory.write(chunk);
      };
      return openTextStream(arriving(bytes, signal, look), name);
    },
  };
}

/** Keeps what the last pass wrote until all of it is there. */
class HeldOutput implements Output {
  readonly #makeSpool: () => Spool;
  #spool: Spool | undefined;
  #isFinished = false;

  constructor(makeSpool: () => Spool) {
    this.#makeSpool = makeSpool;
  }

  write(bytes: Uint8Array): void {
    this.#spool ??= this.#makeSpool();
    this.#spool.write(bytes);
  }

  finish(): void {
    this.#isFinished = true;
  }

  discard(): void {
    if (this.#isFinished) return;
    this.#spool?.dispose();
    this.#spool = undefined;
  }

  chunks(): AsyncIterable<Uint8Array> {
    if (this.#spool === undefined || !this.#isFinished) throw new Failure("bug", "the output is not complete");
    return this.#spool.chunks();
  }
}
