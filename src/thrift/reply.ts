/** Judges a whole answer: whether it is the one to our call, and whether the server refuses the call itself. */
import { corruptAt, ThriftError } from "./errors.ts";
import { readI32, readMessageBegin, readString, readStruct, type ThriftCursor, thriftCursor } from "./reader.ts";
import { ExceptionType, MessageType, WireType } from "./types.ts";

export interface Asked {
  readonly method: string;
  readonly sequence: number;
}

/**
 * The cursor at the result's struct. Throws `corrupt` for an answer to something else, and what a `TApplicationException` means:
 * `denied` for what the server cannot do, `unavailable` with an unknown outcome for an error inside of it.
 */
export function resultOf(bytes: Buffer, asked: Asked): ThriftCursor {
  const cursor = thriftCursor(bytes);
  const { name, type, sequence } = readMessageBegin(cursor);
  if (name !== asked.method || sequence !== asked.sequence) {
    throw corruptAt(
      0,
      `the answer to ${JSON.stringify(name)} number ${sequence}, where that to ${JSON.stringify(asked.method)} number ${asked.sequence} was expected`,
    );
  }
  if (type === MessageType.exception) throw applicationException(cursor);
  if (type !== MessageType.reply) throw corruptAt(0, `a message of type ${type}, where a reply was expected`);
  return cursor;
}

function applicationException(cursor: ThriftCursor): ThriftError {
  let message = "no reason given";
  let exception: number = ExceptionType.unknown;
  readStruct(cursor, WireType.struct, (id, type) => {
    if (id === 1) message = readString(cursor, type);
    else if (id === 2) exception = readI32(cursor, type);
    else return false;
    return true;
  });
  if (exception === ExceptionType.unknownMethod) {
    const remedy = "another service answers there, or another version of it";
    return new ThriftError("denied", "the server does not know this method", { exception, remedy });
  }
  // The server began with it, and something there failed that nobody had declared.
  if (exception === ExceptionType.internalError || exception === ExceptionType.unknown) {
    return new ThriftError("unavailable", `the server failed: ${message}`, { exception, outcomeUnknown: true });
  }
  return new ThriftError("denied", `the server refuses the message: ${message}`, { exception });
}
