/** The table of converters. */
import type { Converter } from "./contract.ts";
import { convertNative, NATIVE_VERSION, writeEmptyFile } from "./native.ts";
import { WorkerPool } from "./worker-pool.ts";

export interface NativeConverterOptions {
  /** How many files are converted at a time, each in a worker thread; 0 converts in the calling thread. */
  readonly workers: number;
  /** For tests: so much JSON makes a row group. */
  readonly groupBytes?: number;
}

export function openNativeConverter({ workers, groupBytes }: NativeConverterOptions): Converter {
  const pool = workers > 0 ? new WorkerPool({ workers, groupBytes }) : undefined;
  return {
    version: NATIVE_VERSION,
    convert: (request, options = {}) =>
      pool === undefined
        ? convertNative(request, { ...options, ...(groupBytes === undefined ? {} : { groupBytes }) })
        : pool.run(request, options),
    emptyFile: async (schema, file) => writeEmptyFile(schema, file),
    close: async () => pool?.close(),
  };
}
