/** All mistakes of a project are collected and reported together; each is one line with its place and its remedy. */
import { Failure, type TextPlace } from "../errors.ts";

/** Where a value was written: `sources.gharchive.since` in a file, `MILLRACE_SOURCES__…` in the environment, `--since`. */
export interface Origin {
  /** What a message begins with; empty for the whole project. */
  readonly label: string;
  readonly place?: TextPlace;
}

export interface Problems {
  report(origin: Origin, fact: string, remedy?: string): void;
  readonly found: readonly Failure[];
  /** Throws one `usage` failure with the first problem; the others are in its `detail.others`. */
  throwIfAny(): void;
}

export function collectProblems(): Problems {
  const found: Failure[] = [];
  return {
    found,
    report(origin, fact, remedy) {
      const subject = origin.label === "" ? "project" : origin.label;
      found.push(
        new Failure("usage", `${subject}: ${fact}`, {
          ...(remedy === undefined ? {} : { remedy }),
          ...(origin.place === undefined ? {} : { place: origin.place }),
        }),
      );
    },
    throwIfAny() {
      const [first, ...others] = [...found].sort(byPlace);
      if (first === undefined) return;
      throw new Failure("usage", first.message, others.length === 0 ? first.detail : { ...first.detail, others });
    },
  };
}

/** In the order of the file; what has no place (environment, flags) comes first, since it was typed last. */
function byPlace(left: Failure, right: Failure): number {
  const line = (failure: Failure): number => failure.detail.place?.line ?? 0;
  const column = (failure: Failure): number => failure.detail.place?.column ?? 0;
  return line(left) - line(right) || column(left) - column(right);
}

const quotedLengthMax = 60;

/** A value as a message shows it: in quotes, on one line, cut. Never call it on the value of a secret option. */
export function quote(text: string): string {
  return JSON.stringify(text.length <= quotedLengthMax ? text : `${text.slice(0, quotedLengthMax - 1)}…`);
}

/** `Did you mean "since"?`, or the whole choice where nothing is near. */
export function didYouMean(near: string | undefined, otherwise?: string): string | undefined {
  return near === undefined ? otherwise : `Did you mean ${quote(near)}?`;
}
