/** Sessions: what a caller of the client gets. */
import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import { type Effects, realEffects } from "../pace/effects.ts";
import { analyses } from "./analyze.ts";
import { addArtifacts, artifactStatus } from "./artifacts.ts";
import { type Caller, type Calls, makeCalls } from "./calls.ts";
import { clientName } from "./client-name.ts";
import { sessionConfig } from "./config.ts";
import type { ConnectOptions, ExecuteOptions, Result, Session, SqlOptions } from "./contract.ts";
import { SparkError } from "./errors.ts";
import { type Execution, startExecution } from "./execute.ts";
import { InterruptRequest_InterruptType as InterruptTypes, type Plan } from "./gen/spark_connect_pb.ts";
import { rootPlan, sqlCommandPlan, sqlRelation, viewPlan, writePlan } from "./plans.ts";
import { openResult, type ResponseReader, readResponses } from "./result.ts";
import { limitsWithin, type RetryLimits } from "./retry.ts";
import { isPlainQuery } from "./statement.ts";
import { openWire, type Wire } from "./transport.ts";
import { hostAndPort, parseConnectUrl } from "./url.ts";

const messageBytesMaxDefault = 128 << 20;

/** Whoever typed a wrong port does not want to wait for ten minutes. A session that once was there is waited for. */
const firstContactLimits: RetryLimits = { retriesMax: Number.POSITIVE_INFINITY, msMax: 3000 };

/** A server that has just been started loads its classes before it answers for the first time. */
const firstAnswerMsMax = 60_000;

/** For the server's goodbye. */
const closeMsMax = 3000;

/**
 * Opens a session on the server that the URL names (`sc://host:port/;key=value`). Options come before what the URL says.
 *
 * The server is asked for its version first. If it cannot be reached then, that is tried again for three seconds, or for
 * `retryMsMax` if it is given; a connection attempt and a first answer have limits of their own (10 s, 60 s). Later calls
 * outlast a server that is away for ten minutes, or for `retryMsMax`.
 *
 * `SparkError`: `usage` for the URL, `unavailable` for a server that is not there, `denied` for one that refuses the token, whose
 * certificate is not trusted, that is older than Spark 4.0 or no Spark Connect server at all.
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Session> {
  const target = parseConnectUrl(url, options);
  const endpoint = hostAndPort(target);
  const clientType = clientName(options.userAgent ?? target.userAgent);
  const wire = openWire({
    host: target.host,
    port: target.port,
    tls: target.tls,
    token: target.token,
    ca: options.ca,
    userAgent: clientType,
    messageBytesMax: options.messageBytesMax ?? target.messageBytesMax ?? messageBytesMaxDefault,
  });
  const caller: Caller = {
    sessionId: target.sessionId ?? randomUUID(),
    userId: options.userId ?? target.userId ?? processUser(),
    clientType,
    endpoint,
  };
  return openSession(wire, caller, options);
}

/** The same over a connection that is given, which the session then owns. */
export async function openSession(
  wire: Wire,
  caller: Caller,
  options: ConnectOptions = {},
  effects: Effects = realEffects,
): Promise<Session> {
  const calls = makeCalls(wire, caller, limitsWithin(options.retryMsMax), effects);
  const { signal } = options;
  try {
    const analyze = analyses(calls);
    const version = await analyze.version({
      limits: options.retryMsMax === undefined ? firstContactLimits : limitsWithin(options.retryMsMax),
      timeoutMs: firstAnswerMsMax,
      ...(signal === undefined ? {} : { signal }),
    });
    checkVersion(version, caller.endpoint);
    const session = makeSession(wire, calls, caller, version);
    if (options.settings !== undefined) {
      await session.config.set(options.settings, signal === undefined ? {} : { signal });
    }
    return session;
  } catch (error) {
    calls.end();
    wire.close();
    throw error;
  }
}

function checkVersion(version: string, endpoint: string): void {
  const major = Number(/^(\d+)\./.exec(version)?.[1]);
  if (major >= 4) return;
  throw new SparkError("denied", `${endpoint}: the server is Spark ${version || "of an unknown version"}`, {
    remedy: "connect to Spark 4.0 or later",
  });
}

function processUser(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a number without a name.
    return "millrace";
  }
}

function makeSession(wire: Wire, calls: Calls, caller: Caller, version: string): Session {
  const executions = new Set<Execution>();
  const analyze = analyses(calls);
  let closing: Promise<void> | undefined;

  function start(plan: Plan, options: ExecuteOptions): Execution {
    if (closing !== undefined) throw new SparkError("usage", "the session is closed", { remedy: "connect again" });
    const execution = startExecution(calls, plan, { ...options, onEnd: () => executions.delete(execution) });
    executions.add(execution);
    return execution;
  }

  async function run(plan: Plan, options: ExecuteOptions): Promise<ResponseReader & { readonly operationId: string }> {
    const execution = start(plan, options);
    const reader = readResponses(execution, options.onProgress);
    while ((await reader.nextBatch()) !== undefined);
    return { ...reader, operationId: execution.operationId };
  }

  let isOrderKept: Promise<boolean> | undefined;

  /** Spark 4.1 and 4.2.0 silently mix up more than four positional parameters (SPARK-58341), so the server is tried once. */
  async function checkOrder(parameters: SqlOptions["parameters"]): Promise<void> {
    if (!Array.isArray(parameters) || parameters.length <= 4) return;
    isOrderKept ??= keepsOrder();
    if (await isOrderKept) return;
    const remedy = "name the parameters (:name), or use a Spark that has the correction";
    throw new SparkError("denied", `Spark ${version} mixes up more than four positional parameters (SPARK-58341)`, {
      remedy,
    });
  }

  async function keepsOrder(): Promise<boolean> {
    const given = [0, 1, 2, 3, 4, 5, 6, 7];
    const relation = sqlRelation(`SELECT array(${given.map(() => "?").join()})`, { parameters: given });
    const result = await openResult(start(rootPlan(relation), {}), {});
    for await (const [found] of result.rows())
      return Array.isArray(found) && given.every((value) => found[value] === value);
    return false;
  }

  async function sql(text: string, options: SqlOptions = {}): Promise<Result> {
    await checkOrder(options.parameters);
    const relation = sqlRelation(text, options);
    if (isPlainQuery(text)) return openResult(start(rootPlan(relation), options), options);
    const command = await run(sqlCommandPlan(relation), options);
    // The command is done, and this says which rows it left; for a query after all it is the query.
    const rows = command.relation();
    if (rows === undefined) throw new SparkError("corrupt", "the server carried out a statement and did not answer it");
    return openResult(start(rootPlan(rows), options), options, command.metrics());
  }

  async function close(): Promise<void> {
    const error = new SparkError("cancelled", "the session was closed");
    await Promise.all([...executions].map((execution) => execution.fail(error)));
    await calls.ready();
    const released = calls
      .call((sending) => calls.client.releaseSession(calls.identity(), sending), {
        limits: { retriesMax: 3, msMax: closeMsMax },
        timeoutMs: closeMsMax,
      })
      // A server that is gone has released everything.
      .catch((failure: unknown) => failure);
    calls.beside(released);
    await calls.settled(closeMsMax);
    calls.end();
    wire.close();
  }

  return {
    id: caller.sessionId,
    version,
    config: sessionConfig(calls),
    sql,
    execute: async (relation, options = {}) => openResult(start(rootPlan(relation), options), options),
    async write(relation, target, options = {}) {
      const { operationId, metrics } = await run(writePlan(relation, target), options);
      return { operationId, metrics: metrics() };
    },
    async createView(name, relation, { replace = false, ...options } = {}) {
      await run(viewPlan(name, relation, replace), options);
    },
    schema: analyze.schema,
    explain: analyze.explain,
    inputFiles: analyze.inputFiles,
    parseDdl: analyze.parseDdl,
    addArtifacts: (artifacts, options = {}) => addArtifacts(calls, artifacts, options),
    artifactStatus: (names, options = {}) => artifactStatus(calls, names, options),
    interrupt: (what) => interrupt(calls, what),
    close() {
      closing ??= close();
      return closing;
    },
  };
}

async function interrupt(calls: Calls, what: Parameters<Session["interrupt"]>[0]): Promise<readonly string[]> {
  const request =
    what === undefined
      ? { interruptType: InterruptTypes.ALL }
      : "tag" in what
        ? { interruptType: InterruptTypes.TAG, interrupt: { case: "operationTag", value: what.tag } as const }
        : {
            interruptType: InterruptTypes.OPERATION_ID,
            interrupt: { case: "operationId", value: what.operationId } as const,
          };
  const reply = await calls.call((sending) => calls.client.interrupt({ ...calls.identity(), ...request }, sending));
  return reply.interruptedIds;
}
