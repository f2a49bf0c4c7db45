/** Comments on issues, commits and lines of a pull request, and reviews. */
import { body, diffHunk, filePath } from "../text.ts";
import { account, appOrNull } from "./accounts.ts";
import { issue, ticket } from "./issues.ts";
import { pullRequest } from "./pulls.ts";
import { api, association, instant, type JsonObject, nodeId, reactions, type Scene, site } from "./scene.ts";

export function issueCommentPayload(scene: Scene): JsonObject {
  const { random, repository, era, actor, atMs } = scene;
  const about = ticket(scene, 1);
  const id = 600_000_000 + random.below(900_000_000);
  const issueUrl = `${api}/repos/${repository.fullName}/issues/${about.number}`;
  const url = `${api}/repos/${repository.fullName}/issues/comments/${id}`;
  return {
    action: "created",
    issue: issue(scene, about, random.chance(0.2), true),
    comment: {
      url,
      html_url: `${site}/${repository.fullName}/issues/${about.number}#issuecomment-${id}`,
      issue_url: issueUrl,
      id,
      node_id: nodeId(era, "IssueComment", "IC", id),
      user: account(scene, actor),
      created_at: instant(atMs),
      updated_at: instant(atMs),
      author_association: association(scene, actor),
      body: body(random, 0.8),
      reactions: reactions(scene, url),
      performed_via_github_app: appOrNull(scene),
    },
  };
}

export function commitCommentPayload(scene: Scene): JsonObject {
  const { random, repository, era, actor, atMs } = scene;
  const id = 20_000_000 + random.below(130_000_000);
  const sha = random.hex(40);
  const url = `${api}/repos/${repository.fullName}/comments/${id}`;
  const onLine = random.chance(0.12);
  return {
    comment: {
      url,
      html_url: `${site}/${repository.fullName}/commit/${sha}#commitcomment-${id}`,
      id,
      node_id: nodeId(era, "CommitComment", "CC", id),
      user: account(scene, actor),
      position: onLine ? random.between(1, 90) : null,
      line: onLine ? random.between(1, 900) : null,
      path: onLine ? filePath(random) : null,
      commit_id: sha,
      created_at: instant(atMs),
      updated_at: instant(atMs),
      author_association: association(scene, actor),
      body: body(random, 0.5),
      reactions: reactions(scene, url),
    },
  };
}

export function reviewPayload(scene: Scene): JsonObject {
  const { random, repository, era, actor, atMs } = scene;
  const about = ticket(scene, 1);
  const id = 500_000_000 + random.below(900_000_000);
  const pullUrl = `${api}/repos/${repository.fullName}/pulls/${about.number}`;
  const page = `${site}/${repository.fullName}/pull/${about.number}#pullrequestreview-${id}`;
  return {
    action: "created",
    review: {
      id,
      node_id: nodeId(era, "PullRequestReview", "PRR", id),
      user: account(scene, actor),
      body: random.chance(0.5) ? body(random, 0.3) : null,
      commit_id: random.hex(40),
      submitted_at: instant(atMs),
      state: random.pick(["commented", "commented", "approved", "approved", "changes_requested", "dismissed"]),
      html_url: page,
      pull_request_url: pullUrl,
      author_association: association(scene, actor),
      _links: { html: { href: page }, pull_request: { href: pullUrl } },
    },
    pull_request: pullRequest(scene, about, random.chance(0.8) ? "open" : "merged", false),
  };
}

export function reviewCommentPayload(scene: Scene): JsonObject {
  const { random, repository, era, actor, atMs } = scene;
  const about = ticket(scene, 1);
  const id = 300_000_000 + random.below(900_000_000);
  const url = `${api}/repos/${repository.fullName}/pulls/comments/${id}`;
  const pullUrl = `${api}/repos/${repository.fullName}/pulls/${about.number}`;
  const page = `${site}/${repository.fullName}/pull/${about.number}#discussion_r${id}`;
  const [line, position, sha] = [random.between(1, 900), random.between(1, 120), random.hex(40)];
  const severalLines = random.chance(0.12);
  const outdated = random.chance(0.1);
  return {
    action: "created",
    comment: {
      url,
      pull_request_review_id: era.has("reviewIds") ? id + 300_000_001 : undefined,
      id,
      node_id: nodeId(era, "PullRequestReviewComment", "PRRC", id),
      diff_hunk: diffHunk(random),
      path: filePath(random),
      position: outdated ? null : position,
      original_position: position,
      commit_id: sha,
      original_commit_id: sha,
      user: account(scene, actor),
      body: body(random, 0.3),
      created_at: instant(atMs),
      updated_at: instant(atMs),
      html_url: page,
      pull_request_url: pullUrl,
      author_association: association(scene, actor),
      _links: { self: { href: url }, html: { href: page }, pull_request: { href: pullUrl } },
      reactions: reactions(scene, url),
      ...(era.has("apps")
        ? {
            start_line: severalLines ? Math.max(1, line - 3) : null,
            original_start_line: severalLines ? Math.max(1, line - 3) : null,
            start_side: severalLines ? "RIGHT" : null,
            line: outdated ? null : line,
            original_line: line,
            side: random.chance(0.9) ? "RIGHT" : "LEFT",
          }
        : undefined),
      in_reply_to_id: random.chance(0.4) ? id - 1 - random.below(1000) : undefined,
      subject_type: era.has("subjectTypes") ? "line" : undefined,
    },
    pull_request: pullRequest(scene, about, "open", false),
  };
}
