/** Sums of files, and what is said when they are others. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { Failure } from "../errors.ts";

/** `undefined` if there is no such file. */
export async function sumOf(file: string, signal?: AbortSignal): Promise<string | undefined> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(file), hash, signal === undefined ? {} : { signal });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  return hash.digest("hex");
}

export function otherSum(name: string, expected: string, found: string | undefined): Failure {
  return new Failure("corrupt", `${name}: expected sha256 ${expected}, got ${found ?? "nothing"}`, {
    remedy: "nothing was installed: run it again, and if it stays so ask whoever runs the registry",
  });
}
