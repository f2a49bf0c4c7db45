/** A model of the server, the proxy before it, and sessions of millrace's client through the proxy. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { create } from "@bufbuild/protobuf";
import type { ConnectOptions, ExecuteOptions, Result, Session } from "../../../src/spark-connect/contract.ts";
import { type Relation, RelationSchema } from "../../../src/spark-connect/gen/spark_connect_pb.ts";
import { connect } from "../../../src/spark-connect/session.ts";
import { type ConnectProxy, type ProxyOptions, startConnectProxy } from "./connect-proxy.ts";
import type { FakeServer } from "./fake-server.ts";
import { type FakeSpark, startFakeSpark } from "./fake-spark.ts";

export const userId = "faults";

export interface Scene {
  readonly spark: FakeSpark;
  readonly server: FakeServer;
  readonly proxy: ConnectProxy;
  /** A session through the proxy; closed at the end of the test. */
  connect(options?: ConnectOptions): Promise<Session>;
  /** Waits until the model keeps nothing of what was executed. */
  assertNothingLeft(): Promise<void>;
}

/** How long the last release of an operation may be under way. Milliseconds. */
const releaseMsMax = 15_000;

export async function setScene(context: TestContext, options: ProxyOptions = {}): Promise<Scene> {
  const { spark, server } = await startFakeSpark();
  const proxy = await startConnectProxy(server.url, options);
  const sessions: Session[] = [];
  context.after(async () => {
    proxy.reset();
    for (const session of sessions) await session.close();
    await proxy.stop();
    await server.stop();
    assert.deepEqual(server.mistakes, []);
  });
  return {
    spark,
    server,
    proxy,
    async connect(own = {}) {
      const session = await connect(proxy.url, { userId, ...own });
      sessions.push(session);
      return session;
    },
    async assertNothingLeft() {
      const giveUpMs = performance.now() + releaseMsMax;
      while (spark.operations.size > 0 && performance.now() < giveUpMs) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.deepEqual([...spark.operations.keys()], [], "operations are left on the server");
    },
  };
}

/** The rows of a statement, executed as a query, so that there is one execution whatever the statement says. */
export async function rowsOf(session: Session, query = "SELECT id, name FROM somewhere", options: ExecuteOptions = {}) {
  return await textOf(await session.execute(queryOf(query), options));
}

export const queryOf = (query: string): Relation =>
  create(RelationSchema, { relType: { case: "sql", value: { query } } });

/** All rows of `id, name` as plain text, which two results are compared by. */
async function textOf(result: Result): Promise<string> {
  const lines: string[] = [];
  for await (const row of result.rows()) lines.push(row.map(String).join(" "));
  return lines.join("\n");
}
