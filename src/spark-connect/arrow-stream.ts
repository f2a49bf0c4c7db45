/**
 * Cuts an Arrow IPC stream into its schema and record batches. We read it ourselves: what arrives is input from outside, and
 * the readers that exist take the lengths in it for true. Only what Spark writes is accepted: little endian, no dictionaries.
 * Source: https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format and its Message.fbs and Schema.fbs
 */
import { type FlatTable, rootTable, sizeAt } from "./arrow-flatbuffer.ts";
import { SparkError } from "./errors.ts";

export interface ArrowStream {
  /** Its top level fields, tables of Schema.fbs. */
  readonly fields: readonly FlatTable[];
  readonly batches: readonly ArrowBatch[];
}

/** One record batch: where nodes (columns at any depth, in the order of the schema) and their buffers are. */
export interface ArrowBatch {
  readonly rows: number;
  readonly nodes: readonly ArrowNode[];
  /** Positions in `body`, checked to lie within it. */
  readonly regions: readonly ArrowRegion[];
  readonly compression: "none" | "lz4" | "zstd";
  /** Its first byte is aligned to 8. */
  readonly body: Uint8Array<ArrayBuffer>;
}

export interface ArrowNode {
  readonly length: number;
  readonly nulls: number;
}

export interface ArrowRegion {
  readonly offset: number;
  readonly bytes: number;
}

/** Numbers of Message.fbs. */
const HEADER = { schema: 1, recordBatch: 3 } as const;
const CODECS = ["lz4", "zstd"] as const;
const VERSION_4 = 3;
const VERSION_5 = 4;
const CONTINUATION = 0xffffffff;

/** `SparkError` "corrupt" for anything but one whole stream with its end mark, and nothing behind it. */
export function readArrowStream(data: Uint8Array): ArrowStream {
  const bytes = aligned(data);
  let fields: readonly FlatTable[] | undefined;
  const batches: ArrowBatch[] = [];
  let at = 0;
  for (;;) {
    const message = messageAt(bytes, at);
    if (message === undefined) break;
    at = message.end;
    if (message.type === HEADER.schema) {
      if (fields !== undefined) throw corrupt("a stream has two schemas");
      if (message.header.int16(0, 0) !== 0) throw corrupt("a stream is big endian");
      fields = message.header.tables(1);
    } else if (message.type === HEADER.recordBatch) {
      if (fields === undefined) throw corrupt("a batch stands before its schema");
      batches.push(batchOf(message));
    } else throw corrupt(`message ${batches.length} is of type ${message.type}, which Spark does not write`);
  }
  if (fields === undefined) throw corrupt("a stream has no schema");
  return { fields, batches };
}

interface Message {
  readonly type: number;
  readonly header: FlatTable;
  readonly view: DataView;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly end: number;
}

/** `undefined` at the end mark, which must be the last of the bytes. */
function messageAt(bytes: Uint8Array<ArrayBuffer>, start: number): Message | undefined {
  const whole = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (start + 8 > bytes.byteLength)
    throw corrupt(`a stream ends after ${bytes.byteLength} bytes, without its end mark`);
  if (whole.getUint32(start, true) !== CONTINUATION) throw corrupt(`no message begins at byte ${start}`);
  const headBytes = whole.getUint32(start + 4, true);
  const headAt = start + 8;
  if (headBytes === 0) {
    if (headAt !== bytes.byteLength) throw corrupt(`${bytes.byteLength - headAt} bytes follow the end of a stream`);
    return undefined;
  }
  const bodyAt = headAt + headBytes;
  if (bodyAt > bytes.byteLength) throw corrupt(`a message's description of ${headBytes} bytes is cut`);
  if (bodyAt % 8 !== 0) throw corrupt("a message's body is not aligned");
  const view = new DataView(bytes.buffer, bytes.byteOffset + headAt, headBytes);
  const root = rootTable(view);
  const version = root.int16(0, 0);
  if (version !== VERSION_4 && version !== VERSION_5) throw corrupt(`a message is of format version ${version + 1}`);
  const header = root.table(2);
  if (header === undefined) throw corrupt("a message has no header");
  const bodyBytes = root.size(3);
  const end = bodyAt + bodyBytes;
  if (end > bytes.byteLength) throw corrupt(`a message's body of ${bodyBytes} bytes is cut`);
  return { type: root.int8(1, 0), header, view, body: bytes.subarray(bodyAt, end), end };
}

function batchOf({ header, view, body }: Message): ArrowBatch {
  const nodes = header.structs(1, 16);
  const regions = header.structs(2, 16);
  const compression = header.table(3);
  if (compression !== undefined && compression.int8(1, 0) !== 0) throw corrupt("a batch's compression is unknown");
  const codec = compression === undefined ? "none" : CODECS[compression.int8(0, 0)];
  if (codec === undefined) throw corrupt("a batch's codec is unknown");
  return {
    rows: header.size(0),
    nodes: Array.from({ length: nodes.length }, (_, index) => {
      const at = nodes.at + 16 * index;
      return { length: sizeAt(view, at), nulls: sizeAt(view, at + 8) };
    }),
    regions: Array.from({ length: regions.length }, (_, index) => {
      const at = regions.at + 16 * index;
      const region = { offset: sizeAt(view, at), bytes: sizeAt(view, at + 8) };
      if (region.offset + region.bytes > body.byteLength || region.offset % 8 !== 0) {
        throw corrupt(`a buffer lies outside of its body of ${body.byteLength} bytes`);
      }
      return region;
    }),
    compression: codec,
    body,
  };
}

/** Columns are read in place as numbers of up to 8 bytes, which must stand at a multiple of 8; only others are copied. */
function aligned(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = data;
  if (byteOffset % 8 === 0 && buffer instanceof ArrayBuffer) return new Uint8Array(buffer, byteOffset, byteLength);
  return new Uint8Array(data);
}

function corrupt(fact: string): SparkError {
  return new SparkError("corrupt", `Arrow: ${fact}`);
}
