/**
 * Collects one answer from the pieces in which it arrives. The framed transport tells its length; the buffered one does not, so
 * the end is where the message's own structure ends. Memory grows with what has arrived, never with what was announced.
 */
import { corruptAt } from "./errors.ts";
import { knownOf, seenOf } from "./foreign.ts";
import { goOn, type Scan, scanValue } from "./scan.ts";
import { strictVersion, WireType } from "./types.ts";

/** `framed`: each message behind its length in four bytes. `buffered`: one after the other. */
export type Transport = "framed" | "buffered";

export type Collected =
  | { readonly kind: "more" }
  /** A whole message, without its frame. */
  | { readonly kind: "message"; readonly bytes: Buffer }
  /** What arrived is no Thrift; `seen` is what it is: `HTTP`. */
  | { readonly kind: "foreign"; readonly seen: string }
  /** A Thrift message in the other transport. */
  | { readonly kind: "other transport" };

export interface AnswerCollector {
  /** Throws `corrupt` for a message that breaks the protocol's rules, is larger than allowed or is followed by more. */
  push(piece: Buffer): Collected;
  /** What the few bytes that arrived look like, if they are not the beginning of an answer. */
  foreign(): string | undefined;
  readonly length: number;
}

const more: Collected = { kind: "more" };

/** To the call of `method`. */
export function answerCollector(transport: Transport, method: string, bytesMax: number): AnswerCollector {
  const name = Buffer.from(method);
  const frameHead = transport === "framed" ? 4 : 0;
  let bytes: Buffer = Buffer.alloc(0);
  let length = 0;
  let scan: Scan | undefined;
  let frameEnd: number | undefined;

  function append(piece: Buffer): void {
    if (length === 0) bytes = piece;
    else {
      if (length + piece.length > bytes.length) bytes = grown(bytes, length, piece.length);
      piece.copy(bytes, length);
    }
    length += piece.length;
  }

  /** What the first eight bytes give away: `undefined` for the beginning of an answer, in the strict form or in the old one. */
  function judgeBeginning(): Collected | undefined {
    const [first, second] = [bytes.readUInt32BE(0), bytes.readUInt32BE(4)];
    const isName = bytes.subarray(4, Math.min(8, 4 + name.length)).equals(name.subarray(0, 4));
    if (transport === "framed") {
      if (isStrict(first)) return { kind: "other transport" };
      if (isStrict(second) || second === name.length) return undefined;
    } else {
      if (isStrict(first) || (first === name.length && isName)) return undefined;
      if (isStrict(second)) return { kind: "other transport" };
    }
    return { kind: "foreign", seen: seenOf(bytes.subarray(0, length)) };
  }

  /** Where the message's struct begins, once its head has arrived. */
  function bodyAt(): number | undefined {
    const tellsVersion = isStrict(bytes.readUInt32BE(frameHead));
    const lengthAt = frameHead + (tellsVersion ? 4 : 0);
    if (length < lengthAt + 4) return undefined;
    const nameBytes = bytes.readUInt32BE(lengthAt);
    if (nameBytes > nameBytesMax) throw corruptAt(lengthAt - frameHead, `a method's name of ${nameBytes} bytes`);
    return lengthAt + 4 + nameBytes + (tellsVersion ? 4 : 5);
  }

  function push(piece: Buffer): Collected {
    append(piece);
    if (length < 8) return more;
    if (scan === undefined) {
      const verdict = judgeBeginning();
      if (verdict !== undefined) return verdict;
      if (frameHead > 0) frameEnd = frameHead + checkedFrame(bytes.readUInt32BE(0), bytesMax);
      const at = bodyAt();
      if (at === undefined) return more;
      scan = scanValue(WireType.struct, at);
    }
    const limit = frameEnd ?? bytesMax;
    if (!goOn(scan, bytes, length, limit)) {
      if (length < limit) return more;
      throw corruptAt(limit - frameHead, "the message does not end where it must");
    }
    if (length > scan.at || (frameEnd !== undefined && scan.at < frameEnd)) {
      throw corruptAt(scan.at - frameHead, "bytes behind the end of the message");
    }
    return { kind: "message", bytes: bytes.subarray(frameHead, scan.at) };
  }

  return {
    push,
    foreign: () => (scan === undefined ? knownOf(bytes.subarray(0, length)) : undefined),
    get length() {
      return length;
    },
  };
}

const nameBytesMax = 4096;

const isStrict = (word: number): boolean => word >>> 16 === strictVersion;

function checkedFrame(size: number, bytesMax: number): number {
  if (size > bytesMax) throw corruptAt(0, `a frame of ${size} bytes, where at most ${bytesMax} are taken`);
  return size;
}

/** The pieces are the socket's, and the next one may not be written over them. */
function grown(bytes: Buffer, length: number, wanted: number): Buffer {
  const larger = Buffer.allocUnsafe(Math.max(length + wanted, 2 * length, 64 * 1024));
  bytes.copy(larger, 0, 0, length);
  return larger;
}
