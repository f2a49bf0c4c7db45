/** Accounts, teams and apps as payloads show them. */
import { mix } from "../random.ts";
import { noun, sentence } from "../text.ts";
import type { Account } from "../world.ts";
import { api, dayMs, instant, type JsonObject, nodeId, type Scene, site } from "./scene.ts";

/** An account with all its addresses: 18 fields since 2018, five of them in 2011. */
export function account({ era }: Scene, person: Account): JsonObject {
  // The brackets of `name[bot]` are escaped in addresses and the page of a bot is that of its app.
  const login = person.kind === "Bot" ? person.login.replace("[bot]", "%5Bbot%5D") : person.login;
  const page = person.kind === "Bot" ? `${site}/apps/${person.login.replace("[bot]", "")}` : `${site}/${login}`;
  const address = `${api}/users/${login}`;
  const links = era.has("accountLinks");
  return {
    login: person.login,
    id: person.id,
    node_id:
      person.kind === "Organization"
        ? nodeId(era, "Organization", "O", person.id)
        : nodeId(era, person.kind, person.kind === "Bot" ? "BOT" : "U", person.id),
    avatar_url: avatar(person, "v=4"),
    gravatar_id: "",
    url: address,
    html_url: links ? page : undefined,
    followers_url: links ? `${address}/followers` : undefined,
    following_url: links ? `${address}/following{/other_user}` : undefined,
    gists_url: links ? `${address}/gists{/gist_id}` : undefined,
    starred_url: links ? `${address}/starred{/owner}{/repo}` : undefined,
    subscriptions_url: links ? `${address}/subscriptions` : undefined,
    organizations_url: links ? `${address}/orgs` : undefined,
    repos_url: links ? `${address}/repos` : undefined,
    events_url: links ? `${address}/events{/privacy}` : undefined,
    received_events_url: links ? `${address}/received_events` : undefined,
    type: links ? person.kind : undefined,
    user_view_type: era.has("viewTypes") ? "public" : undefined,
    site_admin: links ? false : undefined,
  };
}

export function avatar(person: Account, query: string): string {
  const place = person.kind === "Bot" ? `in/${person.id % 100_000}` : `u/${person.id}`;
  return `https://avatars.githubusercontent.com/${place}?${query}`;
}

/** A team that was asked for a review; a third of them sit below another team. */
export function team(scene: Scene, number: number, nested = scene.random.chance(0.33)): JsonObject {
  const { random, era, repository } = scene;
  const id = 1_000_000 + (mix(repository.number, number) % 6_000_000);
  const name = `${noun(random)}-${noun(random)}`;
  const address = `${api}/organizations/${repository.owner.id}/team/${id}`;
  return {
    name,
    id,
    node_id: nodeId(era, "Team", "T", id),
    slug: name,
    description: random.chance(0.5) ? sentence(random) : random.chance(0.5) ? "" : null,
    privacy: "closed",
    notification_setting: era.has("pushRepositoryIds") ? "notifications_enabled" : undefined,
    url: address,
    html_url: `${site}/orgs/${repository.owner.login}/teams/${name}`,
    members_url: `${address}/members{/member}`,
    repositories_url: `${address}/repos`,
    permission: "pull",
    parent: nested ? team(scene, number + 1, false) : null,
  };
}

const permissions = [
  "actions",
  "administration",
  "checks",
  "codespaces",
  "contents",
  "dependabot_secrets",
  "deployments",
  "discussions",
  "emails",
  "environments",
  "followers",
  "issues",
  "keys",
  "members",
  "merge_queues",
  "metadata",
  "organization_administration",
  "organization_hooks",
  "organization_plan",
  "organization_projects",
  "organization_secrets",
  "packages",
  "pages",
  "pull_requests",
  "repository_hooks",
  "repository_projects",
  "secrets",
  "security_events",
  "single_file",
  "starring",
  "statuses",
  "team_discussions",
  "vulnerability_alerts",
  "workflows",
] as const;
const subscribed = [
  "check_run",
  "check_suite",
  "issue_comment",
  "issues",
  "pull_request",
  "push",
  "release",
  "status",
] as const;

/** The app through which something was done; `null` nearly always. */
export function appOrNull(scene: Scene): JsonObject | null | undefined {
  const { random, era, world } = scene;
  if (!era.has("apps")) return undefined;
  if (!random.chance(0.015)) return null;
  const bot = world.bot(random);
  const slug = bot.login.replace("[bot]", "");
  const createdMs = Date.UTC(2018, 5, 1) + (bot.id % 400) * dayMs;
  // Which permissions an app has is its own affair, so an hour collects many more columns here than any row fills.
  const granted: Record<string, string> = {};
  for (const permission of permissions) if (random.chance(0.25)) granted[permission] = random.pick(["read", "write"]);
  return {
    id: bot.id % 100_000,
    client_id: era.has("viewTypes") ? `Iv1.${bot.id.toString(16).padStart(16, "0")}` : undefined,
    slug,
    node_id: nodeId(era, "App", "A", bot.id % 100_000),
    owner: account(scene, world.organisation(bot.id % 500)),
    name: slug,
    description: sentence(random),
    external_url: `https://${slug}.example.org`,
    html_url: `${site}/apps/${slug}`,
    created_at: instant(createdMs),
    updated_at: instant(createdMs + 90 * dayMs),
    permissions: granted,
    events: subscribed.filter(() => random.chance(0.4)),
  };
}
