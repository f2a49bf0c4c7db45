/** A process of the simulation: the real code over its own view of the shared stores, which dies and is started again. */
import { Random } from "../../sample/random.ts";
import { openCache } from "../../src/cache/open.ts";
import { openCatalog } from "../../src/catalog/open.ts";
import { openNativeConverter } from "../../src/convert/open.ts";
import { converterVersion } from "../../src/convert/version.ts";
import { asFailure } from "../../src/errors.ts";
import type { Project } from "../../src/model/project.ts";
import { gc } from "../../src/operations/gc.ts";
import type { Effects } from "../../src/pace/effects.ts";
import type { IndexFile } from "../../src/reconcile/index-file.ts";
import type { Parts } from "../../src/reconcile/parts.ts";
import { type PassResult, reconcile } from "../../src/reconcile/pass.ts";
import { openSource } from "../../src/source/open.ts";
import { withRetry } from "../../src/storage/retry.ts";
import { CrashSignal } from "../faulty.ts";
import { memoryIndex } from "./memory-index.ts";
import { rememberingConverter } from "./remembering-converter.ts";
import type { Life, Scheduler } from "./scheduler.ts";
import { type SharedStore, simulatedStorage } from "./simulated-storage.ts";
import { toyEngine } from "./toy-engine.ts";

export type Errand = "run" | "gc";

export interface World {
  readonly scheduler: Scheduler;
  readonly stores: { readonly raw: SharedStore; readonly tables: SharedStore; readonly marts: SharedStore };
  readonly clock: () => number;
}

export interface Writer {
  readonly name: string;
  /** Does the errands one after the other; a death repeats the one that was interrupted. */
  work(errands: readonly Errand[]): Promise<void>;
  /** One run or collection without a death; throws what it throws. */
  run(): Promise<PassResult>;
  collect(): ReturnType<typeof gc>;
}

const patience = { tries: 2, firstMs: 1, capMs: 1 };
/** Nothing is older than that, so that the protocol alone protects what is in use. */
const rules = { retentionMs: 0, versions: 1 } as const;
const startsMax = 50;

const converter = rememberingConverter(openNativeConverter({ workers: 0 }));

export function makeWriter(name: string, project: Project, world: World, random: Random): Writer {
  let starts = 0;
  const own = new Random(random.bits());
  const index = memoryIndex();

  async function start(): Promise<{ readonly life: Life; readonly parts: Parts }> {
    const life: Life = { name: `${name}.${++starts}`, dead: false };
    // What was learned by reading is a cache: a process may find none of it.
    if (own.chance(0.2)) await index.forget();
    return { life, parts: partsOf(life, project, index, world, own) };
  }

  async function errand(what: Errand, parts: Parts): Promise<void> {
    const { failures } = what === "gc" ? await gc(parts, rules) : await pass(parts);
    const reasons = failures.map((failed) => ("failure" in failed ? failed.failure : undefined));
    for (const reason of reasons) if (reason?.kind === "bug") throw reason;
  }

  return {
    name,
    async work(errands) {
      for (const what of errands) {
        for (let tries = 1; ; tries++) {
          if (tries > startsMax) throw new Error(`${name} died ${tries} times`);
          const { life, parts } = await start();
          // An errand that fails has met a fault: what counts is what the lake has become. Only bugs are nobody's fault.
          const [done] = await Promise.allSettled([errand(what, parts)]);
          if (done.status === "rejected" && !life.dead && asFailure(done.reason).kind === "bug") throw done.reason;
          await parts.cache.close();
          if (!life.dead) break;
        }
      }
    },
    async run() {
      const { parts } = await start();
      try {
        return await pass(parts);
      } finally {
        await parts.cache.close();
      }
    },
    async collect() {
      const { parts } = await start();
      try {
        return await gc(parts, rules);
      } finally {
        await parts.cache.close();
      }
    },
  };
}

const pass = (parts: Parts): Promise<PassResult> =>
  reconcile(parts, { converter: converterVersion }, { report: () => undefined, convertSlots: 2 });

function partsOf(life: Life, project: Project, index: IndexFile, world: World, random: Random): Parts {
  const effects: Effects = { nowMs: world.clock, sleep: async () => undefined, random: () => random.unit() };
  const open = (place: keyof World["stores"]) =>
    withRetry(simulatedStorage(world.stores[place], life, world.scheduler), patience, effects);
  const [raw, tables, marts] = [open("raw"), open("tables"), open("marts")];
  return {
    project,
    raw,
    tables,
    marts,
    cache: openCache({
      ...project.cache,
      random: () => random.unit(),
      placeOf: (storage) => (storage === marts ? "marts" : "tables"),
    }),
    source: async (name) => {
      const settings = project.sources.get(name);
      if (settings === undefined) throw new Error(`no source ${name}`);
      return openSource(settings, { effects, resolveSecret: () => "" });
    },
    converterVersion,
    converter: async () => converter,
    engine: async () => toyEngine,
    catalog: openCatalog(marts),
    index: mortal(index, life),
    mayWrite: async () => undefined,
    clock: world.clock,
    newId: () => random.hex(32),
  };
}

/** The dead write nothing down. */
function mortal(index: IndexFile, life: Life): IndexFile {
  return new Proxy(index, {
    get(target, property, receiver) {
      const value: unknown = Reflect.get(target, property, receiver);
      if (typeof value !== "function") return value;
      return (...args: readonly unknown[]): unknown => {
        if (life.dead) return Promise.reject(new CrashSignal(`${life.name} is dead`));
        return Reflect.apply(value, target, args);
      };
    },
  });
}
