/** The options by which `plan` and `run` choose items, and the selection that they make. */
import type { Selection } from "../answers.ts";
import { parseInstant, parseSince } from "../config/instants.ts";
import { Failure } from "../errors.ts";
import { startOfDay } from "../model/calendar.ts";
import { nearest } from "../model/nearest.ts";
import type { Project } from "../model/project.ts";
import type { Call } from "./command.ts";
import { choice, flag, list, value, whole } from "./option.ts";

/** A look-back is counted from 00:00 UTC of today, as in the project file. */
export type Instant = { readonly kind: "at"; readonly ms: number } | { readonly kind: "ago"; readonly ms: number };

export function parseInstantOption(text: string): Instant {
  const since = parseSince(text);
  if (since !== undefined) return { kind: since.kind, ms: since.ms };
  const instant = parseInstant(text);
  if (instant !== undefined) return { kind: "at", ms: instant.ms };
  throw new Failure("usage", `expected an instant, got "${text}"`, {
    remedy: "write 2026-03-01, 2026-03-01T05, or 7d for so long ago",
  });
}

export const instantMs = (instant: Instant, nowMs: number): number =>
  instant.kind === "at" ? instant.ms : startOfDay(nowMs) - instant.ms;

export const selectionOptions = {
  only: choice("only", "STAGE", ["collect", "convert", "marts"], "one stage alone"),
  select: list("select", "PATTERN", "items by name, * for anything: gharchive, events@2026-03-*, activity"),
  since: value("since", "INSTANT", "from then on: 2026-03-01, 2026-03-01T05, or 7d ago", parseInstantOption, {
    fallback: "as in the project",
  }),
  until: value("until", "INSTANT", "up to then, not included", parseInstantOption, { fallback: "now" }),
  max: whole("max", "N", "at most so many objects fetched", 1),
  rerun: flag("rerun", "do the chosen items again although they are up to date"),
  acceptRewrite: flag("accept-rewrite", "allow more re-conversions than rewrite_max"),
} as const;

export function readSelection(call: Call, project: Project): Selection {
  const only = call.read(selectionOptions.only);
  const patterns = call.read(selectionOptions.select);
  const since = call.read(selectionOptions.since);
  const until = call.read(selectionOptions.until);
  const max = call.read(selectionOptions.max);
  const nowMs = call.now();
  const sinceMs = since === undefined ? undefined : instantMs(since, nowMs);
  const untilMs = until === undefined ? undefined : instantMs(until, nowMs);
  if (sinceMs !== undefined && untilMs !== undefined && untilMs <= sinceMs) {
    throw new Failure("usage", "--until: not after --since, so nothing would be chosen", {
      remedy: "--until is not included: for one day write the next day",
    });
  }
  for (const pattern of patterns) refuseUnknownName(pattern, project);
  return {
    ...(only === undefined ? {} : { only }),
    ...(patterns.length === 0 ? {} : { select: matcher(patterns) }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(untilMs === undefined ? {} : { untilMs }),
    ...(max === undefined ? {} : { max }),
    ...(call.read(selectionOptions.rerun) ? { rerun: true } : {}),
    ...(call.read(selectionOptions.acceptRewrite) ? { acceptRewrite: true } : {}),
  };
}

/** Whether a name matches one of the patterns; `*` stands for any characters, everything else for itself. */
export function matcher(patterns: readonly string[]): (name: string) => boolean {
  const compiled = patterns.map(
    (pattern) =>
      new RegExp(
        `^${pattern
          .split("*")
          .map((part) => part.replaceAll(/[\\^$.+?()[\]{}|]/g, "\\$&"))
          .join(".*")}$`,
        "s",
      ),
  );
  return (name) => compiled.some((each) => each.test(name));
}

/** A name that the project does not have is a typing mistake, not a choice of nothing. */
export function refuseUnknownName(pattern: string, project: Project): void {
  const [name = ""] = pattern.split("@");
  const names = [...project.sources.keys(), ...project.tables.keys(), ...project.marts.keys()];
  if (names.some(matcher([name]))) return;
  const near = nearest(name, names);
  const remedy = near === undefined ? `its names are ${names.join(", ")}` : `did you mean ${near}?`;
  throw new Failure("usage", `--select: the project has no source, table or mart "${name}"`, { remedy });
}
