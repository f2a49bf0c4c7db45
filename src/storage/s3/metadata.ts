/**
 * Where an object's metadata is: in a header of the object itself, put with it, or, for objects that others made, in a
 * sidecar `_receipts/<key>.json` that names the version it speaks of.
 */
import type { Metadata } from "../contract.ts";
import { field } from "./answer.ts";

/** `x-amz-meta-millrace`: the metadata as ASCII JSON. */
const ownName = "millrace";
/** `x-amz-meta-millrace-put`: names the wish that made the object (`PutOptions.putId`). */
const putName = "millrace-put";

export interface OwnMetadata {
  readonly metadata: Metadata | undefined;
  readonly putId: string | undefined;
}

/** `text` is what `metadataText` made of the metadata. */
export function headersOf(text: string | undefined, putId: string | undefined): Record<string, string> {
  return { ...(text === undefined ? {} : { [ownName]: text }), ...(putId === undefined ? {} : { [putName]: putId }) };
}

/** Foreign text under our name is no metadata. */
export function ownMetadata(headers: Readonly<Record<string, string>> | undefined): OwnMetadata {
  const text = headers?.[ownName];
  return { metadata: text === undefined ? undefined : metadataOf(parsed(text)), putId: headers?.[putName] };
}

export interface Sidecar {
  readonly size: number;
  readonly token: string;
  readonly metadata: Metadata;
}

export const sidecarKey = (key: string): string => `_receipts/${key}.json`;

export function sidecarText({ size, token, metadata }: Sidecar): string {
  return JSON.stringify({ size, token, metadata });
}

/** `undefined` for what is no sidecar of that version. */
export function sidecarMetadata(text: string, version: Pick<Sidecar, "size" | "token">): Metadata | undefined {
  const value = parsed(text);
  const same = field(value, "size") === version.size && field(value, "token") === version.token;
  return same ? metadataOf(field(value, "metadata")) : undefined;
}

export function sameMetadata(a: Metadata, b: Metadata): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function metadataOf(value: unknown): Metadata | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const found: [string, string][] = [];
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== "string") return undefined;
    found.push([name, text]);
  }
  return Object.fromEntries(found);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
