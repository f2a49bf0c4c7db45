/** Pull requests: by far the widest object of the archive, about 480 columns of which a row fills 380. */
import { headline, noun } from "../text.ts";
import type { Repository } from "../world.ts";
import { account, team } from "./accounts.ts";
import { assigned, label, labels, lockReason, milestone, type Ticket, ticket } from "./issues.ts";
import { fullRepository } from "./repositories.ts";
import { api, association, instant, type JsonObject, nodeId, type Scene, site } from "./scene.ts";

type State = "open" | "closed" | "merged";

/** The object `pull_request`; a review shows it without what only the pull request's own event knows (`whole`). */
export function pullRequest(scene: Scene, about: Ticket, state: State, whole: boolean): JsonObject {
  const { era, atMs, repository } = scene;
  if (era.has("shortPayloads")) return shortPullRequest(scene, about);
  const { own, number } = about;
  const url = `${api}/repos/${repository.fullName}/pulls/${number}`;
  const page = `${site}/${repository.fullName}/pull/${number}`;
  const issueUrl = `${api}/repos/${repository.fullName}/issues/${number}`;
  const head = headSide(scene, about);
  const [headSha, baseSha] = [own.hex(40), own.hex(40)];
  return {
    url,
    id: about.id,
    node_id: nodeId(era, "PullRequest", "PR", about.id),
    html_url: page,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    issue_url: issueUrl,
    number,
    state: state === "open" ? "open" : "closed",
    locked: own.chance(0.004),
    title: about.title,
    user: account(scene, about.author),
    body: about.body,
    created_at: instant(about.createdMs),
    updated_at: instant(atMs),
    closed_at: state === "open" ? null : instant(atMs),
    merged_at: state === "merged" ? instant(atMs) : null,
    merge_commit_sha: state === "merged" || own.chance(0.6) ? own.hex(40) : null,
    ...assigned(scene, own),
    requested_reviewers: era.has("projects") ? reviewers(scene, about) : undefined,
    requested_teams: era.has("requestedTeams") ? teams(scene, about) : undefined,
    labels: era.has("projects") ? labels(scene, own) : undefined,
    milestone: milestone(scene, own),
    draft: era.has("drafts") ? own.chance(0.06) : undefined,
    commits_url: `${url}/commits`,
    review_comments_url: `${url}/comments`,
    review_comment_url: `${api}/repos/${repository.fullName}/pulls/comments{/number}`,
    comments_url: `${issueUrl}/comments`,
    statuses_url: `${api}/repos/${repository.fullName}/statuses/${headSha}`,
    head: side(scene, head.repository, head.ref, headSha),
    base: side(scene, repository, repository.defaultBranch, baseSha),
    _links: links(url, page, issueUrl, repository, headSha),
    author_association: association(scene, about.author),
    auto_merge: era.has("autoMerge") ? autoMerge(scene, about) : undefined,
    active_lock_reason: era.has("archivedFlags") ? lockReason(own) : undefined,
    ...(whole ? outcome(scene, about, state) : undefined),
  };
}

/** Since 2025-10-07: only references are left. */
function shortPullRequest({ repository }: Scene, { own, number, id }: Ticket): JsonObject {
  const name = repository.fullName;
  const reference = { id: repository.id, url: `${api}/repos/${name}`, name: repository.name };
  return {
    url: `${api}/repos/${name}/pulls/${number}`,
    id,
    number,
    head: { ref: branchName(own), sha: own.hex(40), repo: reference },
    base: { ref: repository.defaultBranch, sha: own.hex(40), repo: reference },
  };
}

function branchName(random: Scene["random"]): string {
  return random.chance(0.5) ? `${noun(random)}/${noun(random)}-${noun(random)}` : `patch-${random.between(1, 9)}`;
}

/** Where the change comes from: the repository itself, a fork, or a fork that was deleted since. */
function headSide(scene: Scene, { own, author }: Ticket): { ref: string; repository: Repository | null } {
  const { repository } = scene;
  const ref = branchName(own);
  if (own.chance(0.55)) return { ref, repository };
  if (own.chance(0.03)) return { ref, repository: null };
  const fork: Repository = {
    ...repository,
    id: repository.id + 1,
    owner: author,
    fullName: `${author.login}/${repository.name}`,
  };
  return { ref, repository: fork };
}

function side(scene: Scene, repository: Repository | null, ref: string, sha: string): JsonObject {
  const owner = repository?.owner ?? scene.actor;
  return {
    label: `${owner.login}:${ref}`,
    ref,
    sha,
    user: account(scene, owner),
    repo: repository === null ? null : fullRepository(scene, repository, repository !== scene.repository),
  };
}

function links(url: string, page: string, issueUrl: string, repository: Repository, sha: string): JsonObject {
  return {
    self: { href: url },
    html: { href: page },
    issue: { href: issueUrl },
    comments: { href: `${issueUrl}/comments` },
    review_comments: { href: `${url}/comments` },
    review_comment: { href: `${api}/repos/${repository.fullName}/pulls/comments{/number}` },
    commits: { href: `${url}/commits` },
    statuses: { href: `${api}/repos/${repository.fullName}/statuses/${sha}` },
  };
}

function reviewers(scene: Scene, { own }: Ticket): JsonObject[] {
  if (!own.chance(0.14)) return [];
  return Array.from({ length: own.between(1, 2) }, () =>
    account(scene, scene.world.contributor(own, scene.repository)),
  );
}

function teams(scene: Scene, { own }: Ticket): JsonObject[] {
  if (scene.repository.owner.kind !== "Organization" || !own.chance(0.05)) return [];
  return Array.from({ length: own.between(1, 2) }, (_, index) => team(scene, index));
}

function autoMerge(scene: Scene, { own }: Ticket): JsonObject | null {
  if (!own.chance(0.015)) return null;
  return {
    enabled_by: account(scene, scene.world.contributor(own, scene.repository)),
    merge_method: own.pick(["squash", "merge", "rebase"]),
    commit_title: own.chance(0.6) ? headline(own) : null,
    commit_message: own.chance(0.6) ? headline(own) : null,
  };
}

function outcome(scene: Scene, { own, author }: Ticket, state: State): JsonObject {
  const known = scene.random.chance(0.06);
  const merger = scene.random.chance(0.5) ? author : scene.actor;
  return {
    merged: state === "merged",
    mergeable: known ? scene.random.chance(0.9) : null,
    rebaseable: scene.era.has("projects") ? (known ? scene.random.chance(0.8) : null) : undefined,
    mergeable_state: known ? scene.random.pick(["clean", "unstable", "blocked", "dirty"]) : "unknown",
    merged_by: state === "merged" ? account(scene, merger) : null,
    comments: own.below(9),
    review_comments: own.below(5),
    maintainer_can_modify: scene.era.has("projects") ? own.chance(0.3) : undefined,
    commits: 1 + own.skewed(30),
    additions: own.skewed(4_000),
    deletions: own.skewed(2_000),
    changed_files: 1 + own.skewed(80),
  };
}

export function pullRequestPayload(scene: Scene): JsonObject {
  const { random, era } = scene;
  const about = ticket(scene, 1);
  const chance = random.unit();
  if (era.has("shortPayloads")) return shortPayload(scene, about, chance);
  const state: State = chance < 0.52 ? "open" : chance < 0.9 ? "merged" : "closed";
  const action = state !== "open" ? "closed" : random.chance(0.97) ? "opened" : "reopened";
  return { action, number: about.number, pull_request: pullRequest(scene, about, state, true) };
}

function shortPayload(scene: Scene, about: Ticket, chance: number): JsonObject {
  const action =
    chance < 0.45
      ? "opened"
      : chance < 0.77
        ? "merged"
        : chance < 0.85
          ? "closed"
          : chance < 0.93
            ? "labeled"
            : "assigned";
  const { own } = about;
  return {
    action,
    number: about.number,
    pull_request: pullRequest(scene, about, "open", true),
    label: action === "labeled" ? label(scene, own) : undefined,
    assignee: action === "assigned" ? account(scene, scene.world.contributor(own, scene.repository)) : undefined,
  };
}
