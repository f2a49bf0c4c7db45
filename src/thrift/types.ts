/**
 * Numbers of Thrift's binary protocol.
 * Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-binary-protocol.md
 */
export const WireType = {
  stop: 0,
  bool: 2,
  byte: 3,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  /** Texts and bytes alike. */
  string: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
  uuid: 16,
} as const;

export type WireType = (typeof WireType)[keyof typeof WireType];

const names = new Map<number, string>(Object.entries(WireType).map(([name, number]) => [number, name]));

/** For messages: `i32`, or `type 7` for a number that no type has. */
export function wireTypeName(type: number): string {
  return names.get(type) ?? `type ${type}`;
}

/** Bytes of a value whose size depends on its type alone, by the type's number; 0 for all other numbers. */
export const fixedSizes: readonly number[] = Array.from({ length: 256 }, (_, type) => fixedSizeOf(type));

/** The fewest bytes that a value can take, by the type's number; 0 for a number that is no type of values. */
export const leastSizes: readonly number[] = Array.from({ length: 256 }, (_, type) => leastSizeOf(type));

function fixedSizeOf(type: number): number {
  if (type === WireType.bool || type === WireType.byte) return 1;
  if (type === WireType.i16) return 2;
  if (type === WireType.i32) return 4;
  if (type === WireType.i64 || type === WireType.double) return 8;
  return type === WireType.uuid ? 16 : 0;
}

function leastSizeOf(type: number): number {
  if (type === WireType.string) return 4;
  if (type === WireType.struct) return 1;
  if (type === WireType.map) return 6;
  if (type === WireType.set || type === WireType.list) return 5;
  return fixedSizeOf(type);
}

/** Structs, maps, sets and lists within each other; more is an attack or damage. */
export const depthMax = 64;

export const MessageType = { call: 1, reply: 2, exception: 3, oneway: 4 } as const;

/** Of `TApplicationException`, which a server answers instead of a result. */
export const ExceptionType = {
  unknown: 0,
  unknownMethod: 1,
  invalidMessageType: 2,
  wrongMethodName: 3,
  badSequenceId: 4,
  missingResult: 5,
  internalError: 6,
  protocolError: 7,
  invalidTransform: 8,
  invalidProtocol: 9,
  unsupportedClientType: 10,
} as const;

/** Upper half of a message's first word when its version is told ("strict"), as we always do. */
export const strictVersion = 0x8001;
