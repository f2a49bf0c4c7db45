/** The options that every command takes. */
import { choice, flag, text } from "./option.ts";

export const commonOptions = {
  file: text("file", "FILE", "the project file", {
    short: "f",
    fallback: "millrace.yaml here or in a directory above",
  }),
  target: text("target", "NAME", "one of the project's targets, whose settings win over the project's own"),
  json: flag("json", "the answer as JSON on stdout"),
  log: choice("log", "FORM", ["text", "json"], "the messages on stderr", { fallback: "text" }),
  noColor: flag("no-color", "no colours (as do NO_COLOR and a pipe)"),
  quiet: flag("quiet", "of messages only what needs a person"),
  help: flag("help", "this help", { short: "h" }),
} as const;

export const commonOptionList = Object.values(commonOptions);
