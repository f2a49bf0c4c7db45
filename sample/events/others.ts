/** Releases, forks, wiki pages, members, discussions, sponsorships: the rare events with columns of their own. */
import { body, headline, noun, sentence } from "../text.ts";
import type { Account } from "../world.ts";
import { account } from "./accounts.ts";
import { labels, lockReason, ticket } from "./issues.ts";
import { tag } from "./pushes.ts";
import { forkee } from "./repositories.ts";
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

export const watchPayload = (): JsonObject => ({ action: "started" });

/** Nothing to say: the empty object that has no Parquet type. */
export const publicPayload = (): JsonObject => ({});

export const forkPayload = (scene: Scene): JsonObject => ({
  action: scene.era.has("shortPayloads") ? "forked" : undefined,
  forkee: forkee(scene),
});

export const memberPayload = (scene: Scene): JsonObject => ({
  member: account(scene, scene.world.anyUser(scene.random)),
  action: "added",
});

export function wikiPayload({ random, repository }: Scene): JsonObject {
  const pages = Array.from({ length: 1 + random.skewed(5) }, () => {
    const title = `${noun(random)} ${noun(random)}`;
    const name = title.replace(" ", "-");
    return {
      page_name: name,
      title,
      summary: random.chance(0.03) ? sentence(random) : null,
      action: random.pick(["edited", "edited", "created"]),
      sha: random.hex(40),
      html_url: `${site}/${repository.fullName}/wiki/${name}`,
    };
  });
  return { pages };
}

export function releasePayload(scene: Scene): JsonObject {
  const { random, repository, era, actor, atMs } = scene;
  const id = 10_000_000 + random.below(120_000_000);
  const name = tag(random);
  const url = `${api}/repos/${repository.fullName}/releases/${id}`;
  const text = random.chance(0.75) ? body(random, 1) : random.chance(0.5) ? "" : null;
  return {
    action: "published",
    release: {
      url,
      assets_url: `${url}/assets`,
      upload_url: `https://uploads.github.com/repos/${repository.fullName}/releases/${id}/assets{?name,label}`,
      html_url: `${site}/${repository.fullName}/releases/tag/${name}`,
      id,
      author: account(scene, actor),
      node_id: nodeId(era, "Release", "RE", id),
      tag_name: name,
      target_commitish: repository.defaultBranch,
      name: random.chance(0.85) ? name : null,
      draft: false,
      prerelease: random.chance(0.12),
      created_at: instant(atMs - random.below(9) * 60_000),
      published_at: instant(atMs),
      assets: random.chance(0.4) ? Array.from({ length: 1 + random.skewed(8) }, () => asset(scene, actor, name)) : [],
      tarball_url: `${api}/repos/${repository.fullName}/tarball/${name}`,
      zipball_url: `${api}/repos/${repository.fullName}/zipball/${name}`,
      body: text,
      discussion_url:
        random.chance(0.04) && era.has("reactions")
          ? `${site}/${repository.fullName}/discussions/${random.between(1, 900)}`
          : undefined,
      reactions: random.chance(0.05) ? reactions(scene, url) : undefined,
      mentions_count: era.has("reactions") && random.chance(0.4) ? random.between(1, 5) : undefined,
      mentions: era.has("reactions") && random.chance(0.4) ? mentions(scene) : undefined,
      short_description_html: text === null ? null : `<p>${sentence(random)}</p>`,
      is_short_description_html_truncated: random.chance(0.2),
    },
  };
}

function mentions({ random, world, repository }: Scene): JsonObject[] {
  return Array.from({ length: random.between(1, 3) }, () => {
    const person = world.contributor(random, repository);
    return {
      avatar_user_actor: person.kind !== "Organization",
      avatar_url: `https://avatars.githubusercontent.com/u/${person.id}?s=64&v=4`,
      login: person.login,
      profile_name: random.chance(0.7) ? person.name : null,
      profile_url: `${site}/${person.login}`,
    };
  });
}

function asset(scene: Scene, uploader: Account, version: string): JsonObject {
  const { random, repository, era, atMs } = scene;
  const id = 20_000_000 + random.below(130_000_000);
  const name = `${noun(random)}-${version}-${random.pick(["linux-amd64.tar.gz", "windows-x64.zip", "macos-arm64.zip", "sources.jar", "checksums.txt"])}`;
  return {
    url: `${api}/repos/${repository.fullName}/releases/assets/${id}`,
    id,
    node_id: nodeId(era, "ReleaseAsset", "RA", id),
    name,
    label: random.chance(0.5) ? "" : random.chance(0.3) ? name : null,
    uploader: account(scene, uploader),
    content_type: random.pick(["application/gzip", "application/zip", "application/octet-stream", "text/plain"]),
    state: "uploaded",
    size: random.skewed(90_000_000),
    digest: era.has("viewTypes") ? `sha256:${random.hex(64)}` : undefined,
    download_count: random.skewed(30),
    created_at: instant(atMs - 60_000),
    updated_at: instant(atMs),
    browser_download_url: `${site}/${repository.fullName}/releases/download/${version}/${name}`,
  };
}

export function discussionPayload(scene: Scene): JsonObject {
  const { random, repository, era, atMs } = scene;
  const about = ticket(scene, 0.8);
  const url = `${api}/repos/${repository.fullName}/discussions/${about.number}`;
  const answered = random.chance(0.25);
  return {
    action: answered ? "answered" : "created",
    discussion: {
      repository_url: `${api}/repos/${repository.fullName}`,
      category: category(scene),
      answer_html_url: answered
        ? `${site}/${repository.fullName}/discussions/${about.number}#discussioncomment-${random.below(9_000_000)}`
        : null,
      answer_chosen_at: answered ? instant(atMs) : null,
      answer_chosen_by: answered ? account(scene, scene.actor) : null,
      html_url: `${site}/${repository.fullName}/discussions/${about.number}`,
      id: about.id,
      node_id: nodeId(era, "Discussion", "D", about.id),
      number: about.number,
      title: about.title,
      user: account(scene, about.author),
      labels: labels(scene, about.own),
      state: "open",
      state_reason: null,
      locked: false,
      comments: about.own.below(9),
      created_at: instant(about.createdMs),
      updated_at: instant(atMs),
      author_association: association(scene, about.author),
      active_lock_reason: lockReason(random),
      body: about.body,
      reactions: reactions(scene, url),
      timeline_url: `${url}/timeline`,
    },
    answer: answered ? answer(scene, about.number, url) : undefined,
  };
}

function answer(scene: Scene, discussion: number, url: string): JsonObject {
  const { random, repository, era, world, atMs } = scene;
  const id = 4_000_000 + random.below(9_000_000);
  const author = world.contributor(random, repository);
  const writtenMs = earlier(random, atMs, 9 * dayMs);
  return {
    id,
    node_id: nodeId(era, "DiscussionComment", "DC", id),
    html_url: `${site}/${repository.fullName}/discussions/${discussion}#discussioncomment-${id}`,
    parent_id: random.chance(0.2) ? id - random.between(1, 900) : null,
    child_comment_count: random.below(4),
    repository_url: `${api}/repos/${repository.fullName}`,
    discussion_id: discussion,
    author_association: association(scene, author),
    user: account(scene, author),
    created_at: instant(writtenMs),
    updated_at: instant(writtenMs),
    body: body(random, 0.4),
    reactions: reactions(scene, `${url}/comments/${id}`),
  };
}

function category({ random, repository, era, atMs }: Scene): JsonObject {
  const id = 30_000_000 + random.below(9_000_000);
  const name = random.pick(["General", "Ideas", "Q&A", "Show and tell"]);
  return {
    id,
    node_id: nodeId(era, "DiscussionCategory", "DIC", id),
    repository_id: repository.id,
    emoji: random.pick([":speech_balloon:", ":bulb:", ":pray:", ":raised_hands:"]),
    name,
    description: sentence(random),
    created_at: instant(atMs - 400 * dayMs),
    updated_at: instant(atMs - 400 * dayMs),
    slug: name.toLowerCase().replaceAll(/\W+/g, "-"),
    is_answerable: name === "Q&A",
  };
}

export function sponsorshipPayload(scene: Scene): JsonObject {
  const { random, world, atMs } = scene;
  const cents = random.pick([100, 500, 1000, 2500, 10_000]);
  const id = random.hex(6);
  const action = random.pick(["created", "created", "cancelled", "tier_changed"]);
  return {
    action,
    effective_date: random.chance(0.3) ? instant(atMs + 20 * dayMs) : null,
    changes: action === "tier_changed" ? { tier: { from: tier(scene, 500) } } : undefined,
    sponsorship: {
      node_id: `S_kwHOA${id}`,
      created_at: instant(atMs),
      sponsorable: account(scene, world.anyUser(random)),
      sponsor: account(scene, scene.actor),
      privacy_level: random.pick(["public", "private"]),
      tier: tier(scene, cents),
    },
  };
}

function tier({ random, era, atMs }: Scene, cents: number): JsonObject {
  return {
    node_id: `ST_kwHOA${random.hex(6)}`,
    created_at: instant(atMs - 300 * dayMs),
    description: headline(random),
    monthly_price_in_cents: cents,
    monthly_price_in_dollars: cents / 100,
    name: `$${cents / 100} a month`,
    is_one_time: random.chance(0.2),
    is_custom_amount: era.has("topics") ? random.chance(0.1) : undefined,
  };
}
