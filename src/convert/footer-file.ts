/** The footers of local Parquet files. */
import { type FileHandle, open } from "node:fs/promises";
import { asFailure, Failure } from "../errors.ts";

const MAGIC = "PAR1";
/** The footer's length and the magic number behind it. */
const END_BYTES = 8;
/** Of a footer that is larger than this, no part is worth the memory. */
const FOOTER_BYTES_MAX = 1 << 30;

export async function isParquetFile(path: string): Promise<boolean> {
  return withFile(path, async (handle) => (await readAt(handle, 0, MAGIC.length)).toString("latin1") === MAGIC);
}

/** The end of the file, from where its footer begins. Throws `corrupt` for a file that does not end like Parquet. */
export async function readFooter(path: string): Promise<Uint8Array> {
  return withFile(path, async (handle) => {
    const { size } = await handle.stat();
    const end = size < END_BYTES ? Buffer.alloc(0) : await readAt(handle, size - END_BYTES, END_BYTES);
    if (end.toString("latin1", 4) !== MAGIC) throw new Failure("corrupt", "does not end like a Parquet file");
    const bytes = end.readUInt32LE(0) + END_BYTES;
    if (bytes > Math.min(size, FOOTER_BYTES_MAX)) {
      throw new Failure("corrupt", `its footer claims ${bytes} of the file's ${size} bytes`);
    }
    return readAt(handle, size - bytes, bytes);
  });
}

async function withFile<T>(path: string, work: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await open(path, "r").catch((error: unknown) => {
    throw asFailure(error);
  });
  try {
    if ((await handle.stat()).isDirectory()) throw new Failure("usage", "is a directory");
    return await work(handle);
  } finally {
    await handle.close();
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
