/** `none` is said, as distinct from nothing said: a target or a bucket undoes by it what would be inherited. */
import * as kind from "./kinds.ts";
import type { Kind } from "./option.ts";

export function orSaidNone<T>(of: Kind<T>): Kind<T | "none"> {
  return kind.orWord(of, "none", "none" as const);
}

export function saidOf<T>(value: T | "none" | undefined): T | undefined {
  return value === "none" ? undefined : value;
}
