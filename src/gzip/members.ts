/**
 * Checks a gzip body (RFC 1952) to its last byte without keeping it: every member's header, deflate stream, CRC32 and
 * length, and what follows the last member.
 *
 * `node:zlib`'s own gunzip is not exact enough to be the judge. Observed with Node 24: it ends silently at the first zero
 * byte after a member, so a member behind padding is lost without an error; garbage after a member is reported as if it
 * were a header; and after an error `bytesWritten` can be 0, so that nobody can say where the damage is. Raw inflate has
 * none of this: it stops exactly at the end of the deflate stream and leaves the rest of the chunk unused, `bytesWritten`
 * counts the bytes it took, and a chunk that it takes only in part (or not at all) tells that the stream has ended. So
 * headers and trailers are read here and each deflate stream gets an inflater of its own. Inflating is done in the thread
 * pool, as with gunzip; the CRC is computed by zlib's own code over each piece.
 */
import { crc32, createInflateRaw } from "node:zlib";
import { damageOf, decode, pieceBytes } from "./decode.ts";
import { fill, type Input, openInput, peek, position, takeByte } from "./input.ts";
import { isGzip, sniff, sniffBytes } from "./sniff.ts";
import { type Corrupt, checkSignal, corruptOf, type Text, type TextLimits, watchText } from "./text.ts";

export interface GzipReport {
  readonly members: number;
  /** Bytes of the body as it came, and of its text. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Zero bytes after the last member: padding that other tools tolerate, too. */
  readonly trailingZeros: number;
  /** Whether the text is empty or ends with a line feed. */
  readonly newlineTerminated: boolean;
}

export interface GzipOptions {
  /** What messages call the body. */
  readonly subject: string;
  readonly signal?: AbortSignal | undefined;
  /** Is called with every chunk once, as it came, for example to hash it in the same pass. */
  readonly onChunk?: (chunk: Uint8Array) => void;
  /** Is called with every piece of text, in order. */
  readonly onText?: (piece: Uint8Array) => void;
}

/** Throws `corrupt` with the first damage found; resolves only for a body that is whole. */
export async function verifyGzip(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  limits: TextLimits,
  options: GzipOptions,
): Promise<GzipReport> {
  const { input, close } = openInput(chunks, options.onChunk);
  try {
    return await verifyInput(input, limits, options);
  } finally {
    await close();
  }
}

/** As `verifyGzip`, for an input of which nothing is used up yet. */
export async function verifyInput(input: Input, limits: TextLimits, options: GzipOptions): Promise<GzipReport> {
  const corrupt = corruptOf(options.subject);
  const first = await peek(input, 2);
  if (first.length === 0) throw corrupt("the body is empty");
  if (!isGzip(first)) throw corrupt(`not gzip: ${sniff(await peek(input, sniffBytes)).what}`);
  const text = watchText(input, limits, corrupt);
  let members = 0;
  do {
    members++;
    await takeHeader(input, members, corrupt);
    const member = await inflateMember(input, members, text, options, corrupt);
    await checkTrailer(input, members, member, corrupt);
  } while (isGzip(await peek(input, 2)));
  const trailingZeros = await takeZeros(input);
  const garbageAt = position(input);
  const garbage = await countRest(input);
  if (garbage > 0) throw corrupt(garbageText(garbage, trailingZeros, garbageAt));
  return {
    members,
    bytesIn: position(input),
    bytesOut: text.bytes,
    trailingZeros,
    newlineTerminated: text.last === 0x0a,
  };
}

function garbageText(garbage: number, zeros: number, at: number): string {
  const unit = garbage === 1 ? "byte" : "bytes";
  const behind = zeros === 0 ? "" : ` behind ${zeros} zeros`;
  return `${garbage} ${unit} of trailing garbage${behind} at byte ${at}`;
}

const FTEXT = 0x01;
const FHCRC = 0x02;
const FEXTRA = 0x04;
const FNAME = 0x08;
const FCOMMENT = 0x10;
const CM_DEFLATE = 8;

/** RFC 1952 sets no limit to names and comments; nobody writes longer ones. */
const headerTextMax = 64 * 1024;

async function takeHeader(input: Input, member: number, corrupt: Corrupt): Promise<void> {
  const start = position(input);
  const one = new Uint8Array(1);
  let crc = 0;
  const byte = async (): Promise<number> => {
    const value = await takeByte(input);
    if (value === undefined)
      throw corrupt(`truncated in the header of member ${member} after ${position(input)} bytes`);
    one[0] = value;
    crc = crc32(one, crc);
    return value;
  };
  await byte();
  await byte();
  const method = await byte();
  const flags = await byte();
  if (method !== CM_DEFLATE || (flags & ~(FTEXT | FHCRC | FEXTRA | FNAME | FCOMMENT)) !== 0) {
    // Behind a whole member, two bytes that look like a header prove nothing.
    if (member > 1) throw corrupt(garbageText(position(input) - start + (await countRest(input)), 0, start));
    throw corrupt(`not gzip: the header names compression method ${method} and flags ${flags}`);
  }
  // Time (4 bytes), extra flags, operating system.
  for (let i = 0; i < 6; i++) await byte();
  if ((flags & FEXTRA) !== 0) {
    const length = (await byte()) | ((await byte()) << 8);
    for (let i = 0; i < length; i++) await byte();
  }
  for (const flag of [FNAME, FCOMMENT]) {
    if ((flags & flag) === 0) continue;
    for (let length = 0; (await byte()) !== 0; length++) {
      if (length >= headerTextMax) throw corrupt(`a name or comment in the header of member ${member} does not end`);
    }
  }
  if ((flags & FHCRC) !== 0) {
    const expected = crc & 0xffff;
    const found = (await byte()) | ((await byte()) << 8);
    if (found !== expected) throw corrupt(`the header's CRC differs in member ${member}`);
  }
}

interface Member {
  readonly crc: number;
  readonly bytes: number;
}

async function inflateMember(
  input: Input,
  member: number,
  text: Text,
  options: GzipOptions,
  corrupt: Corrupt,
): Promise<Member> {
  let crc = 0;
  let bytes = 0;
  const onPiece = (piece: Uint8Array): void => {
    text.add(piece);
    crc = crc32(piece, crc);
    bytes += piece.length;
    options.onText?.(piece);
  };
  const truncated = (): Error => corrupt(`truncated in member ${member} after ${position(input)} bytes`);
  const inflater = createInflateRaw({ chunkSize: pieceBytes });
  try {
    const result = await decode(input, inflater, onPiece, () => checkSignal(options.subject, options.signal));
    // The deflate stream may be complete, but its trailer is not there.
    if (result === "starved") throw truncated();
    return { crc, bytes };
  } catch (error) {
    const damage = damageOf(error);
    if (damage === undefined || !(error instanceof Error)) throw error;
    if (damage === "short") throw truncated();
    // zlib does not say where; the damage is in the chunk at hand.
    throw corrupt(`damaged in member ${member} behind byte ${position(input)}: ${error.message}`);
  }
}

async function checkTrailer(input: Input, member: number, found: Member, corrupt: Corrupt): Promise<void> {
  const trailer = Buffer.alloc(8);
  for (let i = 0; i < trailer.length; i++) {
    const byte = await takeByte(input);
    if (byte === undefined) throw corrupt(`truncated in member ${member} after ${position(input)} bytes`);
    trailer[i] = byte;
  }
  if (trailer.readUInt32LE(0) !== found.crc) throw corrupt(`CRC32 differs in member ${member}`);
  if (trailer.readUInt32LE(4) !== found.bytes % 2 ** 32) throw corrupt(`length differs in member ${member}`);
}

async function takeZeros(input: Input): Promise<number> {
  const start = position(input);
  while (await fill(input)) {
    let at = input.at;
    while (at < input.chunk.length && input.chunk[at] === 0) at++;
    input.at = at;
    if (at < input.chunk.length) break;
  }
  return position(input) - start;
}

async function countRest(input: Input): Promise<number> {
  const start = position(input);
  while (await fill(input)) input.at = input.chunk.length;
  return position(input) - start;
}
