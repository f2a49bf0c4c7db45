/** Whether the server that was started answers: itself, and no other one that came to its port first. */
import { randomUUID } from "node:crypto";

export interface Asked {
  readonly port: number;
  /** The name that its settings gave it, which nobody else has. */
  readonly appName: string;
  readonly token: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The first answer of a server that has just begun to listen may take seconds. Milliseconds. */
const answerMsMax = 20_000;

/** Spark's version, as the server says; `undefined` while there is none of that name. */
export async function serverVersion({ port, appName, token, signal }: Asked): Promise<string | undefined> {
  const [{ createClient }, { openWire }, { SparkConnectService }] = await Promise.all([
    import("@connectrpc/connect"),
    import("../spark-connect/transport.ts"),
    import("../spark-connect/gen/spark_connect_pb.ts"),
  ]);
  const target = { host: "127.0.0.1", port, tls: false, token, ca: undefined, userAgent: "millrace" };
  const wire = openWire({ ...target, messageBytesMax: 1 << 20 });
  const client = createClient(SparkConnectService, wire.transport);
  const options = { timeoutMs: answerMsMax, ...(signal === undefined ? {} : { signal }) };
  const session = { sessionId: randomUUID(), userContext: { userId: "millrace" } };
  try {
    const named = await client.config(
      { ...session, operation: { opType: { case: "get", value: { keys: ["spark.app.name"] } } } },
      options,
    );
    if (named.pairs[0]?.value !== appName) return undefined;
    const { result } = await client.analyzePlan({ ...session, analyze: { case: "sparkVersion", value: {} } }, options);
    await client.releaseSession(session, options);
    return result.case === "sparkVersion" ? result.value.version : undefined;
  } catch (error) {
    // Not there yet, not ready yet, or somebody else's: it is asked again until the time is over.
    if (error instanceof Error) return undefined;
    throw error;
  } finally {
    wire.close();
  }
}
