/**
 * One execution as a sequence of responses that the reader pulls. The server keeps what was not acknowledged, so that a stream
 * that breaks, or ends before its last message, is taken up after the last response that arrived.
 */
import { randomUUID } from "node:crypto";
import { stopIfAborted, stopped } from "../pace/abort.ts";
import { withinMs } from "../pace/within.ts";
import { watchArrivals } from "./arrivals.ts";
import type { Calls } from "./calls.ts";
import { SparkError } from "./errors.ts";
import { type Fault, faultOf, hasClass } from "./fault.ts";
import type { ExecutePlanResponse, Plan } from "./gen/spark_connect_pb.ts";
import { operationOf } from "./operation.ts";

export interface Execution {
  readonly operationId: string;
  /** The next response, or `undefined` after the last. The one before counts as read. Not to be called side by side. */
  next(): Promise<ExecutePlanResponse | undefined>;
  /** Ends it early; nothing is left of it on the server, if that can be reached. */
  close(): Promise<void>;
  /** The same for an execution whose session ends; whoever reads gets this error. */
  fail(error: SparkError): Promise<void>;
}

export interface ExecutionOptions {
  readonly tags?: readonly string[];
  readonly signal?: AbortSignal;
  /** Called once, when nothing is to be read any more. */
  readonly onEnd?: () => void;
}

/** How long a caller who gave up waits for the server to have stopped; further tidying goes on beside what the caller does next. */
const stopMsMax = 1000;

/** The server keeps 10 MiB for a reader who was cut off; it need not keep more than this of what has arrived. */
const releaseAfterBytes = 1 << 20;

/** A server that ends streams without a word, again and again, is not asked more often than this. */
const emptyStreamsMax = 3;

interface Stream {
  readonly responses: AsyncIterator<ExecutePlanResponse>;
  readonly abort: AbortController;
}

export function startExecution(calls: Calls, plan: Plan, { tags = [], signal, onEnd }: ExecutionOptions): Execution {
  checkTags(tags);
  const operation = operationOf(calls, randomUUID());
  const patience = calls.patience();
  const arrivals = watchArrivals(calls.effects);
  let stream: Stream | undefined;
  let isSent = false;
  let isResent = false;
  /** It is sent again at once the first time, and from then on only after a wait. */
  let mayResend = true;
  let emptyStreams = 0;
  let lastResponseId: string | undefined;
  let unreleasedBytes = 0;
  let isReleasing = false;
  let isOver = false;
  let failure: unknown;
  let givingUp: Promise<void> | undefined;

  const onAbort = (): void => {
    if (signal !== undefined) calls.beside(giveUp(stopped(signal), true));
  };
  signal?.addEventListener("abort", onAbort, { once: true });

  function open(): Stream {
    const abort = new AbortController();
    const responses = isSent
      ? operation.reattach(lastResponseId, abort.signal)
      : operation.execute(plan, tags, abort.signal);
    isSent = true;
    return { responses: responses[Symbol.asyncIterator](), abort };
  }

  function drop(): void {
    stream?.abort.abort();
    stream = undefined;
  }

  async function interrupt(): Promise<void> {
    if (stream !== undefined) await arrivals.untilStoppable(stream.responses);
    drop();
    await operation.interrupt();
  }

  /** Ends what runs; the session must not end before the interrupt, since that would interrupt at the wrong moment. */
  function stop(): Promise<void> {
    const interrupted = interrupt();
    calls.beforeEnd(interrupted);
    return interrupted.then(operation.release, operation.release);
  }

  function releaseRead(): void {
    if (isReleasing || lastResponseId === undefined || unreleasedBytes < releaseAfterBytes) return;
    const responseId = lastResponseId;
    isReleasing = true;
    unreleasedBytes = 0;
    // If it is lost, the next one says the same and more.
    calls.beside(
      operation.acknowledge(responseId).finally(() => {
        isReleasing = false;
      }),
    );
  }

  function finish(): void {
    isOver = true;
    signal?.removeEventListener("abort", onAbort);
    onEnd?.();
  }

  /** Ends it on both sides, at most once; `reason` is what a reader gets from now on. */
  function giveUp(reason: unknown, isRunning: boolean): Promise<void> {
    if (givingUp !== undefined) return givingUp;
    if (isOver) return Promise.resolve();
    finish();
    failure = reason;
    arrivals.endWaiting();
    if (!isRunning || !isSent) drop();
    if (!isSent) return Promise.resolve();
    const work = isRunning ? stop() : operation.release();
    calls.beside(work);
    // Failures of giving up mean nothing: the server ends by itself what nobody asks for.
    const ended = work.catch((error: unknown) => error);
    givingUp = withinMs(ended, stopMsMax, calls.effects).then(() => undefined);
    return givingUp;
  }

  /** Throws what is final; afterwards the stream is taken up again, or sent again where it never arrived. */
  async function recover(fault: Fault): Promise<void> {
    const isUnknown =
      hasClass(fault, "INVALID_HANDLE.OPERATION_NOT_FOUND") || hasClass(fault, "INVALID_HANDLE.SESSION_NOT_FOUND");
    if (isUnknown && lastResponseId === undefined && (mayResend || (await patience.pause(undefined, signal)))) {
      isResent = true;
      mayResend = false;
      isSent = false;
      return;
    }
    if (hasClass(fault, "INVALID_HANDLE.OPERATION_ALREADY_EXISTS") && isResent) return;
    if (!isUnknown && calls.mayPass(fault) && (await patience.pause(fault.details.retryAfterMs, signal))) {
      mayResend = true;
      return;
    }
    throw await calls.errorOf(fault);
  }

  async function pull(): Promise<ExecutePlanResponse | undefined> {
    for (;;) {
      if (failure !== undefined) throw failure;
      stopIfAborted(signal);
      try {
        stream ??= open();
        const arrived = await arrivals.next(stream.responses);
        if (arrived === undefined) continue;
        const { done, value } = arrived;
        if (done !== true) {
          calls.check(value);
          return value;
        }
        // The server ends every stream after a while; what is missing comes with the next one.
        drop();
        emptyStreams++;
        if (emptyStreams > emptyStreamsMax && !(await patience.pause(undefined, signal))) {
          throw new SparkError("unavailable", "the server ends the stream of results before its end, again and again");
        }
      } catch (error) {
        if (failure !== undefined) throw failure;
        drop();
        if (signal?.aborted === true) throw stopped(signal);
        if (error instanceof SparkError) throw error;
        await recover(faultOf(error));
      }
    }
  }

  return {
    operationId: operation.id,
    async next() {
      if (isOver) {
        await givingUp;
        if (failure !== undefined) throw failure;
        return undefined;
      }
      releaseRead();
      let response: ExecutePlanResponse | undefined;
      try {
        response = await pull();
      } catch (error) {
        const ended = giveUp(error, signal?.aborted === true);
        // Who asked to stop is told when it has stopped; who got an error need not wait for the tidying.
        if (signal?.aborted === true) await ended;
        else calls.beside(ended);
        throw error;
      }
      if (response === undefined) return undefined;
      patience.reset();
      emptyStreams = 0;
      // Servers number every response; one without a number could not be returned to.
      if (response.responseId !== "") lastResponseId = response.responseId;
      if (response.responseType.case === "arrowBatch") unreleasedBytes += response.responseType.value.data.length;
      if (response.responseType.case === "resultComplete") {
        finish();
        drop();
        calls.beside(operation.release());
      }
      return response;
    },
    close: () => giveUp(new SparkError("usage", "the result was closed"), true),
    fail: (error) => giveUp(error, true),
  };
}

function checkTags(tags: readonly string[]): void {
  const wrong = tags.find((tag) => tag === "" || tag.includes(","));
  if (wrong === undefined) return;
  throw new SparkError("usage", `tag: ${JSON.stringify(wrong)} is empty or holds a comma`, {
    remedy: "choose another",
  });
}
