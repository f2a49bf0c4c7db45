import { resolve } from "node:path";
import type { MetastoreFinding } from "../app-metastore.ts";
import { isLoopbackHost } from "../config/host.ts";
import type { Environment } from "../distribution/contract.ts";
import { Failure } from "../errors.ts";
import type { LocalMetastore } from "../metastore/launch.ts";
import {
  defaultMetastore,
  type MetastoreVersions,
  metastoreVersions,
  metastoreVersionsOf,
} from "../model/metastore-versions.ts";
import type { HiveSettings } from "../model/project.ts";
import type { Call, Command } from "./command.ts";
import { tellDistribution } from "./distribution-progress.ts";
import { actionOf, actions, demandTaken, METASTORE_PORT, options } from "./metastore-options.ts";
import { duration } from "./terminal/numbers.ts";
import { visible } from "./terminal/text.ts";
import { endBeforeStop } from "./until-stopped.ts";

export const metastore: Command = {
  name: "metastore",
  purpose: "a Hive Metastore on PostgreSQL: launch it, test it",
  usage: [
    "metastore serve [--port PORT] [--warehouse DIR|URL]",
    "metastore init",
    "metastore check [HOST[:PORT]]",
    "metastore install [--to DIR]",
    "metastore script > entrypoint.sh",
  ],
  arguments: { least: 1, most: 2, names: actions.join(", ") },
  options: Object.values(options),
  examples: [
    ["metastore install --to ./metastore", "what an image is made of: jars, schema and entrypoint.sh"],
    ["metastore init", "create the schema in an empty database; says which is there if there is one"],
    ["metastore serve --warehouse s3a://lake/_databases", "on 127.0.0.1:9083, until Ctrl-C"],
    ["metastore check metastore:9083", "as a client: does it answer, does it keep writers apart"],
    ["metastore script", "the entry point of the image, which serve and init run too"],
  ],
  notes: [
    "serve and init take their parameters from the environment, as the image does: METASTORE_DATABASE_HOST, METASTORE_DATABASE_USER, METASTORE_DATABASE_PASSWORD (or …_PASSWORD_FILE) and the others of docs/metastore.md. Options win over them.",
    "Needs Java 17 (JAVA_HOME, or java in PATH), a shell, and once mvn. Secrets are never in an argument, a log, or a file that others can read. A metastore ends with the process that started it.",
    "check makes a table of its own for the length of a race and drops it. With METASTORE_DATABASE_HOST set it also asks the database for its schema.",
  ],
  exitCodes: [
    [0, "done; check: all is well"],
    [2, "a parameter, file or program is wrong or missing; a port is taken"],
    [5, "PostgreSQL or the metastore cannot be reached or used, or its schema is of another version"],
    [130, "serve: stopped by Ctrl-C"],
  ],
  async run(call) {
    const [given = "", ...args] = call.words;
    const action = actionOf(given);
    demandTaken(call, action);
    if (args.length > 0 && action !== "check") {
      throw new Failure("usage", `millrace metastore ${action}: takes no argument, got "${args[0]}"`);
    }
    switch (action) {
      case "script": {
        const { metastoreScript } = await import("../metastore/script.ts");
        call.stdout.write(metastoreScript(versionsOf(call)));
        return 0;
      }
      case "install":
        return await install(call);
      case "init":
        return await init(call);
      case "serve":
        return await serve(call);
      case "check":
        return await check(call, args[0]);
    }
  },
};

function versionsOf(call: Call): MetastoreVersions {
  const version = call.read(options.version) ?? defaultMetastore;
  const found = metastoreVersionsOf(version);
  if (found !== undefined) return found;
  throw new Failure("usage", `metastore ${version}: nobody has tried it here`, {
    remedy: `versions that are known: ${metastoreVersions.map((row) => row.metastore).join(", ")}`,
  });
}

async function install(call: Call): Promise<number> {
  const to = call.read(options.to);
  const versions = versionsOf(call);
  const { home, isNew } = await bring(call, versions, to === undefined ? undefined : resolve(call.cwd, to));
  const { metastore: version } = versions;
  if (call.common.json) call.out.printJson({ version, directory: home, isNew });
  else call.out.print(home);
  if (!isNew && isTalking(call)) call.err.print(`metastore ${version} is there.`);
  return 0;
}

async function bring(call: Call, versions: MetastoreVersions, to?: string) {
  const repository = call.read(options.repository);
  if (repository !== undefined && !/^https?:\/\/\S+$/.test(repository)) {
    throw new Failure("usage", "--maven-repository: expected a URL that begins with https:// or http://");
  }
  const { installMetastore } = await import("../metastore/install.ts");
  const telling = tellDistribution(call, "");
  return await installMetastore({
    ...{ versions, to, mavenRepository: repository },
    ...{ environment: call.env, signal: call.signal, onProgress: telling.tell },
  }).finally(telling.stop);
}

/** One that is there is taken as it is. */
async function homeOf(call: Call, versions: MetastoreVersions): Promise<string> {
  const given = call.read(options.home);
  if (given === undefined) return (await bring(call, versions)).home;
  const { isWhole } = await import("../metastore/install.ts");
  const home = resolve(call.cwd, given);
  if (await isWhole(home, versions)) return home;
  throw new Failure("usage", `--home: there is no metastore ${versions.metastore} in ${home}`, {
    remedy: `millrace metastore install --to ${home}`,
  });
}

/** What the script finds in its environment. */
function parametersOf(call: Call, given: Environment = {}): Environment {
  const warehouse = call.read(options.warehouse);
  const isBucket = warehouse === undefined || /^\w+:/.test(warehouse);
  return {
    ...call.env,
    METASTORE_EXIT_DELAY: "0",
    ...(warehouse === undefined ? {} : { METASTORE_WAREHOUSE: isBucket ? warehouse : resolve(call.cwd, warehouse) }),
    ...given,
  };
}

async function init(call: Call): Promise<number> {
  const versions = versionsOf(call);
  const home = await homeOf(call, versions);
  const { runScript } = await import("../metastore/launch.ts");
  // No table is made yet, so nobody asks where they lie.
  const warehouse = call.env.METASTORE_WAREHOUSE ?? "/";
  await runScript("init", {
    ...{ versions, home, signal: call.signal, onLine: (line: string) => pass(call, line) },
    environment: { ...parametersOf(call), METASTORE_WAREHOUSE: call.read(options.warehouse) ?? warehouse },
  });
  if (call.common.json) call.out.printJson({ version: versions.metastore, schema: versions.schema });
  return 0;
}

async function serve(call: Call): Promise<number> {
  const versions = versionsOf(call);
  const home = await homeOf(call, versions);
  const [{ serveMetastore }, { demandFree, freePort }] = await Promise.all([
    import("../metastore/launch.ts"),
    import("../distribution/ports.ts"),
  ]);
  const bind = call.read(options.bind) ?? call.env.METASTORE_BIND ?? "127.0.0.1";
  const wanted = call.read(options.port) ?? Number(call.env.METASTORE_PORT || METASTORE_PORT);
  if (wanted !== 0) await demandFree(wanted);
  const [memory, logLevel] = [call.read(options.memory), call.read(options.logLevel)];
  const server = await serveMetastore({
    ...{ versions, home, signal: call.signal, onLine: (line: string) => pass(call, line) },
    environment: parametersOf(call, {
      METASTORE_BIND: bind,
      METASTORE_ALLOW_ROOT: rootMay(call, bind),
      METASTORE_PORT: String(wanted === 0 ? await freePort() : wanted),
      ...(memory === undefined ? {} : { METASTORE_MEMORY: memory }),
      ...(logLevel === undefined ? {} : { METASTORE_LOG_LEVEL: logLevel }),
    }),
  });
  try {
    // The address is what a script waits for: it is data.
    const { host, port, pid, readyMs } = server;
    const { metastore: version } = versions;
    if (call.common.json) call.out.printJson({ host, port, version, pid, readyMs: Math.round(readyMs) });
    else call.out.print(`${host}:${port}`);
    if (isTalking(call)) {
      call.err.print(call.err.paint.quiet(`metastore ${version} is ready after ${duration(readyMs)}   Ctrl-C stops`));
    }
    await endOrStop(call, server);
  } finally {
    await server.stop();
  }
  return 0;
}

/**
 * Root on a person's own machine is the person's own affair, as long as nobody else is let in: whoever reaches a metastore makes and
 * removes directories with its rights. Beyond the loopback somebody must say that root may, as for an image.
 */
function rootMay(call: Call, bind: string): string {
  const isNear = isLoopbackHost(bind.includes(":") ? `[${bind}]` : bind);
  return call.env.METASTORE_ALLOW_ROOT || (isNear ? "yes" : "no");
}

/** Resolves when the command is stopped; throws if the metastore ends before. */
async function endOrStop(call: Call, server: LocalMetastore): Promise<void> {
  const end = await endBeforeStop(call, server.ended);
  if (end !== undefined) throw end;
}

async function check(call: Call, given: string | undefined): Promise<number> {
  const { checkMetastore } = await import("../app-metastore.ts");
  const findings: MetastoreFinding[] = [];
  const onFinding = (finding: MetastoreFinding): void => {
    findings.push(finding);
    if (!call.common.json) printFinding(call, finding);
  };
  const { hosts, transport } = await addressOf(call, given);
  const isWell = await checkMetastore({
    ...{ hosts, transport: call.read(options.transport) ?? transport },
    ...{ writers: call.read(options.writers) ?? "several", signal: call.signal, onFinding },
  });
  if (call.common.json) call.out.printJson({ ok: isWell, findings });
  if (call.env.METASTORE_DATABASE_HOST !== undefined) await checkSchema(call);
  return isWell ? 0 : 5;
}

/** What no client can ask for: the version of the tables behind it. */
async function checkSchema(call: Call): Promise<void> {
  const versions = versionsOf(call);
  const home = await homeOf(call, versions);
  const { runScript } = await import("../metastore/launch.ts");
  await runScript("check", {
    ...{ versions, home, signal: call.signal, onLine: (line: string) => pass(call, line) },
    environment: { ...parametersOf(call), METASTORE_WAREHOUSE: call.env.METASTORE_WAREHOUSE ?? "/" },
  });
}

function printFinding(call: Call, { ok, says, remedy }: MetastoreFinding): void {
  const { paint } = call.out;
  call.out.print(`${ok ? paint.accent("✓") : paint.alarm("✕")} ${visible(says)}`);
  if (remedy !== undefined) call.out.print(`  ${paint.quiet("fix:")} ${visible(remedy)}`);
}

/** What is said, or else the project's. */
async function addressOf(call: Call, given: string | undefined): Promise<Pick<HiveSettings, "hosts" | "transport">> {
  if (given !== undefined) {
    const [, host, port] = /^(?:thrift:\/\/)?(\[[0-9a-fA-F:]+\]|[^:/\s]+)(?::(\d{1,5}))?$/.exec(given) ?? [];
    if (host === undefined) {
      throw new Failure("usage", `expected HOST or HOST:PORT, got "${given}"`, { remedy: "such as metastore:9083" });
    }
    const bare = host.replace(/^\[|\]$/g, "");
    return { hosts: [{ host: bare, port: port === undefined ? METASTORE_PORT : Number(port) }], transport: "buffered" };
  }
  const { readProject, hasProject } = await import("../config/read.ts");
  const where = { directory: call.cwd, file: call.common.file, target: call.common.target, environment: call.env };
  if (hasProject(where)) {
    const { catalog } = readProject(where);
    if (catalog.kind === "hive") return catalog;
  }
  throw new Failure("usage", "metastore check: which one? Here is no project with a metastore", {
    remedy: "name it: millrace metastore check metastore:9083",
  });
}

const isTalking = (call: Call): boolean => !call.common.quiet && call.common.log === "text";

/** A line of the script's, or of the metastore's own. */
function pass(call: Call, line: string): void {
  if (call.common.log === "json") {
    call.err.printJson({ at: new Date(call.now()).toISOString(), code: "metastore.output", line });
  } else if (!call.common.quiet || !line.startsWith("metastore: ")) call.err.print(visible(line));
}
