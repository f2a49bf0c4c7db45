/** PySpark with a session of its own (`notebook.py`), as in a notebook beside the cluster: it shares the metastore with the others, nothing else. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Answer, Plain } from "./answers.ts";
import type { Ground } from "./ground.ts";

/** `spark.table(name)`; what a statement answers; to make a frame of a table and not look at it; what that frame holds. */
export type NotebookCommand =
  | { readonly table: string }
  | { readonly sql: string }
  | { readonly keep: string }
  | { readonly kept: string };

export interface Notebook {
  ask(command: NotebookCommand): Promise<Answer>;
  close(): Promise<void>;
}

/** Resolves when its session is there. */
export async function openNotebook(python: string, ground: Ground): Promise<Notebook> {
  const directory = join(ground.directory, "notebook");
  mkdirSync(directory);
  const { host, port } = ground.metastore;
  const settings = {
    ...ground.spark.settings,
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "512m",
    "spark.driver.extraJavaOptions": [
      "-Duser.timezone=UTC",
      `-Dderby.system.home=${directory}`,
      ...ground.spark.javaOptions,
    ].join(" "),
    "spark.hadoop.hive.metastore.uris": `thrift://${host}:${port}`,
    "spark.local.dir": directory,
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.warehouse.dir": join(directory, "warehouse"),
    "spark.ui.enabled": "false",
  };
  const child = spawn(python, [join(import.meta.dirname, "notebook.py"), JSON.stringify(settings)], {
    cwd: directory,
    env: { ...process.env, SPARK_HOME: ground.home, SPARK_LOCAL_IP: "127.0.0.1", TZ: "UTC" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  let errors = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => {
    errors = (errors + text).slice(-4_000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  async function next(): Promise<Record<string, unknown>> {
    const { value: line, done } = await lines.next();
    if (done === true) throw new Error(`the notebook ended: ${errors}`);
    return Object(JSON.parse(line));
  }

  async function ask(command: NotebookCommand): Promise<Answer> {
    child.stdin.write(`${JSON.stringify(command)}\n`);
    const answer = await next();
    if (typeof answer.error === "string") throw new Error(`pyspark: ${answer.error}`);
    return { columns: textPairs(answer.columns), rows: rowsOf(answer.rows) };
  }

  await next();
  return {
    ask,
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}

function textPairs(value: unknown): readonly (readonly [string, string])[] {
  return list(value).map((pair) => {
    const [name, type] = list(pair);
    return [String(name), String(type)];
  });
}

const rowsOf = (value: unknown): readonly (readonly Plain[])[] => list(value).map((row) => list(row).map(asPlain));

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`expected a list, got ${JSON.stringify(value)}`);
  return value;
}

function asPlain(value: unknown): Plain {
  if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "string")
    return value;
  if (Array.isArray(value)) return value.map(asPlain);
  return Object.fromEntries(Object.entries(Object(value)).map(([name, field]) => [name, asPlain(field)]));
}
