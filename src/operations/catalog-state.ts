/** What stands under a mart's name in the catalog, beside what should. */
import type { RegistrationStatus } from "../answers.ts";
import type { CatalogRecord, Registered } from "../catalog/contract.ts";
import { registerReason } from "../reconcile/register-steps.ts";
import type { MartSeen } from "../reconcile/seen.ts";

export type PublishRecord = Extract<CatalogRecord, { kind: "publish" }>;

/** `mart` is what the lake shows; a name for which the lake has nothing is `ahead` of it. */
export function registrationStatus(mart: MartSeen, registered: Registered | undefined): RegistrationStatus {
  if (registered === undefined) {
    const state = mart.current === undefined ? "unpublished" : "missing";
    return { name: undefined, state, reason: undefined, number: undefined, version: undefined };
  }
  const { name } = registered;
  if (registered.kind === "foreign")
    return { name, state: "foreign", reason: registered.what, number: undefined, version: undefined };
  const { number, version } = registered;
  const last = mart.current?.number ?? 0;
  const shown = { name, number, version } as const;
  if (mart.current === undefined)
    return { ...shown, state: "ahead", reason: `shows record ${number}, the lake has none` };
  const reason = registerReason(mart, registered);
  switch (reason?.kind) {
    case undefined:
      return { ...shown, state: "registered", reason: undefined };
    case "absent":
      return { ...shown, state: "missing", reason: undefined };
    case "behind":
      return { ...shown, state: "behind", reason: `shows record ${number}, the last one is ${last}` };
    case "ahead":
      return { ...shown, state: "ahead", reason: `shows record ${number}, which the lake does not have` };
    case "differs":
      return { ...shown, state: "wrong", reason: "has other columns or another description than its version" };
    case "fault":
      return { ...shown, state: "wrong", reason: reason.fault };
  }
}
