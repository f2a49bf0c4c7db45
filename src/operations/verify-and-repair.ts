/** `verify` as users ask for it: what is damaged, and with `repair` what became of it. */
import type { VerifyOptions, VerifyReport } from "../answers.ts";
import type { Parts } from "../reconcile/parts.ts";
import { planned, type RepairOptions, repair } from "./repair.ts";
import { verify } from "./verify.ts";

export async function verifyAndRepair(
  parts: Parts,
  options: VerifyOptions & Pick<RepairOptions, "signal" | "report" | "convertSlots">,
): Promise<VerifyReport> {
  const { report, damages } = await verify(parts, options);
  if (options.repair !== true || damages.length === 0) return report;
  if (options.dryRun === true) return { ...report, damaged: planned(damages) };
  const { damaged, failures } = await repair(parts, damages, options);
  return { ...report, damaged, failures: [...(report.failures ?? []), ...failures] };
}
