/**
 * The kinds of event and how often each occurs. Shares are those of 2023-02-08 (from 2015 on) and of about 2013 (before);
 * they need not add up to 100.
 */
import { commitCommentPayload, issueCommentPayload, reviewCommentPayload, reviewPayload } from "./comments.ts";
import { issuesPayload } from "./issues.ts";
import * as legacy from "./legacy.ts";
import * as other from "./others.ts";
import { pullRequestPayload } from "./pulls.ts";
import { createPayload, deletePayload, pushPayload } from "./pushes.ts";
import type { JsonObject, Scene } from "./scene.ts";

export interface Kind<Builder> {
  readonly type: string;
  /** Relative frequency. */
  readonly share: number;
  /** How many of them happen in an organisation's repository. */
  readonly inOrganisations: number;
  /** Who does it: somebody of the repository, anybody, or (`maintainers`) somebody of the repository or a bot. */
  readonly by: "maintainers" | "contributors" | "anybody";
  readonly build: Builder;
  /** UTC dates: the first day the kind occurs, and the first day it no longer does. */
  readonly since?: string;
  readonly until?: string;
}

export type ModernKind = Kind<(scene: Scene) => JsonObject>;
export type LegacyKind = Kind<legacy.LegacyBuilder>;

export const modernKinds: readonly ModernKind[] = [
  { type: "PushEvent", share: 53, inOrganisations: 0.19, by: "maintainers", build: pushPayload },
  { type: "CreateEvent", share: 14, inOrganisations: 0.19, by: "maintainers", build: createPayload },
  { type: "PullRequestEvent", share: 8.3, inOrganisations: 0.36, by: "maintainers", build: pullRequestPayload },
  { type: "IssueCommentEvent", share: 5.4, inOrganisations: 0.6, by: "maintainers", build: issueCommentPayload },
  { type: "WatchEvent", share: 5.2, inOrganisations: 0.3, by: "anybody", build: other.watchPayload },
  { type: "DeleteEvent", share: 3.5, inOrganisations: 0.3, by: "maintainers", build: deletePayload },
  {
    type: "PullRequestReviewEvent",
    share: 3,
    inOrganisations: 0.8,
    by: "contributors",
    build: reviewPayload,
    since: "2020-08-01",
  },
  { type: "IssuesEvent", share: 2, inOrganisations: 0.5, by: "contributors", build: issuesPayload },
  {
    type: "PullRequestReviewCommentEvent",
    share: 1.8,
    inOrganisations: 0.8,
    by: "contributors",
    build: reviewCommentPayload,
  },
  { type: "ForkEvent", share: 1.4, inOrganisations: 0.3, by: "anybody", build: other.forkPayload },
  { type: "CommitCommentEvent", share: 0.8, inOrganisations: 0.1, by: "maintainers", build: commitCommentPayload },
  { type: "ReleaseEvent", share: 0.5, inOrganisations: 0.3, by: "maintainers", build: other.releasePayload },
  { type: "MemberEvent", share: 0.3, inOrganisations: 0.1, by: "contributors", build: other.memberPayload },
  { type: "PublicEvent", share: 0.3, inOrganisations: 0.1, by: "contributors", build: other.publicPayload },
  { type: "GollumEvent", share: 0.2, inOrganisations: 0.2, by: "contributors", build: other.wikiPayload },
  {
    type: "DiscussionEvent",
    share: 0.1,
    inOrganisations: 0.7,
    by: "anybody",
    build: other.discussionPayload,
    since: "2021-01-01",
  },
  {
    type: "SponsorshipEvent",
    share: 0.03,
    inOrganisations: 0,
    by: "anybody",
    build: other.sponsorshipPayload,
    since: "2020-01-01",
  },
];

export const legacyKinds: readonly LegacyKind[] = [
  { type: "PushEvent", share: 50, inOrganisations: 0.15, by: "contributors", build: legacy.legacyPush },
  { type: "CreateEvent", share: 14, inOrganisations: 0.1, by: "contributors", build: legacy.legacyCreate },
  { type: "WatchEvent", share: 10, inOrganisations: 0.2, by: "anybody", build: legacy.legacyWatch },
  { type: "IssueCommentEvent", share: 7, inOrganisations: 0.3, by: "anybody", build: legacy.legacyIssueComment },
  { type: "IssuesEvent", share: 4, inOrganisations: 0.3, by: "anybody", build: legacy.legacyIssues },
  { type: "ForkEvent", share: 3.5, inOrganisations: 0.2, by: "anybody", build: legacy.legacyFork },
  {
    type: "PullRequestEvent",
    share: 3,
    inOrganisations: 0.3,
    by: "contributors",
    build: legacy.asLegacy(pullRequestPayload, "/pulls"),
  },
  { type: "FollowEvent", share: 2, inOrganisations: 0, by: "anybody", build: legacy.legacyFollow, until: "2013-12-01" },
  { type: "GistEvent", share: 2, inOrganisations: 0, by: "anybody", build: legacy.legacyGist, until: "2013-12-01" },
  {
    type: "GollumEvent",
    share: 1.5,
    inOrganisations: 0.2,
    by: "contributors",
    build: legacy.asLegacy(other.wikiPayload, "/wiki"),
  },
  { type: "DeleteEvent", share: 1, inOrganisations: 0.2, by: "contributors", build: legacy.legacyDelete },
  { type: "CommitCommentEvent", share: 0.9, inOrganisations: 0.2, by: "anybody", build: legacy.legacyCommitComment },
  {
    type: "PullRequestReviewCommentEvent",
    share: 0.8,
    inOrganisations: 0.4,
    by: "contributors",
    build: legacy.legacyReviewComment,
  },
  {
    type: "MemberEvent",
    share: 0.6,
    inOrganisations: 0,
    by: "contributors",
    build: legacy.asLegacy(other.memberPayload, ""),
  },
  {
    type: "DownloadEvent",
    share: 0.5,
    inOrganisations: 0.2,
    by: "contributors",
    build: legacy.legacyDownload,
    until: "2012-12-12",
  },
  {
    type: "ReleaseEvent",
    share: 0.3,
    inOrganisations: 0.2,
    by: "contributors",
    build: legacy.asLegacy(other.releasePayload, "/releases"),
    since: "2013-07-02",
  },
  { type: "PublicEvent", share: 0.2, inOrganisations: 0.1, by: "contributors", build: legacy.legacyPublic },
  { type: "TeamAddEvent", share: 0.1, inOrganisations: 1, by: "contributors", build: legacy.legacyTeamAdd },
  {
    type: "ForkApplyEvent",
    share: 0.05,
    inOrganisations: 0.1,
    by: "contributors",
    build: legacy.legacyForkApply,
    until: "2012-06-01",
  },
];

/** The kinds that occur at an instant, with their shares added up so that one random number picks one. */
export class KindTable<Builder> {
  readonly #kinds: Kind<Builder>[] = [];
  readonly #upTo: number[] = [];
  readonly #first: Kind<Builder>;

  constructor(kinds: readonly Kind<Builder>[], atMs: number) {
    let sum = 0;
    for (const kind of kinds) {
      if (kind.since !== undefined && atMs < Date.parse(kind.since)) continue;
      if (kind.until !== undefined && atMs >= Date.parse(kind.until)) continue;
      sum += kind.share;
      this.#kinds.push(kind);
      this.#upTo.push(sum);
    }
    const [first] = this.#kinds;
    if (first === undefined) throw new RangeError("no kind of event occurs at that time");
    this.#first = first;
  }

  /** `unit` in [0, 1). */
  at(unit: number): Kind<Builder> {
    const wanted = unit * (this.#upTo.at(-1) ?? 0);
    return this.#kinds[this.#upTo.findIndex((upTo) => wanted < upTo)] ?? this.#first;
  }
}
