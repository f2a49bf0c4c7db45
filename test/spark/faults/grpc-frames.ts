/** The frames of gRPC: a byte of flags, the length in four bytes, the message. */

export interface Frame {
  /** 1: compressed. */
  readonly flags: number;
  readonly message: Buffer;
}

const headBytes = 5;

export function frameOf(message: Uint8Array, { flags = 0, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(flags);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** Takes bytes as they arrive and hands out whole frames. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #length = 0;

  push(chunk: Uint8Array): void {
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#length += chunk.length;
  }

  /** `undefined` while the next frame has not arrived completely. */
  next(): Frame | undefined {
    if (this.#length < headBytes) return undefined;
    const head = this.#atLeast(headBytes);
    const end = headBytes + head.readUInt32BE(1);
    if (this.#length < end) return undefined;
    const all = this.#atLeast(end);
    this.#chunks = [all.subarray(end), ...this.#chunks.slice(1)];
    this.#length -= end;
    return { flags: all.readUInt8(), message: all.subarray(headBytes, end) };
  }

  /** The first chunk, after having been made that long. Chunks are joined once per frame, not once per chunk. */
  #atLeast(bytes: number): Buffer {
    const [first] = this.#chunks;
    if (first !== undefined && first.length >= bytes) return first;
    const joined = Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }
}

/**
 * Node's own server and client of HTTP/2 can come to wait for each other when a stream is reset whose server has handed over
 * megabytes at once; no other server does that, so ours writes piece by piece.
 */
const pieceBytes = 16 << 10;

export function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length || at === 0; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
