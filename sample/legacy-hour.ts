/** The lines of an hour before 2015. */
import { Casting, type HourPlan } from "./casting.ts";
import { KindTable, legacyKinds } from "./events/kinds.ts";
import { actorAttributes, legacyRepository } from "./events/legacy.ts";
import type { JsonObject, Scene } from "./events/scene.ts";
import { hourMs, pacificOffsets } from "./hours.ts";

export function* legacyLines(plan: HourPlan): Generator<string> {
  const { random, era, world, startMs, events } = plan;
  const kinds = new KindTable(legacyKinds, startMs);
  const casting = new Casting(plan);
  const offsets = pacificOffsets(startMs);
  for (let index = 0; index < events; index++) {
    const kind = kinds.at(random.unit());
    // In the hour that the autumn change has twice, the clock runs through the same name two times.
    const place = ((index + random.unit()) * offsets.length) / events;
    const round = Math.min(Math.floor(place), offsets.length - 1);
    const offset = offsets[round] ?? 8;
    const wallMs = startMs + Math.floor((place - round) * 3600) * 1000;
    const scene: Scene = { random, era, world, atMs: wallMs + offset * hourMs, ...casting.next(kind) };
    const format = (ms: number): string => pacificTime(ms - offset * hourMs, offset, era.has("isoOffsets"));
    const { payload, url, withoutRepository } = kind.build(scene);
    const event: JsonObject = {
      created_at: format(scene.atMs),
      payload,
      public: true,
      type: kind.type,
      url,
      actor: scene.actor.login,
      actor_attributes: actorAttributes(scene.actor),
      repository: withoutRepository === true ? undefined : legacyRepository(scene, scene.repository, format),
    };
    yield `${JSON.stringify(event)}\n`;
  }
}

/** `2012/03/11 12:00:00 -0700`, later `2013-03-11T12:00:00-07:00`. */
function pacificTime(wallMs: number, offset: number, iso: boolean): string {
  const text = new Date(wallMs).toISOString();
  if (iso) return `${text.slice(0, 19)}-0${offset}:00`;
  return `${text.slice(0, 10).replaceAll("-", "/")} ${text.slice(11, 19)} -0${offset}00`;
}
