import { resolve } from "node:path";
import type { DistributionOptions, LocalSpark, ServerOptions } from "../distribution/contract.ts";
import type { InstallOptions } from "../distribution/install.ts";
import type { SparkProgram } from "../distribution/program.ts";
import { Failure } from "../errors.ts";
import { nearest } from "../model/nearest.ts";
import type { HiveSettings, Place, SecretReference, SparkServer } from "../model/project.ts";
import type { Call, Command } from "./command.ts";
import { type ProgressTelling, tellDistribution } from "./distribution-progress.ts";
import { type Action, actions, CONNECT_PORT, confOf, demandTaken, options, tokenOf } from "./spark-options.ts";
import { visible } from "./terminal/text.ts";
import { endBeforeStop } from "./until-stopped.ts";

export const spark: Command = {
  name: "spark",
  purpose: "a Spark on this machine whose jars fit: bring it, serve it",
  usage: [
    "spark install [--version VERSION] [--dist DIR|TGZ] [--to DIR]",
    "spark serve [--port PORT] [--memory SIZE] [--cores N]",
    "spark shell [--sql | --python] [-- ARGS…]",
    "spark submit [options] -- ARGS…",
  ],
  arguments: { least: 1, most: Number.POSITIVE_INFINITY, names: actions.join(", ") },
  options: Object.values(options),
  examples: [
    ["spark install", "Spark by your pip, the jars that reach S3 by your mvn, each with its sum checked"],
    ["spark serve", `a Spark Connect server on sc://127.0.0.1:${CONNECT_PORT} that reaches the project's buckets`],
    ["spark serve --delta", "with Delta Lake: marts of that format by their path, delta.`…/v000000000001-9f3c21ab`"],
    ["spark shell --sql", "Spark's SQL shell with the same settings"],
    ["spark submit --memory 4g -- report.py 2026-03-01", "a job of your own; everything behind -- is spark-submit's"],
  ],
  notes: [
    "Needs Java 17, 21 or 25 (JAVA_HOME, or java in PATH), a shell and tar. No registry is built in: pip and mvn ask the registries that they are set to.",
    "A server listens on 127.0.0.1 only and ends with this process. Whoever may log in to this machine can use it, with your rights, unless it has a --token. With a project it reaches the project's buckets: keys stand in a file that only you can read, never in an argument; the project's ca is trusted beside what Java trusts.",
    "With catalog: { hive: … } statements find the project's marts by name: select * from gha.activity.",
    "Writes to S3 use the magic committer. Times are UTC, and sums that overflow are errors.",
  ],
  exitCodes: [
    [0, "done"],
    [1, "the job or shell failed"],
    [2, "Java, pip or mvn is missing or does not fit; a port is taken"],
    [5, "a registry cannot be reached, the server did not start or ended"],
    [130, "serve: stopped by Ctrl-C"],
  ],
  async run(call) {
    const [given = "", ...args] = call.words;
    const action = actionOf(given);
    demandTaken(call, action);
    if (args.length > 0 && (action === "install" || action === "serve")) {
      throw new Failure("usage", `millrace spark ${action}: takes no argument, got "${args[0]}"`);
    }
    switch (action) {
      case "install":
        return await install(call);
      case "serve":
        return await serve(call);
      case "shell":
        return await runProgram(call, shellOf(call), args);
      case "submit":
        if (args.length === 0) {
          throw new Failure("usage", "millrace spark submit: expected what spark-submit should run", {
            remedy: "for example millrace spark submit -- report.py",
          });
        }
        return await runProgram(call, "spark-submit", args);
    }
  },
};

function actionOf(given: string): Action {
  const action = actions.find((each) => each === given);
  if (action !== undefined) return action;
  const near = nearest(given, actions);
  throw new Failure("usage", `millrace spark: expected ${actions.join(", ")}, got "${given}"`, {
    remedy: near === undefined ? "see millrace spark --help" : `did you mean millrace spark ${near}?`,
  });
}

async function install(call: Call): Promise<number> {
  const repository = call.read(options.repository);
  if (repository !== undefined && !/^https?:\/\/\S+$/.test(repository)) {
    throw new Failure("usage", "--maven-repository: expected a URL that begins with https:// or http://");
  }
  const to = call.read(options.to);
  const telling = tellProgress(call);
  const { installed, delta } = await bring(call, {
    ...distributionOptions(call),
    onProgress: telling.tell,
    to: to === undefined ? undefined : resolve(call.cwd, to),
    mavenRepository: repository,
  }).finally(telling.stop);
  const { distribution, isNew, ms } = installed;
  const { home: directory, spark: version, hadoop } = distribution;
  if (call.common.json) {
    call.out.printJson({
      version,
      hadoop,
      directory,
      isNew,
      ms: Math.round(ms),
      ...(delta === undefined ? {} : { delta }),
    });
  } else call.out.print(directory);
  if (!isNew && !call.common.quiet && call.common.log === "text") call.err.print(`Spark ${version} is there.`);
  return 0;
}

async function bring(call: Call, wish: InstallOptions) {
  const [{ install: bringSpark }, { bringDelta }] = await Promise.all([
    import("../distribution/install.ts"),
    import("../distribution/delta.ts"),
  ]);
  const installed = await bringSpark(wish);
  const delta = call.read(options.delta) ? await bringDelta(installed.distribution, wish) : undefined;
  return { installed, delta };
}

async function serve(call: Call): Promise<number> {
  const { openLocalSpark } = await import("../distribution/server.ts");
  const around = await surroundings(call);
  const telling = tellProgress(call);
  const server = await openLocalSpark({
    ...distributionOptions(call, around.local),
    ...serverOptions(call, around),
    port: call.read(options.port) ?? CONNECT_PORT,
    token: tokenOf(call),
    onProgress: telling.tell,
    onOutput: byLines((line) => telling.pass(line)),
  }).finally(telling.stop);
  try {
    // The address is what a script waits for: it is data.
    const { url, version, pid, readyMs } = server;
    if (call.common.json) call.out.printJson({ url, version, pid, readyMs: Math.round(readyMs) });
    else call.out.print(url);
    await endOrStop(call, server);
  } finally {
    await server.stop();
  }
  return 0;
}

/** Resolves when the command is stopped; throws if the server ends before. */
async function endOrStop(call: Call, server: LocalSpark): Promise<void> {
  const end = await endBeforeStop(call, server.ended);
  if (end === undefined) return;
  throw new Failure("unavailable", `Spark: ended by itself, with ${end.signal ?? `status ${end.code}`}`, {
    remedy: "see what it says with --log-level info; give it more --memory if it ran out",
  });
}

async function runProgram(call: Call, program: SparkProgram, args: readonly string[]): Promise<number> {
  const { runSparkProgram } = await import("../distribution/program.ts");
  const around = await surroundings(call);
  const telling = tellProgress(call);
  const wentWell = await runSparkProgram({
    ...distributionOptions(call, around.local),
    ...serverOptions(call, around),
    onProgress: telling.tell,
    program,
    args,
    cwd: call.cwd,
  }).finally(telling.stop);
  return wentWell ? 0 : 1;
}

function shellOf(call: Call): SparkProgram {
  const [sql, python] = [call.read(options.sql), call.read(options.python)];
  if (sql && python) throw new Failure("usage", "--sql and --python: only one of them");
  return sql ? "spark-sql" : python ? "pyspark" : "spark-shell";
}

type LocalSettings = Extract<SparkServer, { kind: "local" }>;

/** What a project adds, if there is one. */
interface Around {
  readonly places: readonly Place[];
  readonly metastore: HiveSettings | undefined;
  readonly resolveSecret: (reference: SecretReference) => string;
  readonly local: LocalSettings | undefined;
}

async function surroundings(call: Call): Promise<Around> {
  const [{ readProject, hasProject, localFiles }, { resolveSecret }] = await Promise.all([
    import("../config/read.ts"),
    import("../config/secret.ts"),
  ]);
  const where = { directory: call.cwd, file: call.common.file, target: call.common.target, environment: call.env };
  const secretOf = (reference: SecretReference): string => resolveSecret(reference, call.env, localFiles.readText);
  if (!hasProject(where)) return { places: [], metastore: undefined, resolveSecret: secretOf, local: undefined };
  const { lake, engine, catalog } = readProject(where);
  return {
    places: [lake.raw, lake.tables, lake.marts],
    metastore: catalog.kind === "hive" ? catalog : undefined,
    resolveSecret: secretOf,
    local: engine.kind === "spark" && engine.server.kind === "local" ? engine.server : undefined,
  };
}

/** What the command line says, or else the project. */
function distributionOptions(call: Call, local?: LocalSettings): DistributionOptions {
  const dist = call.read(options.dist);
  return {
    version: call.read(options.version) ?? local?.version,
    dist: dist === undefined ? local?.dist : resolve(call.cwd, dist),
    environment: call.env,
    signal: call.signal,
  };
}

function serverOptions(call: Call, { places, metastore, resolveSecret, local }: Around): ServerOptions {
  const eventLog = call.read(options.eventLog);
  const memory = local === undefined ? undefined : `${Math.floor(local.memoryBytes / 1024 ** 2)}m`;
  return {
    places,
    metastore,
    resolveSecret,
    memory: call.read(options.memory) ?? memory,
    cores: call.read(options.cores) ?? local?.cores,
    eventLog: eventLog === undefined ? undefined : resolve(call.cwd, eventLog),
    logLevel: call.read(options.logLevel),
    settings: confOf(call),
    delta: call.read(options.delta),
  };
}

interface Telling extends ProgressTelling {
  /** A line of Spark's own. */
  pass(line: string): void;
}

function tellProgress(call: Call): Telling {
  const { err, common } = call;
  return {
    ...tellDistribution(call, "Spark "),
    pass(line) {
      if (common.log === "json") err.printJson({ at: new Date(call.now()).toISOString(), code: "spark.output", line });
      else if (!isPreamble(line)) err.print(visible(line));
    },
  };
}

/** What the JVM says of itself whenever Spark starts. */
const isPreamble = (line: string): boolean => line.startsWith("WARNING: Using incubator modules");

/** Hands on whole lines of what comes in pieces. */
function byLines(take: (line: string) => void): (text: string) => void {
  let rest = "";
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  };
}
