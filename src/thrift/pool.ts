/** Some connections, opened when calls need them and kept for the next ones; each serves one call at a time. */
import { setImmediate as turn } from "node:timers/promises";
import { Failure } from "../errors.ts";
import { stopIfAborted, stopped } from "../pace/abort.ts";
import type { Connection } from "./connection.ts";

export interface Pool {
  /** Waits for its turn. What is given has to be given back. */
  take(signal: AbortSignal | undefined): Promise<Connection>;
  /** To be used again if it is still open. */
  giveBack(connection: Connection): void;
  /** Closes those that nobody uses: their server was just seen to fail. */
  forgetIdle(): void;
  close(): void;
}

export interface PoolSettings {
  readonly name: string;
  readonly connectionsMax: number;
  readonly idleMs: number;
  readonly open: (signal: AbortSignal | undefined) => Promise<Connection>;
}

interface Idle {
  readonly connection: Connection;
  readonly timer: NodeJS.Timeout;
}

interface Queued {
  readonly resolve: () => void;
  readonly reject: (error: Failure) => void;
}

export function connectionPool({ name, connectionsMax, idleMs, open }: PoolSettings): Pool {
  const idle: Idle[] = [];
  const queue: Queued[] = [];
  const busy = new Set<Connection>();
  /** Turns that are taken, also by those who are still connecting. */
  let taken = 0;
  const closing = new AbortController();

  async function takeTurn(signal: AbortSignal | undefined): Promise<void> {
    if (taken < connectionsMax) {
      taken += 1;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const queued: Queued = { resolve, reject };
    const leave = (): void => {
      const at = queue.indexOf(queued);
      if (at >= 0 && signal !== undefined) {
        queue.splice(at, 1);
        reject(stopped(signal));
      }
    };
    queue.push(queued);
    signal?.addEventListener("abort", leave, { once: true });
    try {
      await promise;
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  }

  function passTurn(): void {
    const next = queue.shift();
    if (next === undefined) taken -= 1;
    else next.resolve();
  }

  /** The one used last is the least likely to be closed. */
  async function takeIdle(): Promise<Connection | undefined> {
    if (idle.length === 0) return undefined;
    // What the system knows already, for example that the server has gone, is learnt before something is sent: the second turn
    // comes after the sockets were looked at.
    await turn();
    await turn();
    stopIfAborted(closing.signal);
    for (let found = idle.pop(); found !== undefined; found = idle.pop()) {
      clearTimeout(found.timer);
      if (found.connection.isOpen()) return found.connection;
    }
    return undefined;
  }

  async function opened(signal: AbortSignal | undefined): Promise<Connection> {
    const either = signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]);
    const connection = await open(either);
    if (either.aborted) connection.close();
    stopIfAborted(either);
    return connection;
  }

  async function take(signal: AbortSignal | undefined): Promise<Connection> {
    stopIfAborted(signal);
    stopIfAborted(closing.signal);
    await takeTurn(signal);
    try {
      const connection = (await takeIdle()) ?? (await opened(signal));
      connection.setIdle(false);
      busy.add(connection);
      return connection;
    } catch (error) {
      passTurn();
      throw error;
    }
  }

  function giveBack(connection: Connection): void {
    if (!busy.delete(connection)) return;
    if (connection.isOpen()) {
      connection.setIdle(true);
      const timer = setTimeout(() => connection.close(), idleMs).unref();
      idle.push({ connection, timer });
    }
    passTurn();
  }

  function forgetIdle(): void {
    for (const { connection, timer } of idle.splice(0)) {
      clearTimeout(timer);
      connection.close();
    }
  }

  function close(): void {
    const reason = new Failure("cancelled", `${name}: the client was closed`);
    closing.abort(reason);
    forgetIdle();
    for (const connection of busy) connection.close();
    for (const { reject } of queue.splice(0)) reject(reason);
  }

  return { take, giveBack, forgetIdle, close };
}
