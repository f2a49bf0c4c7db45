/** The findings for which a conversion by itself, without a project that would decide, publishes nothing. */
import { Failure } from "../errors.ts";
import { describeType } from "../model/type-text.ts";
import type { SchemaConflict } from "./contract.ts";
import type { RejectSample } from "./rejects.ts";

const SAMPLES_SHOWN = 3;
const TYPE_WIDTH = 60;

interface Lines {
  readonly rows: number;
  readonly rejected: number;
  readonly rejectSamples: readonly RejectSample[];
}

export function refuseRejects(name: string, { rows, rejected, rejectSamples }: Lines, rejectsMax: number): void {
  const lines = rows + rejected;
  if (rejected <= rejectsMax * lines) return;
  const samples = rejectSamples.slice(0, SAMPLES_SHOWN).map(({ line, reason }) => `line ${line}: ${reason}`);
  const message = `${name}: ${rejected} of ${lines} lines rejected (${percent(rejected / lines)}, allowed ${percent(rejectsMax)}); ${samples.join("; ")}`;
  throw new Failure("refused", message, {
    remedy: "look at these lines; --max-rejects, or rejectsMax in a call, allows more",
  });
}

export function refuseClashes(name: string, clashes: readonly SchemaConflict[]): void {
  const [clash] = clashes;
  if (clash === undefined) return;
  const { path, file, table, line, value } = clash;
  const more = clashes.length === 1 ? "" : `; and ${clashes.length - 1} more`;
  const types = `${describeType(file, TYPE_WIDTH)} here and ${describeType(table, TYPE_WIDTH)} in the schema`;
  throw new Failure("refused", `${name}: ${path} is ${types} (line ${line}: ${value})${more}`, {
    remedy: "declare the column as json, or choose text for conflicts",
  });
}

/** At most two decimals, and never `0 %` for what is more. */
function percent(share: number): string {
  const value = 100 * share;
  if (value > 0 && value < 0.01) return "< 0.01 %";
  return `${Number(value.toFixed(2))} %`;
}
