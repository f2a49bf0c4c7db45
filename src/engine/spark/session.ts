/** One session on the server for every statement: its views, its settings and what it leaves behind end with it. */
import { Failure } from "../../errors.ts";
import type { Session } from "../../spark-connect/contract.ts";
import { sparkFailure } from "./fault.ts";
import { describeSettings, sessionSettings, shuffleSettings } from "./settings.ts";

export interface SparkEngineSettings {
  /** Connects to the server and opens a session of its own. */
  connect(options: { readonly signal?: AbortSignal }): Promise<Session>;
  /** Settings of sessions that come before ours: how work is cut on this server, never what a statement means. */
  readonly tuning?: Readonly<Record<string, string>>;
}

export interface Sessions {
  /** A fresh session with all settings of ours. */
  open(signal: AbortSignal | undefined): Promise<Session>;
}

export function makeSessions(settings: SparkEngineSettings): Sessions {
  /** A server's master does not change while it runs; another one at the same address is only cut less well. */
  let master: string | undefined;
  let isAsked = false;
  return {
    async open(signal) {
      if (signal?.aborted) throw new Failure("cancelled", "SQL: stopped", { cause: signal.reason });
      const call = signal === undefined ? {} : { signal };
      const session = await guarded(() => settings.connect(call));
      try {
        return await guarded(async () => {
          if (!isAsked) master = await session.config.get("spark.master", call);
          isAsked = true;
          const all = { ...sessionSettings, ...describeSettings, ...shuffleSettings(master), ...settings.tuning };
          await session.config.set(all, call);
          return session;
        });
      } catch (error) {
        await session.close();
        throw error;
      }
    },
  };
}

/** Errors of calls that carry no statement. */
export async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw sparkFailure(error, { phase: "own" });
  }
}
