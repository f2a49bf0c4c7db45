/**
 * Real Trino servers: one process that coordinates and works, on a free port of the loopback, with the catalogs that the test names. They
 * end with the process that started them, however that ends.
 *
 *     const trino = await startTrino(context, { catalogs: { lake: { "connector.name": "hive", … } } });
 *     if (trino === undefined) return;              // skipped by name
 *     try { … } finally { await trino.stop(); }
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findJava } from "../../src/distribution/java.ts";
import { sparkVersions } from "../../src/model/versions.ts";
import { trinoHome } from "./installed.ts";
import { missing, type Skipping } from "./real.ts";
import { startServer } from "./server-process.ts";

export interface TrinoServer {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  /** Ends it and removes what it had. */
  stop(): Promise<void>;
}

export interface TrinoOptions {
  /** By name what stands in `etc/catalog/<name>.properties`. */
  readonly catalogs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** What the properties name as `${ENV:…}`. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly javaOptions?: readonly string[];
}

/** `undefined` after skipping the test. */
export async function startTrino(context: Skipping, options: TrinoOptions): Promise<TrinoServer | undefined> {
  const [versions] = sparkVersions;
  if (versions === undefined) throw new Error("the product knows no Spark");
  // The Java that everything else here runs on is the least that it wants.
  const java = await findJava(versions, process.env).catch((error: unknown) => {
    missing(context, "Java 17", error instanceof Error ? error.message : String(error));
    return undefined;
  });
  const home = java === undefined ? undefined : trinoHome(context);
  if (java === undefined || home === undefined) return undefined;
  const server = await startServer((port, directory) => {
    const etc = writeEtc(home, directory, port, options);
    return {
      title: "Trino",
      program: join(java.home, "bin", "java"),
      args: [
        // It is started more often than it is busy. Without leave to look at itself it does not start at all.
        ...["-Xmx1g", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djdk.attach.allowAttachSelf=true"],
        ...["node.environment=test", "node.id=test", `node.data-dir=${directory}`].map((each) => `-D${each}`),
        ...[`-Dconfig=${join(etc, "config.properties")}`, `-Dlog.levels-file=${join(etc, "log.properties")}`],
        ...(options.javaOptions ?? []),
        ...["-cp", [join(home, "server", "start"), join(home, "server", "lib", "*")].join(":"), "Start"],
      ],
      environment: options.environment ?? {},
      leashed: true,
      health: () => isReady(port),
    };
  });
  return { url: urlOf(server.port), stop: server.stop };
}

const urlOf = (port: number): string => `http://127.0.0.1:${port}`;

function writeEtc(home: string, directory: string, port: number, { catalogs }: TrinoOptions): string {
  const etc = join(directory, "etc");
  const catalogDirectory = join(etc, "catalog");
  mkdirSync(catalogDirectory, { recursive: true });
  const config = {
    coordinator: "true",
    "node-scheduler.include-coordinator": "true",
    "node.bind-ip": "127.0.0.1",
    "node.internal-address": "127.0.0.1",
    "http-server.http.port": String(port),
    "discovery.uri": urlOf(port),
    "query.max-memory": "256MB",
    "query.max-memory-per-node": "256MB",
    "memory.heap-headroom-per-node": "256MB",
    "plugin.dir": join(home, "plugin"),
    "catalog.config-dir": catalogDirectory,
  };
  writeFileSync(join(etc, "config.properties"), properties(config));
  writeFileSync(join(etc, "log.properties"), properties({ "": "WARN" }));
  for (const [name, catalog] of Object.entries(catalogs)) {
    writeFileSync(join(catalogDirectory, `${name}.properties`), properties(catalog));
  }
  return etc;
}

const properties = (settings: Readonly<Record<string, string>>): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");

async function isReady(port: number): Promise<boolean> {
  try {
    const response = await fetch(`${urlOf(port)}/v1/info`, { signal: AbortSignal.timeout(10_000) });
    const info: unknown = await response.json();
    return Object(info).starting === false;
  } catch {
    return false;
  }
}
