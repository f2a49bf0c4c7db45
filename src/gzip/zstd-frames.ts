/**
 * Cuts zstd data (RFC 8878) where one frame ends and another begins.
 *
 * Node's decompressor takes any number of frames, but of the chunk in which a frame ends it drops the rest without an
 * error: the frames behind the first, as `pzstd` and `cat a.zst b.zst` make them, would be lost silently. Written one
 * chunk a frame at least, they are all read, and what is no frame becomes an error.
 */

const FRAME_MAGIC = 0xfd2fb528;
/** Sixteen magic numbers begin frames to be skipped. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const CHECKSUM_BYTES = 4;

/** What the next bytes are. Fields are read whole, bodies are passed over. */
type Part = "magic" | "skipLength" | "descriptor" | "block" | "body";

const fieldBytes: Readonly<Record<Exclude<Part, "body">, number>> = {
  magic: 4,
  skipLength: 4,
  descriptor: 1,
  block: 3,
};

export class ZstdFrames {
  #part: Part = "magic";
  /** Bytes of the field at hand that were in earlier chunks, as a little-endian number, and how many. */
  #field = 0;
  #fieldLength = 0;
  /** Bytes of the body at hand that are still to come, and what follows it. */
  #body = 0;
  #behindBody: Part = "magic";
  #hasChecksum = false;
  #isForeign = false;

  /** The chunk in pieces: a frame that begins within it begins a piece. */
  *cut(chunk: Uint8Array): Generator<Uint8Array> {
    let start = 0;
    for (let at = 0; at < chunk.length && !this.#isForeign; ) {
      if (this.#part === "magic" && this.#fieldLength === 0 && at > start) {
        yield chunk.subarray(start, at);
        start = at;
      }
      at += this.#part === "body" ? this.#pass(chunk.length - at) : this.#read(chunk[at] ?? 0, this.#part);
    }
    if (start < chunk.length) yield chunk.subarray(start);
  }

  #pass(available: number): number {
    const passed = Math.min(available, this.#body);
    this.#body -= passed;
    if (this.#body === 0) this.#part = this.#behindBody;
    return passed;
  }

  #read(byte: number, part: Exclude<Part, "body">): number {
    this.#field += byte * 2 ** (8 * this.#fieldLength++);
    if (this.#fieldLength === fieldBytes[part]) {
      const field = this.#field;
      this.#field = 0;
      this.#fieldLength = 0;
      this.#next(part, field);
    }
    return 1;
  }

  #next(part: Exclude<Part, "body">, field: number): void {
    switch (part) {
      case "magic":
        if (field === FRAME_MAGIC) this.#part = "descriptor";
        else if (field - (field % 16) === SKIPPABLE_MAGIC) this.#part = "skipLength";
        // The decompressor says what is wrong with it.
        else this.#isForeign = true;
        return;
      case "skipLength":
        this.#enter(field, "magic");
        return;
      case "descriptor": {
        const isSingleSegment = (field & 0x20) !== 0;
        this.#hasChecksum = (field & 0x04) !== 0;
        const window = isSingleSegment ? 0 : 1;
        const dictionary = [0, 1, 2, 4][field & 3] ?? 0;
        const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][field >> 6] ?? 0;
        this.#enter(window + dictionary + contentSize, "block");
        return;
      }
      case "block": {
        const isLast = (field & 1) !== 0;
        const isRepeatedByte = ((field >> 1) & 3) === 1;
        const bytes = isRepeatedByte ? 1 : field >> 3;
        if (isLast) this.#enter(bytes + (this.#hasChecksum ? CHECKSUM_BYTES : 0), "magic");
        else this.#enter(bytes, "block");
      }
    }
  }

  #enter(bytes: number, behind: Part): void {
    this.#body = bytes;
    this.#behindBody = behind;
    this.#part = bytes === 0 ? behind : "body";
  }
}
