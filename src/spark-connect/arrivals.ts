/** What arrives of an execution's responses: for its reader, who may be told to stop waiting, and for whoever stops it. */
import type { Effects } from "../pace/effects.ts";
import { withinMs } from "../pace/within.ts";
import type { ExecutePlanResponse } from "./gen/spark_connect_pb.ts";

export type Arrived = IteratorResult<ExecutePlanResponse, unknown>;

export interface Arrivals {
  /** The next response, or `undefined` as soon as `endWaiting` is called. */
  next(responses: AsyncIterator<ExecutePlanResponse>): Promise<Arrived | undefined>;
  endWaiting(): void;
  /**
   * Reads on until an interrupt is likely to reach everything that runs, while the stream lasts, and for 8 s at most.
   *
   * Interrupting a statement makes Spark cancel the jobs that it has at that moment. A job that another thread of the server is
   * about to submit for it runs to its end all the same, and nobody is left who could ask for that end: seen with 4.2.0 in 3 of 18
   * stops in the first second and a half of a query. So a statement without running tasks is given time to have some.
   */
  untilStoppable(responses: AsyncIterator<ExecutePlanResponse>): Promise<void>;
}

const stopMsMax = 8000;

/** Sessions of our engine are told of news every 200 ms: after this without any, the last still holds. */
const newsMsMax = 300;

/** Subqueries and what is broadcast are short jobs, with others waiting for them. What has tasks for so long is none of these. */
const steadyMs = 600;

export function watchArrivals(effects: Effects): Arrivals {
  /** What was asked for and has not arrived, so that two who wait get the same. */
  let arriving: { readonly of: AsyncIterator<ExecutePlanResponse>; readonly arrived: Promise<Arrived> } | undefined;
  let wake: (() => void) | undefined;
  /** Since when tasks run without a pause, in milliseconds of the clock. */
  let tasksSince = Number.POSITIVE_INFINITY;
  /** Rows are those of the last job. */
  let hasRows = false;

  async function arrive(responses: AsyncIterator<ExecutePlanResponse>): Promise<Arrived> {
    try {
      const arrived = await responses.next();
      if (arrived.done !== true) note(arrived.value);
      return arrived;
    } finally {
      if (arriving?.of === responses) arriving = undefined;
    }
  }

  function note({ responseType }: ExecutePlanResponse): void {
    if (responseType.case === "arrowBatch") hasRows = true;
    if (responseType.case !== "executionProgress") return;
    const hasTasks = responseType.value.numInflightTasks > 0n;
    tasksSince = hasTasks ? Math.min(tasksSince, effects.nowMs()) : Number.POSITIVE_INFINITY;
  }

  function arrival(responses: AsyncIterator<ExecutePlanResponse>): Promise<Arrived> {
    if (arriving?.of !== responses) arriving = { of: responses, arrived: arrive(responses) };
    return arriving.arrived;
  }

  return {
    next: (responses) =>
      new Promise((resolve, reject) => {
        wake = () => resolve(undefined);
        arrival(responses).then(resolve, reject);
      }),
    endWaiting: () => wake?.(),
    async untilStoppable(responses) {
      const deadline = effects.nowMs() + stopMsMax;
      try {
        while (!hasRows) {
          const steadyAt = Math.max(tasksSince + steadyMs, effects.nowMs() + newsMsMax);
          const arrived = await withinMs(arrival(responses), Math.min(steadyAt, deadline) - effects.nowMs(), effects);
          if (arrived === undefined || arrived.done === true) return;
          if (effects.nowMs() >= Math.min(tasksSince + steadyMs, deadline)) return;
        }
      } catch {
        // A stream that breaks tells nothing more.
      }
    },
  };
}
