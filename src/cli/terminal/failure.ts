/** One format for everything that goes wrong: subject and fact, the place, what to do, and every other mistake found. */
import type { Failure, TextPlace } from "../../errors.ts";
import { exitCodeOf } from "../../errors.ts";
import type { Paint } from "./paint.ts";
import { visible } from "./text.ts";

const head = "error  ";
const under = " ".repeat(head.length);

export interface FailureOptions {
  readonly paint: Paint;
  /** Paths below it are printed relative to it. */
  readonly cwd: string;
  /** Prints the stack and the causes as well. */
  readonly debug?: boolean;
}

export function renderFailure(failure: Failure, options: FailureOptions): readonly string[] {
  const { place, remedy, others = [] } = failure.detail;
  const where = place === undefined ? "" : `${placeText(place, options.cwd)}  `;
  const lines = [`${options.paint.alarm("error")}  ${where}${message(failure.message)}`];
  if (remedy !== undefined) lines.push(under + options.paint.accent(visible(remedy)));
  if (failure.kind === "bug")
    lines.push(
      under +
        options.paint.accent("this is a mistake in millrace: please report it with the command and MILLRACE_DEBUG=1"),
    );
  if (options.debug === true) lines.push(...stack(failure).map((line) => options.paint.quiet(under + line)));
  return [...lines, ...others.flatMap((other) => renderFailure(other, options))];
}

/** SQL errors come in several lines; each stays a line of its own under the first. */
function message(text: string): string {
  return text.split("\n").map(visible).join(`\n${under}`);
}

function placeText(place: TextPlace, cwd: string): string {
  const near = place.file.startsWith(`${cwd}/`) ? place.file.slice(cwd.length + 1) : place.file;
  const column = place.column === undefined ? "" : `:${place.column}`;
  return `${visible(near)}:${place.line}${column}`;
}

function stack(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [visible(String(error))];
  const own = (error.stack ?? error.message).split("\n").map(visible);
  return error.cause === undefined ? own : [...own, "caused by", ...stack(error.cause)];
}

/** The same as one value, for `--json` and `--log json`. */
export function failureJson(failure: Failure): unknown {
  const { place, remedy, others = [] } = failure.detail;
  return {
    code: "error",
    kind: failure.kind,
    exitCode: exitCodeOf(failure),
    message: failure.message,
    ...(place === undefined ? {} : { place }),
    ...(remedy === undefined ? {} : { remedy }),
    ...(others.length === 0 ? {} : { others: others.map(failureJson) }),
  };
}
