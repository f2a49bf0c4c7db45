/** One finding of `doctor` about a Spark server. */
import type { DoctorCheck } from "../answers.ts";

export type SparkFinding = Pick<DoctorCheck, "subject" | "verdict" | "finding" | "remedy">;

export const ok = (subject: string, finding: string): SparkFinding => ({
  ...{ subject, verdict: "ok", finding, remedy: undefined },
});

/** It does not hold, and this project can do without it. */
export const note = (subject: string, finding: string, remedy: string): SparkFinding => ({
  ...{ subject, verdict: "note", finding, remedy },
});

/** This project cannot do without it. */
export const fails = (subject: string, finding: string, remedy: string): SparkFinding => ({
  ...{ subject, verdict: "fails", finding, remedy },
});

export const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
