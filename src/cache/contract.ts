/**
 * The law of the cache: local copies of stored objects for programs that open paths. A copy belongs to one version of an
 * object (place, key and token), so it never becomes stale, only unused. It may have holes: what was not brought is not
 * there, and `holdsAll` or the reader's own checks tell, never a silent zero. The directory is bounded; copies that are
 * held are not evicted. Several processes may share a directory. It is a cache: deleting it costs time and nothing else,
 * and what a power failure did to it is noticed.
 */
import type { ObjectInfo, Storage } from "../storage/contract.ts";

export interface ObjectCache {
  readonly directory: string;
  /** Begins to use an object's copy; nothing is fetched yet. `release` must follow. */
  hold(storage: Storage, info: ObjectInfo): HeldObject;
  /** What this process fetched so far. Bytes and requests. */
  readonly fetched: { readonly bytes: number; readonly requests: number };
}

export interface HeldObject {
  /** Where the copy is, or will be. */
  readonly path: string;
  /**
   * Brings these ranges (start inclusive, end exclusive, bytes) and answers when they are on the disk. Ranges that lie
   * close together are fetched as one, several side by side; what is there already is not fetched again; where most of the
   * object is wanted all of it is. `conflict` if the object is no longer this version.
   */
  bring(ranges: readonly ByteRange[], options?: { readonly signal?: AbortSignal }): Promise<void>;
  release(): void;
}

export interface ByteRange {
  readonly start: number;
  readonly end: number;
}
