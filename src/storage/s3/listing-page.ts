/**
 * Reads one page of ListObjectsV2 from its bytes. Ten years of hours are a hundred pages of a quarter of a megabyte: the
 * SDK's general reader makes a tree of each, which costs ten times the time and leaves a few hundred megabytes to collect.
 *
 * Only the plain form that stores write is understood: elements with text, entities, no CDATA, no prefixes. For anything
 * else the answer is `undefined`, and the SDK reads the page.
 */

export interface ListingPage {
  readonly entries: readonly ListingEntry[];
  readonly encoded: boolean;
  readonly truncated: boolean;
  readonly continuation: string | undefined;
}

export interface ListingEntry {
  /** Encoded as in a URL, if the page says so. */
  readonly key: string;
  /** With its quotes. */
  readonly etag: string;
  readonly size: number;
  readonly modifiedMs: number;
}

const root = "ListBucketResult";
const entryName = "Contents";
/** Elements within an entry that hold others: the owner, the state of a restore. */
const depthMax = 8;

export function parseListingPage(bytes: Buffer): ListingPage | undefined {
  // Tags are compared where they stand: ten years of hours have three million of them.
  const page: Draft = { root: false, entries: [], fields: new Map() };
  if (!readElements(bytes, page)) return undefined;
  const truncated = page.fields.get("IsTruncated");
  // Another document, or a page that ended early.
  if (!page.root || (truncated !== "true" && truncated !== "false")) return undefined;
  return {
    entries: page.entries,
    encoded: page.fields.get("EncodingType") === "url",
    truncated: truncated === "true",
    continuation: page.fields.get("NextContinuationToken"),
  };
}

/** What was read of a page so far. */
interface Draft {
  /** Whether the whole document was seen. */
  root: boolean;
  readonly entries: ListingEntry[];
  readonly fields: Map<string, string>;
}

/** Names that occur in every entry; any other one is read as well, but becomes a text each time. */
const usualNames: readonly Name[] = [
  ...["Key", "LastModified", "ETag", "Size", "StorageClass", entryName],
  ...["Owner", "ID", "DisplayName", "ChecksumAlgorithm", "ChecksumType", "Type"],
].map(asName);

interface Name {
  readonly text: string;
  readonly bytes: Uint8Array;
}

function asName(text: string): Name {
  return { text, bytes: Buffer.from(text) };
}

const lessThan = 0x3c;
const slash = 0x2f;
const questionMark = 0x3f;
const greaterThan = 0x3e;

/** Whether the page is in a form that is understood. */
function readElements(bytes: Buffer, page: Draft): boolean {
  const open: Name[] = [];
  let entry: EntryDraft = {};
  /** Where the text of the innermost element begins, until an element within it shows that it has none. */
  let textAt = -1;
  for (let at = bytes.indexOf(lessThan); at !== -1; at = bytes.indexOf(lessThan, at + 1)) {
    const next = bytes[at + 1];
    if (next === questionMark && open.length === 0) continue;
    if (next === slash) {
      const last = open.pop();
      if (last === undefined || !isName(last, bytes, at + 2, at + 2 + last.bytes.length)) return false;
      if (bytes[at + 2 + last.bytes.length] !== greaterThan) return false;
      const name = last.text;
      if (textAt !== -1) {
        if (open.length === 1) page.fields.set(name, textOf(bytes, textAt, at));
        else if (open.length === 2 && open[1]?.text === entryName) noteField(entry, name, bytes, textAt, at);
        textAt = -1;
      }
      if (open.length === 1 && name === entryName) {
        const whole = wholeEntry(entry);
        if (whole === undefined) return false;
        page.entries.push(whole);
        entry = {};
      }
      if (open.length === 0) page.root = true;
      continue;
    }
    const end = bytes.indexOf(greaterThan, at);
    if (end === -1) return false;
    if (bytes[end - 1] === slash) continue;
    const name = nameOf(bytes, at + 1, end, open.length);
    if (name === undefined || open.push(name) > depthMax) return false;
    textAt = end + 1;
  }
  return open.length === 0;
}

/** Whether the name stands there, which needs no text to be made of it. */
function isName({ bytes: name }: Name, bytes: Buffer, start: number, end: number): boolean {
  if (end - start !== name.length) return false;
  for (let at = 0; at < name.length; at++) if (bytes[start + at] !== name[at]) return false;
  return true;
}

function nameOf(bytes: Buffer, start: number, end: number, depth: number): Name | undefined {
  const usual = usualNames.find((name) => isName(name, bytes, start, end));
  if (usual !== undefined && depth > 0) return usual;
  const tag = bytes.toString("latin1", start, end);
  // The root alone has attributes.
  if (depth === 0) return /^\w+/.exec(tag)?.[0] === root ? asName(root) : undefined;
  return /^\w+$/.test(tag) ? asName(tag) : undefined;
}

type EntryDraft = { -readonly [Name in keyof ListingEntry]?: ListingEntry[Name] };

function noteField(entry: EntryDraft, name: string, bytes: Buffer, start: number, end: number): void {
  if (name === "Key") entry.key = textOf(bytes, start, end);
  else if (name === "ETag") entry.etag = textOf(bytes, start, end);
  else if (name === "LastModified") entry.modifiedMs = Date.parse(bytes.toString("latin1", start, end));
  else if (name === "Size") entry.size = sizeOf(bytes.toString("latin1", start, end));
}

const sizeOf = (digits: string): number => (/^\d{1,15}$/.test(digits) ? Number(digits) : Number.NaN);

function wholeEntry({ key, etag, size = Number.NaN, modifiedMs = Number.NaN }: EntryDraft): ListingEntry | undefined {
  if (key === undefined || etag === undefined || Number.isNaN(size) || Number.isNaN(modifiedMs)) return undefined;
  return { key, etag, size, modifiedMs };
}

const entities: Readonly<Record<string, string>> = { quot: '"', amp: "&", lt: "<", gt: ">", apos: "'" };

function textOf(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString("utf8", start, end);
  if (!text.includes("&")) return text;
  return text.replace(/&(#?\w{1,8});/g, (whole, name: string) => {
    if (!name.startsWith("#")) return entities[name] ?? whole;
    const point = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
    return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
  });
}
