/**
 * Asks a Spark Connect server what `doctor` wants to know, by statements alone: Spark lets a statement call static methods
 * of Java (`java_method`), and those see the JVM in which tasks run.
 */

import type { SqlSession } from "../convert/contract.ts";
import type { Failure } from "../errors.ts";
import type { MachineFacts, S3aFacts, ServerDefaults, SessionFacts, SparkFacts } from "./doctor-spark-facts.ts";
import { askNames, type NamesWish } from "./doctor-spark-names.ts";
import { askPlace, type SparkPlace } from "./doctor-spark-place.ts";
import { type Ask, askerOf, errorClassOf, quoted, tried } from "./doctor-spark-session.ts";

export interface SparkQuestions {
  /** For messages. */
  readonly url: string;
  readonly open: () => Promise<SqlSession>;
  readonly places: readonly SparkPlace[];
  /** What is to be found by name; absent where there is nothing. */
  readonly names?: NamesWish | undefined;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Hex digits that nobody else has: names what is written for the test. */
  readonly newId: () => string;
  readonly signal?: AbortSignal | undefined;
}

export async function askSpark(questions: SparkQuestions): Promise<SparkFacts> {
  const { url, signal } = questions;
  const opened = await tried(questions.open, signal);
  if ("failure" in opened) return { url, server: opened, session: undefined };
  const session = opened.value;
  try {
    return { url, server: { value: session.version }, session: await askSession(session, questions) };
  } finally {
    await session.close();
  }
}

async function askSession(session: SqlSession, questions: SparkQuestions): Promise<SessionFacts> {
  const { signal, clock, names } = questions;
  const ask = askerOf(session, signal);
  const ready = await tried(() => ask("SELECT 1"), signal);
  // A server that runs no statement answers nothing of the rest either.
  if ("failure" in ready) return unanswered(ready.failure);
  const s3a = await tried(() => askS3a(ask), signal);
  return {
    defaults: await tried(() => askDefaults(ask), signal),
    machine: await tried(() => askMachine(ask), signal),
    s3a,
    clock: await tried(() => askClock(ask, clock), signal),
    tasks: await tried(() => askTasks(ask), signal),
    places: await askPlaces(ask, questions, "value" in s3a && s3a.value.fileSystem.tasks),
    ...(names === undefined ? {} : { names: await askNames(ask, names, signal) }),
  };
}

function unanswered(failure: Failure): SessionFacts {
  const none = { failure };
  return { defaults: none, machine: none, s3a: none, clock: none, tasks: none, places: [] };
}

async function askDefaults(ask: Ask): Promise<ServerDefaults> {
  const setting = async (key: string): Promise<string | undefined> => {
    const text = textOf((await ask(`SET ${key}`)).value);
    return text === "" || text === "<undefined>" ? undefined : text;
  };
  return {
    timeZone: (await setting("spark.sql.session.timeZone")) ?? "",
    ansi: (await setting("spark.sql.ansi.enabled")) === "true",
    master: (await setting("spark.master")) ?? "",
    driverMemory: await setting("spark.driver.memory"),
    executorMemory: await setting("spark.executor.memory"),
    addedJars: (await setting("spark.jars")) ?? "",
  };
}

async function askMachine(ask: Ask): Promise<MachineFacts> {
  const row = await ask(
    `SELECT ${call("java", "java.lang.System", "getProperty", "java.version")},
      ${call("hadoop", "org.apache.hadoop.util.VersionInfo", "getVersion")},
      ${call("scala", "scala.util.Properties", "versionNumberString")},
      ${call("path", "java.lang.System", "getProperty", "java.class.path")}`,
  );
  return {
    java: textOf(row.java),
    hadoop: textOf(row.hadoop),
    scala: textOf(row.scala),
    classPath: textOf(row.path),
  };
}

const fileSystemClass = "org.apache.hadoop.fs.s3a.S3AFileSystem";
const committerClass = "org.apache.spark.internal.io.cloud.PathOutputCommitProtocol";

async function askS3a(ask: Ask): Promise<S3aFacts> {
  const row = await ask(
    `SELECT ${call("filesystem", "org.apache.spark.util.Utils", "classIsLoadable", fileSystemClass)},
      ${call("committer", "org.apache.spark.util.Utils", "classIsLoadable", committerClass)}`,
  );
  return {
    fileSystem: { driver: await plansWith(ask, fileSystemClass), tasks: textOf(row.filesystem) === "true" },
    committer: { driver: await plansWith(ask, committerClass), tasks: textOf(row.committer) === "true" },
  };
}

/**
 * Whether the driver can load a class. A call of a method that no class has is refused while the statement is planned, and
 * the refusal tells the two apart: the class is missing, or it lacks the method.
 */
async function plansWith(ask: Ask, name: string): Promise<boolean> {
  try {
    await ask(`SELECT ${call("x", name, "millrace")}`);
    return true;
  } catch (error) {
    const errorClass = errorClassOf(error);
    if (errorClass === "DATATYPE_MISMATCH.UNEXPECTED_STATIC_METHOD") return true;
    if (errorClass === "DATATYPE_MISMATCH.UNEXPECTED_CLASS_TYPE") return false;
    throw error;
  }
}

async function askClock(ask: Ask, clock: () => number): Promise<{ aheadMs: number; uncertaintyMs: number }> {
  const before = clock();
  const row = await ask("SELECT unix_millis(current_timestamp()) AS now");
  const took = clock() - before;
  return { aheadMs: Math.round(Number(row.now) - (before + took / 2)), uncertaintyMs: Math.ceil(took / 2) };
}

/** How many pieces Spark makes of what has no natural ones: as many as tasks run side by side. */
async function askTasks(ask: Ask): Promise<number> {
  const row = await ask(
    "SELECT count(*) AS tasks FROM (SELECT DISTINCT spark_partition_id() AS piece FROM range(100000))",
  );
  return Number(row.tasks);
}

async function askPlaces(
  ask: Ask,
  { places, newId, signal }: SparkQuestions,
  hasS3a: boolean,
): Promise<SessionFacts["places"]> {
  const found: SessionFacts["places"][number][] = [];
  for (const place of places) {
    // Without the classes every answer would be that they are missing, which another finding says.
    if (place.kind === "s3" && !hasS3a) continue;
    found.push(await askPlace(ask, place, newId(), signal));
  }
  return found;
}

/** A static method of Java as a column of that name. */
function call(column: string, className: string, method: string, ...texts: readonly string[]): string {
  return `java_method(${[className, method, ...texts].map(quoted).join(", ")}) AS ${column}`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : value === null || value === undefined ? "" : String(value);
}
