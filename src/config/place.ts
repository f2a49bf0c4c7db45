/** Where one of the lake's three places is, as it is written: a directory, or `s3://bucket/prefix`. */
import { Failure } from "../errors.ts";
import type { DirectoryPlace } from "../model/project.ts";
import { directoryPlace } from "./kinds.ts";
import { type Kind, mismatch } from "./option.ts";

/** A bucket whose store is still to be looked up in the section `s3`. */
export interface WrittenBucket {
  readonly kind: "s3";
  readonly bucket: string;
  /** Without a slash at either end; `""` is the whole bucket. */
  readonly prefix: string;
  /** `s3://bucket/prefix`. */
  readonly name: string;
}

export type WrittenPlace = DirectoryPlace | WrittenBucket;

/** S3 itself takes 1,024 bytes for prefix and key together; what a lake calls its objects needs the other half. */
const prefixBytesMax = 512;
const segmentBytesMax = 240;

export const place: Kind<WrittenPlace> = {
  words: "directory or `s3://bucket/prefix`",
  expects: "a directory, or s3://bucket/prefix",
  schema: { type: "string" },
  parse(written, reading) {
    if (written.trim() === "") return mismatch;
    const address = /^(s3[an]?):\/\/(.*)$/is.exec(written);
    if (address === null) return directoryPlace(written, reading.directory);
    const [, scheme = "", rest = ""] = address;
    const bucket = bucketPlace(rest);
    if (scheme.toLowerCase() === "s3") return bucket;
    throw new Failure("usage", `${scheme}:// is Hadoop's name for a bucket`, {
      remedy: `Did you mean ${JSON.stringify(bucket.name)}?`,
    });
  },
};

function bucketPlace(rest: string): WrittenBucket {
  const slash = rest.indexOf("/");
  const bucket = slash < 0 ? rest : rest.slice(0, slash);
  // Before anything of the text is shown: a password may stand in it.
  if (rest.includes("@")) {
    throw new Failure("usage", "an @ in the address, as credentials have it", {
      remedy: "Name credentials under s3: access_key: env:NAME, secret_key: env:NAME",
    });
  }
  if (/[?#]/.test(rest)) {
    throw new Failure("usage", "an address of a place has no ? and no #", {
      remedy: "Write s3://bucket/prefix, and settings of the store under s3",
    });
  }
  if (bucket.includes(":")) {
    throw new Failure("usage", "names a host where the bucket belongs", {
      remedy: "Write s3://bucket/prefix, and the host under s3: endpoint: https://host:port",
    });
  }
  checkBucketName(bucket);
  const prefix = slash < 0 ? "" : rest.slice(slash + 1).replace(/\/$/, "");
  const fault = prefix === "" ? undefined : prefixFault(prefix);
  if (fault !== undefined) throw new Failure("usage", fault, { remedy: "Write s3://bucket/prefix" });
  return { kind: "s3", bucket, prefix, name: prefix === "" ? `s3://${bucket}` : `s3://${bucket}/${prefix}` };
}

export const bucketPattern = /^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Throws `usage` for what no store takes as a bucket's name; the rules are those of AWS, which all others keep. */
export function checkBucketName(bucket: string): void {
  if (bucketPattern.test(bucket)) return;
  throw new Failure("usage", bucket === "" ? "names no bucket" : "not the name of a bucket", {
    remedy:
      "A bucket's name has 3 to 63 small letters, digits, - and ., begins and ends with a letter or digit, and is no IP address",
  });
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: naming the control characters is how they are refused.
const forbiddenCharacters = /[\u0000-\u001f\u007f\\]|\p{Surrogate}/u;

/** The grammar of keys, for what stands before every one of them. */
function prefixFault(prefix: string): string | undefined {
  if (forbiddenCharacters.test(prefix)) return "the prefix holds a control character or a backslash";
  if (Buffer.byteLength(prefix) > prefixBytesMax) return `the prefix has more than ${prefixBytesMax} bytes`;
  for (const segment of prefix.split("/")) {
    if (segment === "") return "the prefix has two slashes side by side";
    if (segment === "." || segment === "..") return `the prefix has the segment "${segment}"`;
    if (Buffer.byteLength(segment) > segmentBytesMax)
      return `a segment of the prefix has more than ${segmentBytesMax} bytes`;
  }
  return undefined;
}

/** Whether every key below `inner` also lies below `outer`; also of two equal prefixes. */
export function prefixContains(outer: string, inner: string): boolean {
  return outer === "" || inner === outer || inner.startsWith(`${outer}/`);
}
