/** A catalog record as the bytes of its file: one JSON object with sorted keys and a line feed. */
import { Failure } from "../errors.ts";
import type { CatalogRecord } from "./contract.ts";

export function encodeRecord(record: CatalogRecord): Uint8Array {
  const sorted = Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
  return Buffer.from(`${JSON.stringify(sorted)}\n`);
}

/** Whether the bytes are what `encodeRecord` makes of the same content, fields of later versions included. */
export function isAsEncoded(bytes: Uint8Array): boolean {
  const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
  const entries = Object.entries(typeof value === "object" && value !== null ? value : {});
  const sorted = Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  return Buffer.from(`${JSON.stringify(sorted)}\n`).equals(bytes);
}

/** `name` is the file's, for the message. Fields that a later version may add are passed over. */
export function decodeRecord(bytes: Uint8Array, name: string): CatalogRecord {
  const value = parse(bytes, name);
  const text = (field: string): string => {
    const found = value[field];
    if (typeof found !== "string" || found === "") throw damaged(name, `"${field}" is not a text`);
    return found;
  };
  const { kind, parent } = value;
  if (kind !== "publish" && kind !== "fence") throw damaged(name, `"kind" is ${JSON.stringify(kind) ?? "missing"}`);
  if (typeof parent !== "number" || !Number.isSafeInteger(parent) || parent < 0) {
    throw damaged(name, '"parent" is not a number from 0 on');
  }
  const rollback = value.rollback === true ? ({ rollback: true } as const) : {};
  const common = { version: text("version"), publishId: text("publishId"), parent, at: text("at"), ...rollback };
  if (kind === "publish") return { kind, ...common, manifestSha256: text("manifestSha256") };
  return { kind, ...common, ...(value.restores === undefined ? {} : { restores: text("restores") }) };
}

function parse(bytes: Uint8Array, name: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch (error) {
    throw damaged(name, `${bytes.length} bytes are not JSON`, error);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw damaged(name, "not a JSON object");
  return { ...value };
}

function damaged(name: string, what: string, cause?: unknown): Failure {
  return new Failure("corrupt", `${name}: a damaged catalog record: ${what}`, {
    remedy: "restore the file from a backup: the record cannot be derived from anything else",
    ...(cause === undefined ? {} : { cause }),
  });
}
