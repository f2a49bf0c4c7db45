/** Runs conversions in a few worker threads, each converting one file at a time. */
import { rmSync } from "node:fs";
import { extname } from "node:path";
import { type ResourceLimits, Worker } from "node:worker_threads";
import { Failure } from "../errors.ts";
import type { RowsBy } from "../shred/rows.ts";
import type { ConvertReport, ConvertRequest } from "./contract.ts";
import { partialPath } from "./output-file.ts";
import type { Job, PlainFailure, WorkerMessage } from "./worker-messages.ts";

/**
 * A worker that has nothing to do for so long ends, and the next conversion starts another: what it holds, memory of WebAssembly of
 * up to 256 MiB and a heap, would stay for as long as a process watches for new hours.
 */
const IDLE_MS = 60_000;

export interface PoolOptions {
  /** How many workers there are at most. They are started when they are first needed. */
  readonly workers: number;
  readonly groupBytes: number | undefined;
  readonly rows: RowsBy | undefined;
  /** Limits of each worker's heap; Node's own unless given. */
  readonly resourceLimits?: ResourceLimits;
  /** For tests: how long a worker without work stays, in milliseconds. */
  readonly idleMs?: number;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytesIn: number) => void;
}

interface Pending {
  readonly job: Job;
  readonly onProgress: ((bytesIn: number) => void) | undefined;
  resolve(report: ConvertReport): void;
  reject(error: unknown): void;
}

interface Slot {
  readonly worker: Worker;
  pending: Pending | undefined;
  /** Runs while there is no work. */
  idle: NodeJS.Timeout | undefined;
}

export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #slots = new Set<Slot>();
  readonly #waiting: Pending[] = [];
  #jobs = 0;
  #isClosed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** How many workers there are now. */
  get size(): number {
    return this.#slots.size;
  }

  run(request: ConvertRequest, { signal, onProgress }: RunOptions = {}): Promise<ConvertReport> {
    return new Promise<ConvertReport>((resolve, reject) => {
      if (this.#isClosed) throw new Failure("bug", "the converter is closed");
      signal?.throwIfAborted();
      const stop = new Int32Array(new SharedArrayBuffer(4));
      const { groupBytes, rows } = this.#options;
      const job: Job = { id: ++this.#jobs, request: cloneable(request), groupBytes, rows, stop };
      const onAbort = (): void => this.#abort(pending, signal?.reason);
      const pending: Pending = {
        job,
        onProgress,
        resolve: (report) => {
          signal?.removeEventListener("abort", onAbort);
          resolve(report);
        },
        reject: (error) => {
          signal?.removeEventListener("abort", onAbort);
          reject(signal?.aborted === true ? signal.reason : error);
        },
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(pending);
      this.#dispatch();
    });
  }

  /** Stops everything. Conversions that run or wait are rejected. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const closed = new Failure("cancelled", "the converter was closed");
    for (const pending of this.#waiting.splice(0)) pending.reject(closed);
    await Promise.all(
      [...this.#slots].map(async (slot) => {
        const { pending } = slot;
        slot.pending = undefined;
        clearTimeout(slot.idle);
        await slot.worker.terminate();
        if (pending === undefined) return;
        removePartial(pending.job.request);
        pending.reject(closed);
      }),
    );
  }

  /** A waiting conversion ends at once; a running one at its next chunk, after which its worker is free again. */
  #abort(pending: Pending, reason: unknown): void {
    Atomics.store(pending.job.stop, 0, 1);
    const place = this.#waiting.indexOf(pending);
    if (place < 0) return;
    this.#waiting.splice(place, 1);
    pending.reject(reason);
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const slot = this.#freeSlot();
      if (slot === undefined) return;
      const pending = this.#waiting.shift();
      if (pending === undefined) return;
      clearTimeout(slot.idle);
      slot.pending = pending;
      slot.worker.ref();
      slot.worker.postMessage(pending.job);
    }
  }

  #freeSlot(): Slot | undefined {
    for (const slot of this.#slots) if (slot.pending === undefined) return slot;
    return this.#slots.size < this.#options.workers ? this.#startWorker() : undefined;
  }

  #startWorker(): Slot {
    const { resourceLimits } = this.#options;
    const file = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
    // Flags of the process, such as `--input-type` beside `--eval`, are not meant for this file.
    const worker = new Worker(file, { execArgv: [], ...(resourceLimits === undefined ? {} : { resourceLimits }) });
    const slot: Slot = { worker, pending: undefined, idle: undefined };
    this.#slots.add(slot);
    worker.on("message", (message: WorkerMessage) => this.#receive(slot, message));
    let cause: unknown;
    worker.on("error", (error) => {
      cause = error;
    });
    worker.on("exit", (code) => this.#replace(slot, cause, code));
    return slot;
  }

  #receive(slot: Slot, message: WorkerMessage): void {
    const { pending } = slot;
    if (pending === undefined || pending.job.id !== message.id) return;
    if (message.kind === "progress") {
      pending.onProgress?.(message.bytesIn);
      return;
    }
    slot.pending = undefined;
    // An idle worker must not keep the process alive.
    slot.worker.unref();
    if (message.kind === "done") pending.resolve(message.report);
    else pending.reject(asThrown(message.failure));
    slot.idle = setTimeout(() => this.#retire(slot), this.#options.idleMs ?? IDLE_MS).unref();
    this.#dispatch();
  }

  #retire(slot: Slot): void {
    this.#slots.delete(slot);
    // What it still has to say has been heard, and how it ends does not matter.
    void slot.worker.terminate();
  }

  /** A worker ended that should not have: its request fails, and the next one gets a new worker. */
  #replace(slot: Slot, cause: unknown, code: number): void {
    this.#slots.delete(slot);
    const { pending } = slot;
    if (pending !== undefined) {
      slot.pending = undefined;
      const { request } = pending.job;
      removePartial(request);
      const fact = cause instanceof Error ? cause.message : `exit code ${code}`;
      pending.reject(
        new Failure("bug", `${request.input.file}: the worker that converted it died: ${fact}`, {
          cause,
          remedy: "if it ran out of memory, run with fewer workers or a lower `line_max`",
        }),
      );
    }
    if (!this.#isClosed) this.#dispatch();
  }
}

/** Only what a conversion needs: settings may carry more, which may not be cloneable. */
function cloneable(request: ConvertRequest): ConvertRequest {
  const { input, output, rejects, refuse, known, provenance } = request;
  const { declared, conflicts, duplicateKeys, compression, lineBytesMax, depthMax, columnsMax } = request.settings;
  const settings = { declared, conflicts, duplicateKeys, compression, lineBytesMax, depthMax, columnsMax };
  const rules = refuse === undefined ? {} : { refuse };
  return { input: { file: input.file }, output, rejects, ...rules, settings, known, provenance };
}

function asThrown({ kind, message, remedy, stack }: PlainFailure): Failure {
  const cause = stack === undefined ? undefined : new Error(message);
  if (cause !== undefined && stack !== undefined) cause.stack = stack;
  return new Failure(kind, message, { ...(remedy === undefined ? {} : { remedy }), cause });
}

/** What a worker that could not clean up left behind. */
function removePartial({ output, rejects }: ConvertRequest): void {
  for (const file of [output, rejects]) if (file !== undefined) rmSync(partialPath(file), { force: true });
}
