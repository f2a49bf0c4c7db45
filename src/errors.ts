/**
 * The one error class of millrace and the few kinds that decisions are made by.
 *
 * Code that can name what went wrong throws a `Failure`; everything else is converted once, at the edge of the
 * process or of a stage, by `asFailure`. Nobody decides by the text of a message.
 */

/**
 * - `usage`: the command line or the project file is wrong; nothing was touched.
 * - `refused`: data broke a rule the user set (reject threshold, a partition held back, a mart's checks).
 * - `gap`: the source does not have an item that is older than `settle`.
 * - `unavailable`: a server, store or engine cannot be reached or answers that it cannot serve now; worth a retry.
 * - `denied`: reached, but the right is missing, or what is demanded is more than the other side can do.
 * - `missing`: the named thing does not exist.
 * - `conflict`: somebody else changed it meanwhile; look again.
 * - `corrupt`: bytes are not what they were promised to be.
 * - `full`: the disk or quota has no room.
 * - `cancelled`: a signal or the caller asked to stop.
 * - `application`: the user's own program or SQL failed.
 * - `bug`: a broken promise of our own.
 */
export type FailureKind =
  | "usage"
  | "refused"
  | "gap"
  | "unavailable"
  | "denied"
  | "missing"
  | "conflict"
  | "corrupt"
  | "full"
  | "cancelled"
  | "application"
  | "bug";

/** Where in a text file a usage error is: both numbers count from 1. */
export interface TextPlace {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

export interface FailureDetail {
  /** What to do about it: one sentence or a command. */
  readonly remedy?: string;
  readonly place?: TextPlace;
  readonly cause?: unknown;
  /** For `unavailable`: how long the other side asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Further single-line findings of the same kind, for example all mistakes in one project file. */
  readonly others?: readonly Failure[];
}

export class Failure extends Error {
  override readonly name = "Failure";
  readonly kind: FailureKind;
  readonly detail: FailureDetail;

  /** `message` is "subject: fact", without the place and without the remedy; those are printed beside it. */
  constructor(kind: FailureKind, message: string, detail: FailureDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.kind = kind;
    this.detail = detail;
  }
}

/** The message with its place behind it, for a line that does not begin with the place. */
export function messageWithPlace({ message, detail: { place } }: Failure): string {
  if (place === undefined) return message;
  return `${message} (line ${place.line}${place.column === undefined ? "" : `, column ${place.column}`})`;
}

/** Whether the same call may succeed later without anybody changing anything. */
export function isRetriable(error: unknown): boolean {
  return error instanceof Failure && error.kind === "unavailable";
}

const systemKinds: Readonly<Record<string, FailureKind>> = {
  ENOSPC: "full",
  EDQUOT: "full",
  EACCES: "denied",
  EPERM: "denied",
  EROFS: "denied",
  ENOENT: "missing",
  ENOTDIR: "missing",
  ECONNREFUSED: "unavailable",
  ECONNRESET: "unavailable",
  ENOTFOUND: "unavailable",
  EAI_AGAIN: "unavailable",
  ETIMEDOUT: "unavailable",
  EHOSTUNREACH: "unavailable",
  ENETUNREACH: "unavailable",
  EPIPE: "unavailable",
  EIO: "unavailable",
};

const systemRemedies: Partial<Record<FailureKind, string>> = {
  full: "free some space and run again: nothing half-written was left behind",
  denied: "check the owner and the permissions of that path",
};

/** Converts anything that was thrown into a `Failure`, keeping the original as its cause. */
export function asFailure(error: unknown, subject?: string): Failure {
  if (error instanceof Failure) return error;
  const prefix = subject === undefined ? "" : `${subject}: `;
  if (error instanceof Error) {
    if (error.name === "AbortError") return new Failure("cancelled", `${prefix}stopped`, { cause: error });
    const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
    const kind = code === undefined ? undefined : systemKinds[code];
    if (kind !== undefined) {
      const remedy = systemRemedies[kind];
      return new Failure(
        kind,
        `${prefix}${error.message}`,
        remedy === undefined ? { cause: error } : { cause: error, remedy },
      );
    }
    return new Failure("bug", `${prefix}${error.message}`, { cause: error });
  }
  return new Failure("bug", `${prefix}${String(error)}`, { cause: error });
}

/**
 * The exit codes that are a contract with scripts (product.md). `application` and everything that failed on an item
 * is 1; a signal's own code (130, 143) is decided where the signal is received.
 */
const exitCodes: Readonly<Record<FailureKind, number>> = {
  usage: 2,
  refused: 3,
  gap: 4,
  unavailable: 5,
  denied: 5,
  full: 5,
  missing: 1,
  conflict: 1,
  corrupt: 1,
  application: 1,
  cancelled: 130,
  bug: 1,
};

export function exitCodeOf(failure: Failure): number {
  return exitCodes[failure.kind];
}
