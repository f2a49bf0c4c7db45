/** Some connections, opened when calls need them and kept for the next ones; each serves one call at a time. */
import { setImmediate as nextLoop } from "node:timers/promises";
import { Failure } from "../errors.ts";
import { stopIfAborted } from "../pace/abort.ts";
import type { Connection } from "./connection.ts";
import { turns } from "./turns.ts";

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

export function connectionPool({ name, connectionsMax, idleMs, open }: PoolSettings): Pool {
  const idle: Idle[] = [];
  const busy = new Set<Connection>();
  /** Also for those who are still connecting. */
  const turn = turns(connectionsMax);
  const closing = new AbortController();

  /** The one used last is the least likely to be closed. */
  async function takeIdle(): Promise<Connection | undefined> {
    if (idle.length === 0) return undefined;
    // What the system knows already, for example that the server has gone, is learnt before something is sent: the second
    // time comes after the sockets were looked at.
    await nextLoop();
    await nextLoop();
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
    await turn.take(signal);
    try {
      const connection = (await takeIdle()) ?? (await opened(signal));
      connection.setIdle(false);
      busy.add(connection);
      return connection;
    } catch (error) {
      turn.pass();
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
    turn.pass();
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
    turn.close(reason);
  }

  return { take, giveBack, forgetIdle, close };
}
