/** Who appears in the events of an hour. */
import type { Era } from "./era.ts";
import type { Kind } from "./events/kinds.ts";
import type { Random } from "./random.ts";
import type { Account, Repository, World } from "./world.ts";

export interface HourPlan {
  readonly world: World;
  readonly era: Era;
  readonly startMs: number;
  readonly events: number;
  readonly random: Random;
  readonly withoutOrgs: boolean;
}

/** Who did something where. */
export interface Cast {
  readonly actor: Account;
  readonly repository: Repository;
}

/** How many of the latest actors with their repositories are remembered. */
const memory = 24;

/** Picks actors and repositories; what was busy a moment ago is often busy again. */
export class Casting {
  readonly #plan: HourPlan;
  readonly #recent: Cast[] = [];

  constructor(plan: HourPlan) {
    this.#plan = plan;
  }

  next(kind: Kind<unknown>): Cast {
    const { random, world, withoutOrgs } = this.#plan;
    const recent = this.#recent[random.below(memory)];
    if (recent !== undefined && kind.by !== "anybody" && random.chance(0.45)) return recent;
    const repository = world.anyRepository(random, !withoutOrgs && random.chance(kind.inOrganisations));
    const cast = { repository, actor: this.#actor(kind, repository) };
    if (kind.by !== "anybody") this.#recent[random.below(memory)] = cast;
    return cast;
  }

  #actor(kind: Kind<unknown>, repository: Repository): Account {
    const { random, world } = this.#plan;
    if (kind.by === "anybody") return world.anyUser(random);
    if (kind.by === "maintainers" && random.chance(0.13)) return world.bot(random);
    return world.contributor(random, repository);
  }
}
