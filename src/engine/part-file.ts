/** Parts of a result on this machine's disk. */
import { createHash } from "node:crypto";
import { open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { SelectedFile } from "./contract.ts";

/** Makes a written part durable and measures it. */
export async function sealPart(path: string, rows: number): Promise<SelectedFile> {
  const file = await open(path, "r+");
  try {
    const hash = createHash("sha256");
    let size = 0;
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 })) {
      hash.update(chunk);
      size += chunk.length;
    }
    await file.sync();
    return { path, rows, size, sha256: hash.digest("hex") };
  } finally {
    await file.close();
  }
}

/** Makes the new names durable. Windows has no such call. */
export async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The first attempt finds the directory empty; a repeated one finds what the discarded attempt wrote. */
export async function emptyDirectory(directory: string): Promise<void> {
  for (const name of await readdir(directory)) await rm(join(directory, name), { recursive: true });
}
