/** Issues, and the labels, milestones and people that issues and pull requests share. */
import { mix, Random } from "../random.ts";
import { body, headline, noun, sentence } from "../text.ts";
import type { Account } from "../world.ts";
import { account, appOrNull } from "./accounts.ts";
import {
  api,
  association,
  dayMs,
  earlier,
  instant,
  type JsonObject,
  nodeId,
  reactions,
  type Scene,
  site,
} from "./scene.ts";

/** The one issue or pull request that an event is about: the same number of the same repository is always the same. */
export interface Ticket {
  readonly number: number;
  readonly id: number;
  readonly author: Account;
  readonly title: string;
  readonly body: string | null;
  readonly createdMs: number;
  /** For whatever else belongs to the ticket and not to the event. */
  readonly own: Random;
}

export function ticket(scene: Scene, scale: number): Ticket {
  const { repository, world, random, atMs } = scene;
  const number = 1 + Math.floor(repository.weight / 9) + (mix(repository.number, 31) % 900) + random.below(6);
  const own = new Random(mix(world.seed, 32, repository.number, number));
  return {
    number,
    id: 400_000_000 + (mix(repository.number, number) % 1_100_000_000),
    author: own.chance(0.16)
      ? world.bot(own)
      : own.chance(0.5)
        ? world.contributor(own, repository)
        : world.anyUser(own),
    title: headline(own),
    body: own.chance(0.07) ? null : body(own, scale),
    createdMs: earlier(own, atMs, 200 * dayMs),
    own,
  };
}

const labelNames = [
  "bug",
  "enhancement",
  "documentation",
  "good first issue",
  "help wanted",
  "dependencies",
  "wontfix",
  "area/build",
  "area/core",
  "kind/cleanup",
  "priority: high",
  "size/M",
  "needs review",
  "stale",
] as const;
const colours = ["d73a4a", "a2eeef", "0075ca", "7057ff", "008672", "0366d6", "ffffff", "ededed"] as const;

export function labels(scene: Scene, random: Random): JsonObject[] {
  if (!random.chance(0.3)) return [];
  return Array.from({ length: random.between(1, 3) }, () => label(scene, random));
}

export function label(scene: Scene, random: Random): JsonObject {
  const name = random.pick(labelNames);
  const id = 100_000_000 + (mix(scene.repository.number, name.length, name.charCodeAt(0)) % 4_000_000_000);
  return {
    id,
    node_id: nodeId(scene.era, "Label", "LA", id),
    url: `${api}/repos/${scene.repository.fullName}/labels/${encodeURIComponent(name)}`,
    name,
    color: random.pick(colours),
    default: scene.era.has("accountLinks") ? name === "bug" : undefined,
    description: scene.era.has("archivedFlags") ? (random.chance(0.6) ? sentence(random) : null) : undefined,
  };
}

/** People the ticket is assigned to: `assignee` repeats the first of `assignees`. */
export function assigned(
  scene: Scene,
  random: Random,
): { assignee: JsonObject | null; assignees: JsonObject[] | undefined } {
  const people: JsonObject[] = [];
  if (random.chance(0.12)) {
    for (let count = random.chance(0.85) ? 1 : 2; count > 0; count--) {
      people.push(account(scene, scene.world.contributor(random, scene.repository)));
    }
  }
  return { assignee: people[0] ?? null, assignees: scene.era.has("assignees") ? people : undefined };
}

export function milestone(scene: Scene, random: Random): JsonObject | null {
  if (!random.chance(0.035)) return null;
  const { repository, world, era, atMs } = scene;
  const number = random.between(1, 20);
  const address = `${api}/repos/${repository.fullName}/milestones/${number}`;
  const id = 1_000_000 + (mix(repository.number, 33, number) % 8_000_000);
  const createdMs = earlier(random, atMs - dayMs, 300 * dayMs);
  return {
    url: address,
    html_url: `${site}/${repository.fullName}/milestone/${number}`,
    labels_url: `${address}/labels`,
    id,
    node_id: nodeId(era, "Milestone", "MI", id),
    number,
    title: `${number}.${random.below(10)} ${noun(random)}`,
    description: random.chance(0.6) ? sentence(random) : random.chance(0.5) ? "" : null,
    creator: account(scene, world.contributor(random, repository)),
    open_issues: random.below(60),
    closed_issues: random.below(200),
    state: "open",
    created_at: instant(createdMs),
    updated_at: instant(atMs),
    due_on: random.chance(0.4) ? instant(atMs + random.below(90) * dayMs) : null,
    closed_at: random.chance(0.05) ? instant(atMs) : null,
  };
}

const lockReasons = ["resolved", "off-topic", "too heated", "spam"] as const;

export function lockReason(random: Random): string | null {
  return random.chance(0.004) ? random.pick(lockReasons) : null;
}

/** An issue; with `mayBePull`, comments' issues, half of which are pull requests in truth. */
export function issue(scene: Scene, about: Ticket, closed: boolean, mayBePull: boolean): JsonObject {
  const { repository, era, atMs } = scene;
  const { own, number } = about;
  const url = `${api}/repos/${repository.fullName}/issues/${number}`;
  const pull = mayBePull && own.chance(0.5);
  const page = `${site}/${repository.fullName}/${pull ? "pull" : "issues"}/${number}`;
  return {
    url,
    repository_url: era.has("objects") ? `${api}/repos/${repository.fullName}` : undefined,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: page,
    id: about.id,
    node_id: pull ? nodeId(era, "PullRequest", "PR", about.id) : nodeId(era, "Issue", "I", about.id),
    number,
    title: about.title,
    user: account(scene, about.author),
    labels: labels(scene, own),
    state: closed ? "closed" : "open",
    locked: era.has("accountLinks") ? own.chance(0.004) : undefined,
    ...assigned(scene, own),
    milestone: milestone(scene, own),
    comments: own.below(12),
    created_at: instant(about.createdMs),
    updated_at: instant(atMs),
    closed_at: closed ? instant(atMs) : null,
    author_association: association(scene, about.author),
    type: era.has("subIssues") ? issueType(scene, own) : undefined,
    active_lock_reason: era.has("archivedFlags") ? lockReason(own) : undefined,
    draft: pull && era.has("reactions") ? own.chance(0.05) : undefined,
    pull_request: pull ? pullReference(scene, number, closed) : undefined,
    sub_issues_summary: era.has("subIssues") && !pull ? { total: 0, completed: 0, percent_completed: 0 } : undefined,
    body: about.body,
    reactions: reactions(scene, url),
    timeline_url: era.has("reactions") ? `${url}/timeline` : undefined,
    performed_via_github_app: appOrNull(scene),
    state_reason: era.has("stateReasons")
      ? closed
        ? scene.random.pick(["completed", "completed", "not_planned"])
        : null
      : undefined,
  };
}

function issueType(scene: Scene, random: Random): JsonObject | null {
  if (!random.chance(0.03)) return null;
  const id = 1_000 + random.below(9_000);
  return {
    id,
    node_id: nodeId(scene.era, "IssueType", "IT", id),
    name: random.pick(["Bug", "Feature", "Task"]),
    description: sentence(random),
    color: random.pick(["red", "blue", "yellow"]),
    created_at: instant(scene.atMs - 40 * dayMs),
    updated_at: instant(scene.atMs - 40 * dayMs),
    is_enabled: true,
  };
}

function pullReference(scene: Scene, number: number, merged: boolean): JsonObject {
  const name = scene.repository.fullName;
  return {
    url: `${api}/repos/${name}/pulls/${number}`,
    html_url: `${site}/${name}/pull/${number}`,
    diff_url: `${site}/${name}/pull/${number}.diff`,
    patch_url: `${site}/${name}/pull/${number}.patch`,
    merged_at: scene.era.has("reactions") ? (merged ? instant(scene.atMs) : null) : undefined,
  };
}

export function issuesPayload(scene: Scene): JsonObject {
  const { random } = scene;
  const action = random.pick(["opened", "opened", "opened", "closed", "closed", "reopened"]);
  return { action, issue: issue(scene, ticket(scene, 1), action === "closed", false) };
}
