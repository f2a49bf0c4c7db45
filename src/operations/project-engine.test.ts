/** The project's engine: opened once, with its secrets resolved late, and anew when the server that was started for it is gone. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { makeProject } from "../../test/make.ts";
import type { Engine } from "../engine/contract.ts";
import { Failure } from "../errors.ts";
import type { Event } from "../model/events.ts";
import type { EngineSettings, Project } from "../model/project.ts";
import { type EngineOpeners, projectEngine } from "./project-engine.ts";

const engineOf = (name: string, close: () => void): Engine => ({
  name,
  opens: "locations",
  version: async () => name,
  describe: () => Promise.reject(new Error("not asked")),
  select: () => Promise.reject(new Error("not asked")),
  query: () => Promise.reject(new Error("not asked")),
  close: async () => close(),
});

interface World extends EngineOpeners {
  readonly log: string[];
  /** Ends the server that was started last. */
  end(): void;
}

/** `failures` starts fail before one succeeds. */
function world(failures = 0): World {
  const log: string[] = [];
  let servers = 0;
  let end = (): void => undefined;
  return {
    log,
    end: () => end(),
    async open(settings) {
      log.push(`open ${settings.kind}`);
      if (settings.kind === "spark") log.push(`address ${(await settings.address()).url}`);
      return engineOf(settings.kind, () => log.push("close engine"));
    },
    async start(server, { token, report }) {
      servers++;
      log.push(`start ${servers} of ${server.cores} cores`);
      report?.({ code: "engine.start", version: "4.2.0" });
      if (servers <= failures) throw new Failure("unavailable", "no registry");
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      end = resolve;
      return {
        ...{ url: `sc://127.0.0.1:${servers}`, token, ended },
        async stop() {
          log.push("stop server");
          resolve();
        },
      };
    },
    secret: (reference) => (reference.kind === "env" ? `value of ${reference.name}` : "file"),
  };
}

const project = (engine: EngineSettings): Project => ({ ...makeProject("/p", {}), engine });
const localServer = { kind: "local", version: undefined, dist: undefined, memoryBytes: 1, cores: 3 } as const;
const local = project({ kind: "spark", server: localServer });

describe("a project's engine", () => {
  it("is the embedded one, opened once", async () => {
    const around = world();
    const opened = projectEngine(project({ kind: "duckdb", threads: 1, memoryBytes: 1 }), around);
    assert.equal(await opened.engine(), await opened.engine());
    await opened.close();
    assert.deepEqual(around.log, ["open duckdb", "close engine"]);
  });

  it("is closed without being opened, if nobody needed it", async () => {
    const around = world();
    await projectEngine(local, around).close();
    assert.deepEqual(around.log, []);
  });

  it("reaches a named server with the values of its secrets", async () => {
    const token = { kind: "env", name: "TOKEN" } as const;
    const server = { kind: "url", url: "sc://spark:15002", isHere: false, token, user: "etl", ca: undefined } as const;
    const opened = projectEngine(project({ kind: "spark", server }), world());
    assert.deepEqual(await opened.address(), {
      ...{ url: "sc://spark:15002", token: "value of TOKEN", user: "etl", ca: undefined },
    });
  });

  it("starts a server with a token, tells so, and stops it behind the engine", async () => {
    const around = world();
    const opened = projectEngine(local, around);
    const told: Event[] = [];
    await opened.engine({ report: (event) => told.push(event) });
    const { token } = await opened.address();
    assert.match(token ?? "", /^[0-9a-f-]{36}$/);
    await opened.close();
    assert.deepEqual(told, [{ code: "engine.start", version: "4.2.0" }]);
    assert.deepEqual(around.log, [
      ...["open spark", "start 1 of 3 cores", "address sc://127.0.0.1:1"],
      ...["close engine", "stop server"],
    ]);
  });

  it("starts another server when one has died, and tries again when one did not start", async () => {
    const around = world(1);
    const opened = projectEngine(local, around);
    await assert.rejects(opened.engine(), (error) => error instanceof Failure && error.kind === "unavailable");
    const first = await opened.engine();
    around.end();
    // What ended is forgotten in the turn after it ended.
    await new Promise((resolve) => setImmediate(resolve));
    const second = await opened.engine();
    assert.notEqual(first, second);
    await opened.close();
    assert.deepEqual(
      around.log.filter((line) => !line.startsWith("open")),
      [
        ...["start 1 of 3 cores", "start 2 of 3 cores", "address sc://127.0.0.1:2", "close engine"],
        ...["start 3 of 3 cores", "address sc://127.0.0.1:3", "close engine", "stop server"],
      ],
    );
  });
});
