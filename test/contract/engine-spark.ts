/** The engine on Spark for suites: on the server that all tests of a run share. */
import { test } from "node:test";
import { openEngine } from "../../src/engine/open.ts";
import { sparkServer } from "../real/spark-server.ts";
import type { OpenedEngine } from "./engine.ts";

export interface SuiteServer {
  readonly url: string;
  open(): Promise<OpenedEngine>;
}

/** To be awaited while the file is loaded. Where there is no Spark, a test of that name is skipped and nothing answered. */
export async function serverForSuites(name: string): Promise<SuiteServer | undefined> {
  let reason = "there is no Spark";
  const server = await sparkServer({
    skip: (message) => {
      reason = message ?? reason;
    },
  });
  if (server === undefined) {
    test(name, (context) => context.skip(reason));
    return undefined;
  }
  const { url } = server;
  return {
    url,
    open: async () => {
      const address = async () => ({ url, token: undefined, user: undefined, ca: undefined });
      const engine = openEngine({ kind: "spark", address });
      return { engine, close: () => engine.close() };
    },
  };
}
