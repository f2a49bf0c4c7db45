/** Bodies of uploads: bytes in memory or a file that is read piece by piece, each part with its checksum. */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import { asFailure, Failure } from "../../errors.ts";
import type { StoreProfile } from "../../model/store-profiles.ts";
import { stopIfAborted } from "../../pace/abort.ts";
import type { Body } from "../contract.ts";
import type { Watch } from "./client.ts";

/** A file up to this size is read at once and sent from memory. */
const inMemoryBytesMax = 256 * 1024;
const chunkBytes = 256 * 1024;

export interface OpenBody {
  readonly size: number;
  /** Whether it is sent as it is read: then a store that answers early meets a request in full flow. */
  readonly streamed: boolean;
  /** The checksum of the bytes from `start` up to but excluding `end`. */
  checksum(kind: StoreProfile["checksum"], start: number, end: number, signal?: AbortSignal): Promise<Checksum>;
  /** Those bytes, once. A stream tells the watch of its progress and of its failure. */
  bytes(start: number, end: number, watch: Watch): Uint8Array | Readable;
  close(): Promise<void>;
}

/** As the parameters of PutObject and UploadPart. */
export type Checksum = { readonly ChecksumCRC32: string } | { readonly ContentMD5: string } | Record<string, never>;

/** `subject` begins the message of a file that cannot be read. */
export async function openBody(body: Body, subject: string): Promise<OpenBody> {
  if (body instanceof Uint8Array) return bytesBody(body);
  let handle: FileHandle | undefined;
  try {
    handle = await open(body.file, "r");
    const { size } = await handle.stat();
    if (size > inMemoryBytesMax) return fileBody(handle, size, subject);
    const bytes = await handle.readFile();
    await handle.close();
    return bytesBody(bytes);
  } catch (error) {
    await handle?.close();
    throw asFailure(error, subject);
  }
}

function bytesBody(bytes: Uint8Array): OpenBody {
  return {
    size: bytes.length,
    streamed: bytes.length > inMemoryBytesMax,
    checksum: async (kind, start, end) => {
      const sum = summing(kind);
      sum.add(bytes.subarray(start, end));
      return sum.end();
    },
    bytes(start, end, watch) {
      if (end - start <= inMemoryBytesMax) return bytes.subarray(start, end);
      return pieces(start, end, watch, async (at, length) => bytes.subarray(at, at + length));
    },
    close: async () => undefined,
  };
}

function fileBody(handle: FileHandle, size: number, subject: string): OpenBody {
  const ended = () => new Failure("corrupt", `${subject}: the file became shorter while it was sent`);
  return {
    size,
    streamed: true,
    async checksum(kind, start, end, signal) {
      const sum = summing(kind);
      if (kind === "none") return sum.end();
      const buffer = Buffer.allocUnsafeSlow(Math.min(4 * chunkBytes, end - start));
      for (let at = start; at < end; ) {
        stopIfAborted(signal);
        const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at);
        if (bytesRead === 0) throw ended();
        sum.add(buffer.subarray(0, bytesRead));
        at += bytesRead;
      }
      return sum.end();
    },
    bytes(start, end, watch) {
      return pieces(start, end, watch, async (at, length) => {
        try {
          const chunk = Buffer.allocUnsafeSlow(length);
          const { bytesRead } = await handle.read(chunk, 0, length, at);
          if (bytesRead === 0) throw ended();
          return chunk.subarray(0, bytesRead);
        } catch (error) {
          throw asFailure(error, subject);
        }
      });
    },
    close: () => handle.close(),
  };
}

/** A stream of the bytes from `start` to `end` that tells the watch of every piece it is asked for. */
function pieces(
  start: number,
  end: number,
  watch: Watch,
  read: (at: number, length: number) => Promise<Uint8Array>,
): Readable {
  let at = start;
  const stream = new Readable({
    highWaterMark: chunkBytes,
    read() {
      watch.touch();
      if (at === end) {
        this.push(null);
        return;
      }
      read(at, Math.min(chunkBytes, end - at)).then(
        (piece) => {
          at += piece.length;
          this.push(piece);
        },
        (error: Error) => this.destroy(error),
      );
    },
  });
  // The request ends with the stream's own reason; without a listener, the process would.
  stream.on("error", (error) => watch.fail(asFailure(error)));
  return stream;
}

interface Sum {
  add(bytes: Uint8Array): void;
  end(): Checksum;
}

function summing(kind: StoreProfile["checksum"]): Sum {
  switch (kind) {
    case "none":
      return { add: () => undefined, end: () => ({}) };
    case "md5": {
      const hash = createHash("md5");
      return { add: (bytes) => hash.update(bytes), end: () => ({ ContentMD5: hash.digest("base64") }) };
    }
    case "crc32": {
      let value = 0;
      return {
        add: (bytes) => {
          value = crc32(bytes, value);
        },
        end: () => {
          const four = Buffer.alloc(4);
          four.writeUInt32BE(value);
          return { ChecksumCRC32: four.toString("base64") };
        },
      };
    }
  }
}
