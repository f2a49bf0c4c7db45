/** Which faults apply to which request: counts per hour, so that a script such as "503 twice, then cut once" works. */
import { appliesTo, type Effect, type Fault } from "./faults.ts";

interface HourState {
  gets: number;
  completeDownloads: number;
  readonly used: Map<Fault, number>;
}

export interface ScriptOptions {
  readonly faults: readonly Fault[];
  readonly now: () => number;
}

export class FaultScript {
  readonly #options: ScriptOptions;
  readonly #startedMs: number;
  readonly #states = new Map<number, HourState>();

  constructor(options: ScriptOptions) {
    this.#options = options;
    this.#startedMs = options.now();
  }

  /** To be called once for each request of an hour, in the order they come. */
  request(startMs: number, isGet: boolean, redirected: boolean): FaultsOfRequest {
    const state = this.#states.get(startMs) ?? { gets: 0, completeDownloads: 0, used: new Map<Fault, number>() };
    this.#states.set(startMs, state);
    const before = { gets: state.gets, completeDownloads: state.completeDownloads };
    if (isGet) state.gets += 1;
    const elapsedMs = this.#options.now() - this.#startedMs;
    const possible = this.#options.faults.filter((fault) => {
      if (!appliesTo(fault, startMs)) return false;
      if (fault.kind.name === "late" && fault.durationMs !== undefined && elapsedMs >= fault.durationMs) return false;
      const { answer } = fault.kind.effect;
      return !(redirected && answer !== undefined && "redirect" in answer && answer.redirect !== "loop");
    });
    return new FaultsOfRequest(possible, state.used, before);
  }

  /** The last byte of the hour's file was sent. */
  downloaded(startMs: number): void {
    const state = this.#states.get(startMs);
    if (state !== undefined) state.completeDownloads += 1;
  }
}

export class FaultsOfRequest {
  /** Of what was taken so far. */
  readonly names: string[] = [];
  readonly #possible: readonly Fault[];
  readonly #used: Map<Fault, number>;
  readonly #before: { readonly gets: number; readonly completeDownloads: number };
  readonly #taken = new Set<Fault>();

  constructor(
    possible: readonly Fault[],
    used: Map<Fault, number>,
    before: { readonly gets: number; readonly completeDownloads: number },
  ) {
    this.#possible = possible;
    this.#used = used;
    this.#before = before;
  }

  /** The first fault that takes over this part of the answer, which thereby uses up one of its requests. */
  take(part: keyof Effect): Fault | undefined {
    const found = this.#possible.find((fault) => this.#active(fault, part));
    if (found !== undefined && !this.#taken.has(found)) {
      this.#taken.add(found);
      this.names.push(found.kind.name);
      this.#used.set(found, (this.#used.get(found) ?? 0) + 1);
    }
    return found;
  }

  #active(fault: Fault, part: keyof Effect): boolean {
    const { effect } = fault.kind;
    if (effect[part] === undefined) return false;
    if (!this.#taken.has(fault) && (this.#used.get(fault) ?? 0) >= (fault.requests ?? Number.POSITIVE_INFINITY))
      return false;
    if (part === "delivery" && effect.deliveryOnce === true) return this.#before.gets === 0;
    if (part !== "version" || effect.versionFrom === undefined) return true;
    return effect.versionFrom === "second request" ? this.#before.gets > 0 : this.#before.completeDownloads > 0;
  }
}
