/** What a body is, told from how it begins; `what` is for messages. */

export type Kind =
  | { readonly kind: "gzip"; readonly what: string }
  | { readonly kind: "zstd"; readonly what: string }
  /** An error page or another foreign document that somebody stored under a data file's name. */
  | { readonly kind: "document"; readonly what: string }
  /** A binary format of its own, which no decompressor of ours reads. */
  | { readonly kind: "foreign"; readonly what: string }
  | { readonly kind: "other"; readonly what: string };

/** So many bytes are looked at: enough for an error document's code behind its declaration. */
export const sniffBytes = 1024;

function begins(bytes: Uint8Array, magic: readonly number[]): boolean {
  return bytes.length >= magic.length && magic.every((byte, i) => bytes[i] === byte);
}

export function isGzip(bytes: Uint8Array): boolean {
  return begins(bytes, [0x1f, 0x8b]);
}

export function sniff(bytes: Uint8Array): Kind {
  if (isGzip(bytes)) return { kind: "gzip", what: "gzip data" };
  if (begins(bytes, [0x28, 0xb5, 0x2f, 0xfd])) return { kind: "zstd", what: "zstd data" };
  if (begins(bytes, [0x50, 0x4b, 0x03, 0x04])) return { kind: "foreign", what: "a zip archive" };
  if (begins(bytes, [0x42, 0x5a, 0x68])) return { kind: "foreign", what: "bzip2 data" };
  if (begins(bytes, [0xfd, 0x37, 0x7a, 0x58, 0x5a])) return { kind: "foreign", what: "xz data" };
  if (begins(bytes, [0x50, 0x41, 0x52, 0x31])) return { kind: "foreign", what: "a Parquet file" };
  // Latin-1 keeps every byte; the marks we look for are ASCII, and a byte order mark is three known characters.
  const text = Buffer.from(bytes)
    .toString("latin1")
    .replace(/^\u00ef\u00bb\u00bf/, "")
    .trimStart();
  if (/^(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body)\b/is.test(text)) {
    const title = /<title[^>]*>\s*([^<]{1,80})/i.exec(text)?.[1];
    return { kind: "document", what: title === undefined ? "an HTML page" : `an HTML page (${printable(title)})` };
  }
  if (/^<(?:\?xml|!|[a-z])/i.test(text)) {
    const code = /<Code>([^<]{1,80})<\/Code>/.exec(text)?.[1];
    return {
      kind: "document",
      what: code === undefined ? "an XML document" : `an XML document (<Code>${printable(code)}</Code>)`,
    };
  }
  if (/^[[{]/.test(text)) return { kind: "other", what: "JSON text that is not compressed" };
  return { kind: "other", what: `data that begins with ${Buffer.from(bytes.subarray(0, 4)).toString("hex")}` };
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, " ").trim();
}
