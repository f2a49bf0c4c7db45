/** What a statement's result must be to become a mart. */
import { Failure } from "../errors.ts";
import { STATEMENT } from "./place.ts";

const COLUMN_NAME = /^[a-z_][a-z0-9_]*$/;

export interface MartColumn {
  readonly name: string;
  readonly engineType: string;
  /** Why a mart cannot hold it, and what to write instead. */
  readonly refused: string | undefined;
}

/** Throws `usage` for a result that cannot be a mart (`designs/formats.md`, "mart columns" and "mart types"). */
export function checkMartColumns(result: readonly MartColumn[]): void {
  const findings: Failure[] = [];
  const seen = new Set<string>();
  for (const column of result) {
    const { refused } = column;
    if (!COLUMN_NAME.test(column.name)) findings.push(badName(column.name, seen));
    else if (seen.has(column.name)) {
      findings.push(
        new Failure("usage", `${STATEMENT}: column "${column.name}" comes twice`, {
          remedy: `give one of them another name: … as ${free(`${column.name}_2`, seen)}`,
        }),
      );
    } else if (refused !== undefined) {
      findings.push(
        new Failure("usage", `${STATEMENT}: column "${column.name}" is ${column.engineType}, which no mart can hold`, {
          remedy: refused,
        }),
      );
    }
    seen.add(column.name);
  }
  const [first, ...others] = findings;
  if (first === undefined) return;
  throw new Failure(first.kind, first.message, { ...first.detail, ...(others.length === 0 ? {} : { others }) });
}

function badName(name: string, seen: ReadonlySet<string>): Failure {
  const letters = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, "_")
    .replaceAll(/^_+|_+$/g, "");
  const proposal = free(letters === "" ? "value" : /^[0-9]/.test(letters) ? `_${letters}` : letters, seen);
  return new Failure("usage", `${STATEMENT}: column "${name}" is no name for a mart's column ([a-z_][a-z0-9_]*)`, {
    remedy: `give it one: … as ${proposal}`,
  });
}

function free(name: string, seen: ReadonlySet<string>): string {
  let candidate = name;
  for (let number = 2; seen.has(candidate); number++) candidate = `${name}_${number}`;
  return candidate;
}
