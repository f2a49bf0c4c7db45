/** Records and registrations that are told from others by `publishId`, and how failures are asked for. */
import assert from "node:assert/strict";
import type { CatalogRecord } from "../../src/catalog/contract.ts";
import { Failure, type FailureKind } from "../../src/errors.ts";
import type { RegisteredColumn, Registration } from "../../src/model/registration.ts";

export function publishRecord(parent: number, publishId: string): Extract<CatalogRecord, { readonly kind: "publish" }> {
  return {
    kind: "publish",
    version: `v${String(parent + 1).padStart(12, "0")}-${publishId.slice(0, 8)}`,
    publishId,
    parent,
    at: "2026-03-01T15:00:00.000Z",
    manifestSha256: "0".repeat(64),
  };
}

export const plainColumns: readonly RegisteredColumn[] = [
  { name: "type", type: { kind: "string" }, comment: "what happened" },
  { name: "events", type: { kind: "int64" } },
];

/** What `publishRecord(number - 1, publishId)` is registered as. */
export function registrationOf(
  number: number,
  publishId: string,
  columns: readonly RegisteredColumn[] = plainColumns,
): Registration {
  const { version, at, manifestSha256 } = publishRecord(number - 1, publishId);
  const description = "Events by type";
  return { number, version, publishId, at, manifestSha256, columns, description, rows: 3, bytes: 700 };
}

export const failsAs = (kind: FailureKind, words?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Failure, `not a Failure: ${String(error)}`);
  assert.equal(error.kind, kind, error.message);
  if (words !== undefined) assert.match(error.message, words);
  return true;
};
