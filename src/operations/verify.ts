/**
 * Reads every byte of the lake again and compares it with what was recorded when it was written: raw objects with their
 * receipts, partitions with the sums in their own footers, rejected lines, schema documents, the catalog's chain, and
 * the version of every mart that readers see. Then it compares what other tools find by name with what is published. It needs no index and trusts none, and it holds one piece of an object at a
 * time, so that memory does not grow with the lake.
 */
import type { DamagedObject, VerifyOptions, VerifyReport } from "../answers.ts";
import type { Parts } from "../reconcile/parts.ts";
import { cureText } from "./cure.ts";
import type { Damage, Scrub } from "./scrub.ts";
import { beginScrub } from "./scrub.ts";
import { martBytes, verifyMarts } from "./verify-marts.ts";
import { rawBytes, verifyRaw } from "./verify-raw.ts";
import { verifyRegistrations } from "./verify-registrations.ts";
import { tableBytes, verifyTables } from "./verify-tables.ts";

export interface Verified {
  readonly report: VerifyReport;
  /** As in the report, with their cures. */
  readonly damages: readonly Damage[];
}

export async function verify(
  parts: Parts,
  options: VerifyOptions & { readonly signal?: AbortSignal },
): Promise<Verified> {
  // Listings are cheap beside reading, and without their sizes nobody knows how long it will take.
  const total = options.onProgress === undefined ? 0 : await bytesOf(beginScrub(parts, options, 0).scrub);
  const { scrub, totals, damages } = beginScrub(parts, options, total);
  await verifyRaw(scrub);
  const counts = await verifyTables(scrub);
  await verifyMarts(scrub, scrub.isPartial ? undefined : counts);
  const failures = await verifyRegistrations(scrub);
  const found = damages();
  const report = { ...totals, damaged: found.map(shown), ...(failures.length === 0 ? {} : { failures }) };
  return { report, damages: found };
}

async function bytesOf(scrub: Scrub): Promise<number> {
  return (await rawBytes(scrub)) + (await tableBytes(scrub)) + (await martBytes(scrub));
}

export function shown({ place, key, reason, cure }: Damage): DamagedObject {
  return { place, key, reason, remedy: `\`millrace verify --repair\` ${cureText(cure)}` };
}
