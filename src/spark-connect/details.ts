/**
 * The details beside a gRPC status: `google.rpc.Status { code = 1, message = 2, details = 3: Any { type_url = 1, value = 2 } }`,
 * of which `ErrorInfo { reason = 1, domain = 2, metadata = 3 }` and `RetryInfo { retry_delay = 1: Duration }` say something here.
 *
 * Servers cut what is too long for a trailer, so everything is read as far as it goes, and nothing here throws.
 */
import { BinaryReader, base64Decode, WireType } from "@bufbuild/protobuf/wire";

/** What Spark puts into `ErrorInfo.metadata`. */
export interface ErrorDetails {
  readonly errorClass?: string;
  readonly sqlState?: string;
  readonly messageParameters?: ReadonlyMap<string, string>;
  /** With it the server can be asked for everything about this error, once. */
  readonly errorId?: string;
  /** The exception's class and those it extends. */
  readonly classes?: readonly string[];
  readonly stackTrace?: string;
}

export interface StatusDetails {
  readonly error: ErrorDetails | undefined;
  /** Present if the server asks for the call to be repeated. */
  readonly retryAfterMs: number | undefined;
}

interface Detail {
  /** The full name of the message, without the part before the slash. */
  readonly type: string;
  readonly value: Uint8Array;
}

/** The trailer `grpc-status-details-bin`. */
export function detailsOfTrailer(text: string): readonly Detail[] {
  let bytes: Uint8Array;
  try {
    bytes = base64Decode(text);
  } catch {
    return [];
  }
  return fieldsOf(bytes)
    .filter(({ number }) => number === 3)
    .map(({ bytes }) => {
      const any = fieldsOf(bytes);
      const url = textOf(any, 1) ?? "";
      return { type: url.slice(url.lastIndexOf("/") + 1), value: bytesOf(any, 2) ?? new Uint8Array() };
    });
}

export function readDetails(details: readonly Detail[]): StatusDetails {
  const info = details.find(({ type }) => type === "google.rpc.ErrorInfo");
  const retry = details.find(({ type }) => type === "google.rpc.RetryInfo");
  return {
    error: info === undefined ? undefined : readErrorInfo(info.value),
    retryAfterMs: retry === undefined ? undefined : readRetryInfo(retry.value),
  };
}

function readErrorInfo(value: Uint8Array): ErrorDetails {
  const metadata = new Map<string, string>();
  for (const field of fieldsOf(value)) {
    if (field.number !== 3) continue;
    const entry = fieldsOf(field.bytes);
    metadata.set(textOf(entry, 1) ?? "", textOf(entry, 2) ?? "");
  }
  const given = (key: string): string | undefined => {
    const text = metadata.get(key);
    return text === "" ? undefined : text;
  };
  const parameters = given("messageParameters");
  const classes = given("classes");
  return {
    ...present("errorClass", given("errorClass")),
    ...present("sqlState", given("sqlState")),
    ...present("errorId", given("errorId")),
    ...present("stackTrace", given("stackTrace")),
    ...present("messageParameters", parameters === undefined ? undefined : jsonPairs(parameters)),
    ...present("classes", classes === undefined ? undefined : jsonTexts(classes)),
  };
}

function present<K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } {
  const object: { [P in K]?: V } = {};
  if (value !== undefined) object[key] = value;
  return object;
}

const jsonText = /"(?:[^"\\]|\\.)*"/g;

/** A JSON object of texts, or its whole pairs if its end is missing. */
export function jsonPairs(json: string): ReadonlyMap<string, string> {
  const texts = jsonTexts(json);
  const pairs = new Map<string, string>();
  for (let at = 0; at + 1 < texts.length; at += 2) pairs.set(texts[at] ?? "", texts[at + 1] ?? "");
  return pairs;
}

/** The whole texts of a JSON array, in their order. */
export function jsonTexts(json: string): readonly string[] {
  return (json.match(jsonText) ?? []).flatMap((text) => {
    try {
      const value: unknown = JSON.parse(text);
      return typeof value === "string" ? [value] : [];
    } catch {
      return [];
    }
  });
}

function readRetryInfo(value: Uint8Array): number {
  const duration = bytesOf(fieldsOf(value), 1);
  if (duration === undefined) return 0;
  const fields = fieldsOf(duration);
  const numberOf = (wanted: number): number => Number(fields.find(({ number }) => number === wanted)?.varint ?? 0n);
  return Math.max(0, numberOf(1) * 1000 + Math.ceil(numberOf(2) / 1e6));
}

interface Field {
  readonly number: number;
  readonly bytes: Uint8Array;
  readonly varint: bigint;
}

/** Fields until the end, or until one that is not whole. */
function fieldsOf(bytes: Uint8Array): readonly Field[] {
  const reader = new BinaryReader(bytes);
  const fields: Field[] = [];
  try {
    while (reader.pos < reader.len) {
      const [number, type] = reader.tag();
      if (type === WireType.LengthDelimited) fields.push({ number, bytes: reader.bytes(), varint: 0n });
      else if (type === WireType.Varint) {
        fields.push({ number, bytes: new Uint8Array(), varint: BigInt(reader.int64()) });
      } else reader.skip(type, number);
    }
  } catch {
    return fields;
  }
  return fields;
}

function bytesOf(fields: readonly Field[], wanted: number): Uint8Array | undefined {
  return fields.find(({ number }) => number === wanted)?.bytes;
}

const decoder = new TextDecoder();

function textOf(fields: readonly Field[], wanted: number): string | undefined {
  const bytes = bytesOf(fields, wanted);
  return bytes === undefined ? undefined : decoder.decode(bytes);
}
