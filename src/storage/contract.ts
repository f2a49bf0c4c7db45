/**
 * The law of a storage: a flat map from keys to immutable byte strings. Local disk and S3 keep the same one, and
 * `test/contract/storage.ts` is its executable form.
 *
 * Keys are relative (`gharchive/2026/03/01/15.json.gz`): segments joined by `/`, no empty, `.` or `..` segment, no
 * backslash, no control character, at most 1,024 bytes of UTF-8 (with the prefix of a place in a bucket). A key that
 * breaks the grammar is a `usage` failure before anything is touched; on disk the resolved path is checked to lie inside
 * the root and symbolic links are not followed. Objects of other tools whose keys break the grammar are not listed.
 *
 * No key may be a prefix directory of another (`x` and `x/y`): whoever makes keys keeps them apart. A disk refuses the
 * second one (`usage`). A store in a bucket either does so too or keeps both as two whole objects; it is not asked, for
 * that would cost a request with every put.
 *
 * Atomicity: an object is absent or whole. Whoever lists or reads after a put returned sees the new object; nobody ever
 * sees a part of one. When a put fails the outcome may be unknown: look again with `head`, never clean up on a guess.
 *
 * Adapters are naive: they neither retry nor limit concurrency nor log. Wrappers do (`retry.ts`, `limit.ts`).
 * Failures: `missing`, `denied`, `unavailable`, `full`, `corrupt` (a read that ended early; `unavailable` if the
 * connection broke), `conflict`.
 */
export interface Storage {
  /** What a message calls this place: a path relative to the project, or `s3://bucket/prefix`. Holds no secret. */
  readonly name: string;

  /**
   * Whether `putIfAbsent` keeps `putId` with the object. Then `undefined` is the truth also when an earlier try of the
   * same wish failed with an unknown outcome; otherwise the object in the way may be our own.
   */
  readonly knowsPutIds?: boolean;

  /** Creates or replaces the object in one atomic step. */
  put(key: string, body: Body, options?: PutOptions): Promise<ObjectInfo>;

  /** Creates the object unless the key exists; `undefined` means that somebody else was first. Exactly one of any number of racing writers wins. */
  putIfAbsent(key: string, body: Body, options?: PutOptions): Promise<ObjectInfo | undefined>;

  head(key: string, options?: CallOptions): Promise<ObjectDetail | undefined>;

  /** Gives an object that has no metadata some, without changing its bytes or token (`conflict` if it is no longer `token`). */
  annotate(key: string, token: string, metadata: Metadata, options?: CallOptions): Promise<void>;

  /**
   * Everything whose key begins with `prefix`, in ascending byte order of the keys, by pages of at most some thousands.
   * `prefix` is a plain string prefix that ends at a segment boundary (`""` or ending in `/`). An object that is added or
   * removed during the listing may or may not be in it. Names beginning with `_` directly below the prefix are left out
   * unless the prefix itself names them; staging is never listed.
   */
  list(prefix: string, options?: ListOptions): AsyncIterable<readonly ObjectInfo[]>;

  /**
   * The object's bytes, or those from `range.start` up to but excluding `range.end`; a negative `start` counts from the
   * end. With `token`, a `conflict` failure if the object is not (or no longer) that version.
   */
  read(key: string, options?: ReadOptions): AsyncIterable<Uint8Array>;

  /** Removes the object; removing what does not exist is no error. */
  remove(key: string, options?: CallOptions): Promise<void>;

  /**
   * A path that local programs can open for reading, if the object lies on a local disk; `undefined` otherwise.
   * The caller compares `ObjectInfo.token` before and after use.
   */
  locate(key: string): string | undefined;

  /**
   * Where programs on other machines find an object, or, of a prefix that ends in `/`, what lies below it: `s3a://bucket/key`,
   * `file:///path` for those that see the same disk. Written as Hadoop's paths are, with nothing percent-encoded.
   * `undefined` where nobody but this process gets at it.
   */
  location(key: string): string | undefined;

  /**
   * A local directory for building bodies, on the same file system as the objects where that exists, so that `put` of
   * `{file}` is a rename. It belongs to the caller until `dispose` or `release`. While another caller has the attempt of
   * that name, this one gets a directory of its own; what a released attempt or a process that died left in it is kept.
   */
  scratch(attempt: string): Promise<Scratch>;

  /** Removes scratch directories whose owner is gone and that are older than `ageMs`. Returns how many. */
  sweep(ageMs: number): Promise<number>;

  /**
   * Ends uploads in pieces that were begun before `beforeMs` of the store's own clock and never completed, and removes what
   * tests of the place left in its staging before then: no listing shows either, and a store charges for them. Returns those
   * it ended; with `dryRun` those it would. The writers of uploads, should they wake up, cannot complete them any more and
   * begin again. A place that has no such thing leaves the method out.
   */
  sweepUploads?(beforeMs: number, options?: SweepUploadsOptions): Promise<readonly StaleUpload[]>;

  /**
   * Tests whether what lies behind this place keeps the law above, as a suspicious engineer would: finding after finding,
   * in the order of the tests. Writes small objects under `_staging/probe-…/` and removes them where it may. A store that
   * cannot be reached is a finding, not an error; only a stop (`cancelled`) throws.
   */
  probe(options: ProbeOptions): AsyncIterable<ProbeFinding>;
}

export interface SweepUploadsOptions extends CallOptions {
  readonly dryRun?: boolean;
}

export interface StaleUpload {
  readonly key: string;
  /** By the store's clock, milliseconds since the epoch. */
  readonly begunMs: number;
}

export interface ProbeOptions extends CallOptions {
  /**
   * `greeting`: one request that tells whether the store answers and lets us in. `races`: beside that whatever a run
   * depends on, above all what decides whether several writers may share the place (seconds). `all`: everything.
   */
  readonly depth: "greeting" | "races" | "all";
  /** `read` tests what a mere reader of the place needs, and writes nothing. `write` unless told. */
  readonly access?: "read" | "write";
}

export interface ProbeFinding {
  /** What was tested: `If-None-Match under a race`, `clock`, `listing beyond 1,000 keys`. */
  readonly subject: string;
  readonly ok: boolean;
  /** What was seen, in words with numbers. */
  readonly finding: string;
  /** What to do, for a finding that is not ok. */
  readonly remedy: string | undefined;
  /**
   * Who cannot do without it: `everyone`; `several writers` (a lake with `writers: one` may live with it); `gc` (only the
   * collection of garbage needs it); `nobody` (good to know).
   */
  readonly needed: "everyone" | "several writers" | "gc" | "nobody";
  /** The right that was tried out, where the finding is about one. */
  readonly right?: StoreRight;
  /** What the other side calls itself, on the first finding of a store that answered; `""` if it does not say. */
  readonly server?: string;
}

/** What a program must be allowed to do in a place; which role needs which is known where roles are. */
export type StoreRight = "list" | "read" | "write" | "delete" | "abort uploads" | "list uploads";

/** Bytes in memory, or a complete local file. A `file` inside a scratch directory may be consumed (moved) by the put. */
export type Body = Uint8Array | { readonly file: string };

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface ListOptions extends CallOptions {
  /**
   * Lists only `<prefix><one segment>/<leaf>`. A disk need not read each of the directories for that, which makes a
   * table of 87,600 partitions some times faster to list.
   */
  readonly leaf?: string;
  /** Lists only what has a name directly below the prefix that begins so (`src=`); not with a `_`. A store need not page through the rest. */
  readonly stem?: string;
  /** Lists only keys behind this one, in their order: a log that is known up to there need not be read again. */
  readonly after?: string;
}

/**
 * Small objects that were read before, by key and token. What is never replaced once it is there, because its name is
 * used up by the first put, may use its own name as the token.
 */
export interface Documents {
  find(key: string, token: string): Uint8Array | undefined;
  note(key: string, token: string, bytes: Uint8Array): void;
  /** The last known key, in order, that begins with `prefix`. */
  newest(prefix: string): string | undefined;
}

export interface PutOptions extends CallOptions {
  /**
   * Small facts that belong to the object and live as long as it does (a receipt): user metadata on S3, a sidecar
   * `_receipts/<key>.json` on disk that is written and synced before the object becomes visible. At most 1,920 bytes
   * together, ASCII after JSON escaping. A sidecar whose recorded size is not the object's is no metadata.
   */
  readonly metadata?: Metadata;
  /**
   * Names one wish to create an object over all its tries (32 hex digits): a store that cannot say who made the object
   * that is in the way keeps the id with it, so that a repeated `putIfAbsent` knows its own. `retry.ts` gives one.
   */
  readonly putId?: string;
}

export type Metadata = Readonly<Record<string, string>>;

export interface ReadOptions extends CallOptions {
  readonly range?: { readonly start: number; readonly end?: number };
  readonly token?: string;
  /**
   * Called with the version that is being read, before its first byte, by a storage whose streams can break in the
   * middle: with its token, and its size in bytes for what counts from the end, the rest can be asked for.
   */
  readonly onVersion?: (version: Pick<ObjectInfo, "token" | "size">) => void;
}

export interface ObjectInfo {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Changes whenever the object is replaced by other bytes: an ETag, or inode, mtime and size of a file. Opaque. */
  readonly token: string;
  /**
   * Time of the last replacement by the clock of whoever keeps the object, milliseconds since the epoch; in a bucket in
   * whole seconds. `head` and `list` agree on it; a put in a bucket answers with a time that may be a second or two off.
   */
  readonly modifiedMs: number;
}

export interface ObjectDetail extends ObjectInfo {
  readonly metadata: Metadata | undefined;
  /**
   * Only beside no metadata, and only where metadata lies apart from the object: what is in its place. It was written for
   * an object of another size, so somebody changed the bytes behind our back, or it can no longer be read.
   */
  readonly stray?: StrayMetadata;
}

export type StrayMetadata = { readonly size: number; readonly metadata: Metadata } | "unreadable";

export interface Scratch {
  readonly directory: string;
  /** Removes the directory with everything in it. */
  dispose(): Promise<void>;
  /** Leaves the directory as it is for the next attempt of that name; `sweep` removes it when it is old. */
  release(): Promise<void>;
}
