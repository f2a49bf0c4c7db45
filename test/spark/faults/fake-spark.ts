/**
 * A model of Spark's Connect server, as far as sessions, operations and their streams go: what is executed is a script. It keeps
 * responses until they are released, ends streams early when told to, and answers the errors that the real one answers.
 */
import { randomUUID } from "node:crypto";
import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  AnalyzePlanRequestSchema,
  AnalyzePlanResponseSchema,
  ConfigRequestSchema,
  ConfigResponseSchema,
  type ExecutePlanRequest,
  ExecutePlanRequestSchema,
  ExecutePlanResponseSchema,
  FetchErrorDetailsRequestSchema,
  FetchErrorDetailsResponseSchema,
  InterruptRequestSchema,
  InterruptResponseSchema,
  ReattachExecuteRequestSchema,
  ReleaseExecuteRequestSchema,
  ReleaseExecuteResponseSchema,
  ReleaseSessionRequestSchema,
  ReleaseSessionResponseSchema,
} from "../../../src/spark-connect/gen/spark_connect_pb.ts";
import { answerOf, type ResponseBody, rowsSchema } from "./arrow-rows.ts";
import { type FakeCall, type FakeServer, type Reply, startFakeServer } from "./fake-server.ts";
import { codes, type Status } from "./statuses.ts";

/** What an execution answers: all of `bodies`, then the end, an error, or nothing for ever. */
export interface Script {
  readonly bodies: readonly ResponseBody[];
  readonly end?: "complete" | "hang" | Status;
}

interface Operation {
  readonly id: string;
  readonly responses: readonly { readonly id: string; readonly bytes: Uint8Array }[];
  readonly end: "complete" | "hang" | Status;
  /** Responses before this one are gone. */
  released: number;
  isInterrupted: boolean;
  /** Counts attachments: a newer stream ends an older one. */
  attached: number;
}

/** Damages a response on its way out; `at` counts from 0 within the operation. */
export type Damage = (bytes: Uint8Array, at: number) => readonly Uint8Array[];

export class FakeSpark {
  version = "4.2.0";
  serverSideSessionId: string = randomUUID();
  /** What a query answers. */
  script: (request: ExecutePlanRequest) => Script = () => ({ bodies: answerOf(4) });
  /** Messages after which a stream ends without the result being complete. */
  streamMessagesMax = Number.POSITIVE_INFINITY;
  damage: Damage = (bytes) => [bytes];
  /** Changes a whole answer before anything of it is sent. */
  rewrite: (answer: readonly Uint8Array[]) => readonly Uint8Array[] = (answer) => answer;
  /** Instead of the end of a stream. */
  beforeEnd: (() => Promise<void>) | undefined;
  /** What FetchErrorDetails answers, by error id. */
  readonly errorDetails = new Map<string, MessageInitShape<typeof FetchErrorDetailsResponseSchema>>();
  readonly operations = new Map<string, Operation>();
  readonly settings = new Map<string, string>();
  /** Executions that began, not streams. */
  executions = 0;
  releasedSessions = 0;

  /** A new server at the same address: sessions and operations are gone. */
  restart(): void {
    this.serverSideSessionId = randomUUID();
    this.operations.clear();
    this.settings.clear();
  }

  async handle(call: FakeCall): Promise<void> {
    const { rpc, request, reply } = call;
    switch (rpc) {
      case "AnalyzePlan":
        return this.#analyze(request, reply);
      case "Config":
        return this.#config(request, reply);
      case "ExecutePlan":
        return this.#execute(request, reply);
      case "ReattachExecute":
        return this.#reattach(request, reply);
      case "ReleaseExecute":
        return this.#release(request, reply);
      case "Interrupt":
        return this.#interrupt(request, reply);
      case "ReleaseSession": {
        const { sessionId } = fromBinary(ReleaseSessionRequestSchema, request);
        this.operations.clear();
        this.releasedSessions++;
        return answer(reply, ReleaseSessionResponseSchema, {
          sessionId,
          serverSideSessionId: this.serverSideSessionId,
        });
      }
      case "FetchErrorDetails":
        return this.#details(request, reply);
      default:
        reply.end({ code: 12, message: `not in this model: ${rpc}` });
    }
  }

  async #analyze(bytes: Uint8Array, reply: Reply): Promise<void> {
    const request = fromBinary(AnalyzePlanRequestSchema, bytes);
    const { sessionId, clientObservedServerSideSessionId: observed } = request;
    if (this.#refuseChanged(observed, reply)) return;
    const ids = { sessionId, serverSideSessionId: this.serverSideSessionId };
    const schema = AnalyzePlanResponseSchema;
    if (request.analyze.case === "schema") {
      return answer(reply, schema, { ...ids, result: { case: "schema", value: { schema: rowsSchema } } });
    }
    return answer(reply, schema, { ...ids, result: { case: "sparkVersion", value: { version: this.version } } });
  }

  async #config(bytes: Uint8Array, reply: Reply): Promise<void> {
    const {
      sessionId,
      operation,
      clientObservedServerSideSessionId: observed,
    } = fromBinary(ConfigRequestSchema, bytes);
    if (this.#refuseChanged(observed, reply)) return;
    const what = operation?.opType;
    if (what?.case === "set") for (const { key, value } of what.value.pairs) this.settings.set(key, value ?? "");
    if (what?.case === "unset") for (const key of what.value.keys) this.settings.delete(key);
    const keys = what?.case === "get" || what?.case === "getOption" ? what.value.keys : [];
    const pairs = keys.flatMap((key) => {
      const value = this.settings.get(key);
      return value === undefined ? [{ key }] : [{ key, value }];
    });
    return answer(reply, ConfigResponseSchema, { sessionId, serverSideSessionId: this.serverSideSessionId, pairs });
  }

  async #execute(bytes: Uint8Array, reply: Reply): Promise<void> {
    const request = fromBinary(ExecutePlanRequestSchema, bytes);
    if (this.#refuseChanged(request.clientObservedServerSideSessionId, reply)) return;
    const id = request.operationId ?? randomUUID();
    if (this.operations.has(id)) return reply.end(sparkStatus("INVALID_HANDLE.OPERATION_ALREADY_EXISTS", "HY000"));
    const command = request.plan?.opType.case === "command" ? request.plan.opType.value.commandType : undefined;
    // A statement as a command answers the relation that holds its rows; they come when that is executed.
    const input = command?.case === "sqlCommand" ? command.value.input : undefined;
    const { bodies, end = "complete" } =
      input === undefined
        ? this.script(request)
        : {
            bodies: [{ responseType: { case: "sqlCommandResult", value: { relation: input } } } satisfies ResponseBody],
          };
    const ids = { sessionId: request.sessionId, serverSideSessionId: this.serverSideSessionId, operationId: id };
    const last: ResponseBody = { responseType: { case: "resultComplete", value: {} } };
    const whole = [...bodies, ...(end === "complete" ? [last] : [])].map((body) =>
      toBinary(
        ExecutePlanResponseSchema,
        create(ExecutePlanResponseSchema, { ...body, ...ids, responseId: randomUUID() }),
      ),
    );
    const responses = this.rewrite(whole).map((bytes) => {
      return { id: fromBinary(ExecutePlanResponseSchema, bytes).responseId, bytes };
    });
    const operation = { id, responses, end, released: 0, isInterrupted: false, attached: 0 };
    this.executions++;
    this.operations.set(id, operation);
    await this.#stream(operation, 0, reply);
  }

  async #reattach(bytes: Uint8Array, reply: Reply): Promise<void> {
    const request = fromBinary(ReattachExecuteRequestSchema, bytes);
    if (this.#refuseChanged(request.clientObservedServerSideSessionId, reply)) return;
    const operation = this.operations.get(request.operationId);
    if (operation === undefined) return reply.end(sparkStatus("INVALID_HANDLE.OPERATION_NOT_FOUND", "HY000"));
    const { lastResponseId: last } = request;
    const at = last === undefined ? 0 : operation.responses.findIndex(({ id }) => id === last) + 1;
    if (last !== undefined && at === 0) return reply.end(sparkStatus("INVALID_CURSOR.POSITION_NOT_FOUND", "HY109"));
    if (at < operation.released) return reply.end(sparkStatus("INVALID_CURSOR.POSITION_NOT_AVAILABLE", "HY109"));
    await this.#stream(operation, at, reply);
  }

  async #stream(operation: Operation, from: number, reply: Reply): Promise<void> {
    const mine = ++operation.attached;
    let sent = 0;
    for (const [at, { bytes }] of operation.responses.entries()) {
      if (at < from) continue;
      if (reply.isGone) return;
      if (mine !== operation.attached) return reply.end(sparkStatus("INVALID_CURSOR.DISCONNECTED", "HY109"));
      if (sent === this.streamMessagesMax) return reply.end();
      for (const part of this.damage(bytes, at)) await reply.message(part);
      sent++;
    }
    if (this.beforeEnd !== undefined) await this.beforeEnd();
    else if (operation.end === "complete") reply.end();
    else if (operation.end !== "hang") reply.end(operation.end);
    else await this.#hang(operation, reply);
  }

  async #hang(operation: Operation, reply: Reply): Promise<void> {
    reply.headers();
    const gone = reply.closed();
    while (!reply.isGone) {
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 10))]);
      if (operation.isInterrupted) return reply.end(sparkStatus("OPERATION_CANCELED", "HY008"));
    }
  }

  async #release(bytes: Uint8Array, reply: Reply): Promise<void> {
    const { sessionId, operationId, release } = fromBinary(ReleaseExecuteRequestSchema, bytes);
    const operation = this.operations.get(operationId);
    if (operation !== undefined && release.case === "releaseAll") {
      operation.isInterrupted = true;
      this.operations.delete(operationId);
    }
    if (operation !== undefined && release.case === "releaseUntil") {
      const at = operation.responses.findIndex(({ id }) => id === release.value.responseId);
      if (at < 0) return reply.end(sparkStatus("INVALID_CURSOR.POSITION_NOT_FOUND", "HY109"));
      operation.released = Math.max(operation.released, at + 1);
    }
    const ids = { sessionId, serverSideSessionId: this.serverSideSessionId };
    return answer(reply, ReleaseExecuteResponseSchema, operation === undefined ? ids : { ...ids, operationId });
  }

  async #interrupt(bytes: Uint8Array, reply: Reply): Promise<void> {
    const { sessionId, interrupt } = fromBinary(InterruptRequestSchema, bytes);
    const running = [...this.operations.values()].filter(({ id, end, isInterrupted }) => {
      return end === "hang" && !isInterrupted && (interrupt.case !== "operationId" || interrupt.value === id);
    });
    for (const operation of running) operation.isInterrupted = true;
    const interruptedIds = running.map(({ id }) => id);
    const ids = { sessionId, serverSideSessionId: this.serverSideSessionId };
    return answer(reply, InterruptResponseSchema, { ...ids, interruptedIds });
  }

  async #details(bytes: Uint8Array, reply: Reply): Promise<void> {
    const { sessionId, errorId } = fromBinary(FetchErrorDetailsRequestSchema, bytes);
    const ids = { sessionId, serverSideSessionId: this.serverSideSessionId };
    return answer(reply, FetchErrorDetailsResponseSchema, { ...this.errorDetails.get(errorId), ...ids });
  }

  #refuseChanged(observed: string | undefined, reply: Reply): boolean {
    if (observed === undefined || observed === "" || observed === this.serverSideSessionId) return false;
    reply.end(sparkStatus("INVALID_HANDLE.SESSION_CHANGED", "HY000"));
    return true;
  }
}

/** An error as the real server words it. */
export function sparkStatus(errorClass: string, sqlState: string, more: Record<string, string> = {}): Status {
  return {
    code: codes.internal,
    message: `[${errorClass}] what the model says. SQLSTATE: ${sqlState}`,
    info: {
      errorClass,
      sqlState,
      classes: '["org.apache.spark.SparkException","java.lang.Exception"]',
      messageParameters: "{}",
      ...more,
    },
  };
}

export async function answer<Schema extends DescMessage>(
  reply: Reply,
  schema: Schema,
  body: MessageInitShape<Schema>,
): Promise<void> {
  await reply.message(toBinary(schema, create(schema, body)));
  reply.end();
}

export async function startFakeSpark(): Promise<{ readonly spark: FakeSpark; readonly server: FakeServer }> {
  const spark = new FakeSpark();
  return { spark, server: await startFakeServer((call) => spark.handle(call)) };
}
