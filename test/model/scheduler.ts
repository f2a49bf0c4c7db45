/**
 * Decides by a seed, and by nothing else, which of the calls that wait for their turn happens next and what becomes of it.
 * A turn is given only when everything else stands still, so that the same seed gives the same history.
 */
import { setTimeout as delay, setImmediate as nextTurn } from "node:timers/promises";
import type { Random } from "../../sample/random.ts";
import { CrashSignal } from "../faulty.ts";

/** A process from its start to its end. Nothing that it does after its death has an effect. */
export interface Life {
  readonly name: string;
  dead: boolean;
}

/**
 * `fails`: an error, and nothing happened. `lost`: it happened, and the answer is an error. `late`: an error, and it happens
 * some time later. `behind`: a listing that does not show the newest objects. The process dies before or after the call.
 */
export type Fate = "happens" | "fails" | "lost" | "late" | "behind" | "dies before" | "dies after";

export interface Scheduler {
  /** Waits until it is this call's turn. */
  turn(life: Life, what: string, fates: readonly Fate[]): Promise<Fate>;
  /** The effect happens at some later turn. */
  later(what: string, effect: () => Promise<unknown>): void;
  kill(life: Life): void;
  /** Gives turns until all of the work has ended. */
  drive(work: readonly Promise<void>[]): Promise<void>;
  /** From now on nothing goes wrong; what is late happens now. */
  calm(): Promise<void>;
  readonly turns: number;
  readonly faults: number;
  /** What happened, in order. */
  readonly history: readonly string[];
}

interface Waiting {
  readonly life: Life;
  readonly what: string;
  readonly fates: readonly Fate[];
  readonly resolve: (fate: Fate) => void;
  readonly reject: (error: Error) => void;
}

/** Turns of the event loop with nothing to do for anybody, after which something waits for what never comes. */
const idleMax = 10_000;

export interface SchedulerOptions {
  /** Share of the calls that go wrong, and how many at most. */
  readonly rate: number;
  readonly faultsMax: number;
  /** Asked before each turn; throws what must end the history. */
  readonly check: () => void;
}

export function makeScheduler(random: Random, options: SchedulerOptions): Scheduler {
  let waiting: Waiting[] = [];
  let delayed: { readonly what: string; readonly effect: () => Promise<unknown> }[] = [];
  const history: string[] = [];
  let { faultsMax } = options;
  let turns = 0;
  let faults = 0;
  let over = false;

  function kill(life: Life): void {
    life.dead = true;
    const orphans = waiting.filter((call) => call.life === life);
    waiting = waiting.filter((call) => call.life !== life);
    for (const { reject, what } of orphans) reject(new CrashSignal(`${life.name} died waiting for ${what}`));
  }

  function fateOf(fates: readonly Fate[]): Fate {
    const [first, ...rest] = fates;
    if (first === undefined || faults >= faultsMax || !random.chance(options.rate)) return "happens";
    faults++;
    return random.pick([first, ...rest]);
  }

  async function step(): Promise<void> {
    turns++;
    // Calls may have come in any order of their own; what decides is who they are of and what they want.
    waiting.sort((a, b) => compare(`${a.life.name} ${a.what}`, `${b.life.name} ${b.what}`));
    const chosen = random.below(waiting.length + delayed.length);
    const call = waiting[chosen];
    if (call !== undefined) {
      waiting.splice(chosen, 1);
      const fate = fateOf(call.fates);
      history.push(`${call.life.name}: ${call.what}${fate === "happens" ? "" : ` – ${fate}`}`);
      call.resolve(fate);
      return;
    }
    const [late] = delayed.splice(chosen - waiting.length, 1);
    history.push(`late: ${late?.what}`);
    await late?.effect();
  }

  return {
    turn(life, what, fates) {
      if (life.dead || over) return Promise.reject(new CrashSignal(`${life.name} is dead`));
      return new Promise((resolve, reject) => waiting.push({ life, what, fates, resolve, reject }));
    },
    later: (what, effect) => void delayed.push({ what, effect }),
    kill,
    async drive(work) {
      let open = work.length;
      for (const each of work) each.finally(() => open--).catch(() => undefined);
      try {
        for (let idle = 0; open > 0; ) {
          await quiet();
          options.check();
          if (waiting.length > 0) {
            idle = 0;
            await step();
          } else if (open > 0 && ++idle > idleMax) throw new Error("somebody waits for what never comes");
        }
      } catch (error) {
        // The history ends here, and with it everybody in it.
        over = true;
        while (waiting[0] !== undefined) kill(waiting[0].life);
        await Promise.allSettled(work);
        throw error;
      }
      await Promise.all(work);
    },
    async calm() {
      faultsMax = 0;
      for (const { what, effect } of delayed) {
        history.push(`late: ${what}`);
        await effect();
      }
      delayed = [];
    },
    get turns() {
      return turns;
    },
    get faults() {
      return faults;
    },
    history,
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const isBusy = (resource: string): boolean => resource.startsWith("FS") || resource === "CloseReq";

/** Looks in the very next turns before it waits for a timer: most files are quick, and a busy loop costs more than they do. */
const looksMax = 10;

/** Returns when no file is being read or written and nothing is left to do but wait. */
async function quiet(): Promise<void> {
  let looks = 0;
  for (let still = 0; still < 2; still++) {
    if (looks++ < looksMax) await nextTurn();
    else await delay(1);
    if (process.getActiveResourcesInfo().some(isBusy)) still = -1;
    else looks = 0;
  }
}
