/**
 * Writes rejected lines as compressed NDJSON, one object a line:
 *
 * ```json
 * {"offset":4711,"line":3,"reason":"unexpected end","bytes":"{\"id\":"}
 * ```
 *
 * A line that is not valid UTF-8 has `bytesBase64` in the place of `bytes`; one of which only the beginning is kept has
 * its whole `length` besides.
 */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { OutputFile } from "./output-file.ts";

/** So much text makes one gzip member. */
const MEMBER_BYTES = 1 << 20;
const SAMPLES_MAX = 5;

export interface RejectSample {
  readonly line: number;
  readonly offset: number;
  readonly reason: string;
}

export interface Rejected extends RejectSample {
  readonly bytes: Uint8Array;
  readonly length: number;
}

export class Rejects {
  readonly #path: string | undefined;
  readonly samples: RejectSample[] = [];
  #file: OutputFile | undefined;
  #texts: string[] = [];
  #textLength = 0;
  readonly #hash = createHash("sha256");
  #sum: string | undefined;

  /** The file is created with the first rejected line; without a path only samples are kept. */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  add(rejected: Rejected): void {
    const { line, offset, reason } = rejected;
    if (this.samples.length < SAMPLES_MAX) this.samples.push({ line, offset, reason });
    if (this.#path === undefined) return;
    const text = `${JSON.stringify({ offset, line, reason, ...describeBytes(rejected) })}\n`;
    this.#texts.push(text);
    this.#textLength += text.length;
    if (this.#textLength >= MEMBER_BYTES) this.#flush();
  }

  /** Writes what is left, after the last line. Answers the sha256 of the whole file; absent where there is none. */
  seal(): string | undefined {
    this.#flush();
    if (this.#file !== undefined) this.#sum ??= this.#hash.digest("hex");
    return this.#sum;
  }

  /** Makes the file visible. */
  finish(): void {
    this.seal();
    this.#file?.finish();
  }

  discard(): void {
    this.#file?.discard();
  }

  #flush(): void {
    if (this.#texts.length === 0 || this.#path === undefined) return;
    this.#file ??= new OutputFile(this.#path);
    const member = gzipSync(this.#texts.join(""));
    this.#hash.update(member);
    this.#file.write(member);
    this.#texts = [];
    this.#textLength = 0;
  }
}

function describeBytes({ bytes, length }: Rejected): Readonly<Record<string, string | number>> {
  const whole = bytes.length < length ? { length } : {};
  const kept = bytes.length < length ? withoutCutCharacter(bytes) : bytes;
  const buffer = Buffer.from(kept.buffer, kept.byteOffset, kept.byteLength);
  return isUtf8(buffer)
    ? { ...whole, bytes: buffer.toString("utf8") }
    : { ...whole, bytesBase64: Buffer.from(bytes).toString("base64") };
}

/** Where a long line was cut, the cut may have gone through a character. */
function withoutCutCharacter(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  for (let i = 1; i <= 4 && i <= bytes.length; i++) {
    const byte = bytes[bytes.length - i] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const characterBytes = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    if (characterBytes > i) end = bytes.length - i;
    break;
  }
  return bytes.subarray(0, end);
}
