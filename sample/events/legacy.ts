/**
 * Events before 2015: `actor` is a login, the repository comes along as `repository`, issues and comments are bare ids,
 * and the commits of a push are `shas`, arrays of strings that end in a boolean.
 */
import { mix } from "../random.ts";
import { commitMessage, filePath, headline, noun, sentence } from "../text.ts";
import type { Account, Repository } from "../world.ts";
import { account } from "./accounts.ts";
import { address, pushSize } from "./pushes.ts";
import { dayMs, earlier, type Json, type JsonObject, nodeId, type Scene, site } from "./scene.ts";

/** A builder's answer: the payload and the page the event points to. */
export interface LegacyPayload {
  readonly payload: JsonObject;
  readonly url: string;
  /** Gists and follows happen outside any repository. */
  readonly withoutRepository?: true;
}

export type LegacyBuilder = (scene: Scene) => LegacyPayload;

const page = ({ repository }: Scene): string => `${site}/${repository.fullName}`;

export function legacyPush(scene: Scene): LegacyPayload {
  const { random, actor, repository } = scene;
  const size = pushSize(random);
  const head = random.hex(40);
  const shas = Array.from({ length: Math.min(size, 20) }, (_, index): Json[] => [
    index === 0 ? head : random.hex(40),
    address(actor),
    commitMessage(random),
    actor.name,
    random.chance(0.97),
  ]);
  const ref = `refs/heads/${random.chance(0.75) ? repository.defaultBranch : noun(random)}`;
  return { payload: { shas, size, ref, head }, url: `${page(scene)}/compare/${random.hex(10)}...${head.slice(0, 10)}` };
}

export function legacyCreate(scene: Scene): LegacyPayload {
  const { random, repository } = scene;
  const refType = random.pick(["branch", "repository", "repository", "tag"]);
  const ref = refType === "repository" ? null : noun(random);
  const payload = {
    ref,
    ref_type: refType,
    master_branch: repository.defaultBranch,
    description: repository.description ?? "",
  };
  return { payload, url: ref === null ? page(scene) : `${page(scene)}/tree/${ref}` };
}

export const legacyDelete: LegacyBuilder = (scene) => ({
  payload: { ref: noun(scene.random), ref_type: scene.random.pick(["branch", "branch", "tag"]) },
  url: page(scene),
});

export const legacyWatch: LegacyBuilder = (scene) => ({ payload: { action: "started" }, url: page(scene) });
export const legacyPublic: LegacyBuilder = (scene) => ({ payload: {}, url: page(scene) });

/** `forkee` is a number here and an object from 2015 on. */
export const legacyFork: LegacyBuilder = (scene) => ({
  payload: { forkee: scene.repository.id + 1 },
  url: `${site}/${scene.actor.login}/${scene.repository.name}`,
});

export function legacyIssues(scene: Scene): LegacyPayload {
  const number = scene.random.between(1, 3000);
  const payload = {
    action: scene.random.pick(["opened", "opened", "closed", "reopened"]),
    issue: scene.random.between(1, 40_000_000),
    number,
  };
  return { payload, url: `${page(scene)}/issues/${number}` };
}

export function legacyIssueComment(scene: Scene): LegacyPayload {
  const comment = scene.random.between(1, 60_000_000);
  const payload = { comment_id: comment, issue_id: scene.random.between(1, 40_000_000) };
  return { payload, url: `${page(scene)}/issues/${scene.random.between(1, 3000)}#issuecomment-${comment}` };
}

export function legacyCommitComment(scene: Scene): LegacyPayload {
  const [commit, comment] = [scene.random.hex(40), scene.random.between(1, 9_000_000)];
  return { payload: { commit, comment_id: comment }, url: `${page(scene)}/commit/${commit}#commitcomment-${comment}` };
}

export function legacyFollow(scene: Scene): LegacyPayload {
  const target = scene.world.anyUser(scene.random);
  const known = {
    login: target.login,
    id: target.id,
    repos: target.id % 60,
    followers: target.id % 211,
    gravatar_id: gravatar(target),
  };
  return { payload: { target: known }, url: `${site}/${target.login}`, withoutRepository: true };
}

export function legacyGist(scene: Scene): LegacyPayload {
  const id = scene.random.between(1, 8_000_000);
  const url = `https://gist.github.com/${id}`;
  const payload = {
    action: scene.random.pick(["create", "create", "update"]),
    id,
    desc: scene.random.chance(0.6) ? headline(scene.random) : "",
    name: `gist: ${id}`,
    url,
    snippet: `${noun(scene.random)}(${scene.random.below(100)});\n`,
  };
  return { payload, url, withoutRepository: true };
}

export function legacyDownload(scene: Scene): LegacyPayload {
  const id = scene.random.between(1, 900_000);
  const url = `${page(scene)}/downloads/${id}`;
  return { payload: { id, url }, url };
}

export function legacyForkApply(scene: Scene): LegacyPayload {
  const { random, repository } = scene;
  const payload = {
    commit: random.hex(40),
    head: repository.defaultBranch,
    before: random.hex(40),
    after: random.hex(40),
    original: repository.fullName,
  };
  return { payload, url: page(scene) };
}

export function legacyTeamAdd(scene: Scene): LegacyPayload {
  const { random, repository } = scene;
  const team = {
    id: 1_000 + (mix(repository.number, 41) % 400_000),
    name: `${noun(random)} ${noun(random)}`,
    slug: noun(random),
    permission: random.pick(["pull", "push", "admin"]),
    description: random.chance(0.4) ? sentence(random) : null,
  };
  return { payload: { team, user: account(scene, scene.world.anyUser(random)) }, url: page(scene) };
}

export function legacyReviewComment(scene: Scene): LegacyPayload {
  const { random, actor, era } = scene;
  const id = random.between(1, 20_000_000);
  const url = `${page(scene)}/pull/${random.between(1, 3000)}#discussion_r${id}`;
  const comment = {
    id,
    node_id: nodeId(era, "PullRequestReviewComment", "PRRC", id),
    user: account(scene, actor),
    body: sentence(random),
    path: filePath(random),
    position: random.chance(0.9) ? random.between(1, 90) : null,
    original_position: random.between(1, 90),
    commit_id: random.hex(40),
    html_url: url,
  };
  return { payload: { comment }, url };
}

/** Turns a present-day builder into a legacy one: pull requests, wiki pages, members and releases look much the same. */
export function asLegacy(build: (scene: Scene) => JsonObject, path: string): LegacyBuilder {
  return (scene) => ({ payload: build(scene), url: `${page(scene)}${path}` });
}

function gravatar({ id }: Account): string {
  return [1, 2, 3, 4].map((part) => mix(id, part).toString(16).padStart(8, "0")).join("");
}

/** Fields without a value are absent here, not null: that came with the objects of 2015. */
export function actorAttributes(actor: Account): JsonObject {
  const has = (bit: number): boolean => mix(actor.id, bit) % 3 === 0;
  return {
    login: actor.login,
    type: "User",
    gravatar_id: gravatar(actor),
    name: has(1) ? undefined : actor.name,
    company: has(2) ? `${actor.name} & Sons` : undefined,
    blog: has(3) ? `http://${actor.login.toLowerCase()}.example.org` : undefined,
    location: has(4) ? "Newtown" : undefined,
    email: has(5) ? undefined : address(actor),
  };
}

export function legacyRepository(scene: Scene, repository: Repository, format: (ms: number) => string): JsonObject {
  const owned = repository.owner.kind === "Organization";
  const pushedMs = earlier(scene.random, scene.atMs, 60 * dayMs);
  return {
    id: repository.id,
    name: repository.name,
    url: `${site}/${repository.fullName}`,
    description: repository.description ?? "",
    homepage: repository.homepage ?? undefined,
    watchers: Math.floor(repository.weight / 3),
    stargazers: Math.floor(repository.weight / 3),
    forks: Math.floor(repository.weight / 17),
    fork: false,
    size: repository.id % 90_000,
    owner: repository.owner.login,
    organization: owned ? repository.owner.login : undefined,
    private: false,
    open_issues: Math.floor(repository.weight / 40),
    has_issues: true,
    has_downloads: true,
    has_wiki: true,
    language: repository.language ?? undefined,
    created_at: format(Math.min(repository.createdMs, pushedMs - dayMs)),
    pushed_at: format(pushedMs),
    master_branch: repository.defaultBranch,
  };
}
