/**
 * What the footer of a Parquet file tells of its columns without a page being read: types, how many values there are and
 * how many different ones. Takes files of any writer; of a column that it has no figures for it says so.
 * Source: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
 */
import { type ColumnPath, ELEMENT, formatPath, leaves } from "../model/column-path.ts";
import type { ColumnType, Schema } from "../model/schema.ts";
import { describeType } from "../model/type-text.ts";
import { CompactReader, corrupt, type ThriftStruct, type ThriftValue } from "./compact-reader.ts";
import { foreignTypeText } from "./foreign-type.ts";
import { footerIn, isOurs, readSchema } from "./read.ts";

/** Fields of FileMetaData, RowGroup, ColumnChunk, ColumnMetaData, Statistics and SchemaElement. */
const FILE = { schema: 2, rows: 3, rowGroups: 4, createdBy: 6 } as const;
const GROUP_COLUMNS = 1;
const CHUNK_META = 3;
const META = { path: 3, entries: 5, statistics: 12 } as const;
const STATISTICS = { nulls: 3, distinct: 4, max: 5, min: 6, maxExact: 7, minExact: 8 } as const;
const ELEMENT_FIELD = { repetition: 3, name: 4, children: 5, converted: 6 } as const;
const REPEATED = 2;
const REQUIRED = 0;
const CONVERTED_LISTS: ReadonlySet<ThriftValue | undefined> = new Set([1, 2, 3]);

export interface FileProfile {
  readonly rows: number;
  readonly rowGroups: number;
  readonly createdBy: string;
  /** The logical schema; only files of ours have one. */
  readonly schema: Schema | undefined;
  readonly leaves: readonly LeafProfile[];
}

export interface LeafProfile {
  /** In the notation of reports: `payload.commits.[].sha`. */
  readonly path: string;
  readonly type: ColumnType | undefined;
  readonly typeText: string;
  /** Below a list: a row has any number of values. */
  readonly isRepeated: boolean;
  /** Values that are there; `undefined` where the footer does not tell. */
  readonly values: number | undefined;
  readonly distinct: DistinctCount;
  /** The one value that all rows have, as the footer's bytes in Latin-1; `null` if there are several, or nobody knows. */
  readonly single: string | null | undefined;
}

/** At least and at most so many different values; the same where they were counted. */
export interface DistinctCount {
  readonly least: number;
  readonly most: number;
}

/** `end` holds the end of the file, from no later than where its footer begins. Throws `corrupt` for anything else. */
export function readProfile(end: Uint8Array): FileProfile {
  const footer = new CompactReader(footerIn(end)).struct(new Set(Object.values(FILE)));
  const stored = storedLeaves(listOf(footer.get(FILE.schema)));
  const rowGroups = listOf(footer.get(FILE.rowGroups));
  for (const group of rowGroups) addGroup(stored, group);
  const schema = isOurs(end) ? readSchema(end) : undefined;
  return {
    rows: numberOf(footer.get(FILE.rows)),
    rowGroups: rowGroups.length,
    createdBy: textOf(footer.get(FILE.createdBy)),
    schema,
    leaves: schema === undefined ? stored.map(foreignLeaf) : ownLeaves(schema, stored),
  };
}

interface StoredLeaf {
  readonly path: string;
  readonly element: ThriftStruct;
  readonly isRepeated: boolean;
  readonly isRequired: boolean;
  values: number | undefined;
  least: number;
  most: number;
  single: string | null | undefined;
}

/** The leaves in the order of the chunks. */
function storedLeaves(elements: readonly ThriftValue[]): StoredLeaf[] {
  const found: StoredLeaf[] = [];
  let at = 0;
  const next = (): ThriftStruct => {
    const element = elements[at++];
    if (!(element instanceof Map)) throw corrupt("the schema ends early");
    return element;
  };
  const visit = (parent: ThriftStruct, above: ColumnPath, isRequiredAbove: boolean, depth: number): void => {
    if (depth > DEPTH_MAX) throw corrupt("the schema is nested too deeply");
    for (let left = numberOf(parent.get(ELEMENT_FIELD.children)); left > 0; left--) {
      const element = next();
      const path = [...above, ...stepsOf(element, parent)];
      const isRequired = isRequiredAbove && element.get(ELEMENT_FIELD.repetition) === REQUIRED;
      if (element.get(ELEMENT_FIELD.children) !== undefined) visit(element, path, isRequired, depth + 1);
      else {
        const isRepeated = path.includes(ELEMENT);
        const figures = { values: 0, least: 0, most: 0, single: undefined };
        found.push({ path: formatPath(path), element, isRepeated, isRequired, ...figures });
      }
    }
  };
  visit(next(), [], true, 0);
  return found;
}

const DEPTH_MAX = 4096;

/** What an element adds to the path: its name; of a list's wrapper only the step to the elements, below it nothing. */
function stepsOf(element: ThriftStruct, parent: ThriftStruct): ColumnPath {
  const name = textOf(element.get(ELEMENT_FIELD.name));
  if (element.get(ELEMENT_FIELD.repetition) === REPEATED) {
    return CONVERTED_LISTS.has(parent.get(ELEMENT_FIELD.converted)) ? [ELEMENT] : [name, ELEMENT];
  }
  const isListElement =
    parent.get(ELEMENT_FIELD.repetition) === REPEATED && parent.get(ELEMENT_FIELD.children) === 1 && name === "element";
  return isListElement ? [] : [name];
}

function addGroup(stored: readonly StoredLeaf[], group: ThriftValue): void {
  const chunks = listOf(group instanceof Map ? group.get(GROUP_COLUMNS) : undefined);
  if (chunks.length !== stored.length) throw corrupt("a row group has not one chunk for each column");
  for (const [i, leaf] of stored.entries()) {
    const chunk = chunks[i];
    const meta = chunk instanceof Map ? chunk.get(CHUNK_META) : undefined;
    const statistics = meta instanceof Map ? meta.get(META.statistics) : undefined;
    const known = statistics instanceof Map ? statistics : new Map<number, ThriftValue>();
    const entries = numberOf(meta instanceof Map ? meta.get(META.entries) : undefined);
    const nulls = leaf.isRequired ? 0 : known.get(STATISTICS.nulls);
    const values = typeof nulls === "number" ? Math.max(0, entries - nulls) : undefined;
    leaf.values = values === undefined || leaf.values === undefined ? undefined : leaf.values + values;
    const single = values === 0 ? undefined : singleOf(known);
    const counted = countedIn(known, single);
    leaf.least = Math.max(leaf.least, counted ?? Math.min(1, values ?? 0));
    leaf.most += counted ?? values ?? entries;
    if (single !== undefined) leaf.single = joinSingles(leaf.single, single);
  }
}

/** Where the least value is also the greatest, there is only that one. */
function singleOf(statistics: ThriftStruct): string | null {
  const [min, max] = [statistics.get(STATISTICS.min), statistics.get(STATISTICS.max)];
  const isExact = statistics.get(STATISTICS.minExact) !== false && statistics.get(STATISTICS.maxExact) !== false;
  if (!isExact || !(min instanceof Uint8Array) || !(max instanceof Uint8Array)) return null;
  return Buffer.compare(min, max) === 0 ? Buffer.from(min).toString("latin1") : null;
}

function countedIn(statistics: ThriftStruct, single: string | null | undefined): number | undefined {
  const distinct = statistics.get(STATISTICS.distinct);
  if (typeof distinct === "number") return distinct;
  return typeof single === "string" ? 1 : undefined;
}

/** The one value of two stretches of rows; `undefined` stands for rows without a value. */
export function joinSingles(a: string | null | undefined, b: string | null | undefined): string | null | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a === b ? a : null;
}

function distinctOf({ least, most, single }: StoredLeaf, isFlag: boolean): DistinctCount {
  const ceiling = typeof single === "string" ? 1 : isFlag ? Math.min(2, most) : most;
  // The limits of a flag that are not equal are both of its values.
  return { least: isFlag && single === null ? ceiling : Math.min(ceiling, least), most: ceiling };
}

function foreignLeaf(leaf: StoredLeaf): LeafProfile {
  const { path, element, isRepeated, values, single } = leaf;
  const typeText = foreignTypeText(element);
  return { path, type: undefined, typeText, isRepeated, values, distinct: distinctOf(leaf, false), single };
}

/** The leaves of the logical schema: those that were only null have no column, and no value. */
function ownLeaves(schema: Schema, stored: readonly StoredLeaf[]): LeafProfile[] {
  const byPath = new Map(stored.map((leaf) => [leaf.path, leaf]));
  return leaves(schema).map(({ path, type }) => {
    const leaf = byPath.get(path);
    return {
      path,
      type,
      typeText: describeType(type, TYPE_WIDTH),
      isRepeated: leaf?.isRepeated ?? false,
      values: leaf === undefined ? 0 : leaf.values,
      distinct: leaf === undefined ? { least: 0, most: 0 } : distinctOf(leaf, type.kind === "bool"),
      single: leaf?.single,
    };
  });
}

const TYPE_WIDTH = 60;

function listOf(value: ThriftValue | undefined): readonly ThriftValue[] {
  if (!Array.isArray(value)) throw corrupt("a list is missing");
  return value;
}

function numberOf(value: ThriftValue | undefined): number {
  if (typeof value !== "number") throw corrupt("a number is missing");
  return value;
}

function textOf(value: ThriftValue | undefined): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : "";
}
