/** The options of `millrace spark`, and which of them each of its actions takes. */
import { localFiles } from "../config/read.ts";
import { parseReference, resolveSecret } from "../config/secret.ts";
import { logLevels } from "../distribution/contract.ts";
import { Failure } from "../errors.ts";
import type { Call } from "./command.ts";
import { type AnyOption, choice, flag, list, text, value, whole } from "./option.ts";

export const actions = ["install", "serve", "shell", "submit"] as const;
export type Action = (typeof actions)[number];

export const CONNECT_PORT = 15_002;

export const options = {
  version: text("version", "VERSION", "of Spark", { fallback: "the newest that was tried" }),
  dist: text("dist", "DIR|TGZ", "a distribution that is here, instead of one from the Python registry"),
  to: text("to", "DIR", "install: where to", { fallback: "the user's cache directory" }),
  repository: text("maven-repository", "URL", "install: fetch the jars from there, instead of running mvn"),
  delta: flag("delta", "with Delta Lake in the version that fits"),
  port: whole("port", "PORT", "serve: of 127.0.0.1; 0 takes a free one", 0, { fallback: String(CONNECT_PORT) }),
  token: text("token", "REFERENCE", "serve: env:NAME or file:PATH; callers must send what is there"),
  memory: value("memory", "SIZE", "of the JVM, such as 4g or 2048m", memory, { fallback: "1g" }),
  cores: whole("cores", "N", "tasks side by side", 1, { fallback: "all" }),
  conf: list("conf", "KEY=VALUE", "a setting of Spark; several times for several"),
  eventLog: text("event-log", "DIR", "keep event logs there, for Spark's History Server"),
  logLevel: choice("log-level", "LEVEL", logLevels, "what Spark says", { fallback: "warn" }),
  sql: flag("sql", "shell: Spark's SQL shell"),
  python: flag("python", "shell: Spark's Python shell"),
} as const;

type Name = keyof typeof options;

const running: readonly Name[] = ["version", "dist", "delta", "memory", "cores", "conf", "eventLog", "logLevel"];
const taken: Readonly<Record<Action, readonly Name[]>> = {
  install: ["version", "dist", "to", "repository", "delta"],
  serve: [...running, "port", "token"],
  shell: [...running, "sql", "python"],
  submit: running,
};

/** An option that an action would not look at is a mistake of whoever wrote it. */
export function demandTaken(call: Call, action: Action): void {
  for (const [name, option] of Object.entries(options)) {
    if (taken[action].some((each) => each === name) || !isGiven(call, option)) continue;
    throw new Failure("usage", `--${option.name}: nothing that millrace spark ${action} takes`, {
      remedy: "see millrace spark --help",
    });
  }
}

function isGiven(call: Call, option: AnyOption): boolean {
  const found = call.read(option);
  return Array.isArray(found) ? found.length > 0 : found !== undefined && found !== false;
}

export function confOf(call: Call): Readonly<Record<string, string>> {
  const pairs = call.read(options.conf).map((given) => {
    const [, key, setting] = /^([^=\s]+)=(.*)$/s.exec(given) ?? [];
    if (key === undefined || setting === undefined) {
      throw new Failure("usage", `--conf: expected KEY=VALUE, got "${given}"`, {
        remedy: "for example --conf spark.sql.shuffle.partitions=8",
      });
    }
    return [key, setting] as const;
  });
  return Object.fromEntries(pairs);
}

export function tokenOf(call: Call): string | undefined {
  const given = call.read(options.token);
  if (given === undefined) return undefined;
  const reference = parseReference(given, call.cwd);
  if (reference === undefined) {
    throw new Failure("usage", "--token: a secret must not stand in a flag", {
      remedy: "write env:NAME or file:PATH and put the secret there",
    });
  }
  return resolveSecret(reference, call.env, localFiles.readText);
}

function memory(given: string): string {
  if (/^[1-9]\d{0,8}[mg]$/i.test(given)) return given.toLowerCase();
  throw new Failure("usage", `expected a size such as 4g or 2048m, got "${given}"`);
}
