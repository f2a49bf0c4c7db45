/** A second client, of the generated service alone, straight to the server: it says what is left there of an operation. */
import { type Client, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import {
  InterruptRequest_InterruptType,
  SparkConnectService,
} from "../../../src/spark-connect/gen/spark_connect_pb.ts";

export interface Who {
  readonly sessionId: string;
  readonly userId: string;
}

export function clientAt(url: string): Client<typeof SparkConnectService> {
  return openAt(url).client;
}

function openAt(url: string): { readonly client: Client<typeof SparkConnectService>; close(): void } {
  const { host } = new URL(url.replace(/^sc:/, "http:"));
  const baseUrl = `http://${host}`;
  const sessionManager = new Http2SessionManager(baseUrl);
  const client = createClient(SparkConnectService, createGrpcTransport({ baseUrl, sessionManager }));
  return { client, close: () => sessionManager.abort() };
}

/** What the server still has of these operations: running ones, and results that nobody has released. */
export async function leftovers(
  url: string,
  { sessionId, userId }: Who,
  operations: Iterable<string>,
): Promise<readonly string[]> {
  const { client, close } = openAt(url);
  const userContext = { userId };
  const interruptType = InterruptRequest_InterruptType.ALL;
  const left: string[] = [];
  try {
    for (const operationId of operations) {
      if (await isThere(client, { sessionId, userContext, operationId })) left.push(`${operationId} is kept`);
    }
    // Interrupting would end what the client is still to end.
    if (left.length > 0) return left;
    const { interruptedIds } = await client.interrupt({ sessionId, userContext, interruptType });
    return interruptedIds.map((id) => `${id} was running`);
  } catch (error) {
    // A session that has ended has nothing that runs.
    if (/INVALID_HANDLE\.SESSION_(NOT_FOUND|CLOSED)/.test(String(error))) return left;
    throw error;
  } finally {
    close();
  }
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
    // The operation is there: only its beginning is not, or its end is just on its way.
    if (/INVALID_CURSOR|OPERATION_CANCELED/.test(message)) return true;
    throw error;
  } finally {
    stop.abort();
  }
}
