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
  const fields = new Map<string, string>();
  const entries: ListingEntry[] = [];
  for (const entry of elementsOf(bytes, fields)) {
    if (entry === undefined) return undefined;
    entries.push(entry);
  }
  const truncated = fields.get("IsTruncated");
  // Another document, or a page that ended early.
  if (fields.get(root) === undefined || (truncated !== "true" && truncated !== "false")) return undefined;
  return {
    entries,
    encoded: fields.get("EncodingType") === "url",
    truncated: truncated === "true",
    continuation: fields.get("NextContinuationToken"),
  };
}

const lessThan = 0x3c;
const slash = 0x2f;
const questionMark = 0x3f;

/** The entries in their order; the page's own fields go to `fields`. One `undefined` ends it: not understood. */
function* elementsOf(bytes: Buffer, fields: Map<string, string>): Generator<ListingEntry | undefined> {
  const open: string[] = [];
  let entry = new Map<string, string>();
  /** Where the text of the innermost element begins, until an element within it shows that it has none. */
  let textAt = -1;
  for (let at = bytes.indexOf(lessThan); at !== -1; at = bytes.indexOf(lessThan, at + 1)) {
    const end = bytes.indexOf(0x3e, at);
    if (end === -1) return yield undefined;
    const next = bytes[at + 1];
    if (next === questionMark && open.length === 0) continue;
    if (next === slash) {
      const name = bytes.toString("latin1", at + 2, end);
      if (open.pop() !== name) return yield undefined;
      if (textAt !== -1) {
        const into = open.length === 1 ? fields : open.length === 2 && open[1] === entryName ? entry : undefined;
        if (into !== undefined) into.set(name, textOf(bytes, textAt, at));
        textAt = -1;
      }
      if (open.length === 1 && name === entryName) {
        yield entryOf(entry);
        entry = new Map();
      }
      if (open.length === 0) fields.set(root, "");
      continue;
    }
    const tag = bytes.toString("latin1", at + 1, end);
    if (tag.endsWith("/")) continue;
    const name = open.length === 0 ? (/^\w+/.exec(tag)?.[0] ?? "") : tag;
    if (open.length === 0 ? name !== root : !/^\w+$/.test(name)) return yield undefined;
    if (open.push(name) > depthMax) return yield undefined;
    textAt = end + 1;
  }
  if (open.length > 0) yield undefined;
}

function entryOf(fields: ReadonlyMap<string, string>): ListingEntry | undefined {
  const key = fields.get("Key");
  const etag = fields.get("ETag");
  const size = fields.get("Size");
  const modifiedMs = Date.parse(fields.get("LastModified") ?? "");
  if (key === undefined || etag === undefined || size === undefined || Number.isNaN(modifiedMs)) return undefined;
  return /^\d{1,15}$/.test(size) ? { key, etag, size: Number(size), modifiedMs } : undefined;
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
