/**
 * The table of converters. What converts is loaded where it is used: in the workers, and in this thread only if there are
 * none, since its 60 modules take 35 ms.
 */
import type { RowsBy } from "../shred/rows.ts";
import type { Converter } from "./contract.ts";
import { converterVersion } from "./version.ts";
import { WorkerPool } from "./worker-pool.ts";

export interface NativeConverterOptions {
  /** How many files are converted at a time, each in a worker thread; 0 converts in the calling thread. */
  readonly workers: number;
  /** For tests: so much JSON makes a row group. */
  readonly groupBytes?: number;
  /** What makes rows of lines. Default: `webassembly`, where it can be had. The files are the same. */
  readonly rows?: RowsBy | undefined;
}

export function openNativeConverter({ workers, groupBytes, rows }: NativeConverterOptions): Converter {
  const pool = workers > 0 ? new WorkerPool({ workers, groupBytes, rows }) : undefined;
  return {
    version: converterVersion,
    convert: async (request, options = {}) => {
      if (pool !== undefined) return pool.run(request, options);
      const { convertNative } = await import("./native.ts");
      return convertNative(request, { ...options, rows, ...(groupBytes === undefined ? {} : { groupBytes }) });
    },
    emptyFile: async (schema, file) => (await import("./native.ts")).writeEmptyFile(schema, file),
    close: async () => pool?.close(),
  };
}
