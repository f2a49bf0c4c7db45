/** Checks the body of a raw object, whatever its compression, in one pass that also hashes it. */
import { createHash } from "node:crypto";
import { fill, type Input, openInput, peek, position } from "./input.ts";
import { type GzipReport, verifyInput } from "./members.ts";
import { sniff, sniffBytes } from "./sniff.ts";
import { type Corrupt, checkSignal, corruptOf, type TextLimits } from "./text.ts";
import { verifyZstd } from "./zstd.ts";

export { verifyGzip } from "./members.ts";

export interface BodyOptions extends TextLimits {
  /** The object's key: its ending says what the body has to be. Also the subject of messages. */
  readonly key: string;
  readonly signal?: AbortSignal | undefined;
  /** Called with every chunk once, as it came. */
  readonly onChunk?: (chunk: Uint8Array) => void;
}

export interface BodyReport extends GzipReport {
  readonly compression: "gzip" | "zstd" | "none";
  /** Lower-case hex of the body as it came. */
  readonly sha256: string;
}

/**
 * A key that ends in `.gz` or `.zst` must be that; any other is taken for what its first bytes say. Error pages (HTML,
 * XML) and empty bodies are `corrupt` under every name.
 */
export async function verifyBody(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  options: BodyOptions,
): Promise<BodyReport> {
  const hash = createHash("sha256");
  const { input, close } = openInput(chunks, (chunk) => {
    hash.update(chunk);
    options.onChunk?.(chunk);
  });
  try {
    const { compression, report } = await verifyKind(input, options);
    return { ...report, compression, sha256: hash.digest("hex") };
  } finally {
    await close();
  }
}

async function verifyKind(
  input: Input,
  options: BodyOptions,
): Promise<{ readonly compression: BodyReport["compression"]; readonly report: GzipReport }> {
  const { key, signal } = options;
  const kind = sniff(await peek(input, sniffBytes));
  if ((kind.kind === "gzip" && !key.endsWith(".zst")) || key.endsWith(".gz")) {
    return { compression: "gzip", report: await verifyInput(input, options, { subject: key, signal }) };
  }
  const corrupt = corruptOf(key);
  if (!(await fill(input))) throw corrupt("the body is empty");
  if (kind.kind === "zstd") {
    return { compression: "zstd", report: await verifyZstd(input, options, { subject: key, signal }) };
  }
  if (key.endsWith(".zst")) throw corrupt(`not zstd: ${kind.what}`);
  if (kind.kind === "document") throw corrupt(`not data: ${kind.what}`);
  return { compression: "none", report: await verifyPlain(input, options, corrupt) };
}

async function verifyPlain(input: Input, options: BodyOptions, corrupt: Corrupt): Promise<GzipReport> {
  const { key, signal } = options;
  let last: number | undefined;
  while (await fill(input)) {
    checkSignal(key, signal);
    last = input.chunk[input.chunk.length - 1];
    input.at = input.chunk.length;
    if (position(input) > options.expandedBytesMax) throw corrupt(`larger than ${options.expandedBytesMax} bytes`);
  }
  const bytes = position(input);
  return { members: 1, bytesIn: bytes, bytesOut: bytes, trailingZeros: 0, newlineTerminated: last === 0x0a };
}
