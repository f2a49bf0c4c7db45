/** What the shredding of one file holds besides the columns: where it reads, what it knows, what it has decided. */
import { encodeName, formatPath, keyOfName } from "../model/column-path.ts";
import { type ConflictRule, mergeSchemas } from "../model/merge.ts";
import type { ColumnType, DeclaredColumns, DeclaredType, Schema } from "../model/schema.ts";
import { Cursor } from "./cursor.ts";
import { DeclaredReader } from "./declared-reader.ts";
import { declaredTree } from "./declared-tree.ts";
import { KeyArena } from "./key-arena.ts";
import { Node, type NodePlace, type Offense } from "./node.ts";
import {
  DECIMAL,
  DECLARED_BOOL,
  DECLARED_DOUBLE,
  DECLARED_INT,
  DROP,
  JSON_TEXT,
  STRUCT,
  TEXT,
  TIMESTAMP,
  UNKNOWN,
} from "./node-type.ts";
import { NumberReader } from "./number.ts";
import { type Sealable, SealQueue, type SealTexts } from "./seal-queue.ts";
import { type Hint, type Hints, offendingKinds, type SettleContext } from "./settle.ts";
import { Skipper } from "./skip.ts";
import { Text } from "./text.ts";

export interface ShredSettings {
  readonly known: Schema;
  readonly declared: DeclaredColumns;
  readonly conflicts: ConflictRule;
  readonly duplicateKeys: "reject" | "last";
  readonly lineBytesMax: number;
  readonly depthMax: number;
  readonly columnsMax: number;
}

/** Thrown while a line is read that would create more paths than any file within `columnsMax` has. */
export class TooManyPaths extends Error {
  override readonly name = "TooManyPaths";
}

/** Paths that never had a value are no columns, but take memory: so many are allowed for each column. */
const PATHS_PER_COLUMN_MAX = 8;
/** All names together; a hostile file could otherwise have few columns with names of megabytes. */
const PATH_BYTES_MAX = 64 << 20;

/**
 * How much of a row group may lie in pages that are not sealed: 13 MiB of its usual 256. With an eighth the peak memory of
 * an archive hour was 17 MB higher.
 */
const UNSEALED_SHARE = 1 / 20;

const VALUE_CHARACTERS_MAX = 100;

export class RowState implements SettleContext {
  readonly cursor = new Cursor();
  readonly text = new Text();
  readonly numbers = new NumberReader();
  readonly declaredReader = new DeclaredReader();
  readonly keys = new KeyArena();
  readonly settings: ShredSettings;
  readonly skipper: Skipper;
  readonly root: Node;
  readonly conflicts: ConflictRule;
  readonly hints: Hints;
  readonly newHints = new Map<string, Hint>();
  readonly #sealTexts: SealTexts | undefined;
  readonly sealQueue: SealQueue;
  /** The number of the line that is read, from 1. */
  line = 1;
  /** Byte offset in the text of the cursor's byte 0. */
  base = 0;
  /** Where the line begins among the cursor's bytes. */
  lineStart = 0;
  /** Where members begin that a later one with the same key replaces; null unless the line has such. */
  #superseded: ReadonlySet<number> | null = null;
  /** How many nodes have a type: no fewer than there are columns. */
  typed = 0;
  /** How many had one when the columns were last counted. */
  #countedAt = 0;
  /** Paths met so far, typed or not, and the sum of their lengths. */
  #paths = 0;
  #pathBytes = 0;
  /** What to return to if the row is rejected. */
  #before = { typed: 0, paths: 0, pathBytes: 0, keyBytes: 0 };
  readonly #knownFields = new Map<ColumnType, ReadonlyMap<string, ColumnType>>();

  /** `groupBytes` is how many bytes of lines make a row group. */
  constructor(settings: ShredSettings, hints: Hints, groupBytes: number, sealTexts: SealTexts | undefined) {
    this.settings = settings;
    this.#sealTexts = sealTexts;
    this.sealQueue = new SealQueue(groupBytes * UNSEALED_SHARE);
    this.conflicts = settings.conflicts;
    this.hints = hints;
    this.skipper = new Skipper(settings);
    const { declared } = settings;
    // A declared list or struct acts as a type that the table knows, whether the table has met it or not.
    const { fields } = mergeSchemas(settings.known, { fields: [] }, { conflicts: "hold", declared }).schema;
    this.root = new Node({
      ...{ name: "", key: "", path: "", foldedPath: "", createdLine: 0 },
      known: { kind: "struct", fields },
      declared: declaredTree(declared),
    });
    this.root.type = STRUCT;
  }

  get superseded(): ReadonlySet<number> | null {
    return this.#superseded;
  }

  set superseded(places: ReadonlySet<number> | null) {
    this.#superseded = places;
    this.skipper.superseded = places;
  }

  /** Remembers where the row begins. Lines are good as a rule, so this is all that is done for a rollback beforehand. */
  beginRow(): void {
    const before = this.#before;
    before.typed = this.typed;
    before.paths = this.#paths;
    before.pathBytes = this.#pathBytes;
    before.keyBytes = this.keys.used;
  }

  /** Whether columns were added since they were last counted, and may be too many now. */
  get mayExplode(): boolean {
    return this.typed > this.settings.columnsMax && this.typed !== this.#countedAt;
  }

  /** Notes that the columns were counted. */
  noteCounted(): void {
    this.#countedAt = this.typed;
  }

  /** Whether something is to be looked at before the next line. */
  get hasFindings(): boolean {
    return this.newHints.size > 0 || this.mayExplode;
  }

  /** Takes the columns with pages that a row completed, once for each page, as soon as it is certain to stay. */
  takePages(columns: readonly Sealable[]): void {
    if (columns.length > 0 && this.#sealTexts !== undefined) this.sealQueue.takePages(columns, this.#sealTexts);
  }

  /** Takes back everything since `beginRow` but what is in the tree. */
  rollBackRow(): void {
    const before = this.#before;
    this.newHints.clear();
    this.superseded = null;
    this.typed = before.typed;
    this.#paths = before.paths;
    this.#pathBytes = before.pathBytes;
    this.keys.used = before.keyBytes;
  }

  /** Creates the field of a decoded key, which is given folded too. */
  createField(parent: Node, key: string, folded: string): Node {
    const name = encodeName(key);
    const prefix = parent.path === "" ? "" : ".";
    const path = `${parent.path}${prefix}${formatPath([name])}`;
    const foldedPath = `${parent.foldedPath}${prefix}${formatPath([folded])}`;
    const known = parent.known?.kind === "struct" ? this.#knownField(parent.known, folded) : undefined;
    const declared = parent.declared?.fields.get(folded);
    const node = this.#create({ name, key: folded, path, foldedPath, known, declared });
    parent.fields.push(node);
    parent.fieldsByKey.set(folded, node);
    return node;
  }

  createElement(list: Node): Node {
    const known = list.known?.kind === "list" ? list.known.element : undefined;
    const node = this.#create({
      ...{ name: "[]", key: "", path: `${list.path}.[]`, foldedPath: `${list.foldedPath}.[]` },
      ...{ known, declared: list.declared?.element },
    });
    list.element = node;
    return node;
  }

  describeValue(start: number): Offense {
    // A character takes at most four bytes.
    const end = Math.min(this.#endOfValue(start), start + VALUE_CHARACTERS_MAX * 4);
    const value = this.cursor.bytes.toString("utf8", start, end).slice(0, VALUE_CHARACTERS_MAX);
    return { line: this.line, offset: this.base + this.lineStart, value };
  }

  #endOfValue(start: number): number {
    const cursor = new Cursor();
    cursor.load(this.cursor.bytes, start);
    try {
      this.skipper.pass(cursor, 0);
    } catch {
      // The line will be rejected for what stands here, and what is described with it.
    }
    return cursor.at;
  }

  #create(place: Omit<NodePlace, "createdLine">): Node {
    this.#paths++;
    this.#pathBytes += place.path.length;
    if (this.#paths > this.settings.columnsMax * PATHS_PER_COLUMN_MAX || this.#pathBytes > PATH_BYTES_MAX) {
      throw new TooManyPaths();
    }
    const node = new Node({ ...place, createdLine: this.line });
    node.type = declaredType(place.declared?.type);
    if (node.type === UNKNOWN) {
      if (this.hints.get(node.foldedPath) === "text") node.type = TEXT;
      node.offending = offendingKinds(node.known, this.conflicts);
    }
    if (node.type !== UNKNOWN) this.typed++;
    return node;
  }

  #knownField(known: ColumnType & { kind: "struct" }, folded: string): ColumnType | undefined {
    let fields = this.#knownFields.get(known);
    if (fields === undefined) {
      fields = new Map(known.fields.map((field) => [keyOfName(field.name), field.type]));
      this.#knownFields.set(known, fields);
    }
    return fields.get(folded);
  }
}

function declaredType(declared: DeclaredType | undefined): number {
  switch (declared?.kind) {
    case "json":
      return JSON_TEXT;
    case "drop":
      return DROP;
    case "string":
      return TEXT;
    case "bool":
      return DECLARED_BOOL;
    case "int64":
      return DECLARED_INT;
    case "double":
      return DECLARED_DOUBLE;
    case "timestamp":
      return TIMESTAMP;
    case "decimal":
      return DECIMAL;
    default:
      return UNKNOWN;
  }
}
