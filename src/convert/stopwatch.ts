/** CPU and wall time of the phases of a conversion, in milliseconds. */
export class Stopwatch {
  readonly #cpuMs = new Map<string, number>();
  readonly #startedMs = performance.now();
  readonly #startedCpuMs = threadCpuMs();
  /** Of the phase that is being measured: what phases within it took. */
  #withinMs = 0;

  /** Runs `work`, which does not wait for anything, as part of a phase; phases may nest. */
  measure<Result>(phase: string, work: () => Result): Result {
    const before = threadCpuMs();
    const outerWithinMs = this.#withinMs;
    this.#withinMs = 0;
    try {
      return work();
    } finally {
      const tookMs = threadCpuMs() - before;
      this.#cpuMs.set(phase, (this.#cpuMs.get(phase) ?? 0) + tookMs - this.#withinMs);
      this.#withinMs = outerWithinMs + tookMs;
    }
  }

  /** `<phase>_cpu` for each phase, `cpu` for this thread since the start, and `wall`. Decompression runs elsewhere. */
  read(): Record<string, number> {
    const timings: Record<string, number> = {};
    for (const [phase, ms] of this.#cpuMs) timings[`${phase}_cpu`] = Math.round(ms);
    timings.cpu = Math.round(threadCpuMs() - this.#startedCpuMs);
    timings.wall = Math.round(performance.now() - this.#startedMs);
    return timings;
  }
}

/** CPU time of this thread; of the whole process in versions of Node that cannot tell. */
function threadCpuMs(): number {
  const usage = typeof process.threadCpuUsage === "function" ? process.threadCpuUsage() : process.cpuUsage();
  return (usage.user + usage.system) / 1000;
}
