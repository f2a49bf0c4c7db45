/**
 * What an event of a given hour looks like. The archive's shape changed on known dates; each change is one line here,
 * and the event builders ask `era.has("...")` instead of comparing dates.
 */

/** UTC dates on which something appeared. Before 2015 an hour's name is Pacific time, which is good enough here. */
const introduced = {
  /** Era A ends: `actor`, `repo` and `org` are objects, `created_at` is UTC, every event has an `id`. */
  objects: "2015-01-01",
  /** `2012/03/11 12:00:00 -0700` becomes `2012-08-02T12:00:00-07:00`. */
  isoOffsets: "2012-08-01",
  /** Accounts inside payloads list their API addresses. */
  accountLinks: "2012-10-01",
  assignees: "2016-05-27",
  displayLogins: "2016-11-01",
  pusherTypes: "2014-06-01",
  associations: "2017-02-01",
  projects: "2017-03-01",
  nodeIds: "2018-05-01",
  requestedTeams: "2017-08-01",
  licenses: "2016-11-01",
  archivedFlags: "2018-03-01",
  drafts: "2019-03-01",
  reviewIds: "2016-10-01",
  subjectTypes: "2023-03-15",
  apps: "2020-02-01",
  autoMerge: "2021-03-01",
  topics: "2021-09-01",
  reactions: "2021-09-15",
  signoffs: "2022-05-01",
  stateReasons: "2022-05-15",
  shortNodeIds: "2021-10-01",
  discussionsFlag: "2022-11-01",
  /** Era C. */
  pushRepositoryIds: "2023-01-01",
  viewTypes: "2024-11-01",
  subIssues: "2025-01-15",
  fullRefs: "2025-10-07",
  /** Era D: pushes without commits, pull requests cut down to a few references. */
  shortPayloads: "2025-10-07",
  /** The crawler's clock decides which hour an event is filed under, and lines are no longer in order. */
  crawlerClock: "2025-05-24",
  /** Event ids started over. */
  restartedIds: "2026-01-01",
} as const;

export type Feature = keyof typeof introduced;

export type EraName = "A" | "B" | "C" | "D";

export interface Era {
  readonly name: EraName;
  has(feature: Feature): boolean;
}

const introducedMs = new Map<Feature, number>();
for (const [feature, date] of Object.entries(introduced)) introducedMs.set(feature as Feature, Date.parse(date));

/** The era of the hour that starts at `startMs`. */
export function eraAt(startMs: number): Era {
  const present = new Set<Feature>();
  for (const [feature, fromMs] of introducedMs) if (startMs >= fromMs) present.add(feature);
  let name: EraName = "A";
  if (present.has("objects")) name = "B";
  if (present.has("pushRepositoryIds")) name = "C";
  if (present.has("shortPayloads")) name = "D";
  return { name, has: (feature) => present.has(feature) };
}
