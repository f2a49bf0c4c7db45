/** The ways in which a stored hour can differ from the true one (`Version` of the fault table). */
import { open } from "node:fs/promises";
import type { Version } from "./faults.ts";
import { gzip } from "./gzip.ts";

/** A stretch of a file, or bytes given. */
export type Piece = { readonly from: number; readonly to: number } | { readonly bytes: Buffer };

type LineEdit = (line: Buffer, index: number, last: boolean) => Buffer | undefined;

const newline = Buffer.from("\n");
const half = (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length >> 1);

/** What becomes of a line (with its line feed); `undefined` drops it. */
const lineEdits: Partial<Record<Version, LineEdit>> = {
  changed: (line, index) => (index === 0 ? undefined : line),
  small: (line, index) => (index % 100 === 0 ? line : undefined),
  "partial-not-json": (line, index) => (index % 500 === 0 ? Buffer.concat([half(line), newline]) : line),
  "cut-line": (line, _, last) => (last ? half(line) : line),
};

/** Whether the version is other JSON, packed anew, and not an edit of the packed bytes. */
export function isRepacked(version: Version): boolean {
  return version === "two-members" || lineEdits[version] !== undefined;
}

/** The packed bytes of a version, made from an hour's JSON. */
export function packed(version: Version | undefined, json: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  if (version === "two-members") return twoMembers(json);
  const edit = version === undefined ? undefined : lineEdits[version];
  return gzip(edit === undefined ? json : edited(json, edit));
}

async function* edited(json: AsyncIterable<Buffer>, edit: LineEdit): AsyncGenerator<Buffer> {
  let held: Buffer | undefined;
  let index = 0;
  for await (const line of lines(json)) {
    const kept = held === undefined ? undefined : edit(held, index++, false);
    held = line;
    if (kept !== undefined) yield kept;
  }
  const kept = held === undefined ? undefined : edit(held, index, true);
  if (kept !== undefined) yield kept;
}

async function* lines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      yield bytes.subarray(start, end + 1);
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) yield rest;
}

/** The first member ends in the middle of the first chunk, which is in the middle of a line as good as always. */
async function* twoMembers(json: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const chunks = json[Symbol.asyncIterator]();
  const first = await chunks.next();
  const bytes = first.done === true ? Buffer.alloc(0) : first.value;
  async function* start(): AsyncGenerator<Buffer> {
    yield half(bytes);
  }
  async function* rest(): AsyncGenerator<Buffer> {
    yield bytes.subarray(bytes.length >> 1);
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  yield* gzip(start());
  yield* gzip(rest());
}

/** Length of a gzip member's trailer: CRC-32 and length, four bytes each (RFC 1952). */
const trailer = 8;

/** The pieces of a packed file after an edit of its bytes; a version that was packed anew is the file as it is. */
export async function pieces(version: Version | undefined, file: string, bytes: number): Promise<Piece[]> {
  switch (version) {
    case "truncated":
      return [{ from: 0, to: bytes >> 1 }];
    case "bad-crc":
      return await flipped(file, bytes, bytes - trailer);
    case "bad-isize":
      return await flipped(file, bytes, bytes - trailer / 2);
    case "flipped-bit":
      return await flipped(file, bytes, bytes >> 1);
    case "trailing-garbage":
      return [{ from: 0, to: bytes }, { bytes: Buffer.from("<!-- served by cache-17 -->\n") }];
    case "trailing-zeros":
      return [{ from: 0, to: bytes }, { bytes: Buffer.alloc(512) }];
    default:
      return [{ from: 0, to: bytes }];
  }
}

/** The file with the lowest bit of one byte turned over. */
async function flipped(file: string, bytes: number, position: number): Promise<Piece[]> {
  const one = Buffer.alloc(1);
  const handle = await open(file, "r");
  try {
    await handle.read(one, 0, 1, position);
  } finally {
    await handle.close();
  }
  one.writeUInt8(one.readUInt8(0) ^ 1, 0);
  return [{ from: 0, to: position }, { bytes: one }, { from: position + 1, to: bytes }];
}

export function pieceLength(piece: Piece): number {
  return "bytes" in piece ? piece.bytes.length : piece.to - piece.from;
}
