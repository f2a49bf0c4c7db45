/** The part of a `Map` that observation and decisions use; a `Map` is one. */
export interface Lookup<T> {
  readonly size: number;
  has(startMs: number): boolean;
  get(startMs: number): T | undefined;
  set(startMs: number, value: T): unknown;
  keys(): IterableIterator<number>;
  values(): IterableIterator<T>;
  [Symbol.iterator](): IterableIterator<[number, T]>;
}
