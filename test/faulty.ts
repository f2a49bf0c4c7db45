/**
 * Wraps a port (a storage, a catalog, a source …) so that its n-th call goes wrong in a chosen way. The nth-call matrix
 * runs a workflow once to learn how many calls it makes, then once for each call and fault, restarts it, and compares
 * the end with that of the undisturbed run.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../src/errors.ts";
import type { Storage } from "../src/storage/contract.ts";

/**
 * - `before`: an error, and nothing happened.
 * - `lost`: it happened, but the answer is an error. A stream breaks after its first piece.
 * - `partial`: half of it happened where nobody may see it (a body in scratch space, half of a stream's first piece),
 *   then an error. For calls that have no such half it is the same as `before`.
 * - `stall`: nothing happens until the caller's signal aborts; without a signal, an error.
 * - `crash-before`, `crash-after`: the process dies before or after the call: it throws a `CrashSignal`, and so does
 *   every later call through the wrapper, including those in `finally`.
 */
export const faults = ["before", "lost", "partial", "stall", "crash-before", "crash-after"] as const;
export type Fault = (typeof faults)[number];

/** Stands for the end of the process; nothing that meets it may go on. */
export class CrashSignal extends Error {
  override readonly name = "CrashSignal";
}

/** Whether the error is a crash, or was made from one on the way up. */
export function isCrash(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof CrashSignal) return true;
  return false;
}

export interface FaultPlan {
  /** Which call, counting from 1 over all counted methods; several for a second fault in the recovery. */
  readonly at: ReadonlyMap<number, Fault>;
}

export const noFault: FaultPlan = { at: new Map() };

export function oneFault(call: number, fault: Fault): FaultPlan {
  return { at: new Map([[call, fault]]) };
}

/** How a method of the port behaves. `plain` methods are neither counted nor disturbed. */
export type MethodKind = "call" | "stream" | "plain";

export interface PortShape {
  readonly methods: Readonly<Record<string, MethodKind>>;
  /** Does half of a call where that can be done unseen. */
  readonly half?: (method: string, args: readonly unknown[]) => Promise<void>;
}

export interface Faulty<T> {
  readonly port: T;
  /** The counted calls so far, in order: method and first argument. */
  readonly calls: readonly string[];
  readonly crashed: () => boolean;
}

/** Several ports of one workflow share a `Faults`, so that their calls are counted together and die together. */
export interface Faults {
  readonly plan: FaultPlan;
  readonly calls: string[];
  crashed: boolean;
}

export function makeFaults(plan: FaultPlan): Faults {
  return { plan, calls: [], crashed: false };
}

function lost(name: string): Failure {
  return new Failure("unavailable", `${name}: injected fault`);
}

export function faultyPort<T extends object>(port: T, shape: PortShape, state: Faults): Faulty<T> {
  const alive = (name: string): void => {
    if (state.crashed) throw new CrashSignal(`${name}: the process is dead`);
  };
  const crash = (name: string): never => {
    state.crashed = true;
    throw new CrashSignal(`${name}: the process dies here`);
  };
  const count = (name: string, args: readonly unknown[]): Fault | undefined => {
    state.calls.push(typeof args[0] === "string" ? `${name} ${args[0]}` : name);
    return state.plan.at.get(state.calls.length);
  };
  /** What a fault does before the call itself; returns if the call is to be made. */
  const enter = async (fault: Fault | undefined, name: string, args: readonly unknown[]): Promise<void> => {
    if (fault === "crash-before") crash(name);
    if (fault === "before") throw lost(name);
    if (fault === "stall") await stall(name, args);
    if (fault === "partial" && shape.half !== undefined) {
      await shape.half(name, args);
      throw lost(name);
    }
  };

  async function call(name: string, args: readonly unknown[], invoke: () => unknown): Promise<unknown> {
    alive(name);
    const fault = count(name, args);
    await enter(fault, name, args);
    if (fault === "partial") throw lost(name);
    const result: unknown = await invoke();
    // Whoever died while the call was under way never gets its answer.
    alive(name);
    if (fault === "lost") throw lost(name);
    if (fault === "crash-after") crash(name);
    return guardDispose(result, () => alive(`${name}.dispose`));
  }

  async function* stream(name: string, args: readonly unknown[], invoke: () => unknown): AsyncGenerator<unknown> {
    alive(name);
    const fault = count(name, args);
    if (fault !== "partial") await enter(fault, name, args);
    const pieces = invoke();
    if (!isAsyncIterable(pieces)) throw new TypeError(`${name} gives no stream`);
    for await (const piece of pieces) {
      alive(name);
      if (fault === "partial") {
        yield halfOf(piece);
        throw lost(name);
      }
      yield piece;
      alive(name);
      if (fault === "lost") throw lost(name);
      if (fault === "crash-after") crash(name);
    }
    if (fault === "lost" || fault === "partial") throw lost(name);
    if (fault === "crash-after") crash(name);
  }

  const wrapped = new Proxy(port, {
    get(target, property, receiver) {
      const value: unknown = Reflect.get(target, property, receiver);
      if (typeof value !== "function" || typeof property !== "string") return value;
      const kind = shape.methods[property];
      if (kind === undefined) throw new TypeError(`the port's shape does not name the method ${property}`);
      const invoke = (args: readonly unknown[]) => () => Reflect.apply(value, target, args);
      if (kind === "plain") return (...args: readonly unknown[]) => invoke(args)();
      const run = kind === "call" ? call : stream;
      return (...args: readonly unknown[]) => run(property, args, invoke(args));
    },
  });
  return { port: wrapped, calls: state.calls, crashed: () => state.crashed };
}

/** A dead process cleans nothing up: what a scratch directory offers for that fails after a crash. */
function guardDispose(result: unknown, alive: () => void): unknown {
  if (typeof result !== "object" || result === null || !("dispose" in result)) return result;
  const guarded = Object.entries(result).map(([name, value]): [string, unknown] => {
    if (typeof value !== "function") return [name, value];
    const guard = async (...args: readonly unknown[]): Promise<unknown> => {
      alive();
      return await Reflect.apply(value, result, args);
    };
    return [name, guard];
  });
  return Object.fromEntries(guarded);
}

async function stall(name: string, args: readonly unknown[]): Promise<never> {
  for (const arg of args) {
    if (typeof arg !== "object" || arg === null || !("signal" in arg) || !(arg.signal instanceof AbortSignal)) continue;
    const { signal } = arg;
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    throw new Failure("cancelled", `${name}: stopped while it stalled`);
  }
  throw lost(name);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function halfOf(piece: unknown): unknown {
  if (piece instanceof Uint8Array) return piece.subarray(0, piece.length >> 1);
  return Array.isArray(piece) ? piece.slice(0, piece.length >> 1) : piece;
}

export const storageMethods: Readonly<Record<keyof Omit<Storage, "name" | "knowsPutIds">, MethodKind>> = {
  put: "call",
  putIfAbsent: "call",
  head: "call",
  annotate: "call",
  list: "stream",
  read: "stream",
  remove: "call",
  locate: "plain",
  location: "plain",
  scratch: "call",
  sweep: "call",
  sweepUploads: "call",
  probe: "plain",
};

/** A storage whose calls fail by plan. Half of a put is a body that lies in scratch space and that nobody disposes of. */
export function faultyStorage(storage: Storage, state: Faults): Faulty<Storage> {
  return faultyPort(
    storage,
    {
      methods: storageMethods,
      async half(method, args) {
        const body: unknown = args[1];
        if (method !== "put" && method !== "putIfAbsent") return;
        const scratch = await storage.scratch("partial");
        const bytes = body instanceof Uint8Array ? body.subarray(0, body.length >> 1) : "half a body";
        await writeFile(join(scratch.directory, "body"), bytes);
      },
    },
    state,
  );
}

/** As `faultyStorage`, for a workflow with one port. */
export function faulty(storage: Storage, plan: FaultPlan): Faulty<Storage> {
  return faultyStorage(storage, makeFaults(plan));
}
