/** Statements that do not bind: what Spark says of its catalog, said of the project's tables. */
import { Failure, type TextPlace } from "../../errors.ts";
import { nearest } from "../../model/nearest.ts";
import { SparkError } from "../../spark-connect/errors.ts";
import { STATEMENT } from "../place.ts";
import { type FaultContext, sparkFailure } from "./fault.ts";

/** `names`: of the tables and marts that were offered. */
export function bindFailure(error: unknown, context: FaultContext, names: readonly string[]): unknown {
  const failure = sparkFailure(error, context);
  if (!(error instanceof SparkError) || !(failure instanceof Failure) || failure.kind !== "usage") return failure;
  const { place } = failure.detail;
  const parameters = error.detail.messageParameters ?? new Map<string, string>();
  switch (error.detail.errorClass) {
    case "TABLE_OR_VIEW_NOT_FOUND":
      return unknownTable(unquoted(parameters.get("relationName") ?? ""), names, place, error);
    case "FIELD_NOT_FOUND":
      return unknownField(error, parameters, place);
    case "UNBOUND_SQL_PARAMETER":
      return new Failure("usage", `${STATEMENT}: parameters (:name, ?) have no value here`, {
        cause: error,
        remedy: "write the value",
        ...(place === undefined ? {} : { place }),
      });
    case "UNRESOLVABLE_TABLE_VALUED_FUNCTION": {
      const name = unquoted(parameters.get("name") ?? "");
      const message = `${STATEMENT}: ${name}() is not available: a statement reads the project's tables and marts only`;
      return new Failure("usage", message, { cause: error, ...(place === undefined ? {} : { place }) });
    }
    default:
      return failure;
  }
}

export function unknownTable(
  name: string,
  names: readonly string[],
  place: TextPlace | undefined,
  cause?: SparkError,
): Failure {
  const similar = nearest(name, names);
  const known =
    names.length === 0 ? "the project has no tables yet" : `tables and marts: ${[...names].sort().join(", ")}`;
  return new Failure("usage", `${STATEMENT}: no table or mart is named "${name}"`, {
    remedy: similar === undefined ? known : `Did you mean "${similar}"?`,
    ...(place === undefined ? {} : { place }),
    ...(cause === undefined ? {} : { cause }),
  });
}

function unknownField(
  error: SparkError,
  parameters: ReadonlyMap<string, string>,
  place: TextPlace | undefined,
): Failure {
  const name = unquoted(parameters.get("fieldName") ?? "");
  const known = (parameters.get("fields") ?? "").split(", ").map(unquoted);
  const [context] = error.detail.queryContexts ?? [];
  const struct = context?.fragment.endsWith(`.${name}`) ? context.fragment.slice(0, -name.length - 1) : "the struct";
  const similar = nearest(name, known);
  return new Failure("usage", `${STATEMENT}: ${struct} has no field "${name}"`, {
    cause: error,
    remedy: similar === undefined ? `it has ${known.slice(0, 12).join(", ")}` : `Did you mean "${similar}"?`,
    ...(place === undefined ? {} : { place }),
  });
}

function unquoted(name: string): string {
  return name.replaceAll("`", "");
}
