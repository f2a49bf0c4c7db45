/**
 * Real PostgreSQL servers, each a child process on a free port of the loopback with a directory of its own; they end with the
 * process that started them. Nobody but `admin`, whom the server trusts, gets in without a password.
 *
 *     const server = await postgresServer(context);
 *     if (server === undefined) return;             // skipped by name
 *     const database = await server.createDatabase();
 *
 * PostgreSQL does not run as root; where the tests do, it is a child of nobody's.
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, cpSync, globSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { postgresHome } from "./installed.ts";
import { nobody } from "./nobody.ts";
import { letsIn, query, type Row } from "./postgres-client.ts";
import type { Skipping } from "./real.ts";
import { startServer } from "./server-process.ts";

export interface PostgresServer {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly pid: number;
  /** `18.4`. */
  readonly version: string;
  /** One that nobody else uses, with an owner of its own. */
  createDatabase(options?: { readonly name?: string }): Promise<PostgresDatabase>;
  dropDatabase(name: string): Promise<void>;
  /** Statements of the administrator, in one transaction; the rows of all of them. */
  query(text: string, database?: string): Promise<readonly Row[]>;
  /** Sends the server itself a signal: SIGSTOP makes it one that takes connections and says nothing. */
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

export interface PostgresDatabase {
  readonly host: "127.0.0.1";
  readonly port: number;
  readonly name: string;
  readonly user: string;
  readonly password: string;
}

export interface PostgresOptions {
  /** In PEM. Then nobody but the administrator gets in without TLS. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

let ofThisProcess: Promise<PostgresServer | undefined> | undefined;

/** The server that all tests of this process share: nobody stops it; `undefined` after skipping the test. */
export function postgresServer(context: Skipping): Promise<PostgresServer | undefined> {
  ofThisProcess ??= startPostgres(context);
  return ofThisProcess;
}

/** One of the test's own; `undefined` after skipping the test. */
export async function startPostgres(
  context: Skipping,
  options: PostgresOptions = {},
): Promise<PostgresServer | undefined> {
  const home = postgresHome(context);
  return home === undefined ? undefined : await startPostgresOf(home, options);
}

/** Directories of `bin/` of what the machine's own distribution has installed, the newest last. There may be none. */
export function installedPostgres(): readonly string[] {
  return globSync("/usr/lib/postgresql/*/bin/postgres")
    .map((program) => join(program, "..", ".."))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
}

/** The server whose programs are in `home/bin`. */
export async function startPostgresOf(home: string, { tls }: PostgresOptions = {}): Promise<PostgresServer> {
  const user = nobody;
  const child = await startServer((port, directory) => {
    if (user !== undefined) chownSync(directory, user, user);
    const own = reachable(home, directory, user);
    const data = join(directory, "data");
    runAs(user, directory, [
      ...[join(own, "bin", "initdb"), "--pgdata", data, "--username", "admin"],
      ...["--encoding", "UTF8", "--locale", "C", "--auth", "trust", "--no-sync"],
    ]);
    writeFileSync(
      join(data, "pg_hba.conf"),
      `host all admin 127.0.0.1/32 trust\n${tls === undefined ? "host" : "hostssl"} all all 127.0.0.1/32 scram-sha-256\n`,
    );
    for (const [name, text] of Object.entries(tls === undefined ? {} : { "tls.key": tls.key, "tls.crt": tls.cert })) {
      writeFileSync(join(data, name), text, { mode: 0o600 });
      if (user !== undefined) chownSync(join(data, name), user, user);
    }
    return {
      title: "PostgreSQL",
      program: join(own, "bin", "postgres"),
      args: [
        ...["-D", data, "-c", `port=${port}`, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
        ...["-c", "fsync=off", "-c", "max_connections=100", "-c", "shared_buffers=32MB", "-c", "timezone=UTC"],
        ...(tls === undefined ? [] : ["-c", "ssl=on", "-c", "ssl_key_file=tls.key", "-c", "ssl_cert_file=tls.crt"]),
      ],
      environment: { LC_ALL: "C" },
      leashed: true,
      user,
      // It waits for its clients after SIGTERM.
      stopSignal: "SIGINT",
      health: () => letsIn({ port, user: "admin", database: "postgres" }),
    };
  });
  const { port, pid } = child;
  const ask = (text: string, database = "postgres"): Promise<readonly Row[]> =>
    query({ port, user: "admin", database }, text);
  const [[version = ""] = []] = await ask("show server_version");
  return {
    host: "127.0.0.1",
    port,
    pid,
    version: version.split(" ")[0] ?? "",
    query: ask,
    async createDatabase({ name = `d${randomBytes(6).toString("hex")}` } = {}) {
      const [owner, password] = [`u_${name}`, randomBytes(12).toString("hex")];
      await ask(`create role "${owner}" login password '${password}'`);
      await ask(`create database "${name}" owner "${owner}"`);
      return { host: "127.0.0.1", port, name, user: owner, password };
    },
    async dropDatabase(name) {
      await ask(`drop database if exists "${name}" with (force)`);
      await ask(`drop role if exists "u_${name}"`);
    },
    kill: child.kill,
    stop: child.stop,
  };
}

/** Programs that another user may start: root's own home is closed to others, and so is a checkout in it. */
function reachable(home: string, directory: string, user: number | undefined): string {
  const program = join(home, "bin", "initdb");
  if (user === undefined || spawnSync(program, ["--version"], { uid: user, gid: user, cwd: directory }).status === 0) {
    return home;
  }
  const copy = join(directory, "programs");
  cpSync(home, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

function runAs(user: number | undefined, cwd: string, [program = "", ...args]: readonly string[]): void {
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    env: { PATH: process.env.PATH, LC_ALL: "C" },
    ...(user === undefined ? {} : { uid: user, gid: user }),
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ended with status ${status}:\n${stdout}${stderr}`);
}
