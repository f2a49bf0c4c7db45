/**
 * Rows that are kept on this side before anybody sees one of them: small answers in memory, larger ones in a file of the
 * request's scratch directory. They stay as the server sent them.
 */
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Result } from "../../spark-connect/contract.ts";
import type { StructType } from "../../spark-connect/types.ts";

/** Arrow IPC streams with their rows' schema. */
export interface Answer {
  readonly schema: StructType;
  /** It lies on this side: the server is not needed any more. */
  readonly isKept: boolean;
  batches(): AsyncIterable<Uint8Array>;
  /** Removes what it holds; repeating it does nothing. */
  close(): Promise<void>;
}

const MEMORY_BYTES_MAX = 8 << 20;
const LENGTH_BYTES = 4;

export async function keepAnswer(result: Result, scratch: string): Promise<Answer> {
  const held: Uint8Array[] = [];
  let size = 0;
  let spool: Spool | undefined;
  try {
    for await (const { data } of result.arrow()) {
      size += data.length;
      if (spool === undefined && size <= MEMORY_BYTES_MAX) {
        held.push(data);
        continue;
      }
      spool ??= await openSpool(scratch);
      for (const earlier of held.splice(0)) await spool.append(earlier);
      await spool.append(data);
    }
  } catch (error) {
    await spool?.close();
    throw error;
  }
  const { schema } = result;
  if (spool !== undefined) return { schema, isKept: true, ...spool };
  return {
    schema,
    isKept: true,
    async *batches() {
      yield* held;
    },
    close: async () => {
      held.length = 0;
    },
  };
}

/** Straight from the server: for what nothing can change under. */
export function streamAnswer(result: Result): Answer {
  return {
    schema: result.schema,
    isKept: false,
    async *batches() {
      for await (const { data } of result.arrow()) yield data;
    },
    close: () => result.close(),
  };
}

interface Spool {
  append(data: Uint8Array): Promise<void>;
  batches(): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

async function openSpool(scratch: string): Promise<Spool> {
  const directory = await mkdtemp(join(scratch, "spark-"));
  const file = await open(join(directory, "answer.arrows"), "w+");
  let end = 0;
  let isOpen = true;
  return {
    async append(data) {
      const length = Buffer.alloc(LENGTH_BYTES);
      length.writeUInt32LE(data.length);
      await file.writev([length, data], end);
      end += LENGTH_BYTES + data.length;
    },
    async *batches() {
      for (let at = 0; at < end; ) {
        const length = (await readAt(file, at, LENGTH_BYTES)).readUInt32LE();
        yield await readAt(file, at + LENGTH_BYTES, length);
        at += LENGTH_BYTES + length;
      }
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      await file.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) throw new Error("the kept answer is shorter than it was written");
    at += bytesRead;
  }
  return bytes;
}
