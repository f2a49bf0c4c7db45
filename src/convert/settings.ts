/** What a conversion does unless told otherwise: the defaults of a table in the project file, which a test compares. */
import type { ConvertSettings } from "./contract.ts";

export const defaultSettings: ConvertSettings = {
  declared: new Map(),
  conflicts: "hold",
  duplicateKeys: "reject",
  compression: "zstd",
  lineBytesMax: 32 << 20,
  depthMax: 128,
  columnsMax: 10_000,
};

export const REJECTS_MAX = 0.001;
