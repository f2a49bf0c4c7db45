/** Spark's own `beeline`, kept open: a statement in, its rows out. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { NameServer } from "./name-server.ts";

export interface Beeline {
  /** The lines of a statement's answer, fields split at tabs, the names first. Throws with what it says of a statement that fails. */
  ask(sql: string): Promise<readonly (readonly string[])[]>;
  close(): Promise<void>;
}

export function openBeeline({ home, port }: Pick<NameServer, "home" | "port">): Beeline {
  const options = ["--silent=true", "--outputformat=tsv2", "--incremental=true"];
  const child = spawn(join(home, "bin", "beeline"), ["-u", `jdbc:hive2://127.0.0.1:${port}/`, ...options], {
    env: { ...process.env, SPARK_HOME: home, HADOOP_CLIENT_OPTS: "-Xmx256m" },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const exited = once(child, "exit");
  let errors = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => {
    errors = (errors + text).slice(-20_000);
  });
  const lines = linesOf(child.stdout);
  let asked = 0;

  /** Its prompts stand in front of what follows, which may be what it read, printed again. */
  const withoutPrompt = (line: string): string => line.replace(/^(?:\d+: jdbc:hive2:\S*> )+/, "");
  const isEcho = (line: string): boolean => /;\r?$/.test(line) || line.startsWith(". . .");

  async function ask(sql: string): Promise<readonly (readonly string[])[]> {
    asked += 1;
    const mark = `answered ${asked}`;
    errors = "";
    child.stdin.write(`${sql.replaceAll("\n", " ")};\nselect '${mark}' as mark;\n`);
    const found: (readonly string[])[] = [];
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`beeline ended: ${errors.slice(0, 2_000)}`);
      const line = withoutPrompt(value);
      if (line === mark) break;
      if (!isEcho(line) && line !== "mark" && line !== "") found.push(line.split("\t"));
    }
    // What it says of a failure it has said before it goes on; the pipe of errors may be behind that of answers.
    if (found.length === 0) await errorsArrive();
    const error = /^Error: .*$/m.exec(errors);
    if (error !== null) throw new Error(`beeline: ${error[0].slice(0, 1_000)}`);
    return found;
  }

  async function errorsArrive(): Promise<void> {
    while (!errors.includes("Error: ")) {
      if (child.exitCode !== null) return;
      await once(child.stderr, "data");
    }
  }

  return {
    ask,
    async close() {
      child.stdin.end("!quit\n");
      await exited;
    },
  };
}

/** Of what it prints again it breaks long lines with a carriage return, which ends no line. */
async function* linesOf(output: NodeJS.ReadableStream): AsyncGenerator<string, undefined> {
  let rest = "";
  output.setEncoding("utf8");
  for await (const text of output) {
    const lines = (rest + String(text)).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  return undefined;
}
