/** What a server says went wrong, beside the kind that decisions are made by. */
import { Failure, type FailureDetail, type FailureKind } from "../errors.ts";

/** Where in a statement: positions count characters from 0, `stop` is the last one that belongs to it. */
export interface QueryContext {
  readonly objectType: string;
  readonly objectName: string;
  readonly start: number;
  readonly stop: number;
  readonly fragment: string;
  readonly summary: string;
}

export interface SparkErrorDetail extends FailureDetail {
  /** For example `UNRESOLVED_COLUMN.WITH_SUGGESTION`. */
  readonly errorClass?: string;
  readonly sqlState?: string;
  readonly messageParameters?: ReadonlyMap<string, string>;
  readonly queryContexts?: readonly QueryContext[];
  /** Names of the exception's class and of those it extends, the nearest first. */
  readonly serverTypes?: readonly string[];
  /** The server's stack, one frame an element, with its causes; empty unless the server is set to send it. */
  readonly serverStack?: readonly string[];
}

export class SparkError extends Failure {
  override readonly detail: SparkErrorDetail;

  constructor(kind: FailureKind, message: string, detail: SparkErrorDetail = {}) {
    super(kind, message, detail);
    this.detail = detail;
  }
}
