/** Places in the text of a statement. */
import type { TextPlace } from "../errors.ts";

/** What a place in a statement's text is called; whoever knows the file it came from replaces it. */
export const STATEMENT = "SQL";

/** Line and column (both from 1, in characters) of a byte offset, or nothing if it lies outside of the statement. */
export function placeInStatement(sql: string, byteOffset: number): TextPlace | undefined {
  const bytes = Buffer.from(sql, "utf8");
  if (byteOffset < 0 || byteOffset > bytes.length) return undefined;
  const before = bytes.subarray(0, byteOffset).toString("utf8").split("\n");
  return { file: STATEMENT, line: before.length, column: [...(before.at(-1) ?? "")].length + 1 };
}

/** Line and column of an offset in the text, which counts as JavaScript does. */
export function placeOfOffset(sql: string, offset: number): TextPlace {
  const before = sql.slice(0, offset).split("\n");
  return { file: STATEMENT, line: before.length, column: [...(before.at(-1) ?? "")].length + 1 };
}
