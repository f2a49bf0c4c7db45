/**
 * A wire between a client and a server, below everything they say: it can be cut after so many bytes, and it can go dead, so
 * that nothing comes and nothing says why.
 */
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export interface Wire {
  readonly port: number;
  /** So many of the next connections are reset once the server has answered so many bytes. */
  cut: { readonly afterBytes: number; readonly connections: number } | undefined;
  /** Bytes that went from the server to the client since the start. */
  readonly answered: number;
  /** From now on nothing passes in either direction, on old connections and new ones; nobody is told. */
  die(): void;
  /** New connections work again. */
  revive(): void;
  stop(): Promise<void>;
}

export async function startWire(target: { readonly host: string; readonly port: number }): Promise<Wire> {
  const open = new Set<Socket>();
  let cut: Wire["cut"];
  let answered = 0;
  let isDead = false;

  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    let left = Number.POSITIVE_INFINITY;
    if (cut !== undefined && cut.connections > 0) {
      left = cut.afterBytes;
      cut = { ...cut, connections: cut.connections - 1 };
    }
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from.once("close", () => {
        open.delete(from);
        to.destroy();
      });
      from.on("error", () => to.destroy());
      from.setNoDelay();
    }
    client.on("data", (chunk) => upstream.write(chunk));
    upstream.on("data", (chunk: Buffer) => {
      const part = chunk.subarray(0, left);
      left -= part.length;
      answered += part.length;
      if (left > 0) client.write(part);
      else if (!client.destroyed) client.write(part, () => client.resetAndDestroy());
    });
    if (isDead) for (const socket of [client, upstream]) socket.pause();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a port without a number");

  return {
    port: address.port,
    get cut() {
      return cut;
    },
    set cut(next) {
      cut = next;
    },
    get answered() {
      return answered;
    },
    die() {
      isDead = true;
      for (const socket of open) socket.pause();
    },
    revive() {
      isDead = false;
    },
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}
