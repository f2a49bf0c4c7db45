/**
 * The project's engine, opened by whoever needs it first; and, where the project says `spark: local`, the server that is started
 * for it and ends with the app. A server that has died takes its engine along: the next statement gets a new one of both.
 */
import { randomUUID } from "node:crypto";
import type { Engine } from "../engine/contract.ts";
import { Failure } from "../errors.ts";
import type { Report } from "../model/events.ts";
import type { DuckdbSettings, Project, SecretReference, SparkServer } from "../model/project.ts";

/** Where a server is, with what it demands; secrets are values here. */
export interface Address {
  readonly url: string;
  readonly token: string | undefined;
  readonly user: string | undefined;
  readonly ca: string | undefined;
}

/** A server that was started here. */
export interface StartedServer {
  readonly url: string;
  readonly token: string | undefined;
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

export type LocalServer = Extract<SparkServer, { kind: "local" }>;

export interface EngineOpeners {
  readonly open: (settings: DuckdbSettings | { kind: "spark"; address: () => Promise<Address> }) => Promise<Engine>;
  readonly start: (server: LocalServer, options: StartOptions) => Promise<StartedServer>;
  readonly secret: (reference: SecretReference) => string;
}

export interface StartOptions extends CallOptions {
  /** What callers will have to send. */
  readonly token: string;
}

/** Of whoever comes first: later ones get what was opened for it. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly report?: Report;
}

export interface ProjectEngine {
  engine(options?: CallOptions): Promise<Engine>;
  /** Of the project's Spark server, which is started if it has to be. */
  address(options?: CallOptions): Promise<Address>;
  close(): Promise<void>;
}

export function projectEngine({ engine: settings }: Project, openers: EngineOpeners): ProjectEngine {
  let opened: Promise<Engine> | undefined;
  let started: Promise<StartedServer> | undefined;
  let isClosed = false;

  /** What ended is forgotten, so that the next one who asks has it started again. */
  function startOnce(server: LocalServer, options: CallOptions): Promise<StartedServer> {
    if (started !== undefined) return started;
    const token = randomUUID();
    const own = openers.start(server, { ...options, token });
    started = own;
    const forget = (): void => {
      if (started !== own) return;
      started = undefined;
      const engine = opened;
      opened = undefined;
      if (!isClosed) void engine?.then((each) => each.close()).catch(() => undefined);
    };
    own.then(({ ended }) => ended.then(forget, forget), forget);
    return own;
  }

  async function address(options: CallOptions = {}): Promise<Address> {
    if (settings.kind !== "spark") throw new Failure("bug", "the project has no Spark server");
    const { server } = settings;
    if (server.kind === "local") {
      const { url, token } = await startOnce(server, options);
      return { url, token, user: undefined, ca: undefined };
    }
    const { url, token, user, ca } = server;
    const secretOf = (reference: SecretReference | undefined): string | undefined =>
      reference === undefined ? undefined : openers.secret(reference);
    return { url, token: secretOf(token), user, ca: secretOf(ca) };
  }

  return {
    engine(options = {}) {
      if (opened === undefined) {
        const own = openers.open(
          settings.kind === "duckdb" ? settings : { kind: "spark", address: () => address(options) },
        );
        opened = own;
        own.catch(() => {
          if (opened === own) opened = undefined;
        });
      }
      return opened;
    },
    address,
    async close() {
      isClosed = true;
      await Promise.allSettled([opened?.then((engine) => engine.close())]);
      await Promise.allSettled([started?.then((server) => server.stop())]);
    },
  };
}
