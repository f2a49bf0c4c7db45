/** A memory of records outside the heap of objects. */

const chunkBytes = 1 << 20;

/** Records of bytes in chunks that never move, so that growing copies nothing and leaves nothing to the collector. */
export class Arena {
  /** Where reading goes on, within the chunk of the record that was opened. */
  #at = 0;
  #from: Buffer = Buffer.alloc(0);
  readonly #chunks: Buffer[] = [];
  #end = 0;
  /** The record that is being written. */
  #record = Buffer.allocUnsafe(512);
  #length = 0;

  /** Reads from bytes of another place, at `offset` there. */
  openIn(bytes: Buffer, offset: number): void {
    this.#from = bytes;
    this.#at = offset;
  }

  /** What was written since the last call, to be kept by the caller; valid until the next write. */
  takeRecord(): Buffer {
    const record = this.#record.subarray(0, this.#length);
    this.#length = 0;
    return record;
  }

  open(offset: number): void {
    this.#from = this.#chunks[Math.floor(offset / chunkBytes)] ?? Buffer.alloc(0);
    this.#at = offset % chunkBytes;
  }

  /** Keeps what was written since the last call; answers where to open it. */
  close(): number {
    const last = this.#chunks.at(-1);
    if (last === undefined || this.#end + this.#length > last.length) {
      // A record larger than a chunk gets one of its own.
      this.#chunks.push(Buffer.allocUnsafe(Math.max(chunkBytes, this.#length)));
      this.#end = 0;
    }
    const offset = (this.#chunks.length - 1) * chunkBytes + this.#end;
    this.#record.copy(this.#chunks.at(-1) ?? this.#record, this.#end, 0, this.#length);
    this.#end += this.#length;
    this.#length = 0;
    return offset;
  }

  #reserve(length: number): void {
    if (this.#length + length <= this.#record.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#length + length));
    this.#record.copy(larger, 0, 0, this.#length);
    this.#record = larger;
  }

  writeNumber(value: number): void {
    this.#reserve(8);
    this.#length = this.#record.writeDoubleLE(value, this.#length);
  }

  readNumber(): number {
    const value = this.#from.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  writeText(text: string): void {
    const length = Buffer.byteLength(text);
    this.#reserve(4 + length);
    this.#length = this.#record.writeUInt32LE(length, this.#length);
    this.#length += this.#record.write(text, this.#length);
  }

  readText(): string {
    const length = this.#from.readUInt32LE(this.#at);
    const start = this.#at + 4;
    this.#at = start + length;
    return this.#from.toString("utf8", start, this.#at);
  }

  /** 64 hex digits. */
  writeSum(sum: string): void {
    this.#reserve(32);
    this.#length += this.#record.write(sum, this.#length, 32, "hex");
  }

  readSum(): string {
    const start = this.#at;
    this.#at = start + 32;
    return this.#from.toString("hex", start, this.#at);
  }
}
