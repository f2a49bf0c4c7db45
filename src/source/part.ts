/**
 * The note beside a file that is being downloaded, `<file>.part.json`: where its bytes come from and which version they
 * belong to, so that a later attempt, also of another process, can continue them.
 */
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import type { Validator } from "./contract.ts";

export interface Part {
  readonly url: string;
  readonly validator: Validator;
  /** The strong validator for `If-Range`. */
  readonly ifRange: string;
  /** Bytes of the whole body, if that was announced. */
  readonly total: number | undefined;
}

const notePath = (file: string): string => `${file}.part.json`;

/** Written before the first byte of the body; a file without its note is begun anew. */
export async function notePart(file: string, part: Part): Promise<void> {
  const written = `${notePath(file)}.new`;
  await writeFile(written, JSON.stringify(part));
  await rename(written, notePath(file));
}

export async function forgetPart(file: string): Promise<void> {
  await rm(notePath(file), { force: true });
}

export interface Resumable extends Part {
  /** From which byte on to ask. */
  readonly offset: number;
}

/** What there is to continue of this URL's body. */
export async function readPart(file: string, url: string): Promise<Resumable | undefined> {
  const part = parsePart(await textOf(notePath(file)));
  if (part === undefined || part.url !== url) return undefined;
  const size = await sizeOf(file);
  if (size === 0 || (part.total !== undefined && size > part.total)) return undefined;
  // Of a complete body the last byte is asked for again: the answer tells whether it is still that version.
  return { ...part, offset: part.total === undefined ? size : Math.min(size, part.total - 1) };
}

function parsePart(text: string): Part | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { url, ifRange, total, validator }: Record<string, unknown> = { ...value };
  if (typeof url !== "string" || typeof ifRange !== "string") return undefined;
  if (total !== undefined && !(typeof total === "number" && Number.isSafeInteger(total) && total > 0)) return undefined;
  if (typeof validator !== "object" || validator === null) return undefined;
  const { etag, lastModified }: Record<string, unknown> = { ...validator };
  return {
    url,
    ifRange,
    total,
    validator: {
      ...(typeof etag === "string" ? { etag } : {}),
      ...(typeof lastModified === "string" ? { lastModified } : {}),
    },
  };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isAbsent(error)) return "";
    throw error;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (isAbsent(error)) return 0;
    throw error;
  }
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
