/** What a call over Thrift went wrong by, beside the kind that decisions are made by. */
import { Failure, type FailureDetail, type FailureKind } from "../errors.ts";
import { ExceptionType } from "./types.ts";

export interface ThriftErrorDetail extends FailureDetail {
  /** The request may have reached the server, and no answer says whether it was done. Never for idempotent calls. */
  readonly outcomeUnknown?: boolean;
  /** Number of the `TApplicationException` that the server answered: one of `ExceptionType`. */
  readonly exception?: number;
}

export class ThriftError extends Failure {
  override readonly detail: ThriftErrorDetail;

  constructor(kind: FailureKind, message: string, detail: ThriftErrorDetail = {}) {
    super(kind, message, detail);
    this.detail = detail;
  }
}

/**
 * Whether what was asked may have been done although the call failed, so that one has to look. True of a call that was stopped by
 * its signal as well, since nobody waited for the answer.
 */
export function isOutcomeUnknown(error: unknown): boolean {
  if (error instanceof ThriftError && error.detail.outcomeUnknown === true) return true;
  return error instanceof Failure && error.kind === "cancelled";
}

/** The server does not know the method, so it is another service, or another version of it. */
export function isUnknownMethod(error: unknown): boolean {
  return error instanceof ThriftError && error.detail.exception === ExceptionType.unknownMethod;
}

/** Bytes that are not what the protocol says: `at` counts from the message's first byte. */
export function corruptAt(at: number, fact: string): ThriftError {
  return new ThriftError("corrupt", `Thrift message, byte ${at}: ${fact}`);
}
