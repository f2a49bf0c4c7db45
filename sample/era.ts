/**
 * What an event of a given hour looks like. The archive's shape changed on known dates; each change is one line here,
 * and the event builders ask `era.has("...")` instead of comparing dates.
 */

/** UTC dates on which something appeared. Before 2015 an hour's name is Pacific time, which is good enough here. */
const introduced = {
  /** `2012/03/11 12:00:00 -0700` becomes `2012-08-02T12:00:00-07:00`. */
  isoOffsets: Date.parse("2012-08-01"),
  /** Accounts inside payloads list their API addresses. */
  accountLinks: Date.parse("2012-10-01"),
  pusherTypes: Date.parse("2014-06-01"),
  /** Era A ends: `actor`, `repo` and `org` are objects, `created_at` is UTC, every event has an `id`. */
  objects: Date.parse("2015-01-01"),
  assignees: Date.parse("2016-05-27"),
  reviewIds: Date.parse("2016-10-01"),
  displayLogins: Date.parse("2016-11-01"),
  licenses: Date.parse("2016-11-01"),
  associations: Date.parse("2017-02-01"),
  projects: Date.parse("2017-03-01"),
  requestedTeams: Date.parse("2017-08-01"),
  archivedFlags: Date.parse("2018-03-01"),
  nodeIds: Date.parse("2018-05-01"),
  drafts: Date.parse("2019-03-01"),
  apps: Date.parse("2020-02-01"),
  autoMerge: Date.parse("2021-03-01"),
  topics: Date.parse("2021-09-01"),
  reactions: Date.parse("2021-09-15"),
  shortNodeIds: Date.parse("2021-10-01"),
  signoffs: Date.parse("2022-05-01"),
  stateReasons: Date.parse("2022-05-15"),
  discussionsFlag: Date.parse("2022-11-01"),
  /** Era C. */
  pushRepositoryIds: Date.parse("2023-01-01"),
  subjectTypes: Date.parse("2023-03-15"),
  viewTypes: Date.parse("2024-11-01"),
  subIssues: Date.parse("2025-01-15"),
  /** The crawler's clock decides which hour an event is filed under, and lines are no longer in order. */
  crawlerClock: Date.parse("2025-05-24"),
  fullRefs: Date.parse("2025-10-07"),
  /** Era D: pushes without commits, pull requests cut down to a few references. */
  shortPayloads: Date.parse("2025-10-07"),
  /** Event ids started over. */
  restartedIds: Date.parse("2026-01-01"),
};

export type Feature = keyof typeof introduced;

export type EraName = "A" | "B" | "C" | "D";

export interface Era {
  readonly name: EraName;
  has(feature: Feature): boolean;
}

/** The era of the hour that starts at `startMs`. */
export function eraAt(startMs: number): Era {
  const has = (feature: Feature): boolean => startMs >= introduced[feature];
  let name: EraName = "A";
  if (has("objects")) name = "B";
  if (has("pushRepositoryIds")) name = "C";
  if (has("shortPayloads")) name = "D";
  return { name, has };
}
