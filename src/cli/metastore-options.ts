/** The options of `millrace metastore`, and which of them each of its actions takes. */
import { logLevels } from "../distribution/contract.ts";
import { Failure } from "../errors.ts";
import { nearest } from "../model/nearest.ts";
import type { Call } from "./command.ts";
import { type AnyOption, choice, text, value, whole } from "./option.ts";

export const actions = ["serve", "init", "check", "install", "script"] as const;
export type Action = (typeof actions)[number];

export const METASTORE_PORT = 9083;

export const options = {
  version: text("version", "VERSION", "of the metastore", { fallback: "4.0.0" }),
  home: text("home", "DIR", "serve, init: one that install --to made, instead of that of the cache"),
  to: text("to", "DIR", "install: where to", { fallback: "the user's cache directory" }),
  repository: text("maven-repository", "URL", "fetch the jars from there, instead of running mvn"),
  port: whole("port", "PORT", "serve: of 127.0.0.1; 0 takes a free one", 0, { fallback: String(METASTORE_PORT) }),
  bind: text("bind", "ADDRESS", "serve: the address to listen on", { fallback: "127.0.0.1" }),
  warehouse: text("warehouse", "DIR|URL", "serve, init: METASTORE_WAREHOUSE"),
  memory: value("memory", "SIZE", "serve: of the JVM, such as 512m or 2g", memory, { fallback: "512m" }),
  logLevel: choice("log-level", "LEVEL", logLevels, "serve: what the metastore says", { fallback: "warn" }),
  writers: choice("writers", "HOW", ["several", "one"], "check: how many write through it", { fallback: "several" }),
  transport: choice("transport", "KIND", ["buffered", "framed"], "check: how calls are sent", { fallback: "buffered" }),
} as const;

type Name = keyof typeof options;

const taken: Readonly<Record<Action, readonly Name[]>> = {
  serve: ["version", "home", "repository", "port", "bind", "warehouse", "memory", "logLevel"],
  init: ["version", "home", "repository", "warehouse"],
  check: ["version", "home", "writers", "transport"],
  install: ["version", "to", "repository"],
  script: ["version"],
};

/** An option that an action would not look at is a mistake of whoever wrote it. */
export function demandTaken(call: Call, action: Action): void {
  for (const [name, option] of Object.entries(options)) {
    if (taken[action].some((each) => each === name) || !isGiven(call, option)) continue;
    throw new Failure("usage", `--${option.name}: nothing that millrace metastore ${action} takes`, {
      remedy: "see millrace metastore --help",
    });
  }
}

export function actionOf(given: string): Action {
  const action = actions.find((each) => each === given);
  if (action !== undefined) return action;
  const near = nearest(given, actions);
  throw new Failure("usage", `millrace metastore: expected ${actions.join(", ")}, got "${given}"`, {
    remedy: near === undefined ? "see millrace metastore --help" : `did you mean millrace metastore ${near}?`,
  });
}

const isGiven = (call: Call, option: AnyOption): boolean => call.read(option) !== undefined;

function memory(given: string): string {
  if (/^[1-9]\d{0,5}[mg]$/i.test(given)) return given.toLowerCase();
  throw new Failure("usage", `expected a size such as 512m or 2g, got "${given}"`);
}
