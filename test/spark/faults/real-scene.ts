/** A real Spark Connect server behind the proxy, sessions of millrace's client, and the question what is left on the server. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { ConnectOptions, Session } from "../../../src/spark-connect/contract.ts";
import { connect } from "../../../src/spark-connect/session.ts";
import { type ConnectProxy, startConnectProxy } from "./connect-proxy.ts";
import { leftovers } from "./judge.ts";
import { userId } from "./scene.ts";

export interface RealScene {
  readonly proxy: ConnectProxy;
  /** Below the system's directory for temporary files, for the server to write to; removed at the end. */
  readonly directory: string;
  connect(options?: ConnectOptions): Promise<Session>;
  /** A session that no fault reaches, for looking at what was done. */
  direct(): Promise<Session>;
  /** Waits until the server knows nothing any more of what went through the proxy in this session. */
  assertNothingLeft(session: Session): Promise<void>;
}

/** How long the last release may be under way. Milliseconds. */
const releaseMsMax = 20_000;

/** Before the server at that URL. */
export async function setRealScene(context: TestContext, url: string): Promise<RealScene> {
  const proxy = await startConnectProxy(url);
  const directory = mkdtempSync(join(tmpdir(), "millrace-faults-"));
  const sessions: Session[] = [];
  context.after(async () => {
    proxy.reset();
    for (const session of sessions) await session.close();
    await proxy.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const open = async (target: string, options: ConnectOptions): Promise<Session> => {
    const session = await connect(target, { userId, ...options });
    sessions.push(session);
    return session;
  };
  return {
    proxy,
    directory,
    connect: (options = {}) => open(proxy.url, options),
    direct: () => open(url, {}),
    async assertNothingLeft({ id }) {
      const giveUpMs = performance.now() + releaseMsMax;
      let left: readonly string[];
      do {
        left = await leftovers(proxy.target, { sessionId: id, userId }, proxy.operations);
        if (left.length > 0) await pause(20);
      } while (left.length > 0 && performance.now() < giveUpMs);
      assert.deepEqual(left, [], "something is left on the server");
    },
  };
}
