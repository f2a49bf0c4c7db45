/**
 * The edge of the process: a command line in, an exit code out. Everything that is thrown becomes one message format and
 * one number here and nowhere else.
 */
import { asFailure, exitCodeOf, Failure } from "../errors.ts";
import type { Call, Surroundings } from "./command.ts";
import { commandEntries, commandGroups } from "./commands.ts";
import { commonOptions } from "./common-options.ts";
import type { Parsed, Split } from "./parse.ts";
import { parseCommandLine, readOption, splitCommand, unknownCommand } from "./parse.ts";
import { failureJson, renderFailure } from "./terminal/failure.ts";
import type { Screen } from "./terminal/screen.ts";
import { makeScreen } from "./terminal/screen.ts";

/** Runs one command line. Never throws. */
export async function main(argv: readonly string[], around: Surroundings, signal: AbortSignal): Promise<number> {
  // Until the options are read, an error's form follows what the words look like.
  let messages: Messages = {
    screen: screenFor(around, "stderr", argv.includes("--no-color")),
    asJson: wantsJson(argv, around.env),
  };
  try {
    // Alone it was answered before anything was loaded; with other options beside it, it is the command of that name.
    const split = splitCommand(argv[0] === "--version" || argv[0] === "-v" ? ["version", ...argv.slice(1)] : argv);
    if (split.name === undefined || split.name === "help") return await help(split, around);
    const entry = commandEntries.find((each) => each.name === split.name);
    if (entry === undefined) throw unknownCommand(split.name, [...commandEntries.map((each) => each.name), "help"]);
    const command = await entry.load();
    const parsed = parseCommandLine(split.rest, command);
    const call = callOf(parsed, around, signal);
    messages = { screen: call.err, asJson: call.common.json || call.common.log === "json" };
    if (readOption(parsed, commonOptions.help)) {
      const { renderHelp } = await import("./help.ts");
      call.out.print(...renderHelp(command, { width: call.out.width(), paint: call.out.paint }));
      return 0;
    }
    // Every value is judged before anything is opened.
    for (const option of command.options) call.read(option);
    return await command.run(call);
  } catch (error) {
    return explainFailure(asFailure(error), messages, around, signal);
  }
}

interface Messages {
  readonly screen: Screen;
  readonly asJson: boolean;
}

const wantsJson = (argv: readonly string[], env: Surroundings["env"]): boolean =>
  argv.includes("--json") ||
  argv.includes("--log=json") ||
  argv.some((word, index) => word === "--log" && argv[index + 1] === "json") ||
  env.MILLRACE_LOG === "json";

function explainFailure(failure: Failure, messages: Messages, around: Surroundings, signal: AbortSignal): number {
  const { screen, asJson } = messages;
  screen.showCursor();
  // Whoever pressed Ctrl-C knows why it stopped.
  if (signal.aborted && failure.kind === "cancelled") return exitCodeOf(failure);
  if (asJson) screen.printJson(failureJson(failure));
  else
    screen.print(
      ...renderFailure(failure, { paint: screen.paint, cwd: around.cwd, debug: isSet(around.env.MILLRACE_DEBUG) }),
    );
  return exitCodeOf(failure);
}

const isSet = (text: string | undefined): boolean => text !== undefined && text !== "" && text !== "0";

function screenFor(around: Surroundings, name: "stdout" | "stderr", noColour: boolean): Screen {
  const other = name === "stdout" ? around.stderr : around.stdout;
  return makeScreen(around[name], { env: around.env, noColour, beside: other });
}

function callOf(parsed: Parsed, around: Surroundings, signal: AbortSignal): Call {
  const noColour = readOption(parsed, commonOptions.noColor);
  return {
    ...around,
    words: parsed.words,
    signal,
    out: screenFor(around, "stdout", noColour),
    err: screenFor(around, "stderr", noColour),
    common: {
      file: readOption(parsed, commonOptions.file),
      target: readOption(parsed, commonOptions.target),
      json: readOption(parsed, commonOptions.json),
      log: readOption(parsed, commonOptions.log) ?? logOfEnvironment(around.env),
      quiet: readOption(parsed, commonOptions.quiet),
    },
    read: (option) => readOption(parsed, option),
  };
}

function logOfEnvironment(env: Surroundings["env"]): "text" | "json" {
  const text = env.MILLRACE_LOG;
  if (text === undefined || text === "" || text === "text") return "text";
  if (text === "json") return "json";
  throw new Failure("usage", `MILLRACE_LOG: expected text or json, got "${text}"`);
}

/** `millrace`, `millrace help`, `millrace help plan`, `millrace help keys`. */
async function help(split: Split, around: Surroundings): Promise<number> {
  const { renderHelp, renderOverview } = await import("./help.ts");
  const page = { name: "help", options: [], arguments: { least: 0, most: 1, names: "a command or a topic" } };
  const parsed = parseCommandLine(split.rest, page);
  const out = screenFor(around, "stdout", readOption(parsed, commonOptions.noColor));
  const options = { width: out.width(), paint: out.paint };
  const [word] = parsed.words;
  if (word === undefined) {
    out.print(...renderOverview(commandGroups, around.version, options));
    return 0;
  }
  const { renderTopic, topics } = await import("./help-topics.ts");
  const topic = topics.find((each) => each.name === word);
  const entry = commandEntries.find((each) => each.name === word);
  if (topic !== undefined) out.print(...renderTopic(topic, options));
  else if (entry !== undefined) out.print(...renderHelp(await entry.load(), options));
  else throw unknownCommand(word, [...topics.map((each) => each.name), ...commandEntries.map((each) => each.name)]);
  return 0;
}
