/** The grammar of keys and metadata that every storage keeps (`contract.ts`), checked before anything is touched. */
import { Failure } from "../errors.ts";
import type { Metadata } from "./contract.ts";

export const keyBytesMax = 1024;
/** What every file system takes as a name, less what a sidecar's ending needs. */
export const segmentBytesMax = 240;
/** Stores take 2,048 bytes of user metadata with its names, and a put id needs room too. */
export const metadataBytesMax = 1920;

/** Top-level names that a storage keeps for itself: scratch space, and on disk the sidecars of metadata. */
export const reservedNames: ReadonlySet<string> = new Set(["_staging", "_receipts"]);

// biome-ignore lint/suspicious/noControlCharactersInRegex: naming the control characters is how they are refused.
const forbiddenCharacters = /[\u0000-\u001f\u007f\\]/;
const loneSurrogate = /\p{Surrogate}/u;

/** Why the key breaks the grammar, or `undefined` for a good one. */
export function keyFault(key: string): string | undefined {
  if (key === "") return "a key is not empty";
  if (forbiddenCharacters.test(key)) return "a key holds no control character and no backslash";
  if (loneSurrogate.test(key)) return "a key is well-formed Unicode";
  if (Buffer.byteLength(key) > keyBytesMax) return `a key has at most ${keyBytesMax} bytes`;
  const segments = key.split("/");
  for (const segment of segments) {
    if (segment === "") return "a key has no empty segment and neither begins nor ends with a slash";
    if (segment === "." || segment === "..") return `a key has no "${segment}" segment`;
    if (Buffer.byteLength(segment) > segmentBytesMax) return `a segment of a key has at most ${segmentBytesMax} bytes`;
  }
  const first = segments[0] ?? "";
  if (reservedNames.has(first)) return `keys below ${first}/ belong to the storage itself`;
  return undefined;
}

export function checkKey(storage: string, key: string): void {
  const fault = keyFault(key);
  if (fault !== undefined) throw new Failure("usage", `${storage}: key ${quote(key)}: ${fault}`);
}

/** A listing's prefix: empty, or whole segments with a slash behind the last. */
export function checkPrefix(storage: string, prefix: string): void {
  if (prefix === "") return;
  if (!prefix.endsWith("/")) {
    throw new Failure("usage", `${storage}: prefix ${quote(prefix)}: a prefix is empty or ends with a slash`);
  }
  const path = prefix.slice(0, -1);
  if (reservedNames.has(path.split("/", 1)[0] ?? "")) return;
  checkKey(storage, path);
}

/** What names an object, or with a slash at its end what lies below a prefix. */
export function checkName(storage: string, name: string): void {
  if (name.endsWith("/")) checkPrefix(storage, name);
  else checkKey(storage, name);
}

/** Whether a file of this name can be an object's last segment, or a directory of it one in the middle. */
export function isSegment(name: string): boolean {
  return name !== "" && !forbiddenCharacters.test(name) && !loneSurrogate.test(name);
}

/** The metadata as ASCII JSON, the form whose length is limited and that a header can carry. */
export function metadataText(storage: string, key: string, metadata: Metadata): string {
  const text = JSON.stringify(metadata).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  if (text.length > metadataBytesMax) {
    throw new Failure(
      "usage",
      `${storage}: metadata of ${quote(key)} has ${text.length} bytes; at most ${metadataBytesMax} are kept`,
    );
  }
  return text;
}

/** Both ways in which one key can be a directory of another are the same mistake. */
export function prefixClash(storage: string, key: string, other: string): Failure {
  return new Failure(
    "usage",
    `${storage}: ${key} cannot be stored beside ${other}: no key may be a directory of another`,
    {
      remedy: "change the pattern of one of the two keys",
    },
  );
}

/** A key in a message: escaped, and cut where it is absurdly long. */
export function quote(key: string): string {
  const text = JSON.stringify(key);
  return text.length > 200 ? `${text.slice(0, 200)}…"` : text;
}

/** Ascending order of the UTF-8 bytes. */
export function compareKeys(a: string, b: string): number {
  return compareEnded(a, end, b, end);
}

/** What stands behind the last character: nothing, or the slash of a directory whose contents sort by it. */
export const end = -1;
export const slash = 47;

/** Compares `a` and `b`, each followed by its `end` or `slash`, without building the longer strings. */
export function compareEnded(a: string, aEnd: number, b: string, bEnd: number): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // UTF-16 order differs from that of the bytes only where a surrogate meets U+E000 to U+FFFF.
    if (x >= 0xd800 && y >= 0xd800) return Buffer.compare(Buffer.from(a), Buffer.from(b));
    return x - y;
  }
  if (a.length === b.length) return aEnd - bEnd;
  return a.length < b.length ? aEnd - b.charCodeAt(length) || -1 : a.charCodeAt(length) - bEnd || 1;
}
