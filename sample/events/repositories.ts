/** Repositories as payloads show them. */

import { mix, Random } from "../random.ts";
import type { License, Repository } from "../world.ts";
import { account } from "./accounts.ts";
import { api, dayMs, earlier, hourMs, instant, type JsonObject, nodeId, type Scene, site } from "./scene.ts";

/** A repository with all its addresses: about 95 fields with its owner and license. */
export function fullRepository(scene: Scene, repository: Repository, fork: boolean): JsonObject {
  const { era, atMs } = scene;
  const pushedMs = lastPush(repository, atMs);
  const createdMs = Math.min(repository.createdMs, pushedMs - dayMs);
  const stars = fork ? 0 : Math.floor(repository.weight / 3);
  const forks = fork ? 0 : Math.floor(repository.weight / 17);
  const openIssues = fork ? 0 : Math.floor(repository.weight / 40) + (repository.id % 5);
  return {
    id: repository.id,
    node_id: nodeId(era, "Repository", "R", repository.id),
    name: repository.name,
    full_name: repository.fullName,
    private: false,
    owner: account(scene, repository.owner),
    html_url: `${site}/${repository.fullName}`,
    description: repository.description,
    fork,
    ...addresses(repository),
    created_at: instant(createdMs),
    updated_at: instant(pushedMs),
    pushed_at: instant(pushedMs),
    git_url: `git://github.com/${repository.fullName}.git`,
    ssh_url: `git@github.com:${repository.fullName}.git`,
    clone_url: `${site}/${repository.fullName}.git`,
    svn_url: `${site}/${repository.fullName}`,
    homepage: repository.homepage,
    size: repository.id % 90_000,
    stargazers_count: stars,
    watchers_count: stars,
    language: repository.language,
    has_issues: !fork,
    has_projects: era.has("projects") ? true : undefined,
    has_downloads: true,
    has_wiki: repository.id % 7 !== 0,
    has_pages: repository.id % 11 === 0,
    has_discussions: era.has("discussionsFlag") ? repository.id % 13 === 0 : undefined,
    forks_count: forks,
    mirror_url: repository.number % 900 === 0 ? `https://git.example.org/${repository.fullName}.git` : null,
    archived: era.has("archivedFlags") ? false : undefined,
    disabled: era.has("drafts") ? false : undefined,
    open_issues_count: openIssues,
    license: era.has("licenses") ? license(scene, repository.license) : undefined,
    allow_forking: era.has("topics") ? true : undefined,
    is_template: era.has("topics") ? repository.id % 97 === 0 : undefined,
    web_commit_signoff_required: era.has("signoffs") ? repository.id % 83 === 0 : undefined,
    topics: era.has("topics") ? repository.topics : undefined,
    visibility: era.has("topics") ? "public" : undefined,
    forks,
    open_issues: openIssues,
    watchers: stars,
    default_branch: repository.defaultBranch,
  };
}

/** Some moment of the time before, the same for every event of an hour. */
function lastPush(repository: Repository, atMs: number): number {
  const hour = Math.floor(atMs / hourMs);
  return earlier(new Random(mix(repository.number, 34, hour)), hour * hourMs, 400 * dayMs);
}

function license(scene: Scene, held: License | null): JsonObject | null {
  if (held === null) return null;
  return {
    key: held.key,
    name: held.name,
    spdx_id: held.spdxId,
    url: held.url,
    node_id: nodeId(scene.era, "License", "L", held.code),
  };
}

function addresses(repository: Repository): JsonObject {
  const url = `${api}/repos/${repository.fullName}`;
  return {
    url,
    forks_url: `${url}/forks`,
    keys_url: `${url}/keys{/key_id}`,
    collaborators_url: `${url}/collaborators{/collaborator}`,
    teams_url: `${url}/teams`,
    hooks_url: `${url}/hooks`,
    issue_events_url: `${url}/issues/events{/number}`,
    events_url: `${url}/events`,
    assignees_url: `${url}/assignees{/user}`,
    branches_url: `${url}/branches{/branch}`,
    tags_url: `${url}/tags`,
    blobs_url: `${url}/git/blobs{/sha}`,
    git_tags_url: `${url}/git/tags{/sha}`,
    git_refs_url: `${url}/git/refs{/sha}`,
    trees_url: `${url}/git/trees{/sha}`,
    statuses_url: `${url}/statuses/{sha}`,
    languages_url: `${url}/languages`,
    stargazers_url: `${url}/stargazers`,
    contributors_url: `${url}/contributors`,
    subscribers_url: `${url}/subscribers`,
    subscription_url: `${url}/subscription`,
    commits_url: `${url}/commits{/sha}`,
    git_commits_url: `${url}/git/commits{/sha}`,
    comments_url: `${url}/comments{/number}`,
    issue_comment_url: `${url}/issues/comments{/number}`,
    contents_url: `${url}/contents/{+path}`,
    compare_url: `${url}/compare/{base}...{head}`,
    merges_url: `${url}/merges`,
    archive_url: `${url}/{archive_format}{/ref}`,
    downloads_url: `${url}/downloads`,
    issues_url: `${url}/issues{/number}`,
    pulls_url: `${url}/pulls{/number}`,
    milestones_url: `${url}/milestones{/number}`,
    notifications_url: `${url}/notifications{?since,all,participating}`,
    labels_url: `${url}/labels{/name}`,
    releases_url: `${url}/releases{/id}`,
    deployments_url: `${url}/deployments`,
  };
}

/** The payload's `forkee`: the new copy, owned by whoever forked. */
export function forkee(scene: Scene): JsonObject {
  const { repository, actor } = scene;
  const copy: Repository = {
    ...repository,
    id: repository.id + 1,
    owner: actor,
    fullName: `${actor.login}/${repository.name}`,
    language: null,
  };
  return { ...fullRepository(scene, copy, true), public: true };
}
