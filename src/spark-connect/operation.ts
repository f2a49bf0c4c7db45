/** What is asked of the server about one operation. */
import type { Calls, SendOptions } from "./calls.ts";
import { type ExecutePlanResponse, InterruptRequest_InterruptType, type Plan } from "./gen/spark_connect_pb.ts";

export interface Operation {
  readonly id: string;
  /** Begins it. What it yields may be taken up again by `reattach`. */
  execute(plan: Plan, tags: readonly string[], signal: AbortSignal): AsyncIterable<ExecutePlanResponse>;
  /** What follows the response with that id, or everything. */
  reattach(lastResponseId: string | undefined, signal: AbortSignal): AsyncIterable<ExecutePlanResponse>;
  /** The server need not keep this response, nor those before it. Tried once. */
  acknowledge(responseId: string): Promise<void>;
  /** The server need not keep anything; if it still runs, it is stopped. */
  release(): Promise<void>;
  interrupt(): Promise<void>;
}

/** How long tidying goes on when the server does not answer. */
const tidyMsMax = 5000;
const tidyLimits = { limits: { retriesMax: 15, msMax: tidyMsMax }, timeoutMs: tidyMsMax };

export function operationOf(calls: Calls, id: string): Operation {
  const { client } = calls;
  // Who calls is read anew each time: the first reply tells which server session it is.
  const about = () => ({ ...calls.identity(), operationId: id });
  return {
    id,
    execute: (plan, tags, signal) =>
      client.executePlan({ ...about(), plan, tags: [...tags], requestOptions: [reattachable] }, { signal }),
    reattach: (lastResponseId, signal) =>
      client.reattachExecute(lastResponseId === undefined ? about() : { ...about(), lastResponseId }, { signal }),
    async acknowledge(responseId) {
      const release = { case: "releaseUntil", value: { responseId } } as const;
      await client.releaseExecute({ ...about(), release }, { timeoutMs: tidyMsMax });
    },
    async release() {
      const release = { case: "releaseAll", value: {} } as const;
      await calls.call((sending) => client.releaseExecute({ ...about(), release }, sending), tidyLimits);
    },
    async interrupt() {
      const interrupt = { case: "operationId", value: id } as const;
      const interruptType = InterruptRequest_InterruptType.OPERATION_ID;
      const send = (sending: SendOptions) =>
        client.interrupt({ ...calls.identity(), interruptType, interrupt }, sending);
      await calls.call(send, tidyLimits);
    },
  };
}

const reattachable = {
  requestOption: { case: "reattachOptions", value: { reattachable: true } },
} as const;
