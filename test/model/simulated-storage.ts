/** A storage in memory that several simulated processes share; each has its own view, whose calls wait for their turn. */
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../src/errors.ts";
import type { Body, ObjectInfo, Storage } from "../../src/storage/contract.ts";
import { CrashSignal } from "../faulty.ts";
import type { Fate, Life, Scheduler } from "./scheduler.ts";

export interface Effect {
  readonly place: "raw" | "tables" | "marts";
  readonly key: string;
  readonly kind: "put" | "remove";
}

export interface SharedStore {
  readonly place: Effect["place"];
  readonly storage: Storage;
  /** A local directory, which exists. */
  readonly scratchRoot: string;
  /** The keys that were put last: what a listing that is behind does not show. */
  readonly newest: string[];
  /** Called after every effect, before anybody hears of it. */
  readonly after: (effect: Effect) => Promise<void>;
}

const newestMax = 3;
const deaths: readonly Fate[] = ["dies before", "dies after"];
const readFates: readonly Fate[] = ["fails", ...deaths];
const listFates: readonly Fate[] = ["fails", "behind", "behind", ...deaths];
const writeFates: readonly Fate[] = ["fails", "lost", "lost", ...deaths];
const putFates: readonly Fate[] = [...writeFates, "late"];

export function simulatedStorage(shared: SharedStore, life: Life, scheduler: Scheduler): Storage {
  const { storage, place, scratchRoot } = shared;

  function alive(): void {
    if (life.dead) throw new CrashSignal(`${life.name} is dead`);
  }

  async function call<T>(
    what: string,
    fates: readonly Fate[],
    effect: (fate: Fate) => Promise<T>,
    delay?: () => Promise<() => Promise<unknown>>,
  ): Promise<T> {
    alive();
    const fate = await scheduler.turn(life, what, fates);
    const die = (): never => {
      scheduler.kill(life);
      throw new CrashSignal(`${life.name} dies: ${what}`);
    };
    if (fate === "dies before") die();
    if (fate === "late" && delay !== undefined) scheduler.later(what, await delay());
    if (fate === "fails" || fate === "late") throw new Failure("unavailable", `${what}: no answer`);
    const result = await effect(fate);
    if (fate === "dies after") die();
    if (fate === "lost") throw new Failure("unavailable", `${what}: the answer is lost`);
    return result;
  }

  function write<T extends ObjectInfo | undefined>(
    method: "put" | "putIfAbsent",
    key: string,
    body: Body,
    send: (body: Body) => Promise<T>,
  ): Promise<T> {
    const noted = async (bytes: Body): Promise<T> => {
      const info = await send(bytes);
      if (info === undefined) return info;
      shared.newest.push(key);
      if (shared.newest.length > newestMax) shared.newest.shift();
      await shared.after({ place, key, kind: "put" });
      return info;
    };
    // What arrives late was read from the disk long before.
    const delay = async () => {
      const bytes = body instanceof Uint8Array ? body : await readFile(body.file);
      return () => noted(bytes);
    };
    return call(`${place}.${method} ${key}`, putFates, () => noted(body), delay);
  }

  async function* pieces<T>(
    what: string,
    fates: readonly Fate[],
    open: () => AsyncIterable<T>,
    shown: (piece: T, fate: Fate) => T,
  ): AsyncGenerator<T> {
    const all = await call(what, fates, async (fate) => {
      const found: T[] = [];
      for await (const piece of open()) found.push(shown(piece, fate));
      return found;
    });
    for (const piece of all) {
      alive();
      yield piece;
    }
  }

  const hidden = (page: readonly ObjectInfo[], fate: Fate): readonly ObjectInfo[] =>
    fate === "behind" ? page.filter(({ key }) => !shared.newest.includes(key)) : page;

  return {
    ...storage,
    put: (key, body, options) => write("put", key, body, (bytes) => storage.put(key, bytes, options)),
    putIfAbsent: (key, body, options) =>
      write("putIfAbsent", key, body, (bytes) => storage.putIfAbsent(key, bytes, options)),
    head: (key, options) => call(`${place}.head ${key}`, readFates, () => storage.head(key, options)),
    annotate: (key, token, metadata, options) =>
      call(`${place}.annotate ${key}`, writeFates, () => storage.annotate(key, token, metadata, options)),
    list: (prefix, options) =>
      pieces(`${place}.list ${prefix}`, listFates, () => storage.list(prefix, options), hidden),
    read: (key, options) =>
      pieces(
        `${place}.read ${key}`,
        readFates,
        () => storage.read(key, options),
        (chunk) => chunk,
      ),
    remove: (key, options) =>
      call(`${place}.remove ${key}`, writeFates, async () => {
        await storage.remove(key, options);
        await shared.after({ place, key, kind: "remove" });
      }),
    async scratch() {
      alive();
      // Always a new one: what an attempt leaves for the next is not what is simulated here.
      const directory = mkdtempSync(join(scratchRoot, "scratch-"));
      const remove = async (): Promise<void> => rmSync(directory, { recursive: true });
      return { directory, dispose: remove, release: remove };
    },
    async sweep() {
      alive();
      return 0;
    },
  };
}
