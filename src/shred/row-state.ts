/** What the shredding of one file holds besides the columns: where it reads, what it knows, what it has decided. */
import { encodeName, foldName, formatPath, keyOfName } from "../model/column-path.ts";
import { type ConflictRule, expandDeclared } from "../model/merge.ts";
import type { ColumnType, DeclaredColumns, DeclaredType, Schema } from "../model/schema.ts";
import { Cursor } from "./cursor.ts";
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
import { rollBack } from "./rollback.ts";
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

/** Thrown at a key that was met before in the same object, where the last value is to be kept. */
export class RepeatedKey extends Error {
  override readonly name = "RepeatedKey";
}

/** Paths that never had a value are no columns, but take memory: so many are allowed for each column. */
const PATHS_PER_COLUMN_MAX = 8;
/** All names together; a hostile file could otherwise have few columns with names of megabytes. */
const PATH_BYTES_MAX = 64 << 20;

const VALUE_CHARACTERS_MAX = 100;

export class RowState implements SettleContext {
  readonly cursor = new Cursor();
  readonly text = new Text();
  readonly numbers = new NumberReader();
  readonly keys = new KeyArena();
  readonly settings: ShredSettings;
  readonly skipper: Skipper;
  readonly root: Node;
  readonly conflicts: ConflictRule;
  readonly hints: Hints;
  readonly newHints = new Map<string, Hint>();
  line = 0;
  /** Byte offset of the line in the text. */
  lineOffset = 0;
  /** Positions of values that a later one with the same key replaces; null unless the line has such. */
  superseded: ReadonlySet<number> | null = null;
  /** How many nodes have a type: no fewer than there are columns. */
  typed = 0;
  /** Paths met so far, typed or not, and the sum of their lengths. */
  #paths = 0;
  #pathBytes = 0;
  /** What to return to if the row is rejected. */
  #before = { entries: 0, typed: 0, paths: 0, pathBytes: 0, keyBytes: 0 };
  readonly #declared: ReadonlyMap<string, DeclaredType>;
  readonly #knownFields = new Map<ColumnType, ReadonlyMap<string, ColumnType>>();

  constructor(settings: ShredSettings, hints: Hints) {
    this.settings = settings;
    this.conflicts = settings.conflicts;
    this.hints = hints;
    this.skipper = new Skipper(settings);
    this.#declared = expandDeclared(settings.declared);
    const known: ColumnType = { kind: "struct", fields: settings.known.fields };
    this.root = new Node({ name: "", key: "", path: "", foldedPath: "", known, declared: undefined, createdLine: 0 });
    this.root.type = STRUCT;
  }

  /** Remembers where the row begins. Lines are good as a rule, so this is all that is done for a rollback beforehand. */
  beginRow(): void {
    const before = this.#before;
    before.entries = this.root.count;
    before.typed = this.typed;
    before.paths = this.#paths;
    before.pathBytes = this.#pathBytes;
    before.keyBytes = this.keys.used;
  }

  /** Takes back everything since `beginRow`. */
  rollBackRow(): void {
    const before = this.#before;
    rollBack(this.root, before.entries, this.line);
    this.newHints.clear();
    this.superseded = null;
    this.typed = before.typed;
    this.#paths = before.paths;
    this.#pathBytes = before.pathBytes;
    this.keys.used = before.keyBytes;
  }

  /** Creates the field that a decoded key names. */
  createField(parent: Node, key: string, folded: string): Node {
    const name = encodeName(key);
    const prefix = parent.path === "" ? "" : ".";
    const path = `${parent.path}${prefix}${formatPath([name])}`;
    const foldedPath = `${parent.foldedPath}${prefix}${formatPath([foldName(name)])}`;
    const known = parent.known?.kind === "struct" ? this.#knownField(parent.known, folded) : undefined;
    const node = this.#create({ name, key: folded, path, foldedPath, known });
    parent.fields.push(node);
    parent.fieldsByKey.set(folded, node);
    return node;
  }

  createElement(list: Node): Node {
    const known = list.known?.kind === "list" ? list.known.element : undefined;
    const path = `${list.path}.[]`;
    const node = this.#create({ name: "[]", key: "", path, foldedPath: `${list.foldedPath}.[]`, known });
    list.element = node;
    return node;
  }

  describeValue(start: number): Offense {
    const end = this.#endOfValue(start);
    // A character takes at most four bytes.
    const text = this.cursor.bytes.toString("utf8", start, Math.min(end, start + VALUE_CHARACTERS_MAX * 4));
    const value = [...text].slice(0, VALUE_CHARACTERS_MAX).join("");
    return { line: this.line, offset: this.lineOffset, value };
  }

  #endOfValue(start: number): number {
    const cursor = new Cursor();
    cursor.load(this.cursor.bytes, start);
    try {
      this.skipper.skip(cursor, 0);
    } catch {
      // The line will be rejected for what stands here, and what is described with it.
    }
    return cursor.at;
  }

  #create(place: Omit<NodePlace, "declared" | "createdLine">): Node {
    this.#paths++;
    this.#pathBytes += place.path.length;
    if (this.#paths > this.settings.columnsMax * PATHS_PER_COLUMN_MAX || this.#pathBytes > PATH_BYTES_MAX) {
      throw new TooManyPaths();
    }
    const declared = this.#declared.get(place.foldedPath);
    const known = declared?.kind === "list" || declared?.kind === "struct" ? declared : place.known;
    const node = new Node({ ...place, known, declared, createdLine: this.line });
    node.type = declaredType(declared);
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
