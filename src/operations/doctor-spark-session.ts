/** A session on a Spark server as `doctor` uses it: statements, and their first rows. */

import type { SqlSession } from "../convert/contract.ts";
import { asFailure } from "../errors.ts";
import type { Asked } from "./doctor-spark-facts.ts";

/** The first row of a statement's answer. */
export type Ask = (text: string) => Promise<Readonly<Record<string, unknown>>>;

export function askerOf(session: SqlSession, signal: AbortSignal | undefined): Ask {
  return async (text) => {
    const answer = await session.sql(text, signal === undefined ? {} : { signal });
    const [row = {}] = await answer.collect();
    return row;
  };
}

/** A failure is an answer too, except a stop. */
export async function tried<T>(job: () => Promise<T>, signal: AbortSignal | undefined): Promise<Asked<T>> {
  try {
    return { value: await job() };
  } catch (error) {
    signal?.throwIfAborted();
    return { failure: asFailure(error) };
  }
}

/** What the server calls its error, for example `PATH_NOT_FOUND`; `undefined` for errors that are not its own. */
export function errorClassOf(error: unknown): string | undefined {
  const name: unknown = Reflect.get(asFailure(error).detail, "errorClass");
  return typeof name === "string" ? name : undefined;
}

/** A text of SQL. A backslash begins an escape in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
