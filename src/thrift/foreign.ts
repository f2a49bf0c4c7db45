/** Tells what answers on a port that is not Thrift's, by the first bytes that it sends. */

/** For messages: `HTTP`, or the beginning of what was seen. */
export function seenOf(bytes: Buffer): string {
  return knownOf(bytes) ?? `the bytes ${bytes.toString("hex", 0, shownBytes)}${dotsAfter(bytes)}`;
}

/** As `seenOf`, but only for a protocol that is known and for text. */
export function knownOf(bytes: Buffer): string | undefined {
  const known = signatures.find(({ fits }) => fits(bytes));
  if (known !== undefined) return known.name;
  const head = bytes.subarray(0, shownBytes);
  if (!isPrintable(head)) return undefined;
  return `the text ${JSON.stringify(head.toString("latin1").trimEnd() + dotsAfter(bytes))}`;
}

const dotsAfter = ({ length }: Buffer): string => (length > shownBytes ? "…" : "");

const shownBytes = 24;

interface Signature {
  readonly name: string;
  readonly fits: (bytes: Buffer) => boolean;
}

const startsWith =
  (text: string) =>
  (bytes: Buffer): boolean =>
    bytes.subarray(0, text.length).toString("latin1") === text;

const signatures: readonly Signature[] = [
  { name: "HTTP", fits: startsWith("HTTP/") },
  { name: "SSH", fits: startsWith("SSH-") },
  { name: "Redis", fits: startsWith("-ERR ") },
  { name: "a mail or FTP server", fits: startsWith("220") },
  // An alert or a handshake record of any version.
  { name: "TLS", fits: (bytes) => (bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 3 },
  // A settings or a farewell frame of the connection itself, as gRPC servers send.
  {
    name: "HTTP/2 (gRPC)",
    fits: (bytes) =>
      bytes.length >= 9 && bytes[0] === 0 && (bytes[3] === 4 || bytes[3] === 7) && bytes.readUInt32BE(5) === 0,
  },
  // An error message, whose first field is the severity.
  { name: "PostgreSQL", fits: (bytes) => bytes[0] === 0x45 && bytes[5] === 0x53 },
  // The greeting: three bytes of length, number 0, then version 10 or an error.
  { name: "MySQL", fits: (bytes) => bytes[3] === 0 && bytes[2] === 0 && (bytes[4] === 10 || bytes[4] === 0xff) },
];

function isPrintable(bytes: Buffer): boolean {
  return bytes.length > 0 && bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d);
}
