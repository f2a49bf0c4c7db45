/** Pushes, and branches and tags that come and go: two thirds of all events. */
import type { Random } from "../random.ts";
import { commitMessage, noun } from "../text.ts";
import type { Account } from "../world.ts";
import { api, type JsonObject, type Scene } from "./scene.ts";

function branch(scene: Scene): string {
  const { random, repository } = scene;
  if (random.chance(0.68)) return repository.defaultBranch;
  return random.chance(0.5)
    ? `${noun(random)}-${noun(random)}`
    : `${noun(random)}/${noun(random)}-${random.below(500)}`;
}

/** How many commits a push has: usually one, and at most 20 are listed. */
export function pushSize(random: Random): number {
  const chance = random.unit();
  if (chance < 0.03) return 0;
  if (chance < 0.8) return 1;
  return chance < 0.995 ? 2 + random.skewed(12) : 20 + random.below(400);
}

export function address(author: Account): string {
  const name = author.login.replace("[bot]", "");
  return author.id % 3 === 0
    ? `${name}@users.noreply.example.org`
    : `${name}@${author.id % 2 === 0 ? "example.org" : "mail.example.net"}`;
}

export function pushPayload(scene: Scene): JsonObject {
  const { random, era, repository, world, actor, atMs } = scene;
  const [head, before] = [random.hex(40), random.hex(40)];
  const size = pushSize(random);
  const repositoryId = era.has("pushRepositoryIds") ? repository.id : undefined;
  // Push ids grow with time as event ids do.
  const pushId = 500_000_000 + Math.floor((atMs - Date.UTC(2015, 0, 1)) / 21) + random.below(20);
  const ref = `refs/heads/${branch(scene)}`;
  if (era.has("shortPayloads")) return { repository_id: repositoryId, push_id: pushId, ref, head, before };
  const author = random.chance(0.85) ? actor : world.contributor(random, repository);
  const listed = Math.min(size, 20);
  const commits: JsonObject[] = [];
  for (let index = 0; index < listed; index++) {
    const sha = index === listed - 1 ? head : random.hex(40);
    commits.push({
      sha,
      author: { email: address(author), name: author.name },
      message: commitMessage(random),
      distinct: random.chance(0.96),
      url: `${api}/repos/${repository.fullName}/commits/${sha}`,
    });
  }
  return { repository_id: repositoryId, push_id: pushId, size, distinct_size: size, ref, head, before, commits };
}

const pusherType = (scene: Scene): string | undefined =>
  scene.era.has("pusherTypes") ? (scene.random.chance(0.99) ? "user" : "deploy_key") : undefined;

export function createPayload(scene: Scene): JsonObject {
  const { random, repository, era } = scene;
  const refType = random.pick(["branch", "branch", "branch", "repository", "tag"]);
  const ref = refType === "repository" ? null : refType === "tag" ? tag(random) : `${noun(random)}/${noun(random)}`;
  return {
    ref,
    ref_type: refType,
    full_ref: era.has("fullRefs")
      ? ref === null
        ? null
        : `refs/${refType === "tag" ? "tags" : "heads"}/${ref}`
      : undefined,
    master_branch: repository.defaultBranch,
    description: repository.description,
    pusher_type: pusherType(scene),
  };
}

export function deletePayload(scene: Scene): JsonObject {
  const { random, era } = scene;
  const refType = random.chance(0.93) ? "branch" : "tag";
  const ref = refType === "tag" ? tag(random) : `${noun(random)}/${noun(random)}-${random.below(500)}`;
  const fullRef = era.has("fullRefs") ? `refs/${refType === "tag" ? "tags" : "heads"}/${ref}` : undefined;
  return { ref, ref_type: refType, full_ref: fullRef, pusher_type: pusherType(scene) };
}

export function tag(random: Random): string {
  return `v${random.below(9)}.${random.below(30)}.${random.below(20)}${random.chance(0.1) ? "-rc.1" : ""}`;
}
