/** The sample archive in a thread of its own, so that inventing hours does not hold up whoever collects them. */
import { parentPort } from "node:worker_threads";
import { startServer } from "../../sample/server.ts";
import { asFailure } from "../errors.ts";
import type { ArchiveMessage } from "./archive-thread.ts";
import { SAMPLE_PORT } from "./sample.ts";

if (parentPort !== null) {
  const port = parentPort;
  const tell = (message: ArchiveMessage): void => port.postMessage(message);
  try {
    const server = await startAnywhere();
    tell({ kind: "listening", url: server.url });
    port.once("message", () => {
      void server.close().then(() => port.close());
    });
  } catch (error) {
    const { message, kind } = asFailure(error);
    tell({ kind: "failed", failure: kind, message });
  }
}

/** On the port that the demo's project file names; on any other when that one is taken. */
async function startAnywhere(): ReturnType<typeof startServer> {
  try {
    return await startServer({ port: SAMPLE_PORT });
  } catch (error) {
    if (asFailure(error).kind === "unavailable") return startServer();
    throw error;
  }
}
