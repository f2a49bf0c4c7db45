/** A second client, of the generated service alone, straight to the server: it says what is left there of an operation. */
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
  InterruptRequest_InterruptType,
  SparkConnectService,
} from "../../../src/spark-connect/gen/spark_connect_pb.ts";

export interface Who {
  readonly sessionId: string;
  readonly userId: string;
}

export function clientAt(url: string): Client<typeof SparkConnectService> {
  const { host } = new URL(url.replace(/^sc:/, "http:"));
  return createClient(SparkConnectService, createGrpcTransport({ baseUrl: `http://${host}` }));
}

/** What the server still has of these operations: running ones, and results that nobody has released. */
export async function leftovers(
  url: string,
  { sessionId, userId }: Who,
  operations: Iterable<string>,
): Promise<readonly string[]> {
  const client = clientAt(url);
  const userContext = { userId };
  const interruptType = InterruptRequest_InterruptType.ALL;
  const left: string[] = [];
  for (const operationId of operations) {
    if (await isThere(client, { sessionId, userContext, operationId })) left.push(`${operationId} is kept`);
  }
  // A session that has ended has nothing that runs.
  const { interruptedIds } = await client
    .interrupt({ sessionId, userContext, interruptType })
    .catch((error: unknown) => {
      if (/INVALID_HANDLE\.SESSION_(NOT_FOUND|CLOSED)/.test(String(error))) return { interruptedIds: [] };
      throw error;
    });
  return [...left, ...interruptedIds.map((id) => `${id} was running`)];
}

async function isThere(
  client: Client<typeof SparkConnectService>,
  request: {
    readonly sessionId: string;
    readonly userContext: { readonly userId: string };
    readonly operationId: string;
  },
): Promise<boolean> {
  // Leaving a loop early does not end the call.
  const stop = new AbortController();
  try {
    for await (const _ of client.reattachExecute(request, { signal: stop.signal })) return true;
    return true;
  } catch (error) {
    const { message } = ConnectError.from(error);
    if (/INVALID_HANDLE\.(OPERATION_NOT_FOUND|SESSION_NOT_FOUND|SESSION_CLOSED)/.test(message)) return false;
    // The operation is there; only its beginning is not.
    if (/INVALID_CURSOR/.test(message)) return true;
    throw error;
  } finally {
    stop.abort();
  }
}
