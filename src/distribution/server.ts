/** A Spark Connect server of this machine, as long as somebody needs it. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Failure } from "../errors.ts";
import type { Distribution, LocalSpark, LocalSparkOptions, OpenLocalSpark, ServerEnd } from "./contract.ts";
import { bringDistribution } from "./distribution.ts";
import { findJava, type Java } from "./java.ts";
import { type Leashed, startLeashed, stopLeashed } from "./leash.ts";
import { demandFree, freePort } from "./ports.ts";
import { prepare } from "./prepare.ts";
import { serverVersion } from "./probe.ts";
import { cancelled, lastLines } from "./programs.ts";

/** A cold machine with two busy cores takes half a minute. Milliseconds. */
const readyMsMax = 180_000;
/** Between two questions whether it is ready. Milliseconds. */
const askMs = 100;
/** Somebody else may take the free port before the server does. */
const startTries = 3;
const keptCharacters = 8_000;

export const openLocalSpark: OpenLocalSpark = async (options) => {
  const { distribution, versions } = await bringDistribution(options);
  const java = await findJava(versions, options.environment, options.signal);
  const { port: wanted = 0 } = options;
  if (wanted !== 0) await demandFree(wanted);
  for (let tries = 1; ; tries++) {
    const started = await start(options, distribution, java, wanted === 0 ? await freePort() : wanted);
    if (started !== "taken") return started;
    if (wanted !== 0 || tries === startTries) {
      throw new Failure("unavailable", "Spark: no port of 127.0.0.1 stayed free", { remedy: "run it again" });
    }
  }
};

/** `taken` if somebody else came to the port first. */
async function start(
  options: LocalSparkOptions,
  distribution: Distribution,
  java: Java,
  port: number,
): Promise<LocalSpark | "taken"> {
  const { signal, token, onProgress, onOutput } = options;
  onProgress?.({ code: "server.start", version: distribution.spark });
  const began = performance.now();
  const prepared = await prepare({ ...options, distribution, java, port });
  const { directory, environment, appName } = prepared;
  let server: Leashed;
  try {
    server = await startLeashed(commandOf(distribution.home), {
      environment,
      cwd: join(directory, "work"),
      directory,
      streams: "captured",
    });
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  const said = keepOutput(server, onOutput);
  const ended: Promise<ServerEnd> = server.ended.then((end) => ({ ...end, lastWords: said() }));
  try {
    const version = await firstAnswer({ port, appName, token, signal }, ended);
    if (version === undefined) return "taken";
    const readyMs = performance.now() - began;
    const url = `sc://127.0.0.1:${port}`;
    onProgress?.({ code: "server.ready", version, url, ms: readyMs });
    return { url, version, token, pid: server.pid, readyMs, ended, stop: () => stopLeashed(server) };
  } catch (error) {
    await stopLeashed(server);
    throw error;
  }
}

/** Everything else is in the files that SPARK_CONF_DIR names. */
function commandOf(home: string): readonly string[] {
  const main = "org.apache.spark.sql.connect.service.SparkConnectServer";
  return [join(home, "bin", "spark-submit"), "--class", main, "spark-internal"];
}

function keepOutput({ child }: Leashed, onOutput: ((text: string) => void) | undefined): () => string {
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (chunk: string) => {
      text = (text + chunk).slice(-keptCharacters);
      onOutput?.(chunk);
    });
  }
  return () => text;
}

/** Waits until it serves: the version, or `undefined` if its port was taken. Throws `unavailable` if it ended or never came. */
async function firstAnswer(
  asked: Parameters<typeof serverVersion>[0],
  ended: Promise<ServerEnd>,
): Promise<string | undefined> {
  let end: ServerEnd | undefined;
  ended.then((found) => {
    end = found;
  });
  const giveUpMs = performance.now() + readyMsMax;
  for (;;) {
    if (asked.signal?.aborted === true) throw cancelled(asked.signal);
    const version = await serverVersion(asked);
    if (version !== undefined) return version;
    if (end !== undefined) {
      if (/BindException|Failed to bind|Address already in use/.test(end.lastWords)) return undefined;
      throw didNotStart(end);
    }
    if (performance.now() > giveUpMs) {
      throw new Failure("unavailable", `Spark: not ready after ${readyMsMax / 1000} s`, {
        remedy: "give it more cores or memory, and see what it says: millrace spark serve --log-level info",
      });
    }
    await Promise.race([pause(askMs), ended]);
  }
}

function didNotStart({ code, signal, lastWords }: ServerEnd): Failure {
  const how = signal === null ? `status ${code ?? "unknown"}` : signal;
  const memory = /OutOfMemoryError|insufficient memory|Could not reserve|Invalid maximum heap|driver-memory/.test(
    lastWords,
  );
  return new Failure("unavailable", `Spark: ended with ${how} before it was ready: ${lastLines(lastWords, 2)}`, {
    remedy: memory ? "give it another amount of memory" : "see what it says: millrace spark serve --log-level info",
  });
}
