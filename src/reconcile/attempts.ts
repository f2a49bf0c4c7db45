/**
 * What was tried and did not succeed, by item, with the time of the next try. Part of the index: it can be deleted, and
 * then everything that is still due is simply tried again.
 */
export interface Attempt {
  /**
   * `pending` and `gap`: the source said "absent". `failure`: something went wrong. `held`: data was refused, and trying
   * again makes sense only when `basis` changes.
   */
  readonly kind: "pending" | "gap" | "failure" | "held";
  readonly tries: number;
  readonly lastMs: number;
  readonly nextMs: number;
  readonly reason: string;
  /** The failure's kind, for the exit code. */
  readonly failure?: string;
  readonly remedy?: string;
  /** For `held`: what the refusal was decided on (raw sha256 and settings). */
  readonly basis?: string;
}

export type Attempts = Map<string, Attempt>;

export const collectItem = (source: string, id: string): string => `collect ${source}@${id}`;
export const convertItem = (table: string, id: string): string => `convert ${table}@${id}`;
export const martItem = (mart: string): string => `mart ${mart}`;
/** Of a mart or of a table: their names differ. */
export const registerItem = (name: string): string => `register ${name}`;
/** When an object was last compared with its source. */
export const recheckItem = (source: string, id: string): string => `recheck ${source}@${id}`;
