/** Ports of the loopback. */
import { once } from "node:events";
import { createServer } from "node:net";
import { Failure } from "../errors.ts";

/** One that nobody has at this moment. */
export async function freePort(): Promise<number> {
  return await listenOnce(0);
}

/** Throws `usage` if somebody has it. */
export async function demandFree(port: number): Promise<void> {
  try {
    await listenOnce(port);
  } catch (error) {
    throw new Failure("usage", `port ${port} of 127.0.0.1 is taken`, {
      remedy: "stop what listens there, or take another one: --port 0 finds a free one",
      cause: error,
    });
  }
}

async function listenOnce(port: number): Promise<number> {
  const server = createServer();
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Failure("bug", "a port without a number");
  return address.port;
}
