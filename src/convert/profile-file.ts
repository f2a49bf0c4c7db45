/** What the columns of a local file are, Parquet or JSON lines. */
import { asFailure, Failure } from "../errors.ts";
import { type FileProfile, readProfile } from "../parquet/profile.ts";
import type { ConvertOptions } from "./contract.ts";
import { convert } from "./convert.ts";
import { isParquetFile, readFooter } from "./footer-file.ts";

export interface FoundProfile {
  readonly kind: "parquet" | "json";
  readonly profile: FileProfile;
  readonly rejected: number;
}

/** A footer is at the end of the file, and none of ours comes near this size. */
const TAIL_BYTES = 32 << 20;

/** JSON is converted for the answer: what its columns are is what they would become. */
export async function profileFile(
  path: string,
  options: Pick<ConvertOptions, "signal" | "rows">,
): Promise<FoundProfile> {
  const isParquet = await isParquetFile(path).catch((error: unknown) => {
    const { kind, message } = asFailure(error);
    throw new Failure(kind, `${path}: ${kind === "missing" ? "no such file" : message}`, { cause: error });
  });
  if (isParquet) {
    try {
      return { kind: "parquet", profile: readProfile(await readFooter(path)), rejected: 0 };
    } catch (error) {
      const failure = asFailure(error);
      throw new Failure(failure.kind, `${path}: ${failure.message}`, { cause: error });
    }
  }
  const tail = new Tail();
  const { rejected } = await convert(path, (bytes) => tail.add(bytes), { ...options, rejectsMax: 1 });
  return { kind: "json", profile: readProfile(tail.bytes()), rejected };
}

/** The last bytes of many. */
class Tail {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    for (let first = this.#chunks[0]; first !== undefined; first = this.#chunks[0]) {
      if (this.#length - first.length < TAIL_BYTES) return;
      this.#length -= first.length;
      this.#chunks.shift();
    }
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.#chunks);
  }
}
