/** The lines of an hour since 2015. */
import { Casting, type HourPlan } from "./casting.ts";
import { avatar } from "./events/accounts.ts";
import { KindTable, modernKinds } from "./events/kinds.ts";
import { api, instant, type JsonObject, type Scene } from "./events/scene.ts";
import { hourMs } from "./hours.ts";

export function* modernLines(plan: HourPlan): Generator<string> {
  const { random, era, world } = plan;
  const kinds = new KindTable(modernKinds, plan.startMs);
  const casting = new Casting(plan);
  for (let index = 0; index < plan.events; index++) {
    const kind = kinds.at(random.unit());
    const atMs = timeOf(plan, index);
    const scene: Scene = { random, era, world, atMs, ...casting.next(kind) };
    yield `${JSON.stringify(envelope(scene, eventId(plan, index), kind.type, kind.build(scene)))}\n`;
  }
}

/** When the event happened. Sorted until May 2025; then by the crawler's clock, so that neighbours' events slip in. */
function timeOf({ startMs, events, era, random }: HourPlan, index: number): number {
  const seconds = Math.floor(((index + random.unit()) * 3600) / events);
  if (!era.has("crawlerClock")) return startMs + seconds * 1000;
  const late = random.chance(0.02) ? random.between(60, 1200) : random.between(-20, 60);
  return startMs + (seconds - late) * 1000;
}

/** Ids grow by about 345,000 an hour, which is more than any real hour has events; in 2026 they started over. */
function eventId({ startMs, events, era }: HourPlan, index: number): string {
  const perHour = 345_000;
  const [base, origin] = era.has("restartedIds")
    ? [1_000_000_000, Date.UTC(2026, 0, 1)]
    : [2_489_000_000, Date.UTC(2015, 0, 1)];
  const hours = Math.floor((startMs - origin) / hourMs);
  return String(base + hours * perHour + Math.floor((index * perHour) / Math.max(events, 1)));
}

function envelope({ era, actor, repository, atMs }: Scene, id: string, type: string, payload: JsonObject): JsonObject {
  const { owner } = repository;
  return {
    id,
    type,
    actor: {
      id: actor.id,
      login: actor.login,
      display_login: era.has("displayLogins") ? actor.login.replace("[bot]", "") : undefined,
      gravatar_id: "",
      url: `${api}/users/${actor.login}`,
      avatar_url: `https://avatars.githubusercontent.com/u/${actor.id}?`,
    },
    repo: { id: repository.id, name: repository.fullName, url: `${api}/repos/${repository.fullName}` },
    payload,
    public: true,
    created_at: instant(atMs),
    org:
      owner.kind === "Organization"
        ? {
            id: owner.id,
            login: owner.login,
            gravatar_id: "",
            url: `${api}/orgs/${owner.login}`,
            avatar_url: avatar(owner, ""),
          }
        : undefined,
  };
}
