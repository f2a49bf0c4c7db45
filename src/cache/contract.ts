/**
 * The law of the cache: local copies of stored objects for programs that open paths. A copy belongs to one version of an
 * object (place, key and token), so it never becomes stale, only unused. It may have holes: what was not brought is not
 * there, and `has` or the reader's own checks tell, never a silent zero. The directory is bounded; copies that are held,
 * by whatever process, are not evicted. Several processes may share a directory. It is a cache: deleting it while nobody
 * uses it costs time and nothing else, and what a crash or a power failure did to it is noticed.
 *
 * Failures: what the storage says (`conflict` and `missing`: the object is no longer this version), `full` when the disk
 * has no room for what is wanted even after everything unused was removed, `cancelled`.
 */
import type { ObjectInfo, Storage } from "../storage/contract.ts";

export interface ObjectCache {
  readonly directory: string;
  /** Where a copy is while this process holds it. Reads nothing. */
  pathOf(storage: Storage, object: StoredObject): string;
  /** Begins to use an object's copy; nothing is read yet. `release` must follow. */
  hold(storage: Storage, object: StoredObject): HeldObject;
  /** What this process fetched so far. Bytes and requests. */
  readonly fetched: { readonly bytes: number; readonly requests: number };
  /** Ends every use of copies in this process. */
  close(): Promise<void>;
}

/** One version of an object. */
export type StoredObject = Pick<ObjectInfo, "key" | "size" | "token">;

export interface HeldObject {
  readonly path: string;
  /** Whether these ranges are on the disk already; makes no request. */
  has(ranges: readonly ByteRange[]): Promise<boolean>;
  /**
   * Brings these ranges (start inclusive, end exclusive, bytes) and answers when they are on the disk. Ranges that lie
   * close together are fetched as one, several side by side; what is there already is not fetched again; where most of
   * what is not there is wanted all of it is fetched.
   */
  bring(ranges: readonly ByteRange[], options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Forgets what the copy holds, because it turned out not to be what it should: the next `bring` fetches it again. */
  discard(): Promise<void>;
  /** Ends the use. Repeating it does nothing. */
  release(): Promise<void>;
}

export interface ByteRange {
  readonly start: number;
  readonly end: number;
}
