/**
 * Makes syncs of files cost nothing in this process. A simulation in memory has no disk that could lose anything (that is
 * what `test/faults/crash-disk.test.ts` is about), and a few hundred syncs for each seed are most of its time.
 */
import fs from "node:fs";
import { open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { devNull } from "node:os";

export async function forgetSync(): Promise<void> {
  const handle = await open(devNull);
  const nothing = { sync: async () => undefined, datasync: async () => undefined };
  Object.assign(Object.getPrototypeOf(handle), nothing);
  await handle.close();
  Object.assign(fs, { fsyncSync: () => undefined, fdatasyncSync: () => undefined });
  syncBuiltinESMExports();
}
